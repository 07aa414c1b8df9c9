//! The operators, on known, symbolic, absent and unknown values alike.

use std::net::IpAddr;

use crate::catalog::{Returned, Table};
use crate::finding::ReasonKind;
use crate::syntax::Tag;
use crate::template::Expr;
use crate::value::{
    Blocker, Found, Hole, List, Map, Part, ScalarKind, Truth, Unknown, Value, equal_text, same, text_of,
};

use super::condition::{Comparison, Form, Operator, Reference, Set, Term, TermPath};
use super::evaluate::{Env, Evaluator, Outcome};
use super::secrets::may_leak;

impl Comparison {
    /// Whether a number stands in this relation to a bound.
    pub(super) fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => number >= bound,
            Self::AtMost => number <= bound,
            Self::Above => number > bound,
            Self::Below => number < bound,
            Self::Equals => number.total_cmp(&bound).is_eq(),
            Self::MultipleOf => bound != 0.0 && (number / bound).fract() == 0.0,
        }
    }
}

/// The outcome for a value that is not known.
fn unknown<'p>(operator: &Operator, found: &Found<'p>, why: &Unknown<'p>) -> Outcome<'p> {
    match operator {
        // No scenario has to be tried for what cannot be a secret in any of them.
        Operator::SecretLike(expected) if !why.blockers.is_empty() && !may_leak(found) => Outcome::from(!*expected),
        _ => Outcome::unknown(why.clone()),
    }
}

