//! Texts with holes, found by another text with holes that they may be equal to.

use std::ops::Range;
use std::sync::Arc;

/// How a hole starts and ends in a key (`canonical`).
const HOLE: u8 = 1;
const HOLE_END: u8 = 2;

/// Keys of texts with what they belong to.
///
/// Two texts certainly differ where, read from the start or from the end, one character meets another one. Where a hole
/// meets anything but itself they may be equal.
#[derive(Debug)]
pub(super) struct TextIndex<I> {
    forwards: Arc<Keys<I>>,
    backwards: Arc<Keys<I>>,
}

impl<I: Copy + Ord> FromIterator<(String, I)> for TextIndex<I> {
    fn from_iter<T: IntoIterator<Item = (String, I)>>(texts: T) -> Self {
        let (backwards, forwards) = texts
            .into_iter()
            .map(|(key, id)| ((reversed(key.as_bytes()).into(), id), (key.into_bytes().into(), id)))
            .unzip();
        Self { forwards: Arc::new(Keys::new(forwards)), backwards: Arc::new(Keys::new(backwards)) }
    }
}

/// Holes of keys that are filled in the text that is looked for, and with what.
#[derive(Debug, Default)]
pub(super) struct Choices(pub(super) Vec<(String, String)>);

impl<I: Copy + Ord> TextIndex<I> {
    /// Adds what belongs to each key that equals a text; returns what belongs to each that may.
    pub(super) fn near(&self, text: &str, choices: &Choices, equal: &mut Vec<I>) -> Open<I> {
        let choices: Vec<Filled> =
            choices.0.iter().map(|(hole, text)| (hole.clone().into_bytes(), text.clone().into_bytes())).collect();
        let text = text.as_bytes();
        let from_start = self.forwards.near(text, &choices);
        if from_start.len() <= FEW {
            return take(&self.forwards, text, from_start, equal);
        }
        // The side that tells more of them apart.
        let choices: Vec<Filled> = choices.into_iter().map(|(hole, text)| (hole, reversed(&text))).collect();
        let turned = reversed(text);
        let from_end = self.backwards.near(&turned, &choices);
        if from_start.len() <= from_end.len() {
            take(&self.forwards, text, from_start, equal)
        } else {
            take(&self.backwards, &turned, from_end, equal)
        }
    }
}

fn take<I: Copy + Ord>(keys: &Arc<Keys<I>>, text: &[u8], near: Near, equal: &mut Vec<I>) -> Open<I> {
    equal.extend(near.equal.into_iter().flat_map(|range| &keys.0[range]).map(|&(_, id)| id));
    let ranges: Vec<_> = near.open.into_iter().filter(|range| !range.is_empty()).collect();
    let text = if ranges.is_empty() { Box::default() } else { text.into() };
    Open { keys: Arc::clone(keys), text, ranges }
}

/// What belongs to keys that may equal a text. There can be many of them, and few are ever looked at; so they are counted
/// out when someone does: in the order of the keys, and some more than once.
#[derive(Debug, Clone)]
pub(super) struct Open<I> {
    keys: Arc<Keys<I>>,
    /// The text, from the side that the keys are sorted by.
    text: Box<[u8]>,
    ranges: Vec<Range<usize>>,
}

impl<I: Copy> Open<I> {
    pub(super) fn iter(&self) -> impl Iterator<Item = I> {
        let literals = literals(&self.text);
        self.ranges
            .iter()
            .flat_map(move |range| self.runs(range.clone(), literals.clone()))
            .flat_map(|run| &self.keys.0[run])
            .map(|&(_, id)| id)
    }

    /// A range cut into runs of one key each, without those that cannot be the text.
    fn runs<'s>(&'s self, range: Range<usize>, literals: Vec<&'s [u8]>) -> impl Iterator<Item = Range<usize>> + 's {
        let mut rest = range;
        std::iter::from_fn(move || {
            let keys = self.keys.0.get(rest.clone())?;
            let (key, _) = keys.first()?;
            // Most keys have few nodes; the name of a file that every model has may have all of them.
            let few = keys.iter().take(FEW).take_while(|(other, _)| other == key).count();
            let len = if few < FEW { few } else { keys.partition_point(|(other, _)| other <= key) };
            let run = rest.start..rest.start + len;
            rest.start = run.end;
            Some(if self.may_be(key, &literals) { run } else { run.end..run.end })
        })
    }

