//! The smallest pieces of JSON: escapes, bare words, numbers.

use std::borrow::Cow;

/// The text that a piece of a JSON string literal stands for, without its quotes. What is no escape of JSON stays as it is.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while !rest.is_empty() {
        let (character, len) = escape(rest.as_bytes()).unwrap_or(('\\', 1));
        text.push(character);
        rest = &rest[len..];
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(text)
}

/// The character of the escape that the bytes start with, and its length.
pub(super) fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = hex4(bytes.get(2..6)?)?;
            if (0xD800..0xDC00).contains(&unit)
                && bytes.get(6..8) == Some(b"\\u")
                && let Some(low @ 0xDC00..0xE000) = bytes.get(8..12).and_then(hex4)
            {
                return Some((char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))?, 12));
            }
            return Some((char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 6));
        }
        _ => return None,
    };
    Some((character, 2))
}

fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, &byte| Some(number * 16 + char::from(byte).to_digit(16)?))
}

/// Bytes that end a run of plain bytes in a string: quote, backslash and control characters.
pub(super) const ENDS_RUN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < b' ' {
        ends[byte as usize] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

pub(super) fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}

/// RFC 8259: no leading zeros, digits on both sides of the point.
pub(super) fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then(|| &text[count..])
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let Some(mut rest) = (if text.first() == Some(&b'0') { Some(&text[1..]) } else { digits(text) }) else {
        return false;
    };
    if let Some(fraction) = rest.strip_prefix(b".") {
        let Some(after) = digits(fraction) else { return false };
        rest = after;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = if let [b'+' | b'-', digits @ ..] = exponent { digits } else { exponent };
        let Some(after) = digits(exponent) else { return false };
        rest = after;
    }
    rest.is_empty()
}
