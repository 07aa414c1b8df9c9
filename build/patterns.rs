//! The patterns of all rules, as automata that the program reads without compiling anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compile::{self, Limit};
use crate::output::{literal, table};
use crate::rules::Rule;
use crate::source::{self, Problems};
use crate::tables::Table;

/// A pattern whose automaton is larger than this costs more than plain code would.
const LARGEST: usize = 128 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Regex,
    Glob,
}

/// Patterns with the file in which each stands first; those of a list or table stand together.
pub(crate) type Patterns<'r> = BTreeMap<(Kind, Vec<String>), &'r str>;

pub(crate) struct Automata {
    index: Vec<(Kind, String, usize, usize)>,
    pub(crate) blob: Vec<u8>,
}

/// Every pattern that an operator of a rule is given, directly, in a list, by a table or by an option's default.
pub(crate) fn collect<'r>(rules: &'r [Rule], tables: &[Table]) -> Patterns<'r> {
    // Patterns of the engine itself.
    let own = [compile::GIVEN_BY_AWS, compile::WORD, compile::ARN_FIELD, compile::ARN_NAME];
    let own = own.map(|text| ((Kind::Regex, vec![text.to_owned()]), "src/value/pattern/compile.rs"));
    let mut collector = Collector { tables, rule: None, patterns: Patterns::from(own) };
    for rule in rules {
        collector.rule = Some(rule);
        for key in ["match", "let", "when", "require", "severity"] {
            if let Some(value) = rule.map.get(key) {
                collector.node_types(key, value);
                collector.visit(value);
            }
        }
    }
    collector.patterns
}

struct Collector<'r, 't> {
    tables: &'t [Table],
    rule: Option<&'r Rule>,
    patterns: Patterns<'r>,
}

impl<'t> Collector<'_, 't> {
    fn visit(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match key.as_str() {
                        "matches" | "not_matches" => self.argument(Kind::Regex, value),
                        // A glob that the templates hold is known at run time only.
                        "glob" | "not_glob" if value.as_str().is_some_and(|text| text.starts_with('$')) => {}
                        "glob" | "not_glob" => self.argument(Kind::Glob, value),
                        "do" if value.get("for").is_some() => self.keys(value),
                        _ => {}
                    }
                    self.node_types(key, value);
                    self.visit(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.visit(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn argument(&mut self, kind: Kind, value: &Value) {
        // Which key is known at run time only: each may be asked for.
        if let Some(table) = self.table(value).filter(|_| key(value).is_some_and(|key| key.starts_with('$'))) {
            for key in table.keys() {
                self.add(kind, table.texts(Some(key)));
            }
            return;
        }
        let mut texts = Vec::new();
        self.texts(value, &mut texts);
        self.add(kind, texts);
    }

    /// Each key of a table is a pattern of its own.
    fn keys(&mut self, value: &Value) {
        for key in self.table(value).map(Table::keys).unwrap_or_default() {
            self.add(Kind::Regex, vec![key.to_owned()]);
        }
    }

    /// The texts of an argument in the order in which the engine reads them.
    fn texts(&self, value: &Value, texts: &mut Vec<String>) {
        if let Some(text) = source::text(value) {
            texts.push(text);
        } else if let Value::Array(items) = value {
            for item in items {
                self.texts(item, texts);
            }
        } else if let Some(table) = self.table(value) {
            texts.extend(table.texts(key(value)));
        } else if let Some(name) = value.get("option").and_then(Value::as_str) {
            let default = self.rule.and_then(|rule| rule.map.get("options")?.get(name)?.get("default"));
            if let Some(default) = default {
                self.texts(default, texts);
            }
        }
    }

    fn table(&self, value: &Value) -> Option<&'t Table> {
        let name = value.get("table")?.as_str()?;
        self.tables.iter().find(|table| table.name == name)
    }

    /// Resource types may be globs where a rule chooses nodes.
    fn node_types(&mut self, key: &str, value: &Value) {
        if matches!(key, "match" | "nodes" | "to" | "types" | "refers_to") {
            for text in source::texts(value).unwrap_or_default() {
                if text.contains("::") && text.contains(['*', '?', '{', '[']) {
                    self.add(Kind::Glob, vec![text]);
                }
            }
        }
    }

    fn add(&mut self, kind: Kind, texts: Vec<String>) {
        if let Some(rule) = self.rule.filter(|_| !texts.is_empty()) {
            self.patterns.entry((kind, texts)).or_insert(&rule.file);
        }
    }
}

/// The key of a table, as a rule writes it.
fn key(value: &Value) -> Option<&str> {
    value.get("key").and_then(Value::as_str)
}

/// Compiles the patterns for the target's byte order.
pub(crate) fn compile(patterns: &Patterns<'_>, big_endian: bool, problems: &mut Problems) -> Automata {
    let mut automata = Automata { index: Vec::new(), blob: Vec::new() };
    for ((kind, texts), file) in patterns {
        let slices: Vec<&str> = texts.iter().map(String::as_str).collect();
        let automaton = match kind {
            Kind::Regex => compile::regexes(&slices, Limit::None),
            Kind::Glob => compile::globs(&slices, Limit::None),
        };
        let text = texts.join("\n");
        match automaton {
            Ok(automaton) if automaton.memory_usage() > LARGEST => {
                let bytes = automaton.memory_usage();
                problems.add(
                    file,
                    format!(
                        "pattern `{text}` takes {bytes} bytes as an automaton; narrow it or write the check natively"
                    ),
                );
            }
            Ok(automaton) => {
                let bytes =
                    if big_endian { automaton.to_bytes_big_endian() } else { automaton.to_bytes_little_endian() };
                let start = automata.blob.len();
                automata.blob.extend(bytes);
                automata.index.push((*kind, text, start, automata.blob.len()));
            }
            Err(error) => problems.add(file, format!("pattern `{text}`: {error}")),
        }
    }
    automata.index.sort();
    automata
}

pub(crate) fn write(automata: &Automata, code: &mut String) {
    for (wanted, name) in [(Kind::Regex, "REGEXES"), (Kind::Glob, "GLOBS")] {
        let items = automata.index.iter().filter(|(kind, ..)| *kind == wanted);
        table(
            code,
            name,
            "(&str, usize, usize)",
            items.map(|(_, text, start, end)| format!("({}, {start}, {end})", literal(text))),
        );
    }
}
