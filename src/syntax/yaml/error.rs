//! The errors of the YAML parser in our own words: what is wrong at which place, and what to do about it.

use std::ops::Range;

use granit_parser::ErrorKind;

use super::super::document::to_u32;
use super::super::{Builder, IssueKind, MAX_DEPTH, SyntaxIssue};
use crate::source::{FileId, Span};

/// What the reader knows about the place of an error.
pub(super) struct Place<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    /// Where the parser says that it is.
    pub(super) offset: usize,
    /// End of what was read last.
    pub(super) read_to: usize,
    /// The scalar read last, if it is plain and has more than one line.
    pub(super) folded: Option<Range<usize>>,
    /// The innermost bracket that is open.
    pub(super) bracket: Option<usize>,
    /// What was read.
    pub(super) read: &'t Builder,
}

/// True if a tab in the indentation is what is wrong.
pub(super) fn is_tab(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed)
}

/// True if the parser speaks of a tab.
fn is_about_tabs(kind: &ErrorKind) -> bool {
    use ErrorKind as E;
    is_tab(kind) || matches!(kind, E::TabInIndentation | E::TabInPlainScalar | E::TabAtBlockScalarStart)
}

impl Place<'_> {
    /// The issue for an error here.
    pub(super) fn issue(&self, kind: &ErrorKind) -> SyntaxIssue {
        let mut start = self.offset.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let rest = &self.text[start..];
        let (message, help) = describe(kind, rest);
        let mut issue = SyntaxIssue {
            kind: if matches!(kind, ErrorKind::RecursionLimitExceeded) {
                IssueKind::TooDeep
            } else {
                IssueKind::Syntax
            },
            span: self.span(start..start),
            message,
            help: (!help.is_empty()).then(|| help.to_owned()),
            related: None,
        };
        if let Some(tab) = self.tab(kind, start) {
            if tab.end < start && !is_about_tabs(kind) {
                issue.related = Some((self.character(start), "so this line does not fit".to_owned()));
            }
            issue.span = self.span(tab);
            "this line is indented with a tab".clone_into(&mut issue.message);
            issue.help = Some("indent with spaces: YAML takes no tabs there".to_owned());
            return issue;
        }
        match kind {
            ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
                issue.span = self.span(start..start + rest.find(['\n', '\r']).unwrap_or(rest.len()));
                return issue;
            }
            ErrorKind::UnexpectedCharacter { character } => {
                issue.span = self.character(start + rest.find(*character).unwrap_or(0));
            }
            ErrorKind::UnknownQuotedScalarEscape => {
                let at = start + unknown_escape(rest);
                issue.span = self.span(at..self.character(at + 1).range().end.max(at));
            }
            ErrorKind::MismatchedFlowCollectionEnd { close, .. } => {
                if let Some(at) = self.text.get(self.read_to..).and_then(|rest| rest.find(*close)) {
                    issue.span = self.character(self.read_to + at);
                    issue.related = Some((self.character(start), "opened here".to_owned()));
                    return issue;
                }
                issue.span = self.character(start);
            }
            ErrorKind::MappingValueNotAllowed if self.after_folded(start) => {
                let folded = self.folded.clone().unwrap_or_default();
                let first = self.text[folded.clone()].find(['\n', '\r']).unwrap_or(folded.len());
                issue.span = self.span(folded.start..folded.start + first);
                "this line is no `key: value`, so the next one is read as part of it".clone_into(&mut issue.message);
                issue.help = Some("write `key: value`, with a space behind the colon".to_owned());
                return issue;
            }
            _ => issue.span = self.character(start),
        }
        // What looks wrong is often right, and a bracket above it is not closed.
        if let Some(bracket) =
            self.bracket.filter(|&bracket| self.text[bracket..start.max(bracket)].contains(['\n', '\r']))
        {
            issue.related = Some((self.character(bracket), "this bracket is still open".to_owned()));
        }
        issue
    }

    /// The indentation with a tab that is what is wrong.
    fn tab(&self, kind: &ErrorKind, start: usize) -> Option<Range<usize>> {
        match kind {
            _ if is_about_tabs(kind) => self.tab_from(start),
            ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::InvalidIndentation
            | ErrorKind::MappingKeyNotAllowed => self.tab_before(start),
            _ => None,
        }
    }

    /// The first indentation with a tab that does not end before a place: the parser may stop at the last scalar, or
    /// behind the tabs.
    fn tab_from(&self, start: usize) -> Option<Range<usize>> {
        let mut line = self.line(start);
        while line < self.text.len() {
            let (indent, is_text) = self.indentation(line);
            if is_text && start <= indent.end && self.text[indent.clone()].contains('\t') {
                return Some(indent);
            }
            line = self.text[line..].find(['\n', '\r']).map_or(self.text.len(), |len| line + len + 1);
        }
        None
    }

    /// The indentation with a tab of a line above that begins a key or an item, if no line between the two is indented less.
    /// The parser counts a tab as one column, so the line looks deeper or less deep than people see it.
    fn tab_before(&self, start: usize) -> Option<Range<usize>> {
        let mut line = self.line(start);
        let depth = self.indentation(line).0.len();
        while line > 0 {
            line = self.line(line - 1);
            let (indent, is_text) = self.indentation(line);
            if !is_text {
                continue;
            }
            if indent.len() < depth {
                return None;
            }
            if self.text[indent.clone()].contains('\t') && self.read.is_in_block(to_u32(indent.end)) {
                return Some(indent);
            }
        }
        None
    }

    /// The white space that a line starts with, and whether something but a comment follows.
    fn indentation(&self, line: usize) -> (Range<usize>, bool) {
        let rest = self.text[line..].trim_start_matches([' ', '\t']);
        (line..self.text.len() - rest.len(), !rest.is_empty() && !rest.starts_with(['\n', '\r', '#']))
    }

    /// The start of the line of a place.
    fn line(&self, at: usize) -> usize {
        memchr::memrchr2(b'\n', b'\r', &self.text.as_bytes()[..at]).map_or(0, |at| at + 1)
    }

    /// True if only white space stands between a plain scalar of several lines and the place.
    fn after_folded(&self, start: usize) -> bool {
        self.folded
            .as_ref()
            .is_some_and(|folded| self.text.get(folded.end..start).is_some_and(|between| between.trim().is_empty()))
    }

    /// The place of one character, empty at the end of a line.
    fn character(&self, at: usize) -> Span {
        let len = self
            .text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .filter(|character| !matches!(character, '\n' | '\r'));
        self.span(at..at + len.map_or(0, char::len_utf8))
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(
            self.file,
            u32::try_from(range.start).unwrap_or(u32::MAX),
            u32::try_from(range.end).unwrap_or(u32::MAX),
        )
    }
}

