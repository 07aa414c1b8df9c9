//! Comments with suppressions: what each of them covers.
//!
//! *Beside*: a comment behind something covers every key, list item and value that starts on its line, with all that is
//! under it. *Above*: a comment on a line of its own covers the key, list item or value on the next line, if that starts
//! in the same column; comments may be stacked, a blank line separates. Any other place covers nothing, which is said.

use std::ops::Range;

use crate::rule::Registry;
use crate::source::Span;
use crate::syntax::{Comment, Document, Node, Style};
use crate::template::Template;

use super::directive::{self, Malformed};
use super::{Cover, MARKER, Problem, Suppression, SuppressionOrigin, Word};

const SPELLING: &str = "a suppression is written `# mlops-lint: ignore[rule-name] reason`, with `until 2027-03-31` at its end if it is to expire";
const PLACES: &str = "put it behind a key, or on the line above one in the column of the key; for a whole file there is `Metadata` \
                      at the top level of the template";

/// Reads the comments of a template.
pub(super) fn read(
    template: &Template,
    registry: &Registry,
    suppressions: &mut Vec<Suppression>,
    problems: &mut Vec<Problem>,
) {
    let document = &template.document;
    let text = document.text();
    let lines_below = lines_below(document);
    for (comment, below) in document.comments().iter().zip(lines_below) {
        let written = &text[comment.start as usize..comment.end as usize];
        if !written.contains(MARKER) {
            continue;
        }
        let span = |range: &Range<usize>| {
            document.span_of(comment.start + to_u32(range.start), comment.start + to_u32(range.end))
        };
        for said in directive::read(written, |word| registry.find(word).is_some()) {
            let covered = if comment.own_line { above(document, *comment, below) } else { beside(document, *comment) };
            let covered = covered.map(|covered| Cover::tree(template, covered.node, covered.spans));
            let problem = |range: &Range<usize>, detail: &str, help: &str| Problem {
                span: span(range),
                cover: covered.as_ref().ok().cloned(),
                value: written[range.clone()].to_owned(),
                detail: detail.to_owned(),
                help: Some(help.to_owned()),
            };
            match said {
                Err(Malformed { range, detail }) => problems.push(problem(&range, detail, SPELLING)),
                Ok(directive) => match covered {
                    Err(detail) => problems.push(problem(&directive.head, detail, PLACES)),
                    Ok(cover) => suppressions.push(Suppression {
                        origin: SuppressionOrigin::Comment,
                        place: span(&directive.head),
                        cover,
                        words: directive
                            .rules
                            .into_iter()
                            .map(|range| Word { span: span(&range), text: written[range].to_owned() })
                            .collect(),
                        reason: directive.reason,
                        until: directive.until.map(|range| span(&range)),
                    }),
                },
            }
        }
    }
}

/// What a comment covers.
#[derive(Debug, PartialEq)]
struct Covered<'d> {
    spans: Vec<Span>,
    /// The first node of it; of a key its value.
    node: Node<'d>,
}

/// Where the line below the stack that each comment is part of starts, indentation left out; absent behind the last line
/// and before a blank one.
fn lines_below(document: &Document) -> Vec<Option<usize>> {
    let bytes = document.text().as_bytes();
    let comments = document.comments();
    let mut below: Vec<Option<usize>> = vec![None; comments.len()];
    // From the last one on, so that a high stack is walked once.
    for index in (0..comments.len()).rev() {
        let line = next_line(bytes, comments[index].end as usize);
        let next = comments.get(index + 1).filter(|next| next.own_line && line == Some(next.start as usize));
        below[index] = if next.is_some() { below[index + 1] } else { line };
    }
    below
}

