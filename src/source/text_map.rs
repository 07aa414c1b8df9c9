//! Decoded offset to source offset: where a byte of a decoded scalar stands in the file.
//!
//! A map is made of runs. A run of equal bytes maps byte by byte, an escape or a folded line break maps as a whole;
//! so a block scalar costs about two runs a line and an unescaped quoted scalar one run.
//! How a scalar is aligned with its source is in [`super::align`].

/// The width of a run whose bytes are the same in both texts.
const SAME: u32 = u32::MAX;

/// Maps offsets in a decoded text to offsets in the file it came from.
///
/// Offsets that are handed in stand on character boundaries of the decoded text; what comes out then stands on character boundaries of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextMap {
    runs: Vec<Run>,
}

/// `len` decoded bytes from `decoded` on; together they cover the decoded text without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    decoded: u32,
    len: u32,
    source: u32,
    /// [`SAME`], or how many source bytes stand for all of the `len` decoded ones.
    width: u32,
}

impl Run {
    fn decoded_end(self) -> u32 {
        self.decoded + self.len
    }

    /// First source byte for the decoded byte at `offset`.
    fn start_of(self, offset: u32) -> u32 {
        if self.width == SAME { self.source + (offset - self.decoded).min(self.len) } else { self.source }
    }

    /// One past the last source byte for the decoded byte before `offset`.
    fn end_of(self, offset: u32) -> u32 {
        if self.width == SAME { self.source + (offset - self.decoded).min(self.len) } else { self.source + self.width }
    }
}

impl TextMap {
    /// A decoded text that is a slice of the source, from `base` on.
    pub fn identity(len: u32, base: u32) -> Self {
        Self { runs: vec![Run { decoded: 0, len, source: base, width: SAME }] }
    }

    /// A decoded text of which only the whole place is known.
    pub fn whole(decoded_len: u32, source_start: u32, source_end: u32) -> Self {
        let mut map = Self::default();
        map.push_whole(decoded_len, source_start, source_end);
        map
    }