/// The first backslash of a quoted text that starts no escape of YAML.
fn unknown_escape(quoted: &str) -> usize {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    while let Some(len) = memchr::memchr(b'\\', &bytes[at..]) {
        at += len;
        match bytes.get(at + 1) {
            Some(next) if b"0abt\tnvfre \"/\\N_LPxuU'\n\r".contains(next) => at += 2,
            _ => return at,
        }
    }
    0
}

const QUOTE: &str = "put the text in quotes";
const INDENT: &str = "indent it like the lines that belong to the same map or list";

/// Message and help; the help is empty where there is nothing to say.
#[expect(clippy::too_many_lines, reason = "a table of the parser's errors")]
fn describe(kind: &ErrorKind, rest: &str) -> (String, &'static str) {
    use ErrorKind as E;
    let (message, help) = match kind {
        E::ExpectedBlockMappingKey
        | E::ExpectedBlockSequenceEntry
        | E::ExpectedFlowMappingSeparator
        | E::ExpectedFlowSequenceSeparator
            if rest.starts_with('!') =>
        {
            (
                "two tags stand before one value",
                "write the inner function in its long form, `Fn::Name: ...`, on the next line",
            )
        }
        E::RecursionLimitExceeded => return (format!("lists and maps are nested more than {MAX_DEPTH} deep here"), ""),
        E::UnexpectedCharacter { character } => return unexpected(*character),
        E::UnclosedFlowCollection { open } => {
            return (format!("`{open}` is not closed"), "close it, or put it in quotes if it belongs to a text");
        }
        E::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{close}` cannot close `{open}`"), "close the brackets in the order in which they open");
        }
        E::TabInBlockIndentation
        | E::TabNotAllowed
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => ("a tab stands where only spaces can", "write spaces instead of the tab"),
        E::UnclosedQuotedScalar => ("this quoted text is not closed", "close it with the quote that it starts with"),
        E::DocumentIndicatorInQuotedScalar => (
            "this quoted text is not closed before the line `---` or `...`",
            "close it with the quote that it starts with",
        ),
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => (
            "something follows a quoted text that is already closed",
            "quote the whole value, and write a quote inside it as `''` or `\\\"`",
        ),
        E::UnknownQuotedScalarEscape => {
            ("this is no escape of YAML", "write a backslash as `\\\\`, or use single quotes")
        }
        E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => (
            "this escape stands for no character",
            "write `\\x` with two, `\\u` with four or `\\U` with eight hexadecimal digits",
        ),
        E::UnexpectedEofFlowSequence | E::ExpectedFlowSequenceSeparator => {
            ("a `,` or `]` is missing here", "separate items with `,` and close the list with `]`")
        }
        E::UnexpectedEofFlowMapping | E::UnexpectedEofImplicitFlowMapping | E::ExpectedFlowMappingSeparator => {
            ("a `,` or `}` is missing here", "separate entries with `,` and close the map with `}`")
        }
        E::MisplacedFlowCollectionEnd => ("this bracket closes nothing", "remove it, or put the text in quotes"),
        E::ExpectedBlockMappingKey | E::UnexpectedEofBlockMapping => {
            ("this line does not fit the map that it stands in", INDENT)
        }
        E::ExpectedBlockSequenceEntry | E::UnexpectedEofBlockSequence => {
            ("this line does not fit the list that it stands in", INDENT)
        }
        E::InvalidIndentation | E::InvalidFlowScalarIndent | E::InvalidQuotedScalarIndent => {
            ("this line is not indented like its neighbours", INDENT)
        }
        E::InvalidBlockScalarIndent => (
            "this line of a block text is indented less than its first line",
            "indent all lines of the text at least as far as the first",
        ),
        E::ZeroBlockScalarIndent | E::InvalidBlockScalarHeader => {
            ("the text behind `|` or `>` starts on the same line", "start it on the next line")
        }
        E::SimpleKeyExpected | E::InvalidSimpleKey => {
            ("a `:` is missing behind this key", "write `key: value`, with a space behind the colon")
        }
        E::MappingValueNotAllowed => (
            "a second `:` makes no value here",
            "put the text in quotes if the `:` belongs to it, or check the indentation of the line",
        ),
        E::InvalidMappingValueWhitespace | E::FlowMappingValueAdjacentCollection | E::InvalidColonPlacement => {
            ("this `:` makes no value", "put a space behind it, or the text in quotes")
        }
        E::MappingKeyNotAllowed => ("a key cannot stand here", INDENT),
        E::BlockSequenceEntryNotAllowed => ("a list cannot start here", "start it on a line of its own"),
        E::BlockEntryInFlowCollection => ("`-` makes no item inside brackets", "separate items with `,`"),
        E::InvalidBlockEntryWhitespace | E::PlainScalarStartsWithDashFlowIndicator => {
            ("`-` is not followed by a space", "put a space behind it, or the text in quotes")
        }
        E::CommentInterceptedScalar => {
            ("a comment stands inside a text of several lines", "move the comment, or put the text in quotes")
        }
        E::CommentNotSeparated => {
            ("`#` is not separated from what stands before it", "put a space before the comment, or the text in quotes")
        }
        E::MissingAnchorOrAliasName => (
            if rest.starts_with('&') { "`&` alone is no value" } else { "`*` alone is no value" },
            "put it in quotes: \"*\"",
        ),
        E::ExpectedNodeContent | E::UnexpectedEndOfPlainScalar => ("a value is missing here", QUOTE),
        E::BomInsideDocument => ("a byte order mark stands inside the text", "remove the invisible character U+FEFF"),
        E::UndeclaredTagHandle
        | E::MissingTagUri
        | E::InvalidTagTerminator
        | E::ExpectedTagBang
        | E::UnclosedVerbatimTag
        | E::InvalidTagEscape => ("this tag is not complete", "write it as `!Name`, followed by a space"),
        E::InvalidDocumentEnd | E::ExpectedDocumentStart | E::MissingDocumentEndBeforeDirective => (
            "something follows the end of the document",
            "indent it so that it belongs to the map or list above, or remove it",
        ),
        E::DuplicateVersionDirective
        | E::UnsupportedYamlMajorVersion
        | E::DuplicateTagDirective
        | E::MissingDirectiveName
        | E::InvalidDirectiveName
        | E::InvalidDirectiveTerminator
        | E::MissingYamlVersion
        | E::MissingYamlVersionSeparator => ("this directive cannot be read", "remove the line that starts with `%`"),
        other => return (format!("this cannot be read as YAML: {other}"), ""),
    };
    (message.to_owned(), help)
}

fn unexpected(character: char) -> (String, &'static str) {
    if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') {
        let message = format!("the control character U+{:04X} stands in the text", u32::from(character));
        return (message, "remove it; in double quotes it can be written as an escape such as `\\x07`");
    }
    (format!("a value cannot start with `{character}`"), QUOTE)
}
