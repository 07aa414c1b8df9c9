//! Does a pattern of a policy, with holes in it, cover a text that has holes too?
//!
//! The pattern is walked beside the text (`rule-language.md` §4.5): once for every filling of the holes, which is certain if
//! it succeeds, and once for some filling, which is certain if it does not. In between the answer is unknown. An automaton
//! would have to be compiled for each pattern, and could not tell that a hole of the pattern is the one of the text.

use crate::catalog::Returned;

use super::{Hole, Part, Pseudo, Truth};

/// The fields of an ARN behind its partition: service, Region, account, resource.
const FIELDS: usize = RESOURCE + 1;
const REGION: usize = 1;
const ACCOUNT: usize = 2;
const RESOURCE: usize = 3;

/// The service in whose ARNs the case of names is not kept.
const FOLDED: &str = "sagemaker";

/// Where the lengths of both, multiplied, exceed this, nobody has written them for people. ARNs have up to 2,048 characters.
const LONGEST: usize = 1 << 22;

/// Whether the ARN pattern of a policy covers an ARN, both with the ARNs of resources written out.
///
/// `*` and `?` are wildcards. The partition is not compared: a policy is read in the partition that it is deployed in. A
/// Region or account that one side leaves empty is not compared either, because which of them an ARN has differs by service.
pub fn covers(pattern: &[Part<'_>], text: &[Part<'_>]) -> Truth {
    if let [Part::Text(all)] = pattern
        && !all.is_empty()
        && all.bytes().all(|byte| byte == b'*')
    {
        return Truth::True;
    }
    // Behind `arn:partition:`, which every pattern has that is not `arn:*` or less.
    let (Some(pattern), Some(text)) = (behind_partition(pattern), behind_partition(text)) else {
        return walk(pattern, text);
    };
    let (mut fields, mut named) = (fields(&pattern), fields(&text));
    if matches!(named.first().map(Vec::as_slice), Some([Part::Text(service)]) if service == FOLDED) {
        // SageMaker writes names small in its ARNs, however they were given.
        fields.iter_mut().chain(&mut named).flatten().for_each(fold);
    }
    if fields.len() < FIELDS || named.len() < FIELDS {
        return walk(&pattern, &text);
    }
    let known = fields.iter().zip(&named).enumerate().fold(Truth::True, |known, (number, (field, named))| {
        let is_left_out = matches!(number, REGION | ACCOUNT) && (field.is_empty() || named.is_empty());
        known.and(if is_left_out { Truth::True } else { walk(field, named) })
    });
    let crosses =
        fields[..RESOURCE].iter().flatten().any(|part| matches!(part, Part::Text(text) if text.contains('*')));
    // A `*` at the end of a field goes on beyond its colon.
    if known != Truth::True && crosses { known.or(walk(&pattern, &text)) } else { known }
}

fn fold(part: &mut Part<'_>) {
    if let Part::Text(text) = part {
        text.to_mut().make_ascii_lowercase();
    }
}

/// What follows `arn:partition:`.
fn behind_partition<'p>(parts: &[Part<'p>]) -> Option<Vec<Part<'p>>> {
    if !matches!(parts.first(), Some(Part::Text(text)) if text.starts_with("arn:")) {
        return None;
    }
    let mut fields = cut(parts, 2);
    fields.pop().filter(|_| fields.len() == 2)
}

/// Service, Region, account and resource; fewer if there are fewer colons.
fn fields<'p>(parts: &[Part<'p>]) -> Vec<Vec<Part<'p>>> {
    cut(parts, RESOURCE)
}

/// The pieces between the first colons.
fn cut<'p>(parts: &[Part<'p>], colons: usize) -> Vec<Vec<Part<'p>>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for part in parts {
        let Part::Text(text) = part else {
            piece.push(part.clone());
            continue;
        };
        let mut rest = &**text;
        while pieces.len() < colons
            && let Some((head, tail)) = rest.split_once(':')
        {
            if !head.is_empty() {
                piece.push(Part::Text(head.to_owned().into()));
            }
            pieces.push(std::mem::take(&mut piece));
            rest = tail;
        }
        if !rest.is_empty() {
            piece.push(Part::Text(rest.to_owned().into()));
        }
    }
    pieces.push(piece);
    pieces
}

