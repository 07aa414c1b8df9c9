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

/// Patterns with the file in which each stands first.
pub(crate) type Patterns<'r> = BTreeMap<(Kind, String), &'r str>;

pub(crate) struct Automata {
    index: Vec<(Kind, String, usize, usize)>,
    pub(crate) blob: Vec<u8>,
}

/// Every pattern that an operator of a rule is given, directly, in a list, by a table or by an option's default.
pub(crate) fn collect<'r>(rules: &'r [Rule], tables: &[Table]) -> Patterns<'r> {
    let mut collector = Collector { tables, rule: None, patterns: Patterns::new() };
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

impl Collector<'_, '_> {
    fn visit(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match key.as_str() {
                        "matches" | "not_matches" => self.argument(Kind::Regex, value),
                        "glob" | "not_glob" => self.argument(Kind::Glob, value),
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
        if let Some(text) = source::text(value) {
            self.add(kind, &text);
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.argument(kind, item)),
            Value::Object(map) => {
                let tables = self.tables;
                let named = map.get("table").and_then(Value::as_str);
                let key = map.get("key").and_then(Value::as_str).filter(|key| !key.starts_with('$'));
                for table in tables.iter().filter(|table| Some(table.name.as_str()) == named) {
                    table.texts(key).for_each(|text| self.add(kind, text));
                }
                let option = map.get("option").and_then(Value::as_str);
                if let Some(default) = option.and_then(|name| self.rule?.map.get("options")?.get(name)?.get("default")) {
                    self.argument(kind, default);
                }
            }
            _ => {}
        }
    }

    /// Resource types may be globs where a rule chooses nodes.
    fn node_types(&mut self, key: &str, value: &Value) {
        if matches!(key, "match" | "nodes" | "to" | "types" | "refers_to") {
            for text in source::texts(value).unwrap_or_default() {
                if text.contains("::") && text.contains(['*', '?', '{', '[']) {
                    self.add(Kind::Glob, &text);
                }
            }
        }
    }

    fn add(&mut self, kind: Kind, text: &str) {
        if let Some(rule) = self.rule {
            self.patterns.entry((kind, text.to_owned())).or_insert(&rule.file);
        }
    }
}

/// Compiles the patterns for the target's byte order.
pub(crate) fn compile(patterns: &Patterns<'_>, big_endian: bool, problems: &mut Problems) -> Automata {
    let mut automata = Automata { index: Vec::new(), blob: Vec::new() };
    for ((kind, text), file) in patterns {
        let automaton = match kind {
            Kind::Regex => compile::regex(text, Limit::None),
            Kind::Glob => compile::glob(text, Limit::None),
        };
        match automaton {
            Ok(automaton) if automaton.memory_usage() > LARGEST => {
                let bytes = automaton.memory_usage();
                problems.add(file, format!("pattern `{text}` takes {bytes} bytes as an automaton; narrow it or write the check natively"));
            }
            Ok(automaton) => {
                let bytes = if big_endian { automaton.to_bytes_big_endian() } else { automaton.to_bytes_little_endian() };
                let start = automata.blob.len();
                automata.blob.extend(bytes);
                automata.index.push((*kind, text.clone(), start, automata.blob.len()));
            }
            Err(error) => problems.add(file, format!("pattern `{text}`: {error}")),
        }
    }
    automata
}

pub(crate) fn write(automata: &Automata, code: &mut String) {
    for (wanted, name) in [(Kind::Regex, "REGEXES"), (Kind::Glob, "GLOBS")] {
        let items = automata.index.iter().filter(|(kind, ..)| *kind == wanted);
        table(code, name, "(&str, usize, usize)", items.map(|(_, text, start, end)| format!("({}, {start}, {end})", literal(text))));
    }
}