    /// Length of the decoded text that is mapped.
    pub fn len(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.decoded_end())
    }

    /// True if no decoded byte is mapped.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds `len` decoded bytes that are the same as the source bytes from `source` on.
    pub fn push_same(&mut self, len: u32, source: u32) {
        self.push(Run { decoded: self.len(), len, source, width: SAME });
    }

    /// Adds `len` decoded bytes that stand for `source_start..source_end` as a whole: an escape, a hole, a text of which no more is known.
    pub fn push_whole(&mut self, len: u32, source_start: u32, source_end: u32) {
        let width = source_end.saturating_sub(source_start);
        self.push(Run { decoded: self.len(), len, source: source_start, width });
    }

    /// Adds another text behind this one, wherever it comes from: the parts of an `Fn::Join`.
    pub fn append(&mut self, other: &Self) {
        let offset = self.len();
        for run in &other.runs {
            self.push(Run { decoded: offset + run.decoded, ..*run });
        }
    }

    fn push(&mut self, run: Run) {
        if let Some(last) = self.runs.last_mut() {
            if last.len == 0 {
                // An empty run only remembers where an empty text stands.
                *last = run;
                return;
            }
            if run.len == 0 {
                return;
            }
            if last.width == SAME && run.width == SAME && last.source + last.len == run.source {
                last.len += run.len;
                return;
            }
        }
        self.runs.push(run);
    }

    /// The run of the decoded byte at `offset`; past the end the last one.
    fn run_at(&self, offset: u32) -> Option<(usize, Run)> {
        let index = self.runs.partition_point(|run| run.decoded <= offset).checked_sub(1)?;
        Some((index, self.runs[index]))
    }

    /// Where the decoded byte at `offset` starts in the source; the end of the text for an offset past it.
    pub fn source(&self, offset: u32) -> u32 {
        match self.run_at(offset) {
            Some((_, run)) if offset >= run.decoded_end() => run.end_of(offset),
            Some((_, run)) => run.start_of(offset),
            None => 0,
        }
    }

    /// The source bytes of the decoded bytes `start..end`. The end is found from the last byte, so that skipped indentation and quotes
    /// stay outside. Where the pieces of a joined text stand in another order than in the file, the range ends with the run that it starts in.
    pub fn range(&self, start: u32, end: u32) -> (u32, u32) {
        let from = self.source(start);
        if end <= start {
            return (from, from);
        }
        let Some((_, last)) = self.run_at(end - 1) else { return (from, from) };
        let to = last.end_of(end);
        if to >= from {
            return (from, to);
        }
        let first = self.run_at(start).map_or(from, |(_, run)| run.end_of(run.decoded_end()));
        (from, first.max(from))
    }

    /// The map of the decoded bytes `start..end` alone.
    #[must_use]
    pub fn slice(&self, start: u32, end: u32) -> Self {
        let mut map = Self::default();
        self.copy(start, end, &mut map);
        if map.runs.is_empty() {
            map.push_same(0, self.source(start));
        }
        map
    }

    /// For a text inside a text: `inner` maps into the decoded text that `outer` maps into the file.
    #[must_use]
    pub fn compose(inner: &Self, outer: &Self) -> Self {
        let mut map = Self::default();
        for run in &inner.runs {
            if run.width == SAME && run.len > 0 {
                outer.copy(run.source, run.source + run.len, &mut map);
            } else {
                let (start, end) = outer.range(run.source, run.end_of(run.decoded_end()));
                map.push_whole(run.len, start, end);
            }
        }
        map
    }

    /// Adds the runs of `start..end` to another map.
    fn copy(&self, start: u32, end: u32, to: &mut Self) {
        let Some((first, _)) = self.run_at(start) else { return };
        let target = to.len() + (end - start);
        for run in &self.runs[first..] {
            if run.decoded >= end {
                break;
            }
            let from = run.decoded.max(start);
            let len = run.decoded_end().min(end).saturating_sub(from);
            if len > 0 {
                to.push(Run { decoded: to.len(), len, source: run.start_of(from), width: run.width });
            }
        }
        if to.len() < target {
            // What lies past the end of this map stands at its end.
            let end = self.source(self.len());
            to.push_whole(target - to.len(), end, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_map_byte_by_byte() {
        let map = TextMap::identity(5, 100);
        assert_eq!(map.source(3), 103);
        assert_eq!(map.source(5), 105);
        assert_eq!(map.source(99), 105);
        assert_eq!(map.range(1, 3), (101, 103));
        assert_eq!(map.range(3, 3), (103, 103));
        assert_eq!(map.range(3, 1), (103, 103));
    }

    #[test]
    fn a_whole_piece_maps_to_its_whole_place_even_if_lengths_agree() {
        let map = TextMap::whole(4, 10, 14);
        assert_eq!(map.range(1, 2), (10, 14));
        assert_eq!(map.source(2), 10);
        assert_eq!(map.source(4), 14);
    }

    #[test]
    fn joined_texts_keep_their_places() {
        let mut map = TextMap::identity(3, 50);
        map.push_whole(4, 60, 64);
        map.append(&TextMap::identity(2, 20));
        assert_eq!(map.len(), 9);
        assert_eq!(map.source(4), 60);
        assert_eq!(map.source(8), 21);
        // The last piece stands before the first in the file: the range stays in the first.
        assert_eq!(map.range(1, 9), (51, 53));
    }

    #[test]
    fn an_empty_text_stands_where_it_stands() {
        assert_eq!(TextMap::identity(0, 7).range(0, 0), (7, 7));
        let mut map = TextMap::identity(0, 7);
        map.push_same(2, 30);
        assert_eq!(map.source(0), 30);
        assert_eq!(TextMap::default().range(0, 4), (0, 0));
    }

    #[test]
    fn a_slice_is_the_map_of_a_part() {
        let mut map = TextMap::identity(3, 50);
        map.push_whole(1, 60, 66);
        map.push_same(3, 70);
        let part = map.slice(2, 5);
        assert_eq!(part.len(), 3);
        assert_eq!((part.source(0), part.source(1), part.source(2)), (52, 60, 70));
        assert_eq!(map.slice(4, 4).source(0), 70);
    }

    #[test]
    fn maps_of_texts_in_texts_compose() {
        // Outer text `a"b` comes from source `a\"b` at 10; inner text is its bytes 1..3.
        let mut outer = TextMap::identity(1, 10);
        outer.push_whole(1, 11, 13);
        outer.push_same(1, 13);
        let inner = TextMap::identity(2, 1);
        let both = TextMap::compose(&inner, &outer);
        assert_eq!(both.range(0, 1), (11, 13));
        assert_eq!(both.range(1, 2), (13, 14));
        // An inner escape covers what its bytes cover outside.
        let both = TextMap::compose(&TextMap::whole(1, 0, 3), &outer);
        assert_eq!(both.range(0, 1), (10, 14));
    }
}