/// A step of a pattern or of a text.
#[derive(Debug, Clone, Copy)]
enum Token<'a, 'p> {
    /// This byte.
    Byte(u8),
    /// `?`.
    One,
    /// `*`, or a policy variable.
    Any,
    /// A hole that any text may fill, or any word.
    Open(&'a Hole<'p>),
    /// What CloudFormation makes up for a resource: no other resource has it, and nobody has written it down.
    Made(&'a Hole<'p>),
}

impl Token<'_, '_> {
    /// Whether a step of the pattern certainly is that of the text, or certainly is not: a name holds no wildcard, so a hole
    /// that both have is the same text.
    fn meets(self, of_text: Self) -> Option<bool> {
        match (self, of_text) {
            (Self::Byte(a), Self::Byte(b)) => Some(a == b),
            (Self::Open(a) | Self::Made(a), Self::Open(b) | Self::Made(b)) if a == b => Some(true),
            _ => None,
        }
    }

    /// Whether a byte may stand where the token is.
    fn admits(self, byte: u8) -> bool {
        match self {
            Self::Open(Hole::Pseudo(Pseudo::AccountId | Pseudo::Region | Pseudo::Partition | Pseudo::StackName, _)) => {
                byte.is_ascii_alphanumeric() || byte == b'-'
            }
            Self::Made(Hole::Resource(_, Returned::Name | Returned::Id, _)) => !matches!(byte, b'*' | b'?' | b':'),
            _ => true,
        }
    }
}

fn tokens<'a, 'p>(parts: &'a [Part<'p>], is_pattern: bool) -> Vec<Token<'a, 'p>> {
    let mut tokens = Vec::new();
    for part in parts {
        let text = match part {
            Part::Hole(hole @ Hole::Resource(_, returned, _)) if *returned != Returned::Other => {
                tokens.push(Token::Made(hole));
                continue;
            }
            Part::Hole(hole) => {
                tokens.push(Token::Open(hole));
                continue;
            }
            Part::Text(text) if is_pattern => &**text,
            Part::Text(text) => {
                tokens.extend(text.bytes().map(Token::Byte));
                continue;
            }
        };
        let mut rest = text;
        while let Some(first) = rest.bytes().next() {
            // `${aws:username}` is filled in when the request is made.
            if rest.starts_with("${")
                && let Some(end) = rest.find('}')
            {
                let variable = &rest[2..end];
                match variable {
                    "*" | "?" | "$" => tokens.push(Token::Byte(variable.as_bytes()[0])),
                    _ => tokens.extend([Token::One, Token::Any]),
                }
                rest = &rest[end + 1..];
                continue;
            }
            tokens.push(match first {
                b'*' => Token::Any,
                b'?' => Token::One,
                byte => Token::Byte(byte),
            });
            // Beyond ASCII nothing is cut in two that is compared: both sides are read byte by byte.
            rest = rest.get(1..).unwrap_or_else(|| {
                let width = rest.chars().next().map_or(1, char::len_utf8);
                tokens.extend(rest.bytes().take(width).skip(1).map(Token::Byte));
                &rest[width..]
            });
        }
    }
    tokens
}

fn walk(pattern: &[Part<'_>], text: &[Part<'_>]) -> Truth {
    let variable = pattern.iter().any(|part| matches!(part, Part::Text(text) if text.contains("${")));
    let (pattern, text) = (tokens(pattern, true), tokens(text, false));
    let (mut pattern, mut text) = (&pattern[..], &text[..]);
    // What both have at their ends needs no search.
    while let ([a, rest @ ..], [b, tail @ ..]) = (pattern, text) {
        match a.meets(*b) {
            Some(true) => (pattern, text) = (rest, tail),
            Some(false) => return Truth::False,
            None => break,
        }
    }
    while let ([rest @ .., a], [tail @ .., b]) = (pattern, text) {
        match a.meets(*b) {
            Some(true) => (pattern, text) = (rest, tail),
            Some(false) => return Truth::False,
            None => break,
        }
    }
    if pattern.len() * text.len() > LONGEST {
        return Truth::Unknown;
    }
    if !variable && certainly(pattern, text) {
        Truth::True
    } else if perhaps(pattern, text) {
        Truth::Unknown
    } else {
        Truth::False
    }
}