impl<'p> Evaluator<'_, 'p> {
    /// An operator's outcome for a value.
    pub(super) fn operate(&self, operator: &'p Operator, found: &Found<'p>, env: &Env<'_, 'p>) -> Outcome<'p> {
        let value = &found.value;
        match operator {
            // Negations are the opposite also of what is absent.
            Operator::Not(inner) => return !self.operate(inner, found, env),
            Operator::Present(expected) => return self.present(value, *expected),
            Operator::Is(Form::Reference) => return Outcome::from(is_reference(found)),
            _ => {}
        }
        match value {
            Value::Absent => return Outcome::FALSE,
            Value::Unknown(why) => return unknown(operator, found, why),
            _ => {}
        }
        match operator {
            Operator::Is(form) => self.has_form(*form, value),
            Operator::Equals(term) => self.equals(value, term, env),
            Operator::In(set) => self.in_set(value, set, env),
            Operator::Matches(patterns) => self.matches_any(value, &patterns.automata, patterns.table),
            Operator::GlobOf(path) => self.with_texts(path, env, |pattern| match self.graph.glob(pattern) {
                Some(automaton) => self.matches_any(value, std::slice::from_ref(&*automaton), None),
                None => Outcome::unknown(Unknown::because(ReasonKind::Malformed, pattern)),
            }),
            Operator::ContainsOf(path) => self.with_texts(path, env, |text| self.contains(value, &[text.into()])),
            Operator::Prefix(texts) => self.affix(value, texts, true),
            Operator::Suffix(texts) => self.affix(value, texts, false),
            Operator::Contains(texts) => self.contains(value, texts),
            Operator::Number(comparison, bound) => self.known_text(value, |text| {
                text.trim().parse::<f64>().is_ok_and(|number| comparison.holds(number, *bound))
            }),
            Operator::SubsetOf(set) => self.each_item(value, true, |item| self.in_set(item, set, env)),
            Operator::Intersects(set) => self.each_item(value, false, |item| self.in_set(item, set, env)),
            Operator::SupersetOf(set) => self.superset(value, set, env),
            Operator::Unique(expected) => self.unique(value, *expected),
            Operator::Version(bounds) => self.known_text(value, |text| {
                bounds.iter().all(|(comparison, bound)| {
                    let order = version(text).cmp(&version(bound));
                    match comparison {
                        Comparison::AtLeast => order.is_ge(),
                        Comparison::AtMost => order.is_le(),
                        Comparison::Above => order.is_gt(),
                        Comparison::Below => order.is_lt(),
                        Comparison::Equals | Comparison::MultipleOf => order.is_eq(),
                    }
                })
            }),
            Operator::Before(date) => self.known_text(value, |text| is_date(text) && text < &**date),
            Operator::CidrWithin(blocks) => self.known_text(value, |text| {
                block(text).is_some_and(|inner| {
                    blocks.iter().filter_map(|outer| block(outer)).any(|outer| outer.covers(inner))
                })
            }),
            Operator::CidrOverlaps(blocks) => self.known_text(value, |text| {
                block(text).is_some_and(|one| {
                    blocks.iter().filter_map(|other| block(other)).any(|other| other.covers(one) || one.covers(other))
                })
            }),
            Operator::RefersTo(target) => self
                .values(target, env)
                .iter()
                .fold(Outcome::FALSE, |known, target| known.or(|| self.refers(value, target))),
            Operator::RefersToKinds(kinds) => {
                let kinds = self.expand(kinds);
                if let Value::Entity(id) = value {
                    return Outcome::from(kinds.contains(&self.graph.entity(*id).kind));
                }
                let (targets, maybe) = self.graph.targets(&self.resolver, value, &kinds);
                match maybe {
                    _ if !targets.is_empty() => Outcome::TRUE,
                    Some(why) => Outcome::unknown(why),
                    None => Outcome::FALSE,
                }
            }
            Operator::KindIs(kind) => self.kind_is(value, *kind),
            Operator::SecretLike(expected) => Outcome::from(self.leak(found).is_some() == *expected),
            Operator::NoEcho(expected) => Outcome::from(self.holds_no_echo(found) == *expected),
            Operator::Count(_) | Operator::Not(_) | Operator::Present(_) => Outcome::FALSE,
        }
    }

    fn present(&self, value: &Value<'p>, expected: bool) -> Outcome<'p> {
        let there = match value {
            Value::Absent => Outcome::FALSE,
            Value::Unknown(why) => Outcome::unknown((**why).clone()),
            Value::List(list @ List::Node(_)) => Outcome::from(!self.resolver.items(list).is_empty()),
            Value::List(List::Items(items)) => Outcome::from(!items.is_empty()),
            // A key, name or address that is empty is none.
            Value::Scalar(scalar) => Outcome::from(!scalar.text.is_empty()),
            Value::Symbolic(parts) => self.is_not_empty(parts),
            _ => Outcome::TRUE,
        };
        if expected { there } else { !there }
    }

    /// False where a parameter is empty that may be: by default, or because a condition asks for it.
    fn is_not_empty(&self, parts: &[Part<'p>]) -> Outcome<'p> {
        if !matches!(parts, [Part::Hole(Hole::Parameter(..))]) {
            return Outcome::TRUE;
        }
        let why = self.resolver.why(parts);
        let may_be_empty = |blocker: &Blocker<'p>| blocker.domain.iter().any(|value| value.as_deref() == Some(""));
        if why.blockers.iter().any(may_be_empty) { Outcome::unknown(why) } else { Outcome::TRUE }
    }

    fn has_form(&self, form: Form, value: &Value<'p>) -> Outcome<'p> {
        let known = match (form, value) {
            (Form::Scalar, Value::Scalar(_) | Value::Symbolic(_) | Value::Entity(_))
            | (Form::String, Value::Symbolic(_))
            | (Form::Constant, Value::Scalar(_))
            | (Form::List, Value::List(_))
            | (Form::Map, Value::Map(_)) => true,
            (Form::String, Value::Scalar(scalar)) => scalar.kind == ScalarKind::String,
            (Form::Number, Value::Scalar(scalar)) => {
                scalar.kind == ScalarKind::Number || scalar.text.parse::<f64>().is_ok()
            }
            (Form::Bool, Value::Scalar(scalar)) => matches!(&*scalar.text, "true" | "false"),
            (Form::Constant, Value::Symbolic(parts)) => !parts.iter().any(changes_with_each_run),
            (Form::Number | Form::Bool, Value::Symbolic(parts)) if parts.len() == 1 => {
                return Outcome::unknown(self.resolver.why(parts));
            }
            (Form::List, Value::Symbolic(parts)) if parts.len() == 1 && !matches!(parts[0], Part::Text(_)) => {
                return Outcome::unknown(self.resolver.why(parts));
            }
            _ => false,
        };
        Outcome::from(known)
    }

    fn equals(&self, value: &Value<'p>, term: &'p Term, env: &Env<'_, 'p>) -> Outcome<'p> {
        match term {
            Term::Literal(text) => self.equals_text(value, text),
            Term::Path(path) => self
                .values(path, env)
                .into_iter()
                .next()
                .map_or(Outcome::FALSE, |other| self.same_as(value, &other.value)),
        }
    }

    fn equals_text(&self, value: &Value<'p>, text: &str) -> Outcome<'p> {
        match value {
            Value::Scalar(scalar) => {
                let both_numbers = scalar.kind == ScalarKind::Number
                    && scalar
                        .text
                        .parse::<f64>()
                        .ok()
                        .zip(text.parse::<f64>().ok())
                        .is_some_and(|(a, b)| a.total_cmp(&b).is_eq());
                Outcome::from(equal_text(&scalar.text, text) || both_numbers)
            }
            Value::Symbolic(parts) => {
                let parts = self.resolver.with_names(parts);
                let literal = [Part::Text(text.to_owned().into())];
                Outcome::of(same(&parts, if text.is_empty() { &[] } else { &literal }), || self.resolver.why(&parts))
            }
            _ => Outcome::FALSE,
        }
    }

    /// Equality of two values: text by text, holes by identity, nodes by what they are.
    fn same_as(&self, value: &Value<'p>, other: &Value<'p>) -> Outcome<'p> {
        match (value, other) {
            (_, Value::Absent) | (Value::Absent, _) => Outcome::FALSE,
            (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Outcome::unknown((**why).clone()),
            (Value::Entity(id), text) | (text, Value::Entity(id)) => {
                let target = Found { value: Value::Entity(*id), cursor: self.cursor_of(*id), missing: &[] };
                self.refers(text, &target)
            }
            (a, b) => match (self.resolver.parts(a), self.resolver.parts(b)) {
                (Some(a), Some(b)) => {
                    if let ([Part::Text(a)], [Part::Text(b)]) = (&a[..], &b[..]) {
                        return Outcome::from(equal_text(a, b));
                    }
                    let truth = same(&a, &b);
                    let (a, b) = (self.resolver.with_names(&a), self.resolver.with_names(&b));
                    let truth = if truth == Truth::True { truth } else { same(&a, &b) };
                    Outcome::of(truth, || {
                        let mut why = self.resolver.why(&a);
                        why.merge(&self.resolver.why(&b));
                        why
                    })
                }
                _ => Outcome::FALSE,
            },
        }
    }

    fn in_set(&self, value: &Value<'p>, set: &'p Set, env: &Env<'_, 'p>) -> Outcome<'p> {
        if let Value::Map(map) = value {
            return self.matcher_in_set(map, set);
        }
        let found = match set {
            Set::Literals(texts) => {
                texts.iter().fold(Outcome::FALSE, |known, text| known.or(|| self.equals_text(value, text)))
            }
            Set::Table(_, texts) => {
                texts.iter().fold(Outcome::FALSE, |known, text| known.or(|| self.equals_text(value, text)))
            }
            Set::Path(path) => self.values(path, env).iter().fold(Outcome::FALSE, |known, other| {
                known.or(|| match &other.value {
                    Value::List(list) => self
                        .resolver
                        .items(list)
                        .iter()
                        .fold(Outcome::FALSE, |known, item| known.or(|| self.same_as(value, &item.value))),
                    other => self.same_as(value, other),
                })
            }),
        };
        if let Set::Table(table, _) = set { open(found, value, table) } else { found }
    }

    /// A matcher of an event pattern (`{prefix: …}`): whether anything of a set fits it.
    fn matcher_in_set(&self, map: &Map<'p>, set: &'p Set) -> Outcome<'p> {
        let texts: Vec<&str> = match set {
            Set::Literals(texts) => texts.iter().map(|text| &**text).collect(),
            Set::Table(_, texts) => texts.to_vec(),
            Set::Path(_) => return Outcome::FALSE,
        };
        let entries = self.resolver.entries(map);
        let [(name, argument)] = &entries[..] else { return Outcome::FALSE };
        let fits = |text: &str, wanted: &str| match &**name {
            "prefix" => text.starts_with(wanted),
            "suffix" => text.ends_with(wanted),
            "equals-ignore-case" => text.eq_ignore_ascii_case(wanted),
            "wildcard" => glob_star(wanted, text),
            _ => true,
        };
        match &argument.value {
            Value::Scalar(scalar) => Outcome::from(texts.iter().any(|text| fits(text, &scalar.text))),
            Value::Symbolic(parts) => Outcome::unknown(self.resolver.why(parts)),
            Value::Unknown(why) => Outcome::unknown((**why).clone()),
            // `anything-but` and matchers with their own maps leave room for what the set holds.
            _ => Outcome::from(!texts.is_empty()),
        }
    }

    /// Whether a test holds for one of the texts at a path; a text that is not known leaves it open.
    fn with_texts(&self, path: &'p TermPath, env: &Env<'_, 'p>, test: impl Fn(&str) -> Outcome<'p>) -> Outcome<'p> {
        self.values(path, env).iter().fold(Outcome::FALSE, |known, found| {
            known.or(|| match &found.value {
                Value::Scalar(scalar) => test(&scalar.text),
                Value::Symbolic(parts) => Outcome::unknown(self.resolver.why(parts)),
                Value::Unknown(why) => Outcome::unknown((**why).clone()),
                _ => Outcome::FALSE,
            })
        })
    }

    fn affix(&self, value: &Value<'p>, texts: &[Box<str>], front: bool) -> Outcome<'p> {
        let Some(parts) = self.resolver.parts(value) else { return Outcome::FALSE };
        let parts = self.resolver.with_names(&parts);
        let edge = if front { parts.first() } else { parts.last() };
        let whole = matches!(parts[..], [Part::Text(_)] | []);
        texts.iter().fold(Outcome::FALSE, |known, wanted| {
            known.or(|| match edge {
                None => Outcome::from(wanted.is_empty()),
                Some(Part::Hole(_)) => Outcome::unknown(self.resolver.why(&parts)),
                Some(Part::Text(text)) => {
                    let (fits, may) = if front {
                        (text.starts_with(&**wanted), wanted.starts_with(&**text))
                    } else {
                        (text.ends_with(&**wanted), wanted.ends_with(&**text))
                    };
                    if !fits && may && !whole {
                        Outcome::unknown(self.resolver.why(&parts))
                    } else {
                        Outcome::from(fits)
                    }
                }
            })
        })
    }

    fn contains(&self, value: &Value<'p>, texts: &[Box<str>]) -> Outcome<'p> {
        if let Value::List(list) = value {
            let items = self.resolver.items(list);
            return texts.iter().fold(Outcome::FALSE, |known, text| {
                known.or(|| {
                    items.iter().fold(Outcome::FALSE, |known, item| known.or(|| self.equals_text(&item.value, text)))
                })
            });
        }
        let Some(parts) = self.resolver.parts(value) else { return Outcome::FALSE };
        let found = parts
            .iter()
            .any(|part| matches!(part, Part::Text(text) if texts.iter().any(|wanted| text.contains(&**wanted))));
        if found || matches!(parts[..], [Part::Text(_)] | []) {
            return Outcome::from(found);
        }
        Outcome::unknown(self.resolver.why(&parts))
    }

    /// A test of a known text; symbolic text is not known, lists and maps fail.
    fn known_text(&self, value: &Value<'p>, test: impl FnOnce(&str) -> bool) -> Outcome<'p> {
        match value {
            Value::Scalar(scalar) => Outcome::from(test(&scalar.text)),
            Value::Symbolic(parts) => Outcome::unknown(self.resolver.why(parts)),
            _ => Outcome::FALSE,
        }
    }

    /// A test of every item, or of at least one; a single value is a list of one.
    fn each_item(&self, value: &Value<'p>, every: bool, test: impl Fn(&Value<'p>) -> Outcome<'p>) -> Outcome<'p> {
        let items = match value {
            Value::List(list) => self.resolver.items(list),
            other => return test(other),
        };
        let start = if every { Outcome::TRUE } else { Outcome::FALSE };
        items.iter().fold(start, |known, item| {
            let one = || test(&item.value);
            if every { known.and(one) } else { known.or(one) }
        })
    }

    fn superset(&self, value: &Value<'p>, set: &'p Set, env: &Env<'_, 'p>) -> Outcome<'p> {
        let has = |wanted: &Value<'p>| self.each_item(value, false, |item| self.same_as(item, wanted));
        match set {
            Set::Literals(texts) => texts.iter().fold(Outcome::TRUE, |known, text| {
                known.and(|| self.each_item(value, false, |item| self.equals_text(item, text)))
            }),
            Set::Table(_, texts) => texts.iter().fold(Outcome::TRUE, |known, text| {
                known.and(|| self.each_item(value, false, |item| self.equals_text(item, text)))
            }),
            Set::Path(path) => self.values(path, env).iter().fold(Outcome::TRUE, |known, other| {
                known.and(|| match &other.value {
                    Value::List(list) => self
                        .resolver
                        .items(list)
                        .iter()
                        .fold(Outcome::TRUE, |known, item| known.and(|| has(&item.value))),
                    other => has(other),
                })
            }),
        }
    }

    fn unique(&self, value: &Value<'p>, expected: bool) -> Outcome<'p> {
        let Value::List(list) = value else { return Outcome::from(expected) };
        let items = self.resolver.items(list);
        let mut repeated = Outcome::FALSE;
        for (index, item) in items.iter().enumerate() {
            for other in &items[index + 1..] {
                repeated = repeated.or(|| self.same_as(&item.value, &other.value));
            }
        }
        if expected { !repeated } else { repeated }
    }

    fn kind_is(&self, value: &Value<'p>, kind: Reference) -> Outcome<'p> {
        let returned = match value {
            Value::List(_) => return Outcome::from(kind == Reference::List),
            Value::Symbolic(parts) => match parts[..] {
                [Part::Hole(Hole::Resource(_, returned, _))] => returned,
                [Part::Text(ref text), ..] if text.starts_with("arn:") => Returned::Arn,
                [Part::Text(ref text), ..] if text.starts_with("https://") => Returned::Url,
                _ => return Outcome::unknown(self.resolver.why(parts)),
            },
            Value::Scalar(scalar) if scalar.text.starts_with("arn:") => Returned::Arn,
            Value::Scalar(scalar) if scalar.text.starts_with("https://") => Returned::Url,
            Value::Scalar(_) => {
                return if matches!(kind, Reference::Arn | Reference::Url | Reference::List) {
                    Outcome::FALSE
                } else {
                    Outcome::unknown(Unknown::because(ReasonKind::Attribute, text_of(value)))
                };
            }
            _ => return Outcome::FALSE,
        };
        let wanted = match kind {
            Reference::Arn => Returned::Arn,
            Reference::Name => Returned::Name,
            Reference::Id => Returned::Id,
            Reference::Url => Returned::Url,
            Reference::List => return Outcome::FALSE,
        };
        if returned == Returned::Other {
            return Outcome::unknown(Unknown::because(ReasonKind::Attribute, text_of(value)));
        }
        Outcome::from(returned == wanted)
    }
}

/// What an open table lacks is not known.
pub(super) fn open<'p>(outcome: Outcome<'p>, value: &Value<'p>, table: &Table) -> Outcome<'p> {
    if outcome.truth == Truth::False && table.open {
        return Outcome::unknown(Unknown::because(ReasonKind::OpenTable, text_of(value)));
    }
    outcome
}

/// True if what is written at a place is a reference: `Ref`, `Fn::GetAtt`, `Fn::ImportValue` or text with variables.
fn is_reference(found: &Found<'_>) -> bool {
    if !found.missing.is_empty() {
        return false;
    }
    match Expr::of(found.cursor.node) {
        Expr::Call(call) => {
            matches!(call.function, Tag::Ref | Tag::GetAtt | Tag::ImportValue | Tag::Sub | Tag::Join | Tag::FindInMap)
        }
        Expr::Hole(_) => true,
        Expr::Scalar(node) => node.has_holes(),
        _ => false,
    }
}

/// `*` for any text.
fn glob_star(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(index, byte)| if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}

/// The numbers of a dotted version; what is no number counts as 0.
fn version(text: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> =
        text.trim_start_matches('v').split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0)).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    v6: bool,
    first: u128,
    prefix: u32,
}

impl Block {
    fn covers(self, inner: Self) -> bool {
        let width = if self.v6 { 128 } else { 32 };
        self.v6 == inner.v6
            && self.prefix <= inner.prefix
            && (self.prefix == 0 || self.first >> (width - self.prefix) == inner.first >> (width - self.prefix))
    }
}

/// Reads `address/prefix`; an address alone is a block of one.
pub(super) fn block(text: &str) -> Option<Block> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let (v6, first, width) = match address {
        IpAddr::V4(address) => (false, u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (true, u128::from(address), 128),
    };
    let prefix = prefix.map_or(Some(width), |prefix| prefix.parse().ok().filter(|prefix| *prefix <= width))?;
    Some(Block { v6, first, prefix })
}

/// True for what is known at run time only, or chosen when a pipeline is started.
fn changes_with_each_run(part: &Part<'_>) -> bool {
    match part {
        Part::Hole(Hole::RunTime(..) | Hole::Pipeline(_)) => true,
        Part::Hole(Hole::Derived(_, reason)) => reason.kind == ReasonKind::RunTime,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_blocks() {
        let covers = |a, b| block(a).unwrap().covers(block(b).unwrap());
        assert!(covers("10.0.0.0/8", "10.1.2.0/24") && covers("0.0.0.0/0", "1.2.3.4") && covers("::/0", "fd00::/8"));
        assert!(
            !covers("10.1.2.0/24", "10.0.0.0/8") && !covers("0.0.0.0/0", "::/0") && !covers("10.0.0.0/8", "11.0.0.0/8")
        );
        assert_eq!(block("10.0.0.0/33"), None);
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(
            version("1.10") > version("1.9") && version("1.0") == version("1") && version("v2.1") > version("2.0.9")
        );
    }

    #[test]
    fn wildcards_of_event_patterns() {
        assert!(
            glob_star("a*c", "abc")
                && glob_star("*", "")
                && glob_star("ab", "ab")
                && !glob_star("a*c", "abd")
                && !glob_star("ab", "abc")
        );
    }

    #[test]
    fn dates_are_dates() {
        assert!(is_date("2026-11-23") && !is_date("2026-1-23") && !is_date("x"));
    }
}