/// Where the line behind the one that ends here starts, indentation left out; absent if it is blank or the text ends.
fn next_line(bytes: &[u8], at: usize) -> Option<usize> {
    let after = match bytes.get(at..)? {
        [b'\r', b'\n', ..] => at + 2,
        [b'\r' | b'\n', ..] => at + 1,
        _ => return None,
    };
    let start = after + bytes[after..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    bytes.get(start).filter(|byte| !matches!(byte, b'\r' | b'\n')).map(|_| start)
}

/// The start of the line that holds an offset.
fn line_start(bytes: &[u8], at: usize) -> usize {
    let start = memchr::memrchr2(b'\n', b'\r', &bytes[..at]).map_or(0, |at| at + 1);
    if start == 0 && bytes.starts_with("\u{feff}".as_bytes()) { 3.min(at) } else { start }
}

/// What a comment on a line of its own covers.
fn above(document: &Document, comment: Comment, below: Option<usize>) -> Result<Covered<'_>, &'static str> {
    let bytes = document.text().as_bytes();
    let Some(start) = below else { return Err("nothing stands on the line below this comment") };
    let column = |at: usize| at - line_start(bytes, at);
    if column(start) != column(comment.start as usize) {
        return Err("what stands below this comment starts in another column");
    }
    if is_dash(bytes, start)
        && let Some(item) = item_behind(document, start)
    {
        return Ok(whole(item));
    }
    let line = to_u32(start);
    let mut here = document.nodes_from(line).take_while(|node| starts(*node) == line);
    if let Some(key) = here.find(|node| node.is_key()) {
        return Ok(entry(key));
    }
    // A tag stands before its node.
    let value = document.nodes_from(line).next().filter(|node| node.span_with_tag().start == line);
    value.map(whole).ok_or("no key, list item or value starts below this comment")
}

/// What a comment behind something covers.
fn beside(document: &Document, comment: Comment) -> Result<Covered<'_>, &'static str> {
    let bytes = document.text().as_bytes();
    let mut start = line_start(bytes, comment.start as usize);
    start += bytes[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let dash = is_dash(bytes, start);
    let mut covered: Option<Covered<'_>> = None;
    let (mut last, mut end) = (None, 0);
    for node in document.nodes_from(to_u32(start)).take_while(|node| starts(*node) < comment.start) {
        // A value that is not written has no length.
        if last.as_ref().is_some_and(|last| *last == node) || starts(node) < end {
            continue;
        }
        let in_list = node.parent().is_some_and(|parent| parent.style() == Style::Block && parent.is_sequence());
        let next = if node.is_key() {
            entry(node)
        } else if node.style() == Style::Block && !(in_list && dash) {
            // It starts with its first key or dash, which comes next; what it belongs to stands on an earlier line.
            continue;
        } else {
            whole(node)
        };
        (last, end) = (Some(next.node), next.spans.last().map_or(end, |span| span.end));
        match &mut covered {
            Some(covered) => covered.spans.extend(next.spans),
            None => covered = Some(next),
        }
    }
    let lone_dash = || item_behind(document, start).filter(|_| dash).map(whole);
    covered.or_else(lone_dash).ok_or("no key, list item or value starts on the line of this comment")
}

/// True where a dash opens a list item.
fn is_dash(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'-') && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace)
}

/// The list item of a dash.
fn item_behind(document: &Document, dash: usize) -> Option<Node<'_>> {
    let mut behind = document.nodes_from(to_u32(dash) + 1);
    behind.find(|node| node.parent().is_some_and(|parent| parent.is_sequence() && parent.style() == Style::Block))
}

fn starts(node: Node<'_>) -> u32 {
    to_u32(node.text_range().start)
}