/// States that were reached and are still to be looked at, each once.
struct Reached<const MODES: usize> {
    columns: usize,
    seen: Vec<bool>,
    left: Vec<(usize, usize, usize)>,
}

impl<const MODES: usize> Reached<MODES> {
    fn new(rows: usize, columns: usize) -> Self {
        let mut reached =
            Self { columns: columns + 1, seen: vec![false; (rows + 1) * (columns + 1) * MODES], left: Vec::new() };
        reached.add(0, 0, 0);
        reached
    }

    fn add(&mut self, row: usize, column: usize, mode: usize) {
        let seen = &mut self.seen[(row * self.columns + column) * MODES + mode];
        if !*seen {
            *seen = true;
            self.left.push((row, column, mode));
        }
    }
}

/// Whether the pattern covers the text whatever stands in the holes.
fn certainly(pattern: &[Token<'_, '_>], text: &[Token<'_, '_>]) -> bool {
    let mut reached = Reached::<1>::new(pattern.len(), text.len());
    while let Some((p, t, _)) = reached.left.pop() {
        match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(Token::Any), here) => {
                reached.add(p + 1, t, 0);
                if here.is_some() {
                    reached.add(p, t + 1, 0);
                }
            }
            (Some(Token::One), Some(Token::Byte(_))) => reached.add(p + 1, t + 1, 0),
            (Some(a), Some(b)) if a.meets(*b) == Some(true) => reached.add(p + 1, t + 1, 0),
            _ => {}
        }
    }
    false
}

/// Between two steps.
const BETWEEN: usize = 0;
/// Within a hole of the text that holds nothing but known text of the pattern so far.
const LITERAL: usize = 1;
/// Within a hole of the text that holds something open.
const LOOSE: usize = 2;
/// Within a made-up name of the pattern that holds nothing but known text so far.
const NAMED: usize = 3;
/// Within a made-up name of the pattern that holds something open.
const NAMED_LOOSE: usize = 4;

