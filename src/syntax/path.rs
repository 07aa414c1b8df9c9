//! Paths below a node: `VpcConfig.Subnets[*]`, `EventPattern['detail-type']`, `**.Image`, `Environment.**`, `@DeletionPolicy`.

use std::fmt;
use std::ops::Range;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A member of a map.
    Key(Box<str>),
    /// An item of a list, from 0.
    Index(usize),
    /// Every item of a list; of a single value that value (one-or-list).
    Each,
    /// A member of that name at any depth, also at the top.
    Deep(Box<str>),
    /// An attribute of a resource, which stands beside its properties: `DeletionPolicy`.
    Attribute(Box<str>),
    /// Every value at any depth that is neither a map nor a list.
    Leaves,
}

/// Steps from a node down.
pub type Path = Vec<Segment>;

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    /// What is wrong.
    pub message: String,
    /// Where in the text, in bytes.
    pub at: Range<usize>,
}

/// Reads a path; `.{a,b}` stands for several paths, one for each name. Empty text is the node itself.
pub fn parse(text: &str) -> Result<Vec<Path>, PathError> {
    let mut paths = vec![Path::new()];
    let mut at = 0;
    let error = |at: Range<usize>, message: &str| PathError { message: message.to_owned(), at };
    while at < text.len() {
        let rest = &text[at..];
        if let Some(inner) = rest.strip_prefix('[') {
            let close = inner.find(']').ok_or_else(|| error(at..text.len(), "`[` without `]`"))?;
            let inside = &inner[..close];
            let segment = if inside == "*" {
                Segment::Each
            } else if let Some(key) = inside.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')) {
                Segment::Key(key.into())
            } else if let Ok(index) = inside.parse() {
                Segment::Index(index)
            } else {
                return Err(error(at..at + close + 2, "between `[` and `]` stands `*`, a number or 'a key'"));
            };
            for path in &mut paths {
                path.push(segment.clone());
            }
            at += close + 2;
            continue;
        }
        if at > 0 {
            at += 1;
            if !rest.starts_with('.') {
                return Err(error(at - 1..text.len(), "a step starts with `.` or `[`"));
            }
        }
        let rest = &text[at..];
        let deep = rest.starts_with("**.");
        let rest = if deep {
            at += 3;
            &text[at..]
        } else {
            rest
        };
        if let Some(inner) = rest.strip_prefix('{') {
            let close = inner.find('}').ok_or_else(|| error(at..text.len(), "`{` without `}`"))?;
            let names: Vec<&str> = inner[..close].split(',').map(str::trim).collect();
            if names.iter().any(|name| name.is_empty()) {
                return Err(error(at..at + close + 2, "an empty name between `{` and `}`"));
            }
            // Taken as the name of one member, it would never be found.
            if let Some(name) = names.iter().find(|name| name.contains(['.', '[', ']', '{', '*', '\''])) {
                let start = at + 1 + inner.find(name).unwrap_or_default();
                let message = format!(
                    "between `{{` and `}}` stand plain names, and `{name}` is none; write a path of its own for it"
                );
                return Err(PathError { message, at: start..start + name.len() });
            }
            paths = paths
                .iter()
                .flat_map(|path| {
                    names.iter().map(move |name| {
                        let mut path = path.clone();
                        path.push(named(name, deep));
                        path
                    })
                })
                .collect();
            at += close + 2;
            continue;
        }
        let end = rest.find(['.', '[', '{', ']', '}']).unwrap_or(rest.len());
        if end == 0 {
            return Err(error(at..at, "a step without a name"));
        }
        let segment = match &rest[..end] {
            "**" if end < rest.len() => {
                return Err(error(at..at + end, "after `**` stands `.` and a name, or nothing"));
            }
            "**" => Segment::Leaves,
            name => named(name, deep),
        };
        for path in &mut paths {
            path.push(segment.clone());
        }
        at += end;
    }
    Ok(paths)
}

/// The step of a name: a member, one at any depth, or an attribute.
fn named(name: &str, deep: bool) -> Segment {
    match name.strip_prefix('@') {
        _ if deep => Segment::Deep(name.into()),
        Some(attribute) => Segment::Attribute(attribute.into()),
        None => Segment::Key(name.into()),
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) | Self::Attribute(key) => write_key(f, key),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Each => f.write_str("[*]"),
            Self::Deep(key) => write!(f, ".**.{key}"),
            Self::Leaves => f.write_str(".**"),
        }
    }
}

/// Writes `.key`, or `['odd.key']` where the key is no plain word.
pub fn write_key(out: &mut impl fmt::Write, key: &str) -> fmt::Result {
    if !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_') {
        out.write_str(".")?;
        out.write_str(key)
    } else {
        write!(out, "['{key}']")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        parse(text).unwrap().iter().map(|path| path.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn paths_read_back() {
        assert_eq!(shown("A.B[*].C[0]"), [".A.B[*].C[0]"]);
        assert_eq!(shown("EventPattern['detail-type'][*]"), [".EventPattern['detail-type'][*]"]);
        assert_eq!(shown("A.{B,C}.D"), [".A.B.D", ".A.C.D"]);
        assert_eq!(shown("{B,C}[*]"), [".B[*]", ".C[*]"]);
        assert_eq!(shown("**.Image"), [".**.Image"]);
        assert_eq!(shown("A.**.B.**"), [".A.**.B.**"]);
        assert_eq!(shown("a['b.c']"), [".a['b.c']"]);
        assert_eq!(shown(""), [""]);
        assert_eq!(parse("@Metadata.Owner").unwrap()[0][0], Segment::Attribute("Metadata".into()));
        assert_eq!(parse("{@A,B}").unwrap(), [[Segment::Attribute("A".into())], [Segment::Key("B".into())]]);
    }

    #[test]
    fn what_is_no_path_is_said_with_its_place() {
        for (text, at) in [
            ("A..B", 2..2),
            ("A.", 2..2),
            ("A[x].B", 1..4),
            ("A[", 1..2),
            ("A.{B", 2..4),
            ("A.{B,}", 2..6),
            ("A]", 1..2),
            ("A.**[*]", 2..4),
        ] {
            assert_eq!(parse(text).unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn between_braces_stand_plain_names() {
        for (text, wrong) in [
            ("{A.B,C}", "A.B"),
            ("X.{C, A.B}.D", "A.B"),
            ("**.{C,A.B}", "A.B"),
            ("{C,A[*]}", "A[*]"),
            ("{C,**}", "**"),
            ("{C,'odd-key'}", "'odd-key'"),
            ("{C,{A,B}}", "{A"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(&text[error.at], wrong, "{text}");
            assert!(error.message.contains(&format!("`{wrong}`")), "{}", error.message);
        }
    }
}
