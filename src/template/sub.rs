//! The text of `Fn::Sub`: `${A}`, `${A.B}` and `${!Literal}` as parts with their ranges.

use std::ops::Range;

/// A part of the text of `Fn::Sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubPart<'t> {
    /// Text that stays.
    Text(&'t str),
    /// `${Name}` or `${Name.Attribute}`: what stands between the braces, and the range of the whole in the text.
    Name(&'t str, Range<usize>),
    /// `${!Name}`, which becomes `${Name}`: the name, and the range of the whole in the text.
    Literal(&'t str, Range<usize>),
}

/// Splits a text at its variables. A `${` without a closing brace is text, as CloudFormation would refuse it.
pub fn sub_parts(text: &str) -> SubParts<'_> {
    SubParts { text, at: 0 }
}

/// The parts of a text, in order.
#[derive(Debug, Clone)]
pub struct SubParts<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for SubParts<'t> {
    type Item = SubPart<'t>;

    fn next(&mut self) -> Option<SubPart<'t>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let mut search = 0;
        while let Some(open) = memchr::memchr(b'$', &rest.as_bytes()[search..]).map(|open| open + search) {
            if rest.as_bytes().get(open + 1) != Some(&b'{') {
                search = open + 1;
                continue;
            }
            let Some(close) = memchr::memchr(b'}', &rest.as_bytes()[open..]).map(|close| close + open) else { break };
            let inner = &rest[open + 2..close];
            if memchr::memchr(b'$', inner.as_bytes()).is_some()
                && let Some(later) = inner.rfind("${")
            {
                // `${a ${b}`: the first `${` is text.
                search = open + 2 + later;
                continue;
            }
            if open > 0 {
                self.at += open;
                return Some(SubPart::Text(&rest[..open]));
            }
            let range = self.at..self.at + close + 1;
            self.at = range.end;
            return Some(match inner.strip_prefix('!') {
                Some(name) => SubPart::Literal(name, range),
                None => SubPart::Name(inner.trim(), range),
            });
        }
        self.at = self.text.len();
        Some(SubPart::Text(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_text() {
        use SubPart::{Literal, Name, Text};
        let parts: Vec<_> = sub_parts("a-${X}-${Y.Arn}${!Z}$ {q} ${open").collect();
        assert_eq!(
            parts,
            [Text("a-"), Name("X", 2..6), Text("-"), Name("Y.Arn", 7..15), Literal("Z", 15..20), Text("$ {q} ${open")]
        );
        assert_eq!(sub_parts("${a ${b}").collect::<Vec<_>>(), [Text("${a "), Name("b", 4..8)]);
        assert_eq!(sub_parts("").count(), 0);
    }
}