/// Whether the pattern may cover the text for some filling of the holes; each hole is filled by itself.
fn perhaps(pattern: &[Token<'_, '_>], text: &[Token<'_, '_>]) -> bool {
    let mut reached = Reached::<5>::new(pattern.len(), text.len());
    while let Some((p, t, mode)) = reached.left.pop() {
        let (next, here) = (pattern.get(p).copied(), text.get(t).copied());
        if mode == BETWEEN && next.is_none() && here.is_none() {
            return true;
        }
        if mode == LITERAL || mode == LOOSE {
            let Some(hole) = here else { continue };
            if mode == LOOSE {
                reached.add(p, t + 1, BETWEEN);
            }
            match next {
                Some(Token::Byte(byte)) if hole.admits(byte) => reached.add(p + 1, t, mode),
                Some(Token::One) => reached.add(p + 1, t, LOOSE),
                Some(Token::Any | Token::Open(_)) => {
                    reached.add(p + 1, t, LOOSE);
                    reached.add(p, t + 1, BETWEEN);
                }
                Some(Token::Made(_)) if matches!(hole, Token::Open(_)) => reached.add(p + 1, t, LOOSE),
                _ => {}
            }
            continue;
        }
        let Some(next) = next else {
            // The rest of the text would have to be empty.
            if matches!(here, Some(Token::Open(_))) {
                reached.add(p, t + 1, BETWEEN);
            }
            continue;
        };
        match (next, here) {
            (Token::Any | Token::Open(_), None) => reached.add(p + 1, t, BETWEEN),
            (Token::Any | Token::Open(_), Some(Token::Byte(byte))) => {
                reached.add(p + 1, t, BETWEEN);
                if next.admits(byte) {
                    reached.add(p, t + 1, BETWEEN);
                }
            }
            (Token::Any | Token::Open(_), Some(_)) => {
                reached.add(p + 1, t, BETWEEN);
                reached.add(p, t + 1, BETWEEN);
                reached.add(p + 1, t, LOOSE);
            }
            (Token::Byte(a), Some(Token::Byte(b))) if a == b => reached.add(p + 1, t + 1, BETWEEN),
            (Token::One, Some(Token::Byte(_))) => reached.add(p + 1, t + 1, BETWEEN),
            (Token::Made(a), Some(Token::Made(b))) if a == b => reached.add(p + 1, t + 1, BETWEEN),
            (Token::Made(_), Some(Token::Byte(byte))) if next.admits(byte) => {
                reached.add(p, t + 1, if mode == NAMED_LOOSE { NAMED_LOOSE } else { NAMED });
            }
            (Token::Made(_), Some(Token::Open(_))) => {
                reached.add(p, t + 1, NAMED_LOOSE);
                reached.add(p + 1, t, LOOSE);
            }
            _ => {}
        }
        if mode == NAMED_LOOSE {
            reached.add(p + 1, t, BETWEEN);
        }
        if mode == BETWEEN {
            match here {
                Some(Token::Open(_)) => reached.add(p, t, LOOSE),
                Some(Token::Made(_)) => reached.add(p, t, LITERAL),
                _ => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::{EntityId, GroupId};
    use super::*;
    use crate::template::TemplateId;

    /// Capital letters are holes: A, R and P are account, Region and partition, M and N what CloudFormation makes up for
    /// two resources, all others parameters.
    fn parts(text: &str) -> Vec<Part<'static>> {
        let mut parts: Vec<Part<'static>> = Vec::new();
        for c in text.chars() {
            let hole = match c {
                'A' => Hole::Pseudo(Pseudo::AccountId, TemplateId(0)),
                'R' => Hole::Pseudo(Pseudo::Region, TemplateId(0)),
                'P' => Hole::Pseudo(Pseudo::Partition, TemplateId(0)),
                'M' | 'N' => Hole::Resource(EntityId(c as u32), Returned::Name, "M"),
                'B'..='Z' => Hole::Parameter(GroupId(c as u32), TemplateId(0), "X"),
                _ => {
                    match parts.last_mut() {
                        Some(Part::Text(text)) => text.to_mut().push(c),
                        _ => parts.push(Part::Text(c.to_string().into())),
                    }
                    continue;
                }
            };
            parts.push(Part::Hole(hole));
        }
        parts
    }

    #[test]
    fn a_pattern_covers_an_arn_or_not_or_perhaps() {
        use Truth::{False, True, Unknown};
        for (pattern, text, expected) in [
            ("*", "arn:P:s3:::M", True),
            ("arn:aws:s3:::data", "arn:P:s3:R:A:data", True),
            ("arn:P:s3:::M/*", "arn:P:s3:R:A:M/raw/x", True),
            ("arn:P:s3:::M/*", "arn:P:s3:R:A:M", False),
            ("arn:P:s3:::M", "arn:P:s3:R:A:N", False),
            ("arn:P:s3:::data", "arn:P:s3:R:A:M", False),
            ("arn:P:s3:::ml-*", "arn:P:s3:R:A:M", Unknown),
            ("arn:P:s3:::M", "arn:P:s3:R:A:data", False),
            ("arn:P:s3:::M", "arn:P:s3:R:A:data-X", Unknown),
            ("arn:P:ecr:R:A:repository/X-*", "arn:P:ecr:R:A:repository/X-train", True),
            ("arn:P:ecr:R:A:repository/X-*", "arn:P:ecr:R:A:repository/ml-train", Unknown),
            ("arn:P:ecr:R:A:repository/X-*", "arn:P:ecr:R:A:repository/train", False),
            ("arn:P:ecr:R:A:repository/ml-*", "arn:P:ecr:R:A:repository/train", False),
            ("arn:P:ecr:R:A:repository/ml-*", "arn:P:ecr:R:A:repository/X", Unknown),
            ("arn:P:ecr:R:A:repository/ml-*", "arn:P:ecr:R:A:repository/ml-X", True),
            ("arn:aws:ecr:*:*:repository/*", "arn:P:ecr:R:A:repository/train", True),
            ("arn:aws:ecr:eu-west-1:A:repository/*", "arn:P:ecr:R:A:repository/train", Unknown),
            ("arn:aws:ecr:eu/west:A:repository/*", "arn:P:ecr:R:A:repository/train", False),
            ("arn:aws:sns:*", "arn:P:sns:R:A:M", True),
            ("arn:aws:sn*", "arn:P:sns:R:A:M", True),
            ("arn:aws:sqs:*", "arn:P:sns:R:A:M", False),
            ("arn:aws:s*:x:y:q", "arn:P:sqs:a:b:x:y:q", True),
            ("X", "arn:P:sns:R:A:M", Unknown),
            ("arn:P:sns:R:A:M", "X", Unknown),
            ("X", "X", True),
            ("arn:P:s3:::X-data/*", "arn:P:s3:R:A:X-data", False),
            ("arn:P:iam::A:role/ml-?", "arn:P:iam::A:role/ml-1", True),
            ("arn:P:iam::A:role/ml-?", "arn:P:iam::A:role/ml-12", False),
            ("arn:P:s3:::data/${aws:username}/*", "arn:P:s3:::data/ann/x", Unknown),
            ("arn:P:s3:::data/${aws:username}/*", "arn:P:s3:::logs/ann/x", False),
            ("arn:P:s3:::data/${*}", "arn:P:s3:::data/x", False),
        ] {
            assert_eq!(covers(&parts(pattern), &parts(text)), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_case_counts_but_not_in_sagemaker() {
        let arn = |text: &'static str| [Part::Text(text.into())];
        let machine = arn("arn:aws:states:eu-west-1:1:stateMachine:Eta");
        assert_eq!(covers(&arn("arn:aws:states:eu-west-1:1:stateMachine:eta"), &machine), Truth::False);
        let pipeline = arn("arn:aws:sagemaker:eu-west-1:1:pipeline/Eta");
        assert_eq!(covers(&arn("arn:aws:sagemaker:eu-west-1:1:pipeline/eta"), &pipeline), Truth::True);
        assert_eq!(covers(&arn("arn:aws:sagemaker:eu-west-1:1:pipeline/ETA*"), &pipeline), Truth::True);
    }

    /// `*` and `?` by trying everything.
    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => matches(rest, text) || (!text.is_empty() && matches(pattern, &text[1..])),
            ([b'?', rest @ ..], [_, tail @ ..]) => matches(rest, tail),
            ([a, rest @ ..], [b, tail @ ..]) => a == b && matches(rest, tail),
            _ => false,
        }
    }

    #[test]
    fn what_is_certain_holds_for_every_filling() {
        let texts = |alphabet: &str| -> Vec<String> {
            let one: Vec<String> = alphabet.chars().map(String::from).collect();
            let mut all = vec![String::new()];
            for _ in 0..4 {
                let longer = all.iter().flat_map(|head| one.iter().map(move |tail| format!("{head}{tail}")));
                all = longer.chain(one.iter().cloned()).chain([String::new()]).collect();
                all.sort();
                all.dedup();
            }
            all
        };
        let fillings = ["", "a", "b", "ab", "ba", "aa"];
        for pattern in texts("ab*?X") {
            for text in texts("aXY") {
                let known = covers(&parts(&pattern), &parts(&text));
                let outcomes = fillings.iter().flat_map(|x| fillings.iter().map(move |y| (x, y))).map(|(x, y)| {
                    let fill = |text: &str| text.replace('X', x).replace('Y', y);
                    matches(fill(&pattern).as_bytes(), fill(&text).as_bytes())
                });
                match known {
                    Truth::True => assert!(outcomes.into_iter().all(|one| one), "{pattern} covers {text}"),
                    Truth::False => assert!(!outcomes.into_iter().any(|one| one), "{pattern} does not cover {text}"),
                    Truth::Unknown => {}
                }
            }
        }
    }
}
