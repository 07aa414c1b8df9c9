//! The walk against brute force: a small matcher of its own, and every filling of the holes up to some length.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::value::Truth::{False, True, Unknown};

/// A regular expression over `a`, `b` and `c`.
#[derive(Debug, Clone)]
enum Pattern {
    Letter(char),
    Any,
    Start,
    End,
    Sequence(Vec<Self>),
    Either(Vec<Self>),
    Star(Box<Self>),
}

impl Pattern {
    fn source(&self) -> String {
        match self {
            Self::Letter(letter) => letter.to_string(),
            Self::Any => ".".to_owned(),
            Self::Start => "^".to_owned(),
            Self::End => "$".to_owned(),
            Self::Sequence(parts) => parts.iter().map(Self::source).collect(),
            Self::Either(parts) => format!("(?:{})", parts.iter().map(Self::source).collect::<Vec<_>>().join("|")),
            Self::Star(inner) => format!("(?:{})*", inner.source()),
        }
    }

    /// How many characters it names: with stars left out, no match is longer.
    fn letters(&self) -> usize {
        match self {
            Self::Letter(_) | Self::Any => 1,
            Self::Start | Self::End => 0,
            Self::Sequence(parts) | Self::Either(parts) => parts.iter().map(Self::letters).sum(),
            Self::Star(inner) => inner.letters(),
        }
    }

    /// Where matches that start at one of `from` may end.
    fn ends(&self, text: &[u8], from: &BTreeSet<usize>) -> BTreeSet<usize> {
        let read = |fits: &dyn Fn(u8) -> bool| {
            from.iter().filter(|&&at| at < text.len() && fits(text[at])).map(|at| at + 1).collect()
        };
        match self {
            Self::Letter(letter) => read(&|byte| char::from(byte) == *letter),
            Self::Any => read(&|_| true),
            Self::Start => from.iter().copied().filter(|&at| at == 0).collect(),
            Self::End => from.iter().copied().filter(|&at| at == text.len()).collect(),
            Self::Sequence(parts) => parts.iter().fold(from.clone(), |from, part| part.ends(text, &from)),
            Self::Either(parts) => parts.iter().flat_map(|part| part.ends(text, from)).collect(),
            Self::Star(inner) => {
                let mut all = from.clone();
                loop {
                    let more: BTreeSet<usize> = all.union(&inner.ends(text, &all)).copied().collect();
                    if more == all {
                        return all;
                    }
                    all = more;
                }
            }
        }
    }

    fn is_found_in(&self, text: &str) -> bool {
        !self.ends(text.as_bytes(), &(0..=text.len()).collect()).is_empty()
    }

    fn covers(&self, text: &str) -> bool {
        self.ends(text.as_bytes(), &BTreeSet::from([0])).contains(&text.len())
    }
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let leaf = prop_oneof![
        4 => prop_oneof![Just('a'), Just('b'), Just('c')].prop_map(Pattern::Letter),
        1 => Just(Pattern::Any),
        1 => Just(Pattern::Start),
        1 => Just(Pattern::End),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            3 => proptest::collection::vec(inner.clone(), 2..4).prop_map(Pattern::Sequence),
            1 => proptest::collection::vec(inner.clone(), 2..4).prop_map(Pattern::Either),
            1 => inner.prop_map(|inner| Pattern::Star(Box::new(inner))),
        ]
    })
}

/// Patterns for which short fillings show all that can happen.
fn small(letters: usize) -> impl Strategy<Value = Pattern> {
    pattern().prop_filter("longer", move |pattern| pattern.letters() <= letters)
}

fn compiled(pattern: &Pattern) -> Automaton {
    Automaton::compile(PatternKind::Regex, &pattern.source()).expect("small patterns compile")
}