    /// Whether a key may be the text, as far as its other side tells. One without holes has to hold all that the text says,
    /// in this order.
    fn may_be(&self, key: &[u8], literals: &[&[u8]]) -> bool {
        let mut rest = key;
        let mut holds = |literal: &[u8]| {
            let at = memchr::memmem::find(rest, literal)?;
            rest = &rest[at + literal.len()..];
            Some(())
        };
        !differ_at_end(key, &self.text)
            && (memchr::memchr(HOLE, key).is_some() || literals.iter().all(|literal| holds(literal).is_some()))
    }
}

/// True if, read from the end, one character meets another one before a hole does.
fn differ_at_end(a: &[u8], b: &[u8]) -> bool {
    let mut in_hole = false;
    for (&x, &y) in a.iter().rev().zip(b.iter().rev()) {
        if x != y {
            return !in_hole && x != HOLE_END && y != HOLE_END;
        }
        in_hole = x == HOLE_END || (in_hole && x != HOLE);
    }
    false
}

/// What a text has between its holes, in order.
fn literals(text: &[u8]) -> Vec<&[u8]> {
    let mut literals = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let hole = memchr::memchr(HOLE, rest).unwrap_or(rest.len());
        if hole > 0 {
            literals.push(&rest[..hole]);
        }
        rest = &rest[hole..];
        rest = &rest[memchr::memchr(HOLE_END, rest).map_or(rest.len(), |end| end + 1)..];
    }
    literals
}

/// Ranges of keys.
#[derive(Debug, Default)]
struct Near {
    /// Of those that are the text, with the choices made.
    equal: Vec<Range<usize>>,
    /// Of those that may be it.
    open: Vec<Range<usize>>,
}

impl Near {
    fn len(&self) -> usize {
        self.equal.iter().chain(&self.open).map(Range::len).sum()
    }
}

/// So few are not worth a look from the other side.
const FEW: usize = 4;

/// A hole, and what it is filled with.
type Filled = (Vec<u8>, Vec<u8>);

/// A key from its end to its start, its holes spelled as they are.
fn reversed(key: &[u8]) -> Vec<u8> {
    let mut reversed = Vec::with_capacity(key.len());
    let mut end = key.len();
    while end > 0 {
        let start = match key[end - 1] {
            HOLE_END => key[..end].iter().rposition(|&byte| byte == HOLE).unwrap_or(end - 1),
            _ => end - 1,
        };
        reversed.extend_from_slice(&key[start..end]);
        end = start;
    }
    reversed
}

/// Sorted keys. Those with the same start stand side by side, so all that may equal a text are found by narrowing the
/// range character by character and taking what stands beside it with a hole.
#[derive(Debug)]
struct Keys<I>(Vec<(Box<[u8]>, I)>);

impl<I: Copy + Ord> Keys<I> {
    fn new(mut keys: Vec<(Box<[u8]>, I)>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        keys.shrink_to_fit();
        Self(keys)
    }

    /// The ranges of keys that may equal a text.
    fn near(&self, text: &[u8], choices: &[Filled]) -> Near {
        let mut found = Near::default();
        self.narrow(0..self.0.len(), 0, text, choices, &mut found);
        found
    }

