//! What a file is, by its text: quick and without parsing, because most files of a project are something else.
//!
//! A template has `AWSTemplateFormatVersion` or the transform of the Serverless Application Model at its top level, or `Resources` there
//! with a mapping (not a list, as `AppSpec` files have) in which types are written. A template with a mistake in it is still a template:
//! its syntax error is to be reported, not passed over.

use camino::Utf8Path;
use memchr::memmem;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A CloudFormation template.
    Template,
    /// `apiVersion` and `kind`.
    Kubernetes,
    /// `on` and `jobs`.
    GithubWorkflow,
    /// `openapi` or `swagger`.
    OpenApi,
    /// `services`, in a file named so.
    Compose,
    /// `package.json` and its kin.
    Package,
    /// Nothing but white space.
    Empty,
    /// Anything else.
    Other,
}

impl Kind {
    /// In a count: "9 Kubernetes, 5 other".
    pub fn counted(self) -> &'static str {
        match self {
            Self::Template => "CloudFormation",
            Self::Kubernetes => "Kubernetes",
            Self::GithubWorkflow => "GitHub workflow",
            Self::OpenApi => "OpenAPI",
            Self::Compose => "Docker Compose",
            Self::Package => "npm package",
            Self::Empty => "empty",
            Self::Other => "other",
        }
    }

    /// In a sentence: "it looks like …".
    pub fn described(self) -> &'static str {
        match self {
            Self::Template => "a CloudFormation template",
            Self::Kubernetes => "a Kubernetes manifest",
            Self::GithubWorkflow => "a GitHub workflow",
            Self::OpenApi => "an OpenAPI document",
            Self::Compose => "a Docker Compose file",
            Self::Package => "an npm package file",
            Self::Empty => "an empty file",
            Self::Other => "something else",
        }
    }
}

/// The top-level keys that CloudFormation knows, with those of SAM and of rain.
const SECTIONS: [&[u8]; 13] = [
    b"AWSTemplateFormatVersion",
    b"Description",
    b"Metadata",
    b"Parameters",
    b"Rules",
    b"Mappings",
    b"Conditions",
    b"Transform",
    b"Resources",
    b"Outputs",
    b"Hooks",
    b"Globals",
    b"Fn::Transform",
];

/// So many bytes are looked at to name what is no template.
const KIND_HEAD: usize = 16 * 1024;

/// Says what a file is.
pub fn sniff(path: &Utf8Path, bytes: &[u8]) -> Kind {
    let body = trimmed(bytes);
    if body.is_empty() {
        return Kind::Empty;
    }
    if is_template(body) { Kind::Template } else { other_kind(path, body) }
}

/// True if the head of a file rules out a template: a list, or a first top-level key that CloudFormation rejects.
pub(super) fn cannot_be_template(head: &[u8]) -> bool {
    let body = trimmed(head);
    if body.first() == Some(&b'[') {
        return true;
    }
    let mut first = None;
    top_level_keys(body, |key, _| {
        first = Some(key);
        false
    });
    // Without a key in the head (comments, say) nothing is known yet.
    first.is_some_and(|key| !SECTIONS.contains(&key))
}

/// Without the byte order mark and the white space before the first character of the first line that has one.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    // The indentation of the first line counts in YAML.
    let line = bytes[..start].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    if bytes.get(start) == Some(&b'{') || start == bytes.len() { &bytes[start..] } else { &bytes[line..] }
}

fn is_template(body: &[u8]) -> bool {
    // Most files hold none of these words, and this is the fastest way to see it.
    if memmem::find(body, b"Resources").is_none() && memmem::find(body, b"AWSTemplateFormatVersion").is_none() {
        return memmem::find(body, b"AWS::Serverless-").is_some() && has_transform(body);
    }
    let mut found = false;
    top_level_keys(body, |key, value| {
        found = match key {
            b"AWSTemplateFormatVersion" => true,
            b"Transform" => starts_with_serverless(value),
            b"Resources" => holds_resources(value),
            _ => false,
        };
        !found
    });
    found
}

fn has_transform(body: &[u8]) -> bool {
    let mut found = false;
    top_level_keys(body, |key, value| {
        found = key == b"Transform" && starts_with_serverless(value);
        !found
    });
    found
}

