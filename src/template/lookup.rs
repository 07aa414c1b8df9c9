//! Finding things of a template by name and by place; templates may have tens of thousands of them.

use crate::source::Span;

/// So few are looked at one by one.
const FEW: usize = 8;

/// Numbers of things ordered by name, with the start of the name, which tells most of them apart; empty for a few.
#[derive(Debug, Default)]
pub(super) struct ByName(Box<[(u64, u32)]>);

/// The first bytes of a name as a number that orders as they do.
fn start(name: &str) -> u64 {
    let mut bytes = [0; 8];
    let len = name.len().min(8);
    bytes[..len].copy_from_slice(&name.as_bytes()[..len]);
    u64::from_be_bytes(bytes)
}

impl ByName {
    pub(super) fn new<T>(things: &[T], name: impl Fn(&T) -> &str) -> Self {
        if things.len() <= FEW {
            return Self::default();
        }
        let mut order: Vec<(u64, u32)> = things.iter().map(|thing| start(name(thing))).zip(0..).collect();
        // Of equal names the first comes first.
        let full = |&(start, index): &(u64, u32)| (start, name(&things[index as usize]), index);
        order.sort_unstable_by(|a, b| full(a).cmp(&full(b)));
        Self(order.into())
    }

    /// The number of the first thing of a name, among the things that it was made of.
    pub(super) fn find<T>(&self, things: &[T], wanted: &str, name: impl Fn(&T) -> &str) -> Option<usize> {
        if self.0.is_empty() {
            return things.iter().position(|thing| name(thing) == wanted);
        }
        let wanted_start = start(wanted);
        let first = self.0.partition_point(|&(start, index)| {
            start < wanted_start || (start == wanted_start && name(&things[index as usize]) < wanted)
        });
        let index = self.0.get(first)?.1 as usize;
        (name(&things[index]) == wanted).then_some(index)
    }
}

/// The range of things in whose places a place lies. Places are in the order of the text and do not overlap; those of the
/// rounds of one loop are the same.
pub(super) fn around<T>(things: &[T], place: Span, of: impl Fn(&T) -> Span) -> std::ops::Range<usize> {
    let end = things.partition_point(|thing| of(thing).start <= place.start);
    let Some(last) = end.checked_sub(1).map(|last| of(&things[last])).filter(|last| place.end <= last.end) else {
        return 0..0;
    };
    let start = things[..end].iter().rposition(|thing| of(thing) != last).map_or(0, |before| before + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn names_are_found() {
        for count in [3, 20] {
            let names: Vec<String> = (0..count).map(|number| format!("name-that-is-long-{}", number % 15)).collect();
            let by_name = ByName::new(&names, String::as_str);
            for name in &names {
                let first = names.iter().position(|known| known == name);
                assert_eq!(by_name.find(&names, name, String::as_str), first, "{name}");
            }
            assert_eq!(by_name.find(&names, "name-that-is-long", String::as_str), None);
            assert_eq!(by_name.find(&names, "x", String::as_str), None);
        }
    }

    #[test]
    fn places_are_found() {
        let span = |start, end| Span::new(FileId::new(0), start, end);
        let things = [span(2, 5), span(7, 9), span(7, 9), span(7, 9), span(10, 20)];
        let at = |start, end| around(&things, span(start, end), |thing| *thing);
        assert_eq!(at(2, 5), 0..1);
        assert_eq!(at(3, 4), 0..1);
        assert_eq!(at(8, 9), 1..4);
        assert_eq!(at(19, 20), 4..5);
        for (start, end) in [(0, 1), (5, 6), (4, 8), (19, 21), (30, 31)] {
            assert!(at(start, end).is_empty(), "{start}..{end}");
        }
    }
}