    /// All keys of the range have the same `at` bytes at their start; `rest` is what follows them in the text.
    fn narrow(&self, mut range: Range<usize>, mut at: usize, mut rest: &[u8], choices: &[Filled], found: &mut Near) {
        while !range.is_empty() {
            if rest.first() == Some(&HOLE) {
                let end = rest.iter().position(|&byte| byte == HOLE_END).map_or(rest.len(), |end| end + 1);
                let same = self.starting(&range, at, &rest[..end]);
                found.open.push(range.start..same.start);
                found.open.push(same.end..range.end);
                (range, at, rest) = (same, at + end, &rest[end..]);
                continue;
            }
            // What all keys of the range have in common with the text.
            let (first, last) = (&self.0[range.start].0[at..], &self.0[range.end - 1].0[at..]);
            let shared =
                first.iter().zip(last).zip(rest).take_while(|&((a, b), c)| a == b && a == c && *c != HOLE).count();
            if shared > 0 {
                (at, rest) = (at + shared, &rest[shared..]);
                continue;
            }
            let ended = self.partition(&range, |key| key.len() == at);
            let holes = ended..self.partition(&range, |key| key.get(at).is_none_or(|&byte| byte <= HOLE));
            self.holes(holes, at, rest, choices, found);
            let Some(&byte) = rest.first() else {
                found.equal.push(range.start..ended);
                return;
            };
            let first = self.partition(&range, |key| key.get(at).is_none_or(|&other| other < byte));
            let last = self.partition(&range, |key| key.get(at).is_none_or(|&other| other <= byte));
            (range, at, rest) = (first..last, at + 1, &rest[1..]);
        }
    }

    /// Takes the keys of a range in which every key goes on with a hole where the text goes on with a character or ends.
    fn holes(&self, range: Range<usize>, at: usize, rest: &[u8], choices: &[Filled], found: &mut Near) {
        let mut filled: Vec<Range<usize>> = Vec::new();
        if !range.is_empty() {
            for (hole, filling) in choices {
                let keys = self.starting(&range, at, hole);
                if keys.is_empty() {
                    continue;
                }
                let literal = rest.iter().position(|&byte| byte == HOLE).unwrap_or(rest.len());
                if let Some(rest) = rest.strip_prefix(&filling[..]) {
                    self.narrow(keys.clone(), at + hole.len(), rest, choices, found);
                } else if literal < rest.len() && filling.starts_with(&rest[..literal]) {
                    found.open.push(keys.clone());
                }
                filled.push(keys);
            }
        }
        filled.sort_unstable_by_key(|keys| keys.start);
        let mut from = range.start;
        for keys in filled {
            found.open.push(from..keys.start);
            from = keys.end;
        }
        found.open.push(from..range.end);
    }

