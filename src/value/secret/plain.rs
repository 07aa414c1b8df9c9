//! What is no secret whatever its name is: references, addresses, identifiers, documents.

use super::is_base64;

/// True for what says where something is, or what it is called.
pub(super) fn is_plain(text: &str) -> bool {
    const STARTS: [&str; 12] = [
        "arn:",
        "s3:",
        "/",
        "./",
        "sha256:",
        "sha512:",
        "sha1:",
        "md5:",
        "alias/",
        "ssm:",
        "secretsmanager:",
        "projects/",
    ];
    text.is_empty()
        || text.contains(char::is_whitespace)
        || ["${", "{{", "://", ".amazonaws.com", "$."].iter().any(|sign| text.contains(sign))
        || STARTS.iter().any(|start| text.starts_with(start))
        || is_uuid(text)
        || is_date(text)
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let pieces: Vec<&str> = text.split('-').collect();
    pieces.len() == lengths.len()
        && pieces
            .iter()
            .zip(lengths)
            .all(|(piece, length)| piece.len() == length && piece.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `2012-10-17`, `2025-01-01T00:00:00Z`
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[..10].iter().enumerate().all(|(at, byte)| matches!(at, 4 | 7) || byte.is_ascii_digit())
}

/// True for base64 of a text that people write: a template, a script, a list of words.
pub(super) fn is_document(text: &str) -> bool {
    if text.len() < 16 || !text.bytes().all(is_base64) {
        return false;
    }
    let decoded = decode(text);
    let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    decoded.iter().all(printable)
        && (decoded.first().is_some_and(|first| b"{[<#-".contains(first))
            || decoded.contains(&b' ')
            || decoded.contains(&b'\n'))
}

fn decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = (bits << 6) | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push(u8::try_from((bits >> held) & 0xff).unwrap_or_default());
        }
    }
    decoded
}
