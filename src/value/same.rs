//! When two texts are equal, certainly not, or perhaps.

use std::borrow::Cow;

use crate::catalog::Returned;

use super::{Hole, Part, Pseudo, Truth};

/// Equality of known scalars: CloudFormation's coercion makes `true` and `"true"`, `1` and `"1"` the same.
pub fn equal_text(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case(b) && (a.eq_ignore_ascii_case("true") || a.eq_ignore_ascii_case("false")))
}

/// Equality of two texts with holes. Equal holes are equal; what is left over decides.
pub fn same(a: &[Part<'_>], b: &[Part<'_>]) -> Truth {
    let (mut a, mut b) = (Ends::new(a), Ends::new(b));
    a.strip_front(&mut b);
    a.strip_back(&mut b);
    let (a, b) = (a.rest(), b.rest());
    match (&a[..], &b[..]) {
        ([], []) => Truth::True,
        ([], other) | (other, []) => {
            // The other side would have to be empty.
            if other.iter().any(never_empty) { Truth::False } else { Truth::Unknown }
        }
        // What different resources return differs; so do different things that one resource returns.
        ([Part::Hole(Hole::Resource(x, r, _))], [Part::Hole(Hole::Resource(y, s, _))]) => {
            if x != y || r != s {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
        // What comes from outside of the project is no resource of it.
        ([Part::Hole(Hole::Foreign(_))], [Part::Hole(Hole::Resource(_, returned, _))])
        | ([Part::Hole(Hole::Resource(_, returned, _))], [Part::Hole(Hole::Foreign(_))])
            if *returned != Returned::Other =>
        {
            Truth::False
        }
        (a, b) => {
            let clash = match (a.first(), b.first()) {
                (Some(Part::Text(x)), Some(Part::Text(y))) => !x.starts_with(&**y) && !y.starts_with(&**x),
                _ => false,
            } || match (a.last(), b.last()) {
                (Some(Part::Text(x)), Some(Part::Text(y))) => !x.ends_with(&**y) && !y.ends_with(&**x),
                _ => false,
            };
            if clash || !unify(a, b) { Truth::False } else { Truth::Unknown }
        }
    }
}

/// Literals, names, ARNs and ids of resources, and what AWS says of account, region and stack.
fn never_empty(part: &Part<'_>) -> bool {
    match part {
        Part::Text(_) => true,
        Part::Hole(Hole::Resource(_, returned, _)) => *returned != Returned::Other,
        Part::Hole(Hole::Pseudo(pseudo, _)) => *pseudo != Pseudo::NotificationArns,
        Part::Hole(_) => false,
    }
}

/// True if some filling of the holes may make both equal. Exact where one side has no hole, generous where both have.
pub fn unify(a: &[Part<'_>], b: &[Part<'_>]) -> bool {
    match (literal(a), literal(b)) {
        (Some(a), Some(b)) => a == b,
        (Some(text), None) => fits(&text, b),
        (None, Some(text)) => fits(&text, a),
        (None, None) => true,
    }
}

fn literal<'a>(parts: &'a [Part<'_>]) -> Option<Cow<'a, str>> {
    match parts {
        [] => Some(Cow::Borrowed("")),
        [Part::Text(text)] => Some(Cow::Borrowed(text)),
        _ => None,
    }
}

/// True if a text can be had from parts by filling their holes.
fn fits(text: &str, parts: &[Part<'_>]) -> bool {
    let mut rest = text;
    let mut anchored = true;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Hole(_) => anchored = false,
            Part::Text(literal) if anchored => match rest.strip_prefix(&**literal) {
                Some(tail) => rest = tail,
                None => return false,
            },
            Part::Text(literal) if index + 1 == parts.len() => return rest.ends_with(&**literal),
            Part::Text(literal) => match rest.find(&**literal) {
                Some(at) => {
                    rest = &rest[at + literal.len()..];
                    anchored = true;
                }
                None => return false,
            },
        }
        // After a literal that was searched for, the next hole loosens again; two literals never stand side by side.
        if matches!(part, Part::Text(_)) {
            anchored = true;
        }
    }
    !anchored || rest.is_empty()
}

/// Parts with what has been taken off at both ends.
struct Ends<'a, 'p> {
    parts: &'a [Part<'p>],
    /// Bytes taken off the first part.
    front: usize,
    /// Bytes taken off the last part.
    back: usize,
}

impl<'a, 'p> Ends<'a, 'p> {
    fn new(parts: &'a [Part<'p>]) -> Self {
        Self { parts, front: 0, back: 0 }
    }

    fn first_text(&self) -> Option<&'a str> {
        match self.parts {
            [Part::Text(text)] => Some(&text[self.front..text.len() - self.back]),
            [Part::Text(text), ..] => Some(&text[self.front..]),
            _ => None,
        }
    }

    fn last_text(&self) -> Option<&'a str> {
        match self.parts {
            [Part::Text(text)] => Some(&text[self.front..text.len() - self.back]),
            [.., Part::Text(text)] => Some(&text[..text.len() - self.back]),
            _ => None,
        }
    }

    fn drop_first(&mut self) {
        self.parts = &self.parts[1..];
        self.front = 0;
        if self.parts.is_empty() {
            self.back = 0;
        }
    }

    fn drop_last(&mut self) {
        self.parts = &self.parts[..self.parts.len() - 1];
        self.back = 0;
        if self.parts.is_empty() {
            self.front = 0;
        }
    }

    fn strip_front(&mut self, other: &mut Self) {
        loop {
            match (self.parts.first(), other.parts.first()) {
                (Some(Part::Hole(a)), Some(Part::Hole(b))) if a == b => {
                    self.drop_first();
                    other.drop_first();
                }
                (Some(Part::Text(_)), Some(Part::Text(_))) => {
                    let (a, b) = (self.first_text().unwrap_or_default(), other.first_text().unwrap_or_default());
                    let common: usize =
                        a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
                    self.front += common;
                    other.front += common;
                    let (a_done, b_done) = (common == a.len(), common == b.len());
                    if a_done {
                        self.drop_first();
                    }
                    if b_done {
                        other.drop_first();
                    }
                    if !a_done || !b_done {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    fn strip_back(&mut self, other: &mut Self) {
        loop {
            match (self.parts.last(), other.parts.last()) {
                (Some(Part::Hole(a)), Some(Part::Hole(b))) if a == b => {
                    self.drop_last();
                    other.drop_last();
                }
                (Some(Part::Text(_)), Some(Part::Text(_))) => {
                    let (a, b) = (self.last_text().unwrap_or_default(), other.last_text().unwrap_or_default());
                    let common: usize = a
                        .chars()
                        .rev()
                        .zip(b.chars().rev())
                        .take_while(|(x, y)| x == y)
                        .map(|(x, _)| x.len_utf8())
                        .sum();
                    self.back += common;
                    other.back += common;
                    let (a_done, b_done) = (common == a.len(), common == b.len());
                    if a_done {
                        self.drop_last();
                    }
                    if b_done {
                        other.drop_last();
                    }
                    if !a_done || !b_done {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    /// What is left, with cut texts.
    fn rest(&self) -> Vec<Part<'p>> {
        let count = self.parts.len();
        self.parts
            .iter()
            .enumerate()
            .map(|(index, part)| match part {
                Part::Text(text) => {
                    let start = if index == 0 { self.front } else { 0 };
                    let end = if index + 1 == count { text.len() - self.back } else { text.len() };
                    Part::Text(Cow::Owned(text[start..end].to_owned()))
                }
                Part::Hole(hole) => Part::Hole(hole.clone()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::GroupId;
    use super::*;
    use crate::template::TemplateId;

    fn parts(text: &'static str) -> Vec<Part<'static>> {
        // Capital letters are parameters of that name.
        text.split_inclusive(|c: char| c.is_ascii_uppercase())
            .flat_map(|piece| match piece.chars().last() {
                Some(c) if c.is_ascii_uppercase() => {
                    let text = &piece[..piece.len() - 1];
                    let hole = Part::Hole(Hole::Parameter(GroupId(c as u32), TemplateId(0), &piece[piece.len() - 1..]));
                    if text.is_empty() { vec![hole] } else { vec![Part::Text(text.into()), hole] }
                }
                _ => vec![Part::Text(piece.into())],
            })
            .collect()
    }

    #[test]
    fn texts_with_holes_compare() {
        use Truth::{False, True, Unknown};
        for (a, b, expected) in [
            ("mlops-E-key", "mlops-E-key", True),
            ("mlops-E-key", "mlops-E-kex", False),
            ("mlops-E-key", "mlops-F-key", Unknown),
            ("mlops-E-key", "mlops-dev-key", Unknown),
            ("mlops-E-key", "mlops-dev-kez", False),
            ("mlops-E-key", "other", False),
            ("E", "x", Unknown),
            ("E", "F", Unknown),
            ("EF", "E", Unknown),
            ("Ea", "E", False),
            ("x-E-a-F-b", "x-1-a-2-b", Unknown),
            ("x-E-a-F-b", "x-1-c-2-b", False),
            ("aE", "aEa", False),
            ("a", "a", True),
            ("ab", "a", False),
        ] {
            assert_eq!(same(&parts(a), &parts(b)), expected, "{a} {b}");
            assert_eq!(same(&parts(b), &parts(a)), expected, "{b} {a}");
        }
    }
}