    /// The keys of a range that have these bytes at a place.
    fn starting(&self, range: &Range<usize>, at: usize, bytes: &[u8]) -> Range<usize> {
        let cut = |key: &'_ [u8]| -> std::cmp::Ordering {
            let piece = &key[at.min(key.len())..];
            piece[..piece.len().min(bytes.len())].cmp(bytes)
        };
        self.partition(range, |key| cut(key).is_lt())..self.partition(range, |key| cut(key).is_le())
    }

    /// Where, in a range, keys stop to fulfil a condition that the first of them fulfil.
    fn partition(&self, range: &Range<usize>, condition: impl Fn(&[u8]) -> bool) -> usize {
        range.start + self.0[range.clone()].partition_point(|(key, _)| condition(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::EntityId;

    fn index(keys: &[&str]) -> TextIndex<EntityId> {
        (0..).zip(keys).map(|(number, key)| (spelled(key), EntityId(number))).collect()
    }

    /// Capital letters are holes.
    fn spelled(key: &str) -> String {
        key.chars().map(|c| if c.is_ascii_uppercase() { format!("\u{1}{c}\u{2}") } else { c.to_string() }).collect()
    }

    fn near(keys: &[&str], text: &str, choices: &[(&str, &str)]) -> Vec<String> {
        let mut found = Vec::new();
        let choices = Choices(choices.iter().map(|(hole, text)| (spelled(hole), (*text).to_owned())).collect());
        let open = index(keys).near(&spelled(text), &choices, &mut found);
        found.extend(open.iter());
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|id| keys[id.index()].to_owned()).collect()
    }

    const KEYS: [&str; 9] = ["", "a", "a-E", "a-E-x", "a-E-y", "a-F", "ab", "E", "E-x"];

    #[test]
    fn texts_that_may_be_equal_are_found() {
        assert_eq!(near(&KEYS, "a-E-x", &[]), ["a-E-x", "a-F", "E", "E-x"]);
        // From the end, what ends in another character is told apart as well.
        assert_eq!(near(&KEYS, "a-dev-x", &[]), ["a-E", "a-E-x", "a-F", "E", "E-x"]);
        assert_eq!(near(&KEYS, "a", &[]), ["a", "E"]);
        assert_eq!(near(&KEYS, "E-y", &[]), ["a-E", "a-F", "E"]);
        assert_eq!(near(&KEYS, "", &[]), ["", "E", "E-x"]);
    }

    #[test]
    fn what_is_the_text_is_told_from_what_may_be() {
        let choices = Choices(vec![(spelled("E"), "dev".to_owned())]);
        let mut equal = Vec::new();
        let open = index(&["a-E", "a-F", "a-dev", "a-E-x"]).near("a-dev", &choices, &mut equal);
        assert_eq!((equal, open.iter().collect()), (vec![EntityId(0), EntityId(2)], vec![EntityId(1)]));
    }

    #[test]
    fn a_text_is_no_key_that_lacks_what_it_says() {
        assert_eq!(near(&["model.tar", "x-data-1", "x-models-1", "a-data"], "E-data-F", &[]), ["x-data-1"]);
        assert_eq!(near(&["ab-ba", "ab-ab", "E-x"], "EbFb", &[]), ["ab-ab"]);
    }

    #[test]
    fn filled_holes_are_read_on() {
        assert_eq!(near(&KEYS, "a-dev-x", &[("E", "dev")]), ["a-E-x", "a-F"]);
        assert_eq!(near(&KEYS, "a-dev-x", &[("E", "dev"), ("F", "x")]), ["a-E-x"]);
        assert_eq!(near(&KEYS, "dev-x", &[("E", "dev")]), ["E-x"]);
        assert_eq!(near(&KEYS, "a-dF", &[("E", "dev")]), ["a-E", "a-E-x", "a-E-y"]);
    }

    /// What `same` does not rule out has to be found, and little else.
    #[test]
    fn nothing_that_may_be_equal_is_missed() {
        use crate::template::TemplateId;
        use crate::value::{GroupId, Hole, Part, Truth, canonical, same};
        let pieces = ["a", "b", "-", "A", "B", "a-", "-b"];
        let texts: Vec<Vec<Part<'static>>> = (0..7 * 7 * 7)
            .map(|number| {
                let spelled: String =
                    [number % 7, number / 7 % 7, number / 49].iter().map(|&index| pieces[index]).collect();
                let mut parts: Vec<Part<'static>> = Vec::new();
                for c in spelled.chars() {
                    match (parts.last_mut(), c) {
                        (_, 'A'..='Z') => {
                            parts.push(Part::Hole(Hole::Parameter(GroupId(u32::from(c)), TemplateId(0), "P")));
                        }
                        (Some(Part::Text(text)), c) => text.to_mut().push(c),
                        (_, c) => parts.push(Part::Text(c.to_string().into())),
                    }
                }
                parts
            })
            .collect();
        let index: TextIndex<EntityId> =
            (0..).zip(&texts).map(|(number, text)| (canonical(text), EntityId(number))).collect();
        for text in &texts {
            let mut equal = Vec::new();
            let open: Vec<EntityId> = index.near(&canonical(text), &Choices::default(), &mut equal).iter().collect();
            for (number, other) in (0..).zip(&texts) {
                let id = EntityId(number);
                match same(text, other) {
                    Truth::True => assert!(equal.contains(&id), "{text:?} {other:?}"),
                    Truth::Unknown => assert!(open.contains(&id), "{text:?} {other:?}"),
                    Truth::False => assert!(!equal.contains(&id), "{text:?} {other:?}"),
                }
            }
        }
    }
}
