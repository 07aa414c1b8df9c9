//! The hash of a line as GitHub's code scanning computes it (`primaryLocationLineHash`), by which it knows an alert again when lines move.
//!
//! The upload action computes it where it is missing and warns where it differs; who uploads without the action gets none unless we write it.
//! What it hashes: from the start of the line 100 UTF-16 units, with blanks and tabs left out and every line break as one line feed, through
//! following lines; the end of the file is one unit of 65,535 and then zeros. A second line with the same hash ends in `:2`.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::source::{Encoding, FileId, SourceMap, Span};

/// From so many files on, they are hashed side by side.
const PARALLEL_FROM: usize = 16;
/// Units that a hash covers.
const BLOCK: usize = 100;
/// The base of the polynomial, which is taken modulo 2^64.
const BASE: u64 = 37;
/// What stands for the end of the file.
const END: u16 = u16::MAX;

/// The hashes of the lines on which results start. The other lines of their files count, but their hashes are not kept.
#[derive(Debug)]
pub(super) struct LineHashes(FxHashMap<(FileId, u32), LineHash>);

/// A hash, and the how manieth line of its file it is that has it.
#[derive(Debug, Clone, Copy)]
struct LineHash {
    hash: u64,
    count: u32,
}

impl LineHashes {
    /// Hashes the files in which something starts, a byte order mark included.
    pub(super) fn new(sources: &SourceMap, starts: impl Iterator<Item = Span>) -> Self {
        let mut files: FxHashMap<FileId, Vec<u32>> = FxHashMap::default();
        for span in starts {
            files.entry(span.file).or_default().push(span.start);
        }
        let of = |(file, starts): (FileId, Vec<u32>)| {
            let source = sources.file(file);
            let lines = Units::of(source.text()).lines();
            let known = move |start| {
                let line = source.lines().position(source.text(), start, Encoding::Utf8).line;
                Some(((file, line), *lines.get(line as usize - 1)?))
            };
            starts.into_iter().filter_map(known)
        };
        Self(if files.len() < PARALLEL_FROM {
            files.into_iter().flat_map(of).collect()
        } else {
            files.into_par_iter().flat_map_iter(of).collect()
        })
    }

    /// The hash of a line, from 1, as it is written.
    pub(super) fn of(&self, file: FileId, line: u32) -> Option<String> {
        let LineHash { hash, count } = self.0.get(&(file, line))?;
        Some(format!("{hash:x}:{count}"))
    }
}

/// The units that count, and which of them begin a line.
struct Units {
    kept: Vec<u16>,
    begins: Vec<usize>,
}

impl Units {
    fn of(text: &str) -> Self {
        let mut units = Self { kept: Vec::with_capacity(text.len() + BLOCK + 1), begins: Vec::new() };
        let mut rest = text;
        loop {
            units.begins.push(units.kept.len());
            let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes());
            units.line(&rest[..end.unwrap_or(rest.len())]);
            let Some(end) = end else { break };
            units.kept.push(0x0a);
            rest = &rest[end..];
            rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
        }
        units.kept.push(END);
        units.kept.extend([0; BLOCK]);
        units
    }

    /// What counts of a line.
    fn line(&mut self, line: &str) {
        if !line.is_ascii() {
            return self.kept.extend(line.encode_utf16().filter(|unit| !matches!(unit, 0x20 | 0x09)));
        }
        // Each is written and the next one takes its place if it does not count: nothing to guess for the processor.
        let mut at = self.kept.len();
        self.kept.resize(at + line.len(), 0);
        for byte in line.bytes() {
            self.kept[at] = byte.into();
            at += usize::from(!matches!(byte, b' ' | b'\t'));
        }
        self.kept.truncate(at);
    }

    /// The hash of a block is the difference of those of two texts that start with the first unit: the one that ends
    /// where the block begins, and the one that ends where it ends.
    fn lines(self) -> Vec<LineHash> {
        let mut lines: Vec<LineHash> = Vec::with_capacity(self.begins.len());
        let mut seen: FxHashMap<u64, u32> = FxHashMap::default();
        seen.reserve(self.begins.len());
        let (mut hash, mut at) = (0, 0);
        let mut begun = self.begins.iter().copied().peekable();
        for (line, &begin) in self.begins.iter().enumerate() {
            let end = begin + BLOCK;
            while let Some(next) = begun.next_if(|&next| next <= end) {
                hash = hashed(hash, &self.kept[at..next]);
                at = next;
                lines.push(LineHash { hash, count: 0 });
            }
            hash = hashed(hash, &self.kept[at..end]);
            at = end;
            let line = &mut lines[line];
            line.hash = hash.wrapping_sub(line.hash.wrapping_mul(const { power(BLOCK) }));
            let same = seen.entry(line.hash).or_default();
            *same += 1;
            line.count = *same;
        }
        lines
    }
}

