//! Cuts the lines around labels out of the source, ready to be drawn: tabs are blanks, long lines are windows, every label lies within one line.
//!
//! Does not draw. The primary label's block comes first, then the others in the order the rule gave them; labels that are near share a block.

use crate::finding::Label;
use crate::source::{Encoding, FileId, Position};

use super::place::Places;
use super::text::{columns, one_line, safe_char, width_of, wrap};

/// Lines shown before the primary label's: usually the resource's type and the parent key.
const LINES_BEFORE: u32 = 2;
/// Labels this many lines apart share a block.
const NEAR: u32 = 3;
/// No block grows above this, however near its labels are.
const TALLEST: u32 = 16;
/// Columns between tab stops.
const TAB: usize = 4;
/// The narrowest window of a line, on whatever terminal.
const NARROWEST: usize = 24;
/// The words of a label are broken to no less than this.
const WORDS: usize = 24;
/// What stays visible left of a label when a line is moved to make room for its words.
const CONTEXT: usize = 8;
/// What miette draws before the words of a label.
const ELBOW: usize = 5;

/// Lines of one file with their labels.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The path as shown.
    pub(super) name: String,
    /// The lines as drawn, each with `\n`.
    pub(super) text: String,
    /// Number of the first line, from 1.
    pub(super) first_line: u32,
    /// How many lines there are.
    pub(super) line_count: u32,
    /// The labels; never empty.
    pub(super) marks: Vec<Mark>,
}

/// A label within the text of an [`Excerpt`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Offset in the excerpt's text.
    pub(super) start: usize,
    /// Bytes there; 0 only at the end of a line.
    pub(super) len: usize,
    /// What stands there, broken into lines.
    pub(super) text: String,
    /// Whether it is the finding's own place.
    pub(super) primary: bool,
    /// Where it is in the file.
    pub(super) at: Position,
}

impl Excerpt {
    /// How many digits the highest line number has.
    pub(super) fn digits(&self) -> usize {
        digits(self.first_line + self.line_count - 1)
    }
}

/// A label cut to its first line.
#[derive(Debug)]
struct Spot {
    file: FileId,
    start: usize,
    end: usize,
    at: Position,
    text: String,
    primary: bool,
}

/// The blocks of a primary label and related ones, for a terminal of this many columns.
pub(super) fn excerpts(primary: &Label, related: &[Label], places: &Places<'_>, width: usize) -> Vec<Excerpt> {
    let mut groups: Vec<Vec<Spot>> = Vec::new();
    let labels = std::iter::once((primary, true)).chain(related.iter().map(|label| (label, false)));
    for (label, primary) in labels {
        let spot = place(label, primary, places);
        if let Some(same) = groups
            .iter_mut()
            .flatten()
            .find(|other| (other.file, other.start, other.end) == (spot.file, spot.start, spot.end))
        {
            if !spot.text.is_empty() && same.text != spot.text {
                let separator = if same.text.is_empty() { "" } else { "; " };
                same.text = format!("{}{separator}{}", same.text, spot.text);
            }
            continue;
        }
        match groups.iter_mut().find(|group| is_near(group, &spot, places, width)) {
            Some(group) => group.push(spot),
            None => groups.push(vec![spot]),
        }
    }
    groups.into_iter().map(|group| cut(group, places, width)).collect()
}

