//! Values as YAML, as people write templates, and as JSON.

use std::fmt::Write as _;

use super::random::Random;
use super::value::Value;

/// A template in YAML, with comments here and there.
pub(super) fn yaml(template: &Value, random: &mut Random) -> String {
    let mut out = String::new();
    for (section, body) in template.entries() {
        if section == "AWSTemplateFormatVersion" {
            if let Value::Text(version) = body {
                push(&mut out, format_args!("{section}: '{version}'\n"));
            }
        } else if let Value::Map(entries) = body {
            push(&mut out, format_args!("\n{section}:\n"));
            for (key, value) in entries {
                let resource = section == "Resources";
                if resource && random.percent(35) {
                    let page = random.range(1000, 9999);
                    push(&mut out, format_args!("  # {key}: owned by the platform team; see runbook MLOPS-{page}\n"));
                }
                lead(&mut out, 1, key);
                node(value, 2, &mut out, false);
                if resource {
                    out.push('\n');
                }
            }
        } else {
            lead(&mut out, 0, section);
            node(body, 1, &mut out, false);
        }
    }
    out
}

/// Writes what never fails.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn lead(out: &mut String, depth: usize, key: &str) {
    indent(out, depth);
    out.push_str(&quoted_key(key));
    out.push(':');
}

/// Writes a value behind `Key:` or `-`, its own lines at `depth`.
fn node(value: &Value, depth: usize, out: &mut String, item: bool) {
    match value {
        Value::Text(text) if text.contains('\n') => {
            out.push_str(" |\n");
            block(text, depth, out);
        }
        Value::Text(text) => push(out, format_args!(" {}\n", scalar(text))),
        Value::Number(number) => push(out, format_args!(" {number}\n")),
        Value::Bool(value) => push(out, format_args!(" {value}\n")),
        Value::Call("ImportValue", argument) => {
            // The argument has a tag of its own, so the long form is due.
            out.push('\n');
            lead(out, depth, "Fn::ImportValue");
            node(argument, depth + 1, out, false);
        }
        Value::Call(name, argument) => {
            push(out, format_args!(" !{name}"));
            node(argument, depth, out, false);
        }
        Value::List(items) if items.is_empty() => out.push_str(" []\n"),
        Value::List(items) => {
            out.push('\n');
            for item in items {
                indent(out, depth);
                out.push('-');
                node(item, depth + 1, out, true);
            }
        }
        Value::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Value::Map(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                match (item, index) {
                    (true, 0) => push(out, format_args!(" {}:", quoted_key(key))),
                    (_, index) => {
                        if index == 0 {
                            out.push('\n');
                        }
                        lead(out, depth, key);
                    }
                }
                node(value, depth + 1, out, false);
            }
        }
    }
}

fn block(text: &str, depth: usize, out: &mut String) {
    for line in text.trim_end_matches('\n').split('\n') {
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn is_word(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n" | "~"
    )
}

fn quoted_key(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-'))
        && !is_word(key);
    if plain { key.to_owned() } else { format!("'{key}'") }
}

/// A text on one line, in quotes where it would else be something else.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/' | '$'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./${}@+: *-".contains(c))
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !is_word(text);
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// A template in JSON, indented by one.
pub(super) fn json(template: &Value) -> String {
    let mut out = String::new();
    json_node(template, 0, &mut out);
    out.push('\n');
    out
}

fn json_node(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Text(text) => json_text(text, out),
        Value::Number(number) => push(out, format_args!("{number}")),
        Value::Bool(value) => push(out, format_args!("{value}")),
        Value::Call("GetAtt", argument) => {
            let parts = match &**argument {
                Value::Text(text) => text.splitn(2, '.').map(Into::into).collect(),
                _ => Vec::new(),
            };
            json_map(&[("Fn::GetAtt".to_owned(), Value::List(parts))], depth, out);
        }
        Value::Call(name, argument) => {
            let name = if *name == "Ref" { "Ref".to_owned() } else { format!("Fn::{name}") };
            json_map(&[(name, (**argument).clone())], depth, out);
        }
        Value::List(items) => {
            json_lines(items, '[', ']', depth, out, |item, out| json_node(item, depth + 1, out));
        }
        Value::Map(entries) => json_map(entries, depth, out),
    }
}

fn json_map(entries: &[(String, Value)], depth: usize, out: &mut String) {
    json_lines(entries, '{', '}', depth, out, |(key, value), out| {
        json_text(key, out);
        out.push_str(": ");
        json_node(value, depth + 1, out);
    });
}

fn json_lines<T>(
    items: &[T],
    open: char,
    close: char,
    depth: usize,
    out: &mut String,
    mut each: impl FnMut(&T, &mut String),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n(' ', depth + 1));
        each(item, out);
    }
    if !items.is_empty() {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth));
    }
    out.push(close);
}

pub(super) fn json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => push(out, format_args!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
