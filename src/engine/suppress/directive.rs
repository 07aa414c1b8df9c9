//! What a comment says: `mlops-lint: ignore[rule, rule] reason until 2027-03-31`.
//!
//! Turns the text of one comment into directives, or into what is wrong with it. It does not know where the comment stands.

use std::ops::Range;

use super::date::Date;
use super::{MARKER, Until};
use crate::rule::declarative::nearest;

/// Words of other tools that people write in place of `ignore`.
const ALSO_MEANT: [&str; 8] = ["allow", "disable", "ignore", "noqa", "off", "skip", "suppress", "suppression"];

/// A directive of a comment; ranges are bytes of the comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive {
    /// From the program's name to the closing bracket.
    pub(super) head: Range<usize>,
    /// The words between the brackets.
    pub(super) rules: Vec<Range<usize>>,
    /// Why, without the expiry.
    pub(super) reason: String,
    pub(super) until: Until<Range<usize>>,
}

/// What is meant to be a directive and is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The part of the comment that is meant.
    pub(super) range: Range<usize>,
    /// What is wrong with it.
    pub(super) detail: &'static str,
}

/// Reads a comment with its `#`; a comment may hold directives of several tools, each behind a `#` of its own.
pub(super) fn read(comment: &str, is_rule: impl Fn(&str) -> bool) -> Vec<Result<Directive, Malformed>> {
    parts(comment).into_iter().filter_map(|part| read_part(comment, part, &is_rule)).collect()
}

/// The parts of a comment, trimmed: a `#` begins one if white space stands before it, and white space or our name behind it.
fn parts(comment: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    for (at, _) in comment.match_indices('#') {
        let before = comment[..at].chars().next_back().is_some_and(char::is_whitespace);
        let behind = &comment[at + 1..];
        if before && (behind.starts_with(char::is_whitespace) || behind.starts_with(MARKER)) {
            starts.push(at);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([comment.len()]);
    let trimmed = |(start, end): (usize, usize)| {
        let text = comment[start..end].trim_start_matches('#').trim_start();
        end - text.len()..end - text.len() + text.trim_end().len()
    };
    starts.iter().copied().zip(ends).map(trimmed).collect()
}

fn read_part(
    comment: &str,
    part: Range<usize>,
    is_rule: &impl Fn(&str) -> bool,
) -> Option<Result<Directive, Malformed>> {
    let text = &comment[part.clone()];
    let rest = text.strip_prefix(MARKER)?;
    let malformed = |detail| Some(Err(Malformed { range: part.clone(), detail }));
    let body = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '-'));
    let separator = &rest[..rest.len() - body.len()];
    let word_end = body.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(body.len());
    let (word, behind) = body.split_at(word_end);
    let bracket = behind.trim_start().starts_with('[');
    let is_meant = !separator.is_empty()
        && (ALSO_MEANT.contains(&word.to_ascii_lowercase().as_str())
            || nearest(word, std::iter::once("ignore")).is_some()
            || (separator.trim() == ":" && (behind.starts_with('[') || is_rule(word))));
    if !is_meant {
        return None;
    }
    if separator.trim() != ":" {
        // Without the colon it may be a sentence: "mlops-lint ignores this file".
        return if bracket { malformed("a colon stands between `mlops-lint` and `ignore`") } else { None };
    }
    if word != "ignore" {
        return malformed("the word behind the colon is not `ignore`");
    }
    let Some(list) = behind.trim_start().strip_prefix('[') else {
        return malformed("the rules stand in brackets behind `ignore`");
    };
    let Some(close) = list.find(']') else { return malformed("the bracket is not closed") };
    let start = part.end - list.len();
    let mut rules = Vec::new();
    let mut at = start;
    for item in list[..close].split(',') {
        let word = item.trim();
        if !word.is_empty() {
            let begin = at + item.len() - item.trim_start().len();
            rules.push(begin..begin + word.len());
        }
        at += item.len() + 1;
    }
    if rules.is_empty() {
        return malformed("it names no rule");
    }
    let head = part.start..start + close + 1;
    let tail = &comment[head.end..part.end];
    let said = tail.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '\u{2013}' | '\u{2014}'));
    let (reason, until) = split_expiry(said, part.end - said.len());
    Some(Ok(Directive { head, rules, reason, until }))
}

