//! Is a text a secret, or does it hold one? Plain code over tables of the catalogue; it knows no template.
//!
//! Holes are written `${…}` in the text, and what holds one is never a literal secret. A miss is better than a false
//! alarm: what stands for a secret (placeholders, names, ARNs, references) and what only looks random (hashes with their
//! algorithm, UUIDs, documents in base64) is none.

mod plain;
mod words;

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::catalog::{self, Rows};
use crate::finding::MASK;

use plain::{is_document, is_plain};
use words::{Kind, kind_of, placeholder};

/// A secret that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it is, with its article: "a GitHub token".
    pub what: &'static str,
    /// What of it may be shown, such as `ghp_****`.
    pub shown: String,
    /// The texts that nobody is to repeat: what is not shown of it, line by line.
    pub hidden: Vec<String>,
}

/// Nothing longer is a password or token that only its name tells.
const LONGEST: usize = 512;

/// Nothing shorter is one: a password of six characters.
const SHORTEST: usize = 6;

/// The first secret in a text; `names` are what the text is the value of: a key, a variable, a parameter.
pub fn find(text: &str, names: &[&str]) -> Option<Secret> {
    // Most values of a template are shorter than the shortest secret.
    if text.len() < SHORTEST {
        return None;
    }
    private_key(text)
        .or_else(|| formats(text))
        .or_else(|| json_web_token(text))
        .or_else(|| password_in_url(text))
        .or_else(|| named(text, names))
        .or_else(|| assignment(text))
}

fn secret(what: &'static str, prefix: &str, rest: &str) -> Secret {
    Secret { what, shown: format!("{prefix}{MASK}"), hidden: vec![rest.to_owned()] }
}

/// A block in PEM; certificates and public keys are no secrets.
fn private_key(text: &str) -> Option<Secret> {
    const END: &str = "PRIVATE KEY-----";
    let begin = text.find("-----BEGIN ")?;
    let head = begin + text[begin..].find(END)? + END.len();
    if text[begin..head].contains(['\n', '\r']) {
        return None;
    }
    let body = text[head..].split("-----END").next().unwrap_or_default();
    // In a string of a program or of JSON a line ends with an escape.
    let lines = body
        .split(['\n', '\r'])
        .flat_map(|line| line.split("\\n"))
        .map(|line| line.trim_matches([' ', '\t', '"', '\'', ',']));
    let lines: Vec<String> =
        lines.filter(|line| line.len() >= 16 && line.bytes().all(is_base64)).map(str::to_owned).collect();
    let is_real = lines.iter().map(String::len).sum::<usize>() >= 40 && lines.iter().all(|line| !placeholder(line));
    is_real.then(|| Secret { what: "a private key", shown: format!("{}{MASK}", &text[begin..head]), hidden: lines })
}

/// A form of credentials, read out of its row once.
struct Format {
    what: &'static str,
    prefix: &'static str,
    finder: Finder<'static>,
    is_body: fn(u8) -> bool,
    least: usize,
    most: usize,
}

static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let Some(Rows::Records(rows)) = catalog::table("secret-formats").map(|table| &table.rows) else {
        return Vec::new();
    };
    let format = |row: &&'static [(&'static str, &'static str)]| {
        let column = |name: &str| row.iter().find(|(known, _)| *known == name).map_or("", |&(_, value)| value);
        let is_body: fn(u8) -> bool = match column("body") {
            "base32" => |byte| byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7'),
            "word" => is_word,
            "dotted" => |byte| is_word(byte) || byte == b'.',
            "path" => |byte| is_word(byte) || byte == b'/',
            _ => |byte| byte.is_ascii_alphanumeric(),
        };
        Format {
            what: column("what"),
            prefix: column("prefix"),
            finder: Finder::new(column("prefix")),
            is_body,
            least: column("least").parse().unwrap_or(usize::MAX),
            most: column("most").parse().unwrap_or(usize::MAX),
        }
    };
    rows.iter().map(format).collect()
});

/// Every credential with a form of its own has so many letters, digits, `_`, `-` and `.` in a row.
const SHORTEST_RUN: usize = 16;

/// A credential with a prefix of its own.
fn formats(text: &str) -> Option<Secret> {
    if !has_run(text.as_bytes(), SHORTEST_RUN) {
        return None;
    }
    FORMATS.iter().find_map(|format| {
        let bytes = text.as_bytes();
        format.finder.find_iter(bytes).find_map(|at| {
            let start = at + format.prefix.len();
            let alone = !at.checked_sub(1).is_some_and(|before| is_word(bytes[before]));
            // No longer run is looked at than may be one.
            let limit = bytes.len().min(start.saturating_add(format.most).saturating_add(1));
            let body = text.get(start..run_end(&bytes[..limit], start, format.is_body)).filter(|_| alone)?;
            let alone = !bytes.get(start + body.len()).copied().is_some_and(|byte| byte.is_ascii_alphanumeric());
            let fits = (format.least..=format.most).contains(&body.len());
            (alone && fits && is_varied(body) && !placeholder(body)).then(|| secret(format.what, format.prefix, body))
        })
    })
}

/// True if so many bytes that credentials consist of stand in a row.
fn has_run(bytes: &[u8], least: usize) -> bool {
    let mut run = 0;
    bytes.iter().any(|&byte| {
        run = if is_word(byte) || byte == b'.' { run + 1 } else { 0 };
        run >= least
    })
}