/// The base to some power.
const fn power(exponent: usize) -> u64 {
    let (mut power, mut step) = (1_u64, 0);
    while step < exponent {
        power = power.wrapping_mul(BASE);
        step += 1;
    }
    power
}

/// The hash of a text and more units. Four at a time, so that one does not wait for the one before.
fn hashed(hash: u64, units: &[u16]) -> u64 {
    let (fours, rest) = units.as_chunks::<4>();
    let step = |hash: u64, weight: u64, own: u64| hash.wrapping_mul(weight).wrapping_add(own);
    let hash = fours.iter().fold(hash, |hash, four| {
        let own = four.iter().fold(0, |own, &unit| step(own, BASE, unit.into()));
        step(hash, const { power(4) }, own)
    });
    rest.iter().fold(hash, |hash, &unit| step(hash, BASE, unit.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn hashes(text: &str) -> Vec<String> {
        Units::of(text).lines().iter().map(|LineHash { hash, count }| format!("{hash:x}:{count}")).collect()
    }

    /// The vectors that the upload action tests itself with: github/codeql-action, src/fingerprints.test.ts.
    #[test]
    fn hashes_are_those_of_the_upload_action() {
        assert_eq!(hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            hashes(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
        let greetings = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for text in [
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
            " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r",
            " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n",
            " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
        ] {
            assert_eq!(hashes(text), greetings, "{text:?}");
        }
        assert_eq!(
            hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10)),
            [
                "a7f2ff13bc495cf2:1",
                "a7f2ff13bc495cf2:2",
                "a7f2ff13bc495cf2:3",
                "a7f2ff13bc495cf2:4",
                "a7f2ff13bc495cf2:5",
                "a7f2ff13bc495cf2:6",
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1",
            ]
        );
    }

    #[test]
    fn lines_on_which_nothing_starts_count_all_the_same() {
        let mut sources = SourceMap::default();
        // So many that they are hashed side by side.
        let files: Vec<FileId> = (0..=PARALLEL_FROM)
            .map(|number| sources.add(SourceFile::new("a", format!("{}{number}\n", "same\n".repeat(150)))))
            .collect();
        // The second line of a file, and within it.
        let starts = files.iter().flat_map(|&file| [5, 7].map(|start| Span::new(file, start, start)));
        let known = LineHashes::new(&sources, starts);
        for file in files {
            assert_eq!(known.of(file, 2).as_deref(), hashes(sources.file(file).text()).get(1).map(String::as_str));
            assert!(known.of(file, 2).is_some_and(|hash| hash.ends_with(":2")));
            assert_eq!(known.of(file, 1), None);
        }
    }

    /// Worked out from the definition with big integers, unit by unit instead of rolling.
    #[test]
    fn odd_breaks_marks_and_lengths_are_counted_alike() {
        assert_eq!(
            hashes("A: 1\r \n\tB: 2\r\n\r\n"),
            [
                "729a6599daae9b65:1",
                "e5e4223bb419f90f:1",
                "41d8cc9b08a06cc1:1",
                "3c5bef55b72b93c9:1",
                "c129715d7a2bc9a3:1",
            ]
        );
        assert_eq!(hashes("\u{feff}A: 1\r\n"), ["b64cd6a85e440728:1", "c129715d7a2bc9a3:1"]);
        assert_eq!(hashes(&("😀".repeat(60) + "\n")), ["e4a94f1d18cd866a:1", "c129715d7a2bc9a3:1"]);
        for (length, first) in [(98, "52b56201ffb5763b:1"), (99, "52b56201ffb585b2:1"), (100, "52b56201ffb58620:1")] {
            assert_eq!(hashes(&("x".repeat(length) + "\ny")), [first, "ed3261245082261c:1"], "{length}");
        }
    }
}