/// A key with its value.
fn entry(key: Node<'_>) -> Covered<'_> {
    let value = key.value().unwrap_or(key);
    let (first, last) = (key.span(), value.span_with_tag());
    Covered { spans: vec![Span::new(first.file, first.start, last.end.max(first.end))], node: value }
}

/// A list item or value.
fn whole(node: Node<'_>) -> Covered<'_> {
    Covered { spans: vec![node.span_with_tag()], node }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::FileId;
    use crate::syntax;

    /// The text that the only comment with `@` covers; or why it covers nothing.
    fn covered(text: &str) -> String {
        let document = syntax::parse(FileId::new(0), &Arc::from(text)).document;
        let below = lines_below(&document);
        let mut marked = document
            .comments()
            .iter()
            .zip(below)
            .filter(|(comment, _)| document.comment_text(**comment).starts_with('@'));
        let (comment, below) = marked.next().unwrap_or_else(|| panic!("no comment in {text}"));
        let found = if comment.own_line { above(&document, *comment, below) } else { beside(&document, *comment) };
        match found {
            Ok(covered) => covered.spans.iter().map(|span| &text[span.range()]).collect::<Vec<_>>().join(" + "),
            Err(detail) => format!("nothing: {detail}"),
        }
    }

    #[test]
    fn a_comment_beside_covers_what_starts_on_its_line() {
        for (text, expected) in [
            ("a: 1\nb: 2 # @\nc: 3\n", "b: 2"),
            ("a: # @\n  b: 1\n  c: 2\nd: 3\n", "a: # @\n  b: 1\n  c: 2"),
            ("a:\n  b: # @\n    c: 1\n  d: 2\n", "b: # @\n    c: 1"),
            ("a:\n  b: 1 # @\n  d: 2\n", "b: 1"),
            ("a: !Ref b # @\n", "a: !Ref b"),
            ("a: # @\n  !Ref b\nc: 1\n", "a: # @\n  !Ref b"),
            ("a:\n  !Ref b # @\nc: 1\n", "!Ref b"),
            ("a:\n  b # @\n", "b"),
            ("a: &x 1\nb: *x # @\n", "b: *x"),
            ("a: | # @\n  x\n  y\nb: 1\n", "a: | # @\n  x\n  y"),
            ("\"a\": 'b' # @\n", "\"a\": 'b'"),
            ("a: # @\n", "a"),
            ("a: # @\nb: 1\n", "a"),
            ("a: # @\n  # x\n\nb: 1\n", "a"),
            // List items: on the line of the dash the whole item, on its other lines a key of it.
            ("a:\n  - b: 1 # @\n    c: 2\n  - d: 3\n", "b: 1 # @\n    c: 2"),
            ("a:\n  - b: 1\n    c: 2 # @\n  - d: 3\n", "c: 2"),
            ("a:\n- b # @\n- c\n", "b"),
            ("a:\n- !Ref b # @\n- c\n", "!Ref b"),
            ("a:\n- - b # @\n  - c\n- d\n", "b # @\n  - c"),
            ("a:\n- # @\n  b: 1\n- c: 1\n", "b: 1"),
            ("a:\n-\n  b: 1 # @\n  c: 1\n", "b: 1"),
            ("- a: 1 # @\n  b: 2\n- c: 3\n", "a: 1 # @\n  b: 2"),
            ("a: # @\n- b\n- c\nd: 1\n", "a: # @\n- b\n- c"),
            // Flow style: everything that starts on the line.
            ("a: {b: 1, c: {d: 2}} # @\ne: 1\n", "a: {b: 1, c: {d: 2}}"),
            ("a: {\n  b: 1, c: 2, # @\n  d: 3}\n", "b: 1 + c: 2"),
            ("a: {\n  b: 1,\n  c: {d: 2, # @\n  e: 3}}\n", "c: {d: 2, # @\n  e: 3}"),
            ("a: [\n  b, # @\n  c]\n", "b"),
            ("a: [\n  {b: 1}, # @\n  c]\n", "{b: 1}"),
            ("a: [{b: 1,\n  c: 2}, {d: 3, # @\n  e: 4}]\n", "c: 2 + {d: 3, # @\n  e: 4}"),
            // Windows, and a byte order mark.
            ("a: 1\r\nb: 2 # @\r\nc: 3\r\n", "b: 2"),
            ("\u{feff}a: 1 # @\nb: 2\n", "a: 1"),
        ] {
            assert_eq!(covered(text), expected, "{text}");
        }
        for text in ["a: {\n  b: 1\n} # @\n", "a: \"x\n  y\" # @\n", "--- # @\na: 1\n"] {
            let nothing = "nothing: no key, list item or value starts on the line of this comment";
            assert_eq!(covered(text), nothing, "{text}");
        }
    }

    #[test]
    fn a_comment_above_covers_what_starts_below_it_in_its_column() {
        for (text, expected) in [
            ("# @\na: 1\nb: 2\n", "a: 1"),
            ("a: 1\n# @\nb:\n  c: 1\nd: 2\n", "b:\n  c: 1"),
            ("a:\n  # @\n  b: 1\n  c: 2\n", "b: 1"),
            ("a:\n  b: 1\n  # @\n  c: 2\n", "c: 2"),
            ("a:\n  # @\n  # another\n  # and one\n  b: 1\n", "b: 1"),
            ("a:\n  # another\n  # @\n  b: 1\n", "b: 1"),
            ("a:\n  # @\n  - b: 1\n    c: 2\n  - d\n", "b: 1\n    c: 2"),
            ("a:\n  - b: 1\n    # @\n    c: 2\n", "c: 2"),
            ("a:\n# @\n- - b\n  - c\n- d\n", "b\n  - c"),
            ("a:\n# @\n-\n  b: 1\n- c\n", "b: 1"),
            ("a:\n  # @\n  !Ref b\nc: 1\n", "!Ref b"),
            ("a:\n  # @\n  !Sub\n  - b\n  - c\n", "!Sub\n  - b\n  - c"),
            ("a:\n  # @\n  b\n", "b"),
            ("a: {\n  # @\n  b: 1, c: 2}\n", "b: 1"),
            ("a: [\n  # @\n  {b: 1}, c]\n", "{b: 1}"),
            ("a: 1\r\n# @\r\n# x\r\nb: 2\r\n", "b: 2"),
            ("\u{feff}# @\na: 1\n", "a: 1"),
            ("a:\n\t# @\n\n", "nothing: nothing stands on the line below this comment"),
            ("# @\n\na: 1\n", "nothing: nothing stands on the line below this comment"),
            ("# @\n# x\n\na: 1\n", "nothing: nothing stands on the line below this comment"),
            ("a: 1\n# @\n", "nothing: nothing stands on the line below this comment"),
            ("a: 1\n# @", "nothing: nothing stands on the line below this comment"),
            ("a:\n  b: 1\n  # @\nc: 2\n", "nothing: what stands below this comment starts in another column"),
            ("a:\n# @\n  b: 1\n", "nothing: what stands below this comment starts in another column"),
            ("a: {\n  b: 1\n# @\n}\n", "nothing: no key, list item or value starts below this comment"),
            ("# @\n---\na: 1\n", "nothing: no key, list item or value starts below this comment"),
        ] {
            assert_eq!(covered(text), expected, "{text}");
        }
    }
}