fn place(label: &Label, primary: bool, places: &Places<'_>) -> Spot {
    let source = places.sources().file(label.span.file);
    let text = source.text();
    let at = places.position(label.span.file, label.span.start);
    let line = source.lines().line_range(text, at.line);
    // Offsets that point past a line or into a character cannot come from a parser, but must not end the program.
    let floor = |offset: usize| (0..=offset.min(line.end)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let start = floor(label.span.start as usize).max(line.start);
    let mut end = floor(label.span.end as usize).max(start);
    if label.span.end as usize > line.end {
        end = start + text[start..end].trim_end().len();
    }
    if end == start {
        end += text[start..line.end].chars().next().map_or(0, char::len_utf8);
    }
    Spot { file: label.span.file, start, end, at, text: one_line(&label.text).into_owned(), primary }
}

fn is_near(group: &[Spot], spot: &Spot, places: &Places<'_>, width: usize) -> bool {
    if group[0].file != spot.file {
        return false;
    }
    let lines = || group.iter().map(|other| other.at.line);
    let (first, last) = (lines().min().unwrap_or(0), lines().max().unwrap_or(0));
    let line = spot.at.line;
    let height = last.max(line) - first.min(line);
    let gap = first.saturating_sub(line).max(line.saturating_sub(last));
    // Two labels far apart on one long line cannot be seen through one window.
    let window = room(width, last.max(line)) / 2;
    let source = places.sources().file(spot.file);
    let seen = group.iter().filter(|other| other.at.line == line).all(|other| {
        source.lines().line_range(source.text(), line).len() <= window * 2
            || spot.end.max(other.end) - spot.start.min(other.start) <= window
    });
    gap <= NEAR && height <= TALLEST && seen
}

fn cut(mut group: Vec<Spot>, places: &Places<'_>, width: usize) -> Excerpt {
    group.sort_by_key(|spot| (spot.start, spot.end));
    let source = places.sources().file(group[0].file);
    let text = source.text();
    let before = |spot: &Spot| if spot.primary { LINES_BEFORE } else { 0 };
    let first_line = group.iter().map(|spot| spot.at.line.saturating_sub(before(spot)).max(1)).min().unwrap_or(1);
    let last_line = group.iter().map(|spot| spot.at.line).max().unwrap_or(first_line);
    let room = room(width, last_line);
    let mut drawn = String::new();
    let mut marks = Vec::new();
    for line in first_line..=last_line {
        let range = source.lines().line_range(text, line);
        let here: Vec<&Spot> = group.iter().filter(|spot| spot.at.line == line).collect();
        let window = window(text, range.clone(), &here, room);
        let hidden = places.hidden_in(&text[range.clone()]);
        let offsets = draw(text, range, window, (&here, &hidden), &mut drawn);
        let line_start = drawn[..drawn.len() - 1].rfind('\n').map_or(0, |at| at + 1);
        for (spot, (start, end)) in here.into_iter().zip(offsets) {
            let column = width_of(&drawn[line_start..start]) + width_of(&drawn[start..end]) / 2;
            let left = digits(last_line) + 4 + column + ELBOW;
            let room = width.saturating_sub(left).max(WORDS);
            let text = wrap(&spot.text, room, room).join("\n");
            marks.push(Mark { start, len: end - start, text, primary: spot.primary, at: spot.at });
        }
    }
    Excerpt {
        name: places.shown(group[0].file),
        text: drawn,
        first_line,
        line_count: last_line - first_line + 1,
        marks,
    }
}

/// The part of a line that is shown: all of it if it fits, else what is around the labels; moved left where their words would not fit.
fn window(text: &str, line: std::ops::Range<usize>, marks: &[&Spot], room: usize) -> std::ops::Range<usize> {
    let window = around(text, line.clone(), marks, room);
    let overflow = |spot: &&Spot| {
        let middle = width_to(text, window.start, spot.start) + width_to(text, spot.start, spot.end) / 2;
        let words = width_of(&spot.text).min(WORDS);
        // Words that need more than there is are broken anyway; a few columns left of the label have to stay.
        let spare = width_to(text, window.start, spot.start).saturating_sub(CONTEXT);
        (middle + ELBOW + words).saturating_sub(room).min(spare)
    };
    let overflow = marks.iter().map(overflow).max().unwrap_or(0);
    if overflow == 0 {
        return window;
    }
    // One column more for the ellipsis.
    let mut start = window.start + fitting(&text[window.clone()], overflow + 1);
    start = marks.iter().map(|spot| spot.start).chain([start]).min().unwrap_or(start);
    start..start + fitting(&text[start..line.end], room.saturating_sub(2))
}

/// Columns between two offsets; none if they are the wrong way round.
fn width_to(text: &str, from: usize, to: usize) -> usize {
    text.get(from..to).unwrap_or_default().chars().map(column_bound).sum()
}

fn around(text: &str, line: std::ops::Range<usize>, marks: &[&Spot], room: usize) -> std::ops::Range<usize> {
    // Four bytes a column is the most that a character takes: a longer line need not be measured to its end.
    if line.len() <= room * 4 && fitting(&text[line.clone()], room) == line.len() {
        return line;
    }
    // Both ends may need an ellipsis.
    let room = room.saturating_sub(2);
    let Some(first) = marks.first() else {
        return line.start..line.start + fitting(&text[line], room);
    };
    let end = marks.iter().map(|spot| spot.end).max().unwrap_or(first.end);
    let marked = fitting(&text[first.start..end], room);
    let marked = width_of(&text[first.start..first.start + marked]);
    let back = |from: usize, room: usize| {
        let mut left = room;
        let mut start = from;
        for (at, character) in text[line.start..from].char_indices().rev() {
            let columns = column_bound(character);
            if columns > left {
                break;
            }
            left -= columns;
            start = line.start + at;
        }
        start
    };
    let start = back(first.start, (room - marked.min(room)) / 3);
    let stop = start + fitting(&text[start..line.end], room);
    if stop < line.end {
        return start..stop;
    }
    // The end of the line is in sight: spend what is left on its beginning.
    back(line.end, room).min(start)..line.end
}

/// How many bytes of a text fit into this many columns.
fn fitting(text: &str, room: usize) -> usize {
    let mut left = room;
    for (at, character) in text.char_indices() {
        let columns = column_bound(character);
        if columns > left {
            return at;
        }
        left -= columns;
    }
    text.len()
}

/// Columns at most, a tab included.
fn column_bound(character: char) -> usize {
    if character == '\t' { TAB } else { columns(character) }
}

/// Appends a line's window to `drawn`, without what is hidden of the line, and says where each mark came to stand.
fn draw(
    text: &str,
    line: std::ops::Range<usize>,
    window: std::ops::Range<usize>,
    (marks, hidden): (&[&Spot], &[std::ops::Range<usize>]),
    drawn: &mut String,
) -> Vec<(usize, usize)> {
    let mut column = 0;
    if window.start > line.start {
        drawn.push('…');
        column += 1;
    }
    let first = drawn.len();
    let mut offsets: Vec<(Option<usize>, Option<usize>)> = vec![(None, None); marks.len()];
    for (at, character) in text[window.clone()].char_indices() {
        for (spot, (start, end)) in marks.iter().zip(&mut offsets) {
            if window.start + at >= spot.start {
                start.get_or_insert(drawn.len());
            }
            if window.start + at >= spot.end {
                end.get_or_insert(drawn.len());
            }
        }
        if character == '\t' {
            let blanks = TAB - column % TAB;
            drawn.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        } else {
            let offset = window.start + at - line.start;
            if hidden.iter().any(|range| range.contains(&offset)) {
                drawn.extend(std::iter::repeat_n('*', columns(character)));
            } else {
                drawn.push(safe_char(character));
            }
            column += columns(character);
        }
    }
    let last = drawn.len();
    if window.end < line.end {
        drawn.push('…');
    }
    drawn.push('\n');
    offsets.into_iter().map(|(start, end)| (start.unwrap_or(last).max(first), end.unwrap_or(last).max(first))).collect()
}

/// Columns for the text of a line.
fn room(width: usize, last_line: u32) -> usize {
    width.saturating_sub(digits(last_line) + 4).max(NARROWEST)
}

fn digits(number: u32) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// The encoding that people count columns in.
pub(super) const PEOPLE: Encoding = Encoding::Utf32;