/// Takes `until 2027-03-31` out of a reason that starts at an offset.
fn split_expiry(text: &str, base: usize) -> (String, Until<Range<usize>>) {
    for (at, _) in text.match_indices(['u', 'U']) {
        let is_word = |text: &str| text.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("until"));
        if !is_word(&text[at..]) || text[..at].chars().next_back().is_some_and(char::is_alphanumeric) {
            continue;
        }
        let behind = &text[at + 5..];
        let value = behind.trim_start();
        if value.len() == behind.len() {
            continue;
        }
        let word = value.split_whitespace().next().unwrap_or_default();
        let word = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if !looks_like_date(word) {
            continue;
        }
        let start = text.len() - value.len();
        let range = base + start..base + start + word.len();
        let before = text[..at].trim_end().trim_end_matches(['(', ',', ';']).trim_end();
        let mut after = &text[start + word.len()..];
        if text[..at].trim_end().ends_with('(') {
            after = after.strip_prefix(')').unwrap_or(after);
        }
        let after = after.trim();
        let joint =
            if before.is_empty() || after.is_empty() || after.starts_with(['.', ',', ';', ')']) { "" } else { " " };
        let reason = format!("{before}{joint}{after}");
        let reason = if reason.chars().any(char::is_alphanumeric) { reason } else { String::new() };
        return (reason, word.parse::<Date>().map_or(Until::NoDay(range.clone()), |day| Until::Day(day, range)));
    }
    let reason = if text.chars().any(char::is_alphanumeric) { text } else { "" };
    (reason.to_owned(), Until::Open)
}

