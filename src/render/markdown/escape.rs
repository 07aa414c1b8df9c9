//! Text of templates in Markdown: what reads as code stays code, everything else stands for itself.

use super::super::text::one_line;

/// Text within a paragraph or a list.
pub(super) fn inline(text: &str) -> String {
    escape(text, |code| format!("`{code}`"))
}

/// Text within a row of a table, where a bar would end the cell, also in code.
pub(super) fn cell(text: &str) -> String {
    // Nothing can be escaped in code, but a bar has to be; then the code is written as HTML.
    let code = |code: &str| {
        if code.contains(['|', '\\']) { format!("<code>{}</code>", plain(code)) } else { format!("`{code}`") }
    };
    escape(text, code)
}

fn escape(text: &str, code: impl Fn(&str) -> String) -> String {
    let line = one_line(text);
    let mut rest = &*line;
    let mut escaped = String::with_capacity(rest.len());
    while let Some(start) = rest.find('`') {
        escaped.push_str(&plain(&rest[..start]));
        let inside = &rest[start + 1..];
        match inside.find('`') {
            // One backquote on each side, and something between them that no reader would trim.
            Some(end) if is_code(&inside[..end]) && !inside[end + 1..].starts_with('`') => {
                escaped.push_str(&code(&inside[..end]));
                rest = &inside[end + 1..];
            }
            _ => {
                escaped.push_str("\\`");
                rest = inside;
            }
        }
    }
    escaped.push_str(&plain(rest));
    escaped
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(' ') && !text.ends_with(' ')
}

/// A backslash before every character that Markdown may read as more than itself.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_[]<>#&!~$|".contains(character) {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

/// Text within HTML.
pub(super) fn html(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