/// Three parts in base64, of which the first two are objects of JSON.
fn json_web_token(text: &str) -> Option<Secret> {
    const START: &str = "eyJ";
    text.match_indices(START).find_map(|(at, _)| {
        // Within a run only its start is looked at.
        if at.checked_sub(1).is_some_and(|before| is_word(text.as_bytes()[before]) || text.as_bytes()[before] == b'.') {
            return None;
        }
        let token = &text[at..run_end(text.as_bytes(), at, |byte| is_word(byte) || byte == b'.')];
        let mut parts = token.split('.');
        let (head, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let is_token = head.len() >= 12 && payload.starts_with(START) && signature.len() >= 20;
        (is_token && !placeholder(signature)).then(|| secret("a JSON web token", START, &token[START.len()..]))
    })
}

/// `scheme://user:password@host`
fn password_in_url(text: &str) -> Option<Secret> {
    text.match_indices("://").find_map(|(at, separator)| {
        let start = at + separator.len();
        let ends = ['/', '?', '#', '"', '\'', '<', '>', '`', '\\'];
        let authority = text[start..].split(|c: char| c.is_whitespace() || ends.contains(&c)).next()?;
        let (user, password) = authority.rsplit_once('@')?.0.split_once(':')?;
        let has_scheme = text[..at].bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let is_literal = !password.contains(['$', '{', '}', '%', '*', '[', ']', '(', ')', '+', ',']);
        let is_same = password.eq_ignore_ascii_case(user);
        (has_scheme && is_literal && !is_same && password.len() >= 4 && !placeholder(password))
            .then(|| secret("a URL with a password", "", password))
    })
}

/// The value of something whose name says that it is secret.
fn named(text: &str, names: &[&str]) -> Option<Secret> {
    let kind = names.iter().find_map(|name| kind_of(name))?;
    is_value(kind, text.trim()).then(|| secret(kind.what(), "", text.trim()))
}

/// True for a literal secret of a kind, as far as one can tell.
fn is_value(kind: Kind, text: &str) -> bool {
    if text.len() > LONGEST || is_plain(text) || placeholder(text) {
        return false;
    }
    let has = |test: fn(&u8) -> bool| text.as_bytes().iter().any(test);
    let (digit, letter) = (has(u8::is_ascii_digit), has(u8::is_ascii_alphabetic));
    match kind {
        Kind::Password => {
            let classes =
                [has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase), digit, has(u8::is_ascii_punctuation)];
            let varied = classes.iter().filter(|there| **there).count() >= 2;
            let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.len() >= 6 && (varied || all_digits) && !words::is_name(text)
        }
        Kind::Token => {
            text.len() >= 12
                && text.bytes().all(|byte| byte.is_ascii_graphic())
                && digit
                && letter
                && is_varied(text)
                && !words::is_made_of_words(text)
                && !is_document(text)
        }
    }
}

/// `password = "…"`, `"password": "…"`, `Password=…;` in a script, a document or a connection string.
fn assignment(text: &str) -> Option<Secret> {
    if !text.contains(['=', ':']) {
        return None;
    }
    let one_line = !text.contains('\n');
    let bytes = text.as_bytes();
    let is_name = |byte: u8| is_word(byte) || byte == b'.';
    let mut at = 0;
    while at < bytes.len() {
        if !is_name(bytes[at]) {
            at += 1;
            continue;
        }
        let end = run_end(bytes, at, is_name);
        let name = &text[at..end];
        at = end;
        // Few words are followed by a value, and that is seen faster than what a name says.
        let Some((value, quoted)) = assigned(text, end, one_line) else { continue };
        let Some(kind) = kind_of(name) else { continue };
        // Without quotes only what cannot be an expression.
        let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
        let is_literal =
            value.len() >= 8 && value.bytes().all(is_word) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        if (quoted || is_literal) && is_value(kind, value) {
            return Some(secret(kind.what(), "", value));
        }
    }
    None
}

/// What is assigned behind a name, and whether it stands in quotes.
fn assigned(text: &str, name_end: usize, one_line: bool) -> Option<(&str, bool)> {
    let rest = text[name_end..].trim_start_matches('\\');
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let spaced = rest.trim_start_matches([' ', '\t']);
    let sign = [":=", "=>", "=", ":"].into_iter().find(|sign| spaced.starts_with(sign))?;
    let after = &spaced[sign.len()..];
    if after.starts_with(['=', ':']) {
        return None;
    }
    let value = after.trim_start_matches([' ', '\t']);
    let opened = value.trim_start_matches('\\');
    if let Some(quote) = opened.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        let inner = head(&opened[1..]);
        let end = inner.find([quote, '\\', '\n'])?;
        return (!inner[end..].starts_with('\n')).then_some((&inner[..end], true));
    }
    let tight = rest.len() == spaced.len() && value.len() == after.len() && sign == "=" && one_line;
    if !tight {
        return None;
    }
    let value = head(value);
    let end = value.find([';', '&', ',', ' ', '\t', '"', '\'']).unwrap_or(value.len());
    Some((&value[..end], false))
}

/// The start of a text, just longer than any value that counts.
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST + 4)]
}

/// The end of the run of bytes that starts at a place.
fn run_end(bytes: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    bytes[start..].iter().position(|&byte| !belongs(byte)).map_or(bytes.len(), |len| start + len)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// True for a text of many different characters: at least 2.5 bits of entropy a character.
fn is_varied(text: &str) -> bool {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let entropy: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / length;
            -share * share.log2()
        })
        .sum();
    entropy >= 2.5
}

#[cfg(test)]
mod tests;
