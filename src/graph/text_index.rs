//! Texts with holes, found by another text with holes that they may be equal to.

use std::ops::Range;

/// How a hole starts and ends in a key (`canonical`).
const HOLE: u8 = 1;
const HOLE_END: u8 = 2;

/// Keys of texts with what they belong to.
///
/// Two texts certainly differ where, read from the start or from the end, one character meets another one. Where a hole
/// meets anything but itself they may be equal.
#[derive(Debug)]
pub(super) struct TextIndex<I> {
    forwards: Keys<I>,
    backwards: Keys<I>,
}

impl<I> Default for TextIndex<I> {
    fn default() -> Self {
        Self { forwards: Keys(Vec::new()), backwards: Keys(Vec::new()) }
    }
}

/// Holes of keys that are filled in the text that is looked for, and with what.
#[derive(Debug, Default)]
pub(super) struct Choices(pub(super) Vec<(String, String)>);

impl<I: Copy + Ord> TextIndex<I> {
    pub(super) fn add(&mut self, key: String, id: I) {
        self.backwards.0.push((reversed(key.as_bytes()).into(), id));
        self.forwards.0.push((key.into_bytes().into(), id));
    }

    /// To be called once, after all keys are added.
    pub(super) fn seal(&mut self) {
        self.forwards.seal();
        self.backwards.seal();
    }

    /// Adds what belongs to each key that may equal a text.
    pub(super) fn near(&self, text: &str, choices: &Choices, found: &mut Vec<I>) {
        let choices: Vec<Filled> =
            choices.0.iter().map(|(hole, text)| (hole.clone().into_bytes(), text.clone().into_bytes())).collect();
        let from_start = self.forwards.near(text.as_bytes(), &choices);
        if from_start.iter().map(Range::len).sum::<usize>() <= FEW {
            return self.forwards.take(from_start, found);
        }
        // The side that tells more of them apart.
        let choices: Vec<Filled> = choices.into_iter().map(|(hole, text)| (hole, reversed(&text))).collect();
        let from_end = self.backwards.near(&reversed(text.as_bytes()), &choices);
        if from_start.iter().map(Range::len).sum::<usize>() <= from_end.iter().map(Range::len).sum() {
            self.forwards.take(from_start, found);
        } else {
            self.backwards.take(from_end, found);
        }
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
    fn seal(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
        self.0.shrink_to_fit();
    }

    fn take(&self, ranges: Vec<Range<usize>>, found: &mut Vec<I>) {
        found.extend(ranges.into_iter().flat_map(|range| &self.0[range]).map(|&(_, id)| id));
    }

    /// The ranges of keys that may equal a text.
    fn near(&self, text: &[u8], choices: &[Filled]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.narrow(0..self.0.len(), 0, text, choices, &mut found);
        found.retain(|range| !range.is_empty());
        found
    }

    /// All keys of the range have the same `at` bytes at their start; `rest` is what follows them in the text.
    fn narrow(
        &self,
        mut range: Range<usize>,
        mut at: usize,
        mut rest: &[u8],
        choices: &[Filled],
        found: &mut Vec<Range<usize>>,
    ) {
        while !range.is_empty() {
            if rest.first() == Some(&HOLE) {
                let end = rest.iter().position(|&byte| byte == HOLE_END).map_or(rest.len(), |end| end + 1);
                let same = self.starting(&range, at, &rest[..end]);
                found.push(range.start..same.start);
                found.push(same.end..range.end);
                (range, at, rest) = (same, at + end, &rest[end..]);
                continue;
            }
            let ended = self.partition(&range, |key| key.len() == at);
            let holes = ended..self.partition(&range, |key| key.get(at).is_none_or(|&byte| byte <= HOLE));
            self.holes(holes, at, rest, choices, found);
            let Some(&byte) = rest.first() else {
                found.push(range.start..ended);
                return;
            };
            let first = self.partition(&range, |key| key.get(at).is_none_or(|&other| other < byte));
            let last = self.partition(&range, |key| key.get(at).is_none_or(|&other| other <= byte));
            (range, at, rest) = (first..last, at + 1, &rest[1..]);
        }
    }

    /// Takes the keys of a range in which every key goes on with a hole where the text goes on with a character or ends.
    fn holes(&self, range: Range<usize>, at: usize, rest: &[u8], choices: &[Filled], found: &mut Vec<Range<usize>>) {
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
                    found.push(keys.clone());
                }
                filled.push(keys);
            }
        }
        filled.sort_unstable_by_key(|keys| keys.start);
        let mut from = range.start;
        for keys in filled {
            found.push(from..keys.start);
            from = keys.end;
        }
        found.push(from..range.end);
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
        let mut index = TextIndex::default();
        for (number, key) in (0..).zip(keys) {
            index.add(spelled(key), EntityId(number));
        }
        index.seal();
        index
    }

    /// Capital letters are holes.
    fn spelled(key: &str) -> String {
        key.chars().map(|c| if c.is_ascii_uppercase() { format!("\u{1}{c}\u{2}") } else { c.to_string() }).collect()
    }

    fn near(keys: &[&str], text: &str, choices: &[(&str, &str)]) -> Vec<String> {
        let mut found = Vec::new();
        let choices = Choices(choices.iter().map(|(hole, text)| (spelled(hole), (*text).to_owned())).collect());
        index(keys).near(&spelled(text), &choices, &mut found);
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
        assert_eq!(near(&KEYS, "a", &[]), ["a", "E", "E-x"]);
        assert_eq!(near(&KEYS, "E-y", &[]), ["a-E", "a-F", "E"]);
        assert_eq!(near(&KEYS, "", &[]), ["", "E", "E-x"]);
    }

    #[test]
    fn filled_holes_are_read_on() {
        assert_eq!(near(&KEYS, "a-dev-x", &[("E", "dev")]), ["a-E-x", "a-F"]);
        assert_eq!(near(&KEYS, "a-dev-x", &[("E", "dev"), ("F", "x")]), ["a-E-x"]);
        assert_eq!(near(&KEYS, "dev-x", &[("E", "dev")]), ["E-x"]);
        assert_eq!(near(&KEYS, "a-dF", &[("E", "dev")]), ["a-E", "a-E-x", "a-E-y", "a-F"]);
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
        let mut index = TextIndex::default();
        for (number, text) in (0..).zip(&texts) {
            index.add(canonical(text), EntityId(number));
        }
        index.seal();
        for text in &texts {
            let mut found = Vec::new();
            index.near(&canonical(text), &Choices::default(), &mut found);
            for (number, other) in (0..).zip(&texts) {
                let differs = same(text, other) == Truth::False;
                assert!(differs || found.contains(&EntityId(number)), "{text:?} {other:?}");
            }
        }
    }
}