/// The value may be text or a list of texts.
fn starts_with_serverless(value: &[u8]) -> bool {
    memmem::find(&value[..value.len().min(400)], b"AWS::Serverless-").is_some()
}

/// A mapping, and types somewhere behind it.
fn holds_resources(value: &[u8]) -> bool {
    let mut rest = value;
    let first = loop {
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        rest = &rest[start..];
        if rest.first() != Some(&b'#') {
            break rest;
        }
        rest = &rest[memchr::memchr(b'\n', rest).unwrap_or(rest.len())..];
    };
    let is_list = match first {
        [b'-', next, ..] => next.is_ascii_whitespace(),
        [b'[', ..] => true,
        _ => false,
    };
    let word = |word: &[u8]| memmem::find(first, word).is_some();
    !is_list && (word(b"Type") || word(b"AWS::") || word(b"Fn::"))
}

fn other_kind(path: &Utf8Path, body: &[u8]) -> Kind {
    let mut keys: Vec<&[u8]> = Vec::new();
    top_level_keys(&body[..body.len().min(KIND_HEAD)], |key, _| {
        keys.push(key);
        true
    });
    let has = |key: &str| keys.contains(&key.as_bytes());
    let name = path.file_name().unwrap_or_default();
    if has("apiVersion") && has("kind") {
        Kind::Kubernetes
    } else if has("jobs") && (has("on") || has("true")) {
        Kind::GithubWorkflow
    } else if has("openapi") || has("swagger") {
        Kind::OpenApi
    } else if has("services") && (name.contains("compose") || has("volumes") || has("networks")) {
        Kind::Compose
    } else if matches!(name, "package.json" | "package-lock.json") {
        Kind::Package
    } else {
        Kind::Other
    }
}

/// Calls `visit` with every top-level key and the text behind its colon, until it returns false.
fn top_level_keys<'a>(body: &'a [u8], visit: impl FnMut(&'a [u8], &'a [u8]) -> bool) {
    if body.first() == Some(&b'{') {
        json_keys(body, visit);
    } else {
        yaml_keys(body, visit);
    }
}

/// Lines with the indentation of the first one that starts with a key and a colon.
fn yaml_keys<'a>(body: &'a [u8], mut visit: impl FnMut(&'a [u8], &'a [u8]) -> bool) {
    let mut indentation = None;
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, after) = (&rest[..end], &rest[(end + 1).min(rest.len())..]);
        let indent = line.iter().position(|&byte| byte != b' ').unwrap_or(line.len());
        let text = &line[indent..];
        let is_content = !matches!(text, [] | [b'#' | b'%', ..] | [b'-', b'-', b'-', ..]) && text.trim_ascii() != b"";
        // Later documents of a file may be indented differently; the first one tells.
        if is_content
            && *indentation.get_or_insert(indent) == indent
            && let Some((key, value)) = key_of(text)
            && !visit(key, &rest[indent + value..])
        {
            return;
        }
        rest = after;
    }
}

