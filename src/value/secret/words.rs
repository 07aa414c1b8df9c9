//! What the words of a name say of its value, and what the words of a value say: that it stands for another.

use std::sync::LazyLock;

use crate::catalog::{self, Rows};

/// What a name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something that people may have thought up.
    Password,
    /// Something that was generated.
    Token,
}

impl Kind {
    /// With its article, for messages.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Password => "a password",
            Self::Token => "a token or key",
        }
    }
}

/// The words of the catalogue.
static WORDS: LazyLock<&'static [(&'static str, &'static [&'static str])]> =
    LazyLock::new(|| match catalog::table("secret-words").map(|table| &table.rows) {
        Some(Rows::Keyed(rows)) => rows,
        _ => &[],
    });

/// Those under a key.
fn list(key: &str) -> &'static [&'static str] {
    WORDS.iter().find(|(known, _)| *known == key).map_or(&[], |(_, words)| words)
}

/// What a name such as `DB_PASSWORD`, `dbPassword` or `db-password` says of its value; nothing if it is no secret.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    // Most names are none, which is seen without taking them apart.
    if name.len() < 3 || name.len() > 80 || !ends_like_a_secret(name) {
        return None;
    }
    let words: Vec<String> = words(name).into_iter().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit())).collect();
    let (last, before) = words.iter().rposition(|word| !word.is_empty()).map(|at| (words[at], &words[..at]))?;
    let is = |key: &str, word: &str| list(key).contains(&word);
    if is("password", last) {
        return Some(Kind::Password);
    }
    if is("token", last) {
        return (!before.iter().any(|word| is("vocabulary", word))).then_some(Kind::Token);
    }
    if last == "key" {
        return before.last().is_some_and(|word| is("key", word)).then_some(Kind::Token);
    }
    if is("elsewhere", last) {
        return None;
    }
    let joined = list("joined").iter().find(|ending| last.ends_with(*ending))?;
    Some(if joined.starts_with("pass") { Kind::Password } else { Kind::Token })
}

/// True if the last word of a name may be one that counts.
fn ends_like_a_secret(name: &str) -> bool {
    let end = name.trim_end_matches(|c: char| !c.is_ascii_alphabetic()).as_bytes();
    let endings = ["password", "token", "joined"].into_iter().flat_map(list).copied().chain(["key"]);
    endings.map(str::as_bytes).any(|ending| {
        end.len().checked_sub(ending.len()).is_some_and(|start| end[start..].eq_ignore_ascii_case(ending))
    })
}

/// The words of a name: at signs, and where small letters end.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for piece in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let bytes = piece.as_bytes();
        let mut start = 0;
        for at in 1..bytes.len() {
            let up = bytes[at].is_ascii_uppercase();
            let after_small = !bytes[at - 1].is_ascii_uppercase();
            let before_small = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            if up && (after_small || before_small) {
                words.push(&piece[start..at]);
                start = at;
            }
        }
        if start < piece.len() {
            words.push(&piece[start..]);
        }
    }
    words
}

/// True for a value that stands for a secret: `changeme`, `<token>`, `your-api-key-here`, `xxxxxxxx`.
pub(super) fn placeholder(text: &str) -> bool {
    if text.starts_with(['<', '[', '{', '$', '%', '*', '!', '@']) || text.contains("...") {
        return true;
    }
    let mut bytes = text.bytes();
    let first = bytes.next();
    if bytes.all(|byte| Some(byte) == first) {
        return true;
    }
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let letters = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    list("value").iter().any(|value| *value == plain || (*value == letters && text.len() < 6))
        || list("part").iter().any(|part| plain.contains(part))
}

/// True for pieces that are words or short numbers: the name of something, such as `prod/db-password` or `GITHUB_TOKEN`.
pub(super) fn is_name(text: &str) -> bool {
    let pieces: Vec<&str> = text.split(['-', '_', '/', '.', ':']).collect();
    let is_word = |piece: &&str| {
        let word = piece.trim_end_matches(|c: char| c.is_ascii_digit());
        piece.len() - word.len() <= 2
            && (word.bytes().all(|byte| byte.is_ascii_lowercase())
                || word.bytes().all(|byte| byte.is_ascii_uppercase()))
    };
    let secret = |piece: &str| kind_of(piece).is_some();
    (pieces.len() > 1 && pieces.iter().all(is_word))
        || (text.bytes().all(|byte| byte.is_ascii_alphabetic()) && secret(text))
}

/// True if nothing of a text is random: `my-function-v2`, `nextToken`, `DbSecretAttachment1`.
pub(super) fn is_made_of_words(text: &str) -> bool {
    let words = words(text);
    let is_word = |word: &&str| {
        let letters = word.trim_matches(|c: char| c.is_ascii_digit());
        let digits = word.len() - letters.len();
        let tail = letters.get(1..).unwrap_or_default();
        let plain = letters.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (tail.bytes().all(|byte| byte.is_ascii_lowercase())
                || letters.bytes().all(|byte| byte.is_ascii_uppercase()));
        let vowels = letters.bytes().filter(|byte| b"aeiouyAEIOUY".contains(byte)).count();
        plain
            && digits <= 4
            && (letters.len() <= 3 || vowels > 0)
            && (letters.len() > 1 || digits == 0 || word.len() <= 2)
    };
    // Random text falls apart into many short pieces.
    words.iter().all(is_word) && text.len() >= words.len() * 3
}
