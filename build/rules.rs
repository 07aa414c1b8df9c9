//! Rule files: their heads become the index, the rest is kept as JSON that is read when a rule is first used.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::output::{literal, literals, optional, table};
use crate::source::{self, Problems};
use crate::tables::{Rows, Table};

/// What the engine evaluates, and what it needs to say what it found.
const BODY: [&str; 18] = [
    "id",
    "name",
    "summary",
    "severity",
    "confidence",
    "profile",
    "match",
    "let",
    "when",
    "require",
    "native",
    "unknown",
    "covered_by",
    "parameters",
    "at",
    "message",
    "related",
    "options",
];
/// What only `explain`, `rules` and help texts read. `summary` is in both.
const DOCS: [&str; 9] =
    ["summary", "why", "do", "references", "controls", "controls_by_analogy", "peers", "never_unknown", "tests"];
/// Longer templates show too much to be an example.
const EXAMPLE_LINES: usize = 40;

pub(crate) struct Rule {
    pub(crate) id: String,
    name: String,
    pub(crate) file: String,
    pub(crate) map: Map<String, Value>,
}

impl Rule {
    fn text(&self, key: &str) -> Option<&str> {
        self.map.get(key).and_then(Value::as_str)
    }

    /// The severity without a case.
    fn severity(&self) -> Option<&str> {
        self.text("severity").or_else(|| self.map.get("severity")?.get("default")?.as_str())
    }
}

/// Reads every rule file. Rules stand in folders; tables and lists of controls stand in `catalog`.
pub(crate) fn read(root: &Path, problems: &mut Problems) -> Vec<Rule> {
    let mut rules = Vec::new();
    for folder in source::folders(&root.join("rules")) {
        if folder.ends_with("catalog") {
            continue;
        }
        for path in source::yaml_files(&folder) {
            let Some((file, map)) = source::read(root, &path, problems) else {
                continue;
            };
            let text = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            rules.push(Rule { id: text("id"), name: text("name"), file, map });
        }
    }
    rules
}

/// What is wrong with a rule whatever it says; what it says is checked by the compiler of rules, in tests.
pub(crate) fn check(rules: &[Rule], tables: &[Table], problems: &mut Problems) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for rule in rules {
        for word in [&rule.id, &rule.name] {
            if let Some(first) = seen.insert(word, &rule.file) {
                problems.add(&rule.file, format!("`{word}` is the id or name of {first} already"));
            }
        }
        for problem in problems_of(rule) {
            problems.add(&rule.file, problem);
        }
        let covering = rule.map.get("covered_by").and_then(Value::as_array).into_iter().flatten();
        for id in covering.filter_map(Value::as_str).filter(|id| !rules.iter().any(|rule| rule.id == *id)) {
            problems.add(&rule.file, format!("`covered_by` names no rule: `{id}`"));
        }
        let mut unknown = Vec::new();
        check_tables(&Value::Object(rule.map.clone()), tables, &mut unknown);
        unknown.sort();
        unknown.dedup();
        for problem in unknown {
            problems.add(&rule.file, problem);
        }
    }
}

fn problems_of(rule: &Rule) -> Vec<String> {
    let mut found = problems_of_identity(rule);
    let words = [
        ("severity", rule.severity(), &["info", "low", "medium", "high", "critical"][..]),
        ("confidence", rule.text("confidence"), &["certain", "likely", "possible"]),
        ("profile", rule.text("profile"), &["recommended", "strict"]),
    ];
    for (key, value, words) in words {
        if !value.is_some_and(|value| words.contains(&value)) {
            found.push(format!("`{key}` must be one of {}", words.join(", ")));
        }
    }
    for key in ["summary", "message"] {
        if rule.text(key).is_none_or(str::is_empty) {
            found.push(format!("`{key}` is missing"));
        }
    }
    if !rule.map.contains_key("match") {
        found.push("`match` is missing".to_owned());
    }
    // Suppressions are judged by the engine, when all other rules have spoken.
    let by_engine = usize::from(rule.text("match") == Some("Suppression"));
    let judges = ["require", "native"].iter().filter(|key| rule.map.contains_key(**key)).count() + by_engine;
    if judges != 1 {
        found.push("a rule has either `require` or `native`, and one about suppressions neither".to_owned());
    }
    let mut keys = rule.map.keys().map(String::as_str);
    if let Some(key) = keys.find(|key| !BODY.contains(key) && !DOCS.contains(key)) {
        found.push(format!("a rule has no key `{key}`"));
    }
    for key in ["controls", "controls_by_analogy"] {
        let frameworks = rule.map.get(key).and_then(Value::as_object);
        for (framework, ids) in frameworks.into_iter().flatten() {
            // `3.10` without quotes is the number 3.1.
            if !ids.as_array().is_some_and(|ids| ids.iter().all(Value::is_string)) {
                found.push(format!(
                    "{key}: {framework} must be a list of texts; put ids that look like numbers in quotes"
                ));
            }
        }
    }
    found
}

