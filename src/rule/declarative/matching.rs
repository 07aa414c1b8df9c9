//! Patterns on values: what may stand in the holes of a text, as far as it is known.

use std::sync::{Arc, OnceLock};

use crate::catalog::{ArnPiece, Naming, Returned, Table, naming};
use crate::value::pattern::{ARN_FIELD, ARN_NAME, Automaton, GIVEN_BY_AWS, PatternKind, Piece, WORD, matches};
use crate::value::{EntityId, Hole, Part, Pseudo, Truth, Unknown, Value};

use super::evaluate::{Evaluator, Outcome};
use super::operator::open;

/// What stands at a place of a text.
enum Stand<'a> {
    /// This text.
    Text(&'a str),
    /// What a bundled pattern matches.
    Given(&'static Automaton),
    /// What the pattern of a parameter matches.
    Allowed(Arc<Automaton>),
    /// Any text.
    Open,
}

impl Stand<'_> {
    fn given(automaton: Option<&'static Automaton>) -> Self {
        automaton.map_or(Self::Open, Self::Given)
    }

    fn piece(&self) -> Piece<'_> {
        match self {
            Self::Text(text) => Piece::Text(text),
            Self::Given(automaton) => Piece::Constrained(automaton),
            Self::Allowed(automaton) => Piece::Constrained(automaton),
            Self::Open => Piece::Hole,
        }
    }
}

impl<'p> Evaluator<'_, 'p> {
    /// Whether one of some patterns matches a text.
    pub(super) fn matches_any(
        &self,
        value: &Value<'p>,
        automata: &[Automaton],
        table: Option<&'static Table>,
    ) -> Outcome<'p> {
        let outcome = match value {
            Value::Scalar(scalar) => {
                let pieces = [Piece::Text(&scalar.text)];
                automata.iter().fold(Outcome::FALSE, |known, automaton| {
                    known.or(|| Outcome::of(matches(automaton, &pieces), Unknown::default))
                })
            }
            Value::Symbolic(parts) => {
                // What AWS gives for a name has no wildcards, which the text that is written for it may not show.
                let given = automata.iter().fold(Outcome::FALSE, |known, one| known.or(|| self.walked(one, parts)));
                let named = self.resolver.with_names(parts);
                if given.truth == Truth::Unknown && named[..] != parts[..] {
                    automata.iter().fold(Outcome::FALSE, |known, one| known.or(|| self.walked(one, &named)))
                } else {
                    given
                }
            }
            _ => return Outcome::FALSE,
        };
        match table {
            Some(table) => open(outcome, value, table),
            None => outcome,
        }
    }

    /// Whether an automaton accepts a text with holes.
    fn walked(&self, automaton: &Automaton, parts: &[Part<'p>]) -> Outcome<'p> {
        let mut stands = Vec::with_capacity(parts.len());
        for part in parts {
            self.stand(part, &mut stands);
        }
        let pieces: Vec<Piece<'_>> = stands.iter().map(Stand::piece).collect();
        Outcome::of(matches(automaton, &pieces), || self.resolver.why(parts))
    }

    /// What may stand where a part is: what a parameter's `AllowedPattern` admits, what AWS gives.
    fn stand<'a>(&self, part: &'a Part<'p>, stands: &mut Vec<Stand<'a>>) {
        let hole = match part {
            Part::Text(text) => return stands.push(Stand::Text(text)),
            Part::Hole(hole) => hole,
        };
        stands.push(match hole {
            Hole::Parameter(_, template, name) => self
                .resolver
                .world
                .allowed_pattern(*template, name)
                .and_then(|pattern| self.graph.allowed(pattern))
                .map_or(Stand::Open, Stand::Allowed),
            Hole::Resource(id, Returned::Arn, _) => return self.arn(*id, stands),
            Hole::Resource(_, returned, _) if *returned != Returned::Other => Stand::given(given_by_aws()),
            Hole::Pseudo(Pseudo::AccountId | Pseudo::Region | Pseudo::Partition | Pseudo::StackName, _) => {
                Stand::given(word())
            }
            Hole::Pseudo(..) => Stand::given(given_by_aws()),
            _ => Stand::Open,
        });
    }

    /// The ARN of a resource, as far as its form is known. Region and account may be empty.
    fn arn(&self, id: EntityId, stands: &mut Vec<Stand<'_>>) {
        let form = naming(self.graph.entity(id).kind).and_then(Naming::arn_form);
        let Some((service, pieces)) = form else { return stands.push(Stand::given(given_by_aws())) };
        let field = || Stand::given(arn_field());
        let colon = || Stand::Text(":");
        stands.extend([Stand::Text("arn:"), field(), colon(), Stand::Text(service)]);
        stands.extend([colon(), field(), colon(), field(), colon()]);
        stands.extend(pieces.into_iter().map(|piece| match piece {
            ArnPiece::Text(text) => Stand::Text(text),
            ArnPiece::Name | ArnPiece::Id | ArnPiece::Unknown => Stand::given(arn_name()),
            ArnPiece::Property(_) => Stand::given(given_by_aws()),
        }));
    }
}

/// What AWS gives for a resource or a pseudo parameter.
fn given_by_aws() -> Option<&'static Automaton> {
    static GIVEN: OnceLock<Option<Automaton>> = OnceLock::new();
    GIVEN.get_or_init(|| Automaton::bundled(PatternKind::Regex, GIVEN_BY_AWS)).as_ref()
}

/// A word of letters, digits and hyphens.
fn word() -> Option<&'static Automaton> {
    static A_WORD: OnceLock<Option<Automaton>> = OnceLock::new();
    A_WORD.get_or_init(|| Automaton::bundled(PatternKind::Regex, WORD)).as_ref()
}

/// Partition, Region or account within an ARN.
fn arn_field() -> Option<&'static Automaton> {
    static FIELD: OnceLock<Option<Automaton>> = OnceLock::new();
    FIELD.get_or_init(|| Automaton::bundled(PatternKind::Regex, ARN_FIELD)).as_ref()
}

/// A name or an id within an ARN.
fn arn_name() -> Option<&'static Automaton> {
    static NAME: OnceLock<Option<Automaton>> = OnceLock::new();
    NAME.get_or_init(|| Automaton::bundled(PatternKind::Regex, ARN_NAME)).as_ref()
}