/// The key of a line and the offset behind its colon.
fn key_of(line: &[u8]) -> Option<(&[u8], usize)> {
    let quote = *line.first()?;
    let (key, colon) = if matches!(quote, b'"' | b'\'') {
        let end = memchr::memchr(quote, &line[1..])? + 1;
        (&line[1..end], end + 1)
    } else {
        // The colon of `Fn::Transform:` is the one before a blank.
        let colon = memchr::memchr_iter(b':', line).find(|&at| line.get(at + 1).is_none_or(u8::is_ascii_whitespace))?;
        (line[..colon].trim_ascii_end(), colon)
    };
    let blanks = line.get(colon..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
    (line[colon + blanks] == b':').then_some((key, colon + blanks + 1))
}

/// Keys at depth 1 of a JSON text, or of a YAML flow mapping, whose keys may stand without quotes. Tolerates anything.
fn json_keys<'a>(body: &'a [u8], mut visit: impl FnMut(&'a [u8], &'a [u8]) -> bool) {
    let mut depth = 0_u32;
    let mut at = 0;
    // True where a key may start: behind `{` and `,`.
    let mut key_may_start = false;
    while at < body.len() {
        let byte = body[at];
        let word = match byte {
            b'"' => {
                let start = at + 1;
                at = end_of_string(body, start);
                start..at.min(body.len())
            }
            _ if key_may_start && byte.is_ascii_alphabetic() => {
                let length = body[at..].iter().position(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'));
                let start = at;
                at = length.map_or(body.len(), |length| at + length) - 1;
                start..at + 1
            }
            _ => {
                match byte {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                key_may_start = matches!(byte, b'{' | b',') || (key_may_start && byte.is_ascii_whitespace());
                at += 1;
                continue;
            }
        };
        at += 1;
        key_may_start = false;
        if depth == 1 {
            let rest = body.get(at..).unwrap_or_default();
            let blanks = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
            if rest.get(blanks) == Some(&b':') && !visit(&body[word], &rest[blanks + 1..]) {
                return;
            }
        }
    }
}

/// The offset of the closing quote.
fn end_of_string(body: &[u8], mut at: usize) -> usize {
    while let Some(found) = body.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if body[at] == b'"' {
            return at;
        }
        at += 2;
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        sniff(Utf8Path::new("file.yaml"), text.as_bytes())
    }

    #[test]
    fn templates_are_told_by_their_top_level() {
        for text in [
            "Resources:\n  A:\n    Type: AWS::S3::Bucket\n",
            "# a comment\n---\nDescription: x\nResources:\n\n  # none\n  A: {Type: AWS::S3::Bucket}\n",
            "\u{feff}AWSTemplateFormatVersion: 2010-09-09\r\nResources:\r\n",
            "\"Resources\" :\n  A:\n    Type: X\n",
            "'Resources':\n  A:\n    Type: X\n",
            "  Resources:\n    A:\n      Type: X\n",
            "Transform: AWS::Serverless-2016-10-31\n",
            "Transform:\n  - AWS::LanguageExtensions\n  - AWS::Serverless-2016-10-31\n",
            "Parameters:\n  A: {\nResources:\n  broken: [\n  Type: x",
            "{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}",
            "\n {\"Parameters\": {\"Resources\": {\"Type\": \"String\"}}, \"Resources\" : { \"A\": {\"Type\": \"X\"} } }",
            "{\"a\\\"b\": \"{\", \"AWSTemplateFormatVersion\": \"2010-09-09\"}",
            "{\"Resources\": {\"A\": {\"Type\": ",
            "Resources:\n  Fn::ForEach::Loop:\n    - X\n",
            "{Description: 'x', Resources: {A: {Type: AWS::S3::Bucket}}}",
        ] {
            assert_eq!(kind(text), Kind::Template, "{text}");
        }
    }

    #[test]
    fn other_files_are_named() {
        for (text, expected) in [
            ("", Kind::Empty),
            (" \n\t\n", Kind::Empty),
            (
                "apiVersion: v1\nkind: ConfigMap\ndata:\n  t: |\n    Resources:\n      A:\n        Type: X\n",
                Kind::Kubernetes,
            ),
            ("name: CI\non: push\njobs:\n  a: {}\n", Kind::GithubWorkflow),
            ("openapi: 3.0.0\ninfo: {}\n", Kind::OpenApi),
            ("{\"swagger\": \"2.0\"}", Kind::OpenApi),
            ("services:\n  web: {}\nvolumes: {}\n", Kind::Compose),
            ("version: 0.0\nResources:\n  - Target:\n      Type: AWS::ECS::Service\n", Kind::Other),
            ("{\"version\": 0.0, \"Resources\": [{\"Target\": {\"Type\": \"AWS::Lambda::Function\"}}]}", Kind::Other),
            ("{\"Statement\": {\"Resources\": {\"Type\": 1}}}", Kind::Other),
            ("[{\"Resources\": {\"A\": {\"Type\": 1}}}]", Kind::Other),
            ("- Resources:\n    A: {Type: X}\n", Kind::Other),
            ("StartAt: A\nStates: {}\n", Kind::Other),
            ("resources:\n  Resources:\n    A:\n      Type: X\n", Kind::Other),
            ("just text about Resources: Type\n", Kind::Other),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn a_head_that_rules_a_template_out() {
        for (head, out) in [
            ("[1, 2", true),
            ("{\"rows\": [", true),
            ("records:\n", true),
            ("{\"Description\": \"", false),
            ("# long comment\n", false),
            ("Resources:\n", false),
            ("---\nAWSTemplateFormatVersion: x", false),
        ] {
            assert_eq!(cannot_be_template(head.as_bytes()), out, "{head}");
        }
    }
}
