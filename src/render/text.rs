//! Small helpers for text that people read: wrapping, colours, plurals, and making foreign text safe to print.

use std::borrow::Cow;
use std::fmt;

/// The name of a compliance framework as reports show it; an unknown id stands for itself.
pub(crate) fn framework_name(id: &str) -> &str {
    match id {
        "nist-800-53-r5" => "NIST 800-53 r5",
        "fsbp" => "FSBP",
        "cis-3" => "CIS 3.0",
        "pci-dss-4" => "PCI DSS 4.0",
        "hipaa" => "HIPAA",
        "soc2" => "SOC 2",
        "iso-27001" => "ISO 27001",
        "aisf" => "AWS AI Security",
        other => other,
    }
}

/// "1 template", "2 templates".
pub(crate) fn plural(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Columns that a character takes: an upper bound, so that what is cut by it always fits.
pub(super) fn columns(character: char) -> usize {
    // Nothing below U+1100 is wide (Unicode's East Asian Width); above, some narrow ones are counted as wide.
    if character < '\u{1100}' { 1 } else { 2 }
}

/// Columns that a text takes, with the bound of [`columns`].
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// A character as it may be sent to a terminal: what would move the cursor, change colours or reorder text is replaced.
pub(super) fn safe_char(character: char) -> char {
    match character {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, and the bidirectional controls that can make a line read other than it is.
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    }
}

/// A text from a user's file in one safe line: white space becomes one blank, control characters are made visible.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| safe_char(c) == c) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", " ");
    Cow::Owned(text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { safe_char(c) }).collect())
}

/// The first paragraph of a Markdown text, on one line.
pub(super) fn first_paragraph(markdown: &str) -> String {
    let lines = markdown.trim().lines().map(str::trim).take_while(|line| !line.is_empty());
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

/// The beginning of a text: so many sentences.
pub(super) fn sentences(text: &str, most: usize) -> &str {
    // A sentence ends where a full stop, outside of code, is followed by a blank and something that can begin one.
    let mut code = false;
    let mut ended = 0;
    let mut before = [' '; 3];
    for (at, character) in text.char_indices() {
        code ^= character == '`';
        if !code && before[2] == '.' && character == ' ' && !matches!(before, ['.', 'g' | 'e', '.'] | [' ', _, '.']) {
            ended += 1;
            if ended == most {
                return &text[..at];
            }
        }
        before = [before[1], before[2], character];
    }
    text
}

/// The first sentences of a Markdown text as lines: text is broken to the room, code keeps its lines.
pub(super) fn gist(markdown: &str, most: usize, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut text = String::new();
    let mut left = most;
    let mut in_code = false;
    for line in markdown.trim().lines().chain([""]) {
        if line.trim_start().starts_with("```") || (!in_code && line.trim().is_empty()) {
            let kept = sentences(&text, left);
            lines.extend(wrap(kept, room, room).into_iter().filter(|line| !line.is_empty()));
            let used = (1..=left).find(|&count| sentences(kept, count).len() == kept.len()).unwrap_or(left);
            // What ends with a colon goes on after the code.
            left -= if kept.ends_with('.') { used } else { used.saturating_sub(1) };
            let is_end = kept.len() < text.len() || left == 0 || line.trim().is_empty();
            if is_end && !in_code {
                break;
            }
            text.clear();
            in_code = !in_code;
        } else if in_code {
            lines.push(format!("  {}", line.trim_end().chars().map(safe_char).collect::<String>()));
        } else {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&one_line(line.trim()));
        }
    }
    lines
}

/// An example of a rule file as people read it: the markers of its tests say what is found where.
pub(crate) fn example(template: &str) -> String {
    template.trim_end().replace("# <- fail", "# <- found").replace("# <- unknown", "# <- undecided")
}

/// Breaks a text at blanks so that each line fits; the first line has `first` columns, the others have `rest`.
///
/// A word longer than a line stands alone on it.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    let mut room = first;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = width_of(word);
        // The first line may be too short for any word: then it stays empty and the text starts below.
        let fits = used + usize::from(used > 0) + width <= room;
        if !fits && (used > 0 || (lines.len() == 1 && room < rest)) {
            lines.push(String::new());
            used = 0;
            room = rest;
        }
        let line = lines.last_mut().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += width;
    }
    lines
}

/// Puts text into colours, or leaves it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    /// Whether to colour at all.
    pub(crate) color: bool,
}

impl Paint {
    /// Text in the style of an SGR code such as `1;31`.
    pub(crate) fn style<T: fmt::Display>(self, code: &'static str, text: T) -> Painted<T> {
        Painted { code: self.color.then_some(code), text }
    }

    /// Text that matters.
    pub(crate) fn bold<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.style("1", text)
    }

    /// Text beside the point.
    pub(crate) fn dim<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.style("2", text)
    }

    /// The word before a line of advice.
    pub(crate) fn key<T: fmt::Display>(self, text: T) -> Painted<T> {
        self.style("36", text)
    }

    /// Text in the colour of a severity.
    pub(crate) fn severity<T: fmt::Display>(self, severity: crate::finding::Severity, text: T) -> Painted<T> {
        use crate::finding::Severity;
        let code = match severity {
            Severity::Critical => "1;35",
            Severity::High => "1;31",
            Severity::Medium => "1;33",
            Severity::Low => "1;36",
            Severity::Info => "1;34",
        };
        self.style(code, text)
    }
}

/// A text with its style; made by [`Paint`].
#[derive(Debug)]
pub(crate) struct Painted<T> {
    code: Option<&'static str>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "\x1b[{code}m{}\x1b[0m", self.text),
            None => self.text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_never_exceeds_the_room_unless_one_word_does() {
        let text = "endpoint volume of `Config` is not encrypted with a customer managed key";
        assert_eq!(wrap(text, 0, 30)[0], "", "a first line without room stays empty");
        for line in wrap(text, 12, 30) {
            assert!(width_of(&line) <= 30, "{line}");
        }
        assert_eq!(wrap(text, 200, 200), [text]);
        assert_eq!(wrap("", 10, 10), [""]);
        assert_eq!(wrap("averyveryverylongword b", 5, 5), ["averyveryverylongword", "b"]);
    }

    #[test]
    fn escape_sequences_and_reordering_cannot_reach_a_terminal() {
        assert_eq!(one_line("a\x1b[31mb\u{202e}c\r\nd"), "a\u{241b}[31mb\u{fffd}c d");
        assert_eq!(one_line("plain é 日本"), "plain é 日本");
    }

    #[test]
    fn sentences_end_at_full_stops_outside_of_code() {
        let text = "Set `A. B` to 1.5, e.g. by hand. Then wait. Then go.";
        assert_eq!(sentences(text, 1), "Set `A. B` to 1.5, e.g. by hand.");
        assert_eq!(sentences(text, 2), "Set `A. B` to 1.5, e.g. by hand. Then wait.");
        assert_eq!(sentences(text, 9), text);
    }

    #[test]
    fn a_gist_keeps_the_lines_of_code() {
        let text = "Add to the\nstatement:\n```yaml\nA:\n  B: c\n```\nor `X`. Then wait. Then go.\n\nMore.";
        assert_eq!(gist(text, 2, 40), ["Add to the statement:", "  A:", "    B: c", "or `X`. Then wait."]);
        assert_eq!(gist("One. Two. Three.", 2, 40), ["One. Two."]);
        assert_eq!(gist("", 2, 40), [""; 0]);
    }

    #[test]
    fn the_first_paragraph_is_joined() {
        assert_eq!(first_paragraph("\na\n b\n\nc"), "a b");
    }
}