/// True for what someone means as a date: three numbers, a year with a month, a year.
fn looks_like_date(word: &str) -> bool {
    let groups: Vec<&str> = word.split(['-', '.', '/']).collect();
    if groups.iter().any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
    let is_year = |group: &str| group.len() == 4 && group.starts_with("20");
    groups.len() == 3 || (groups.len() <= 2 && groups.iter().any(|group| is_year(group)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules, the reason and the expiry, or the part and what is wrong with it.
    fn said(comment: &str) -> Vec<String> {
        let read = read(comment, |word| word == "ENC001");
        let shown = |directive: Result<Directive, Malformed>| match directive {
            Ok(Directive { rules, reason, until, head }) => {
                assert!(comment[head.clone()].starts_with(MARKER) && comment[head].ends_with(']'));
                let rules: Vec<&str> = rules.into_iter().map(|range| &comment[range]).collect();
                let until = match until {
                    Until::Open => String::new(),
                    Until::Day(day, range) => {
                        assert_eq!(comment[range], day.to_string());
                        format!(" | {day}")
                    }
                    Until::NoDay(range) => format!(" | no day: {}", &comment[range]),
                };
                format!("{} | {reason}{until}", rules.join("+"))
            }
            Err(Malformed { range, detail }) => format!("{}: {detail}", &comment[range]),
        };
        read.into_iter().map(shown).collect()
    }

    #[test]
    fn a_directive_names_rules_a_reason_and_a_day() {
        for (comment, expected) in [
            ("# mlops-lint: ignore[ENC001] the vendor's image needs it", "ENC001 | the vendor's image needs it"),
            ("#mlops-lint:ignore[ENC001]why", "ENC001 | why"),
            ("## mlops-lint: ignore [ ENC001 ,some-name, ] why", "ENC001+some-name | why"),
            ("# mlops-lint: ignore[ENC001]: why", "ENC001 | why"),
            ("# mlops-lint: ignore[ENC001] -- why \u{e4}", "ENC001 | why \u{e4}"),
            ("# mlops-lint: ignore[ENC001]", "ENC001 | "),
            ("# mlops-lint: ignore[ENC001] -", "ENC001 | "),
            ("# mlops-lint: ignore[ENC001] until 2027-03-31", "ENC001 |  | 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] (until 2027-03-31)", "ENC001 |  | 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] why until 2027-03-31", "ENC001 | why | 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] why, Until 2027-03-31.", "ENC001 | why. | 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] why (until 2027-03-31) not", "ENC001 | why not | 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] until 2027-03-31 it has to be", "ENC001 | it has to be | 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] until we move, until 2027-03-31", "ENC001 | until we move | 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] until the vendor moves", "ENC001 | until the vendor moves"),
            ("# mlops-lint: ignore[ENC001] until 2.1 is out, or 3 agree", "ENC001 | until 2.1 is out, or 3 agree"),
            ("# mlops-lint: ignore[ENC001] runtil 2027-03-31", "ENC001 | runtil 2027-03-31"),
            ("# mlops-lint: ignore[ENC001] why until 2027-02-30", "ENC001 | why | no day: 2027-02-30"),
            ("# mlops-lint: ignore[ENC001] why until 31.03.2027", "ENC001 | why | no day: 31.03.2027"),
            ("# mlops-lint: ignore[ENC001] why until 2027-03", "ENC001 | why | no day: 2027-03"),
            ("# mlops-lint: ignore[ENC001] why until 2027", "ENC001 | why | no day: 2027"),
            ("# mlops-lint: ignore[ENC001] see #12 # other: x", "ENC001 | see #12"),
            ("# checkov:skip=CKV_AWS_1:x #mlops-lint: ignore[ENC001] why", "ENC001 | why"),
        ] {
            assert_eq!(said(comment), [expected], "{comment}");
        }
        assert_eq!(said("# mlops-lint: ignore[A1] b # mlops-lint: ignore[C2] d"), ["A1 | b", "C2 | d"]);
    }

    #[test]
    fn what_is_meant_to_be_a_directive_is_not_passed_over() {
        for (comment, part, detail) in [
            (
                "# mlops-lint: ingore[ENC001] why # x",
                "mlops-lint: ingore[ENC001] why",
                "the word behind the colon is not `ignore`",
            ),
            ("# mlops-lint: Ignore[ENC001]", "mlops-lint: Ignore[ENC001]", "the word behind the colon is not `ignore`"),
            ("# mlops-lint: disable=ENC001", "mlops-lint: disable=ENC001", "the word behind the colon is not `ignore`"),
            (
                "# mlops-lint: anything[ENC001]",
                "mlops-lint: anything[ENC001]",
                "the word behind the colon is not `ignore`",
            ),
            ("# mlops-lint: ENC001 why", "mlops-lint: ENC001 why", "the word behind the colon is not `ignore`"),
            (
                "# mlops-lint ignore[ENC001]",
                "mlops-lint ignore[ENC001]",
                "a colon stands between `mlops-lint` and `ignore`",
            ),
            ("# mlops-lint: ignore ENC001", "mlops-lint: ignore ENC001", "the rules stand in brackets behind `ignore`"),
            ("# mlops-lint: ignore", "mlops-lint: ignore", "the rules stand in brackets behind `ignore`"),
            ("# mlops-lint: ignore[ENC001 why", "mlops-lint: ignore[ENC001 why", "the bracket is not closed"),
            ("# mlops-lint: ignore[ , ] why", "mlops-lint: ignore[ , ] why", "it names no rule"),
        ] {
            assert_eq!(said(comment), [format!("{part}: {detail}")], "{comment}");
        }
    }

    #[test]
    fn sentences_about_the_program_are_no_directives() {
        for comment in [
            "# mlops-lint",
            "# mlops-lint: see docs/linting.md",
            "# checked by mlops-lint: ignore nothing",
            "# mlops-lint ignores this folder",
            "# mlops-lint-wrapper: ignore[x]",
            "# mlops-linter: ignore[x]",
            "# run mlops-lint before you push",
            "#",
            "",
        ] {
            assert!(said(comment).is_empty(), "{comment}: {:?}", said(comment));
        }
    }
}