/// All texts over the alphabet of the patterns, and a letter that none of them names, up to a length.
fn fillings(longest: u32) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last.iter().flat_map(|text| "abcx".chars().map(move |letter| format!("{text}{letter}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// The texts between the holes, of which there is one less.
fn skeleton() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[abc]{0,3}", 1..4)
}

fn pieces<'a>(texts: &'a [String], hole: Piece<'a>) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = texts.iter().flat_map(|text| [Piece::Text(text), hole]).collect();
    pieces.pop();
    pieces
}

/// The texts that the fillings make: all combinations.
fn filled(texts: &[String], fillings: &[String]) -> Vec<String> {
    let (first, rest) = texts.split_first().expect("never empty");
    rest.iter().fold(vec![first.clone()], |heads, text| {
        heads.iter().flat_map(|head| fillings.iter().map(move |filling| format!("{head}{filling}{text}"))).collect()
    })
}

/// What the fillings of one hole make of a pattern, taken together.
fn over(pattern: &Pattern, before: &str, fillings: &[String], after: &str) -> Truth {
    let found: BTreeSet<bool> =
        fillings.iter().map(|filling| pattern.is_found_in(&format!("{before}{filling}{after}"))).collect();
    match (found.contains(&true), found.contains(&false)) {
        (true, false) => True,
        (false, _) => False,
        (true, true) => Unknown,
    }
}

fn agrees(truth: Truth, found: bool) -> bool {
    truth == Unknown || truth == Truth::from(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn certain_answers_hold_for_every_filling(pattern in pattern(), texts in skeleton()) {
        let truth = matches(&compiled(&pattern), &pieces(&texts, Piece::Hole));
        for text in filled(&texts, &fillings(2)) {
            prop_assert!(agrees(truth, pattern.is_found_in(&text)), "{} on {text:?}: {truth:?}", pattern.source());
        }
    }

    #[test]
    fn certain_answers_hold_for_every_filling_that_is_allowed(pattern in pattern(), only in pattern(), texts in skeleton()) {
        let allowed = Automaton::allowed_pattern(&only.source()).expect("small patterns compile");
        let truth = matches(&compiled(&pattern), &pieces(&texts, Piece::Constrained(&allowed)));
        let fillings: Vec<String> = fillings(2).into_iter().filter(|text| only.covers(text)).collect();
        for text in filled(&texts, &fillings) {
            prop_assert!(agrees(truth, pattern.is_found_in(&text)), "{} on {text:?}: {truth:?}", pattern.source());
        }
    }

    #[test]
    fn known_text_is_decided_and_rightly(pattern in pattern(), text in "[abcx]{0,8}") {
        prop_assert_eq!(matches(&compiled(&pattern), &[Piece::Text(&text)]), Truth::from(pattern.is_found_in(&text)));
    }

    /// The other half: unknown is said only where fillings differ.
    #[test]
    fn unknown_has_a_filling_either_way(pattern in small(4), before in "[abc]{0,3}", after in "[abc]{0,3}") {
        let truth = matches(&compiled(&pattern), &[Piece::Text(&before), Piece::Hole, Piece::Text(&after)]);
        let exact = over(&pattern, &before, &fillings(5), &after);
        prop_assert_eq!(truth, exact, "{} on {:?} _ {:?}", pattern.source(), before, after);
    }

    #[test]
    fn unknown_has_an_allowed_filling_either_way(pattern in small(3), only in small(2), before in "[abc]{0,2}", after in "[abc]{0,2}") {
        let allowed = Automaton::allowed_pattern(&only.source()).expect("small patterns compile");
        let pieces = [Piece::Text(&before), Piece::Constrained(&allowed), Piece::Text(&after)];
        let truth = matches(&compiled(&pattern), &pieces);
        let fillings: Vec<String> = fillings(5).into_iter().filter(|text| only.covers(text)).collect();
        // With no filling the walk may know by the text before, or not; either is right.
        if !fillings.is_empty() {
            let exact = over(&pattern, &before, &fillings, &after);
            prop_assert_eq!(truth, exact, "{} on {:?} {} {:?}", pattern.source(), before, only.source(), after);
        }
    }

    #[test]
    fn no_text_and_no_pattern_panics(kind in prop_oneof![Just(PatternKind::Regex), Just(PatternKind::Glob)], pattern in ".{0,12}", text in "\\PC*|[\\x00-\\x7f]*") {
        let allowed = Automaton::allowed_pattern(&pattern);
        if let Ok(automaton) = Automaton::compile(kind, &pattern) {
            let hole = allowed.as_ref().map_or(Piece::Hole, Piece::Constrained);
            matches(&automaton, &[Piece::Text(&text), hole, Piece::Text(&text), Piece::Hole]);
            prop_assert_ne!(matches(&automaton, &[Piece::Text(&text)]), Unknown);
        }
    }
}