/// Id, name, folder and file name belong together.
fn problems_of_identity(rule: &Rule) -> Vec<String> {
    let letters = rule.id.trim_end_matches(|c: char| c.is_ascii_digit());
    let category = letters.to_ascii_lowercase();
    let mut found = Vec::new();
    if letters.is_empty() || letters == rule.id {
        found.push(format!("id `{}` is not letters and digits", rule.id));
    }
    if rule.file.rsplit('/').nth(1) != Some(&category) {
        found.push(format!("rule {} belongs into rules/{category}", rule.id));
    }
    if rule.name != source::stem(&rule.file) {
        found.push(format!("name `{}` is not the file's name", rule.name));
    }
    found
}

/// Every `{table: name}` names a table, and a key that is written out is one of its keys.
fn check_tables(value: &Value, tables: &[Table], problems: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) = map.get("table").and_then(Value::as_str) {
                match tables.iter().find(|table| table.name == name) {
                    None => problems.push(format!("there is no table `{name}` in rules/catalog")),
                    Some(Table { rows: Rows::Keyed(rows), .. }) => {
                        let key = map.get("key").and_then(Value::as_str).filter(|key| !key.starts_with('$'));
                        if let Some(key) = key.filter(|key| rows.iter().all(|(name, _)| name != key)) {
                            problems.push(format!("table `{name}` has no key `{key}`"));
                        }
                    }
                    Some(_) => {}
                }
            }
            map.values().for_each(|value| check_tables(value, tables, problems));
        }
        Value::Array(items) => items.iter().for_each(|value| check_tables(value, tables, problems)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Writes the index and gives the text that its ranges cut from: all bodies first, then all documentation.
pub(crate) fn write(rules: &[Rule], tables: &[Table], code: &mut String) -> String {
    let mut texts = String::new();
    let mut keep = |value: &Map<String, Value>| {
        let start = texts.len();
        texts.push_str(&Value::Object(value.clone()).to_string());
        format!("({start}, {})", texts.len())
    };
    let bodies: Vec<String> = rules.iter().map(|rule| keep(&pick(rule, &BODY))).collect();
    let docs: Vec<String> = rules.iter().map(|rule| keep(&documentation(rule))).collect();
    let items = rules.iter().zip(bodies.iter().zip(&docs)).map(|(rule, (body, docs))| {
        let id = &rule.id;
        format!(
            "BundledRule {{ id: {}, name: {}, summary: {}, severity: {}, confidence: {}, profile: {}, category: {}, types: {}, native: {}, file: {}, body: {body}, docs: {docs} }}",
            literal(id),
            literal(&rule.name),
            literal(rule.text("summary").unwrap_or_default()),
            literal(rule.severity().unwrap_or_default()),
            literal(rule.text("confidence").unwrap_or_default()),
            literal(rule.text("profile").unwrap_or_default()),
            literal(&id.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase()),
            literals(types(rule.map.get("match"), tables)),
            optional(rule.text("native")),
            literal(&rule.file),
        )
    });
    table(code, "RULES", "BundledRule", items);
    let mut names: Vec<(&str, usize)> = rules.iter().enumerate().map(|(at, rule)| (rule.name.as_str(), at)).collect();
    names.sort_unstable();
    table(code, "RULES_BY_NAME", "(&str, usize)", names.iter().map(|(name, at)| format!("({}, {at})", literal(name))));
    texts
}

fn pick(rule: &Rule, keys: &[&str]) -> Map<String, Value> {
    rule.map
        .iter()
        .filter(|(key, _)| keys.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The resource types, globs and virtual kinds that a rule looks at.
fn types(value: Option<&Value>, tables: &[Table]) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(items)) => items.iter().flat_map(|item| types(Some(item), tables)).collect(),
        Some(Value::Object(map)) => {
            let table =
                tables.iter().find(|table| Some(table.name.as_str()) == map.get("table").and_then(Value::as_str));
            table.map(|table| table.types().into_iter().map(str::to_owned).collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn documentation(rule: &Rule) -> Map<String, Value> {
    let mut docs = pick(rule, &DOCS);
    docs.remove("tests");
    let cases = rule.map.get("severity").and_then(|severity| severity.get("cases")).and_then(Value::as_array);
    if let Some(cases) = cases {
        let told = |case: &Value| {
            let keys = ["is", "because"].into_iter();
            keys.filter_map(|key| Some((key.to_owned(), case.get(key)?.clone()))).collect::<Map<_, _>>()
        };
        docs.insert("severity_cases".to_owned(), cases.iter().map(told).collect());
    }
    let tests = rule.map.get("tests").and_then(Value::as_array);
    for (key, wanted) in [("example_bad", true), ("example_good", false)] {
        let example = tests.into_iter().flatten().find_map(|test| example(test, wanted));
        docs.extend(example.map(|template| (key.to_owned(), Value::String(template))));
    }
    docs
}

/// The template of a test if it is one short file of which the rule finds something, or nothing.
fn example(test: &Value, failing: bool) -> Option<String> {
    let template = test.get("template")?.as_str()?;
    let expected = |verdict: &str| {
        let listed = test.get("expect").and_then(Value::as_array).into_iter().flatten();
        listed.into_iter().any(|expect| expect.get("verdict").and_then(Value::as_str) == Some(verdict))
    };
    let fails = template.contains("# <- fail") || expected("fail");
    let undecided = template.contains("# <- unknown") || expected("unknown");
    let fits = if failing { fails } else { !fails && !undecided };
    (fits && template.lines().count() <= EXAMPLE_LINES).then(|| template.to_owned())
}
