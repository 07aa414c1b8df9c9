//! `rules/catalog/*.yaml`: facts that rules look things up in.

use std::path::Path;

use serde_json::{Map, Value};

use crate::output::{literal, literals, slice, table};
use crate::source::{self, Problems};

/// Files beside the tables that have a form of their own, or that only tests and tools read.
const APART: [&str; 4] = ["names", "embedded", "virtual", "peers"];

pub(crate) struct Table {
    pub(crate) name: String,
    summary: String,
    as_of: String,
    open: bool,
    source: Vec<String>,
    pub(crate) rows: Rows,
}

pub(crate) enum Rows {
    Texts(Vec<String>),
    Keyed(Vec<(String, Vec<String>)>),
    Records(Vec<Vec<(String, String)>>),
}

impl Table {
    /// The texts below a key, or all of them.
    pub(crate) fn texts(&self, key: Option<&str>) -> Vec<String> {
        match &self.rows {
            Rows::Texts(rows) => rows.clone(),
            Rows::Keyed(rows) => {
                let wanted = rows.iter().filter(|(at, _)| key.is_none_or(|key| key == at));
                wanted.flat_map(|(_, texts)| texts.clone()).collect()
            }
            Rows::Records(_) => Vec::new(),
        }
    }

    /// The keys of a table that has keys.
    pub(crate) fn keys(&self) -> Vec<&str> {
        match &self.rows {
            Rows::Keyed(rows) => rows.iter().map(|(key, _)| key.as_str()).collect(),
            Rows::Texts(_) | Rows::Records(_) => Vec::new(),
        }
    }

    /// The resource types that the table lists: its texts, its keys, or the `type` of its records.
    pub(crate) fn types(&self) -> Vec<&str> {
        let mut types: Vec<&str> = match &self.rows {
            Rows::Texts(rows) => rows.iter().map(String::as_str).collect(),
            Rows::Keyed(rows) => rows.iter().map(|(key, _)| key.as_str()).collect(),
            Rows::Records(rows) => {
                rows.iter().flatten().filter(|(name, _)| name == "type").map(|(_, value)| value.as_str()).collect()
            }
        };
        types.sort_unstable();
        types.dedup();
        types
    }
}

/// Reads every table, sorted by name.
pub(crate) fn read(root: &Path, problems: &mut Problems) -> Vec<Table> {
    let mut tables = Vec::new();
    for path in source::yaml_files(&root.join("rules/catalog")) {
        let Some((file, map)) = source::read(root, &path, problems) else {
            continue;
        };
        let name = source::stem(&file);
        if APART.contains(&name) {
            continue;
        }
        match lower(name, &map) {
            Ok(table) => tables.push(table),
            Err(problem) => problems.add(&file, problem),
        }
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    tables
}

fn lower(name: &str, map: &Map<String, Value>) -> Result<Table, String> {
    if let Some(key) = map.keys().find(|key| !["summary", "source", "as-of", "open", "rows"].contains(&key.as_str())) {
        return Err(format!("a table has no key `{key}`"));
    }
    let text = |key: &str| {
        map.get(key).and_then(Value::as_str).map(str::to_owned).ok_or(format!("`{key}` is missing or no text"))
    };
    let source = map.get("source").and_then(source::texts).unwrap_or_default();
    if source.is_empty() {
        return Err("`source` names no place where the facts come from".to_owned());
    }
    let open = map.get("open").and_then(Value::as_bool).ok_or("`open` must say true or false")?;
    let rows = rows(map.get("rows").ok_or("`rows` is missing")?)?;
    Ok(Table { name: name.to_owned(), summary: text("summary")?, as_of: text("as-of")?, open, source, rows })
}

fn rows(value: &Value) -> Result<Rows, String> {
    match value {
        Value::Object(map) => {
            let lists = map.iter().map(|(key, value)| {
                source::texts(value)
                    .map(|texts| (key.clone(), texts))
                    .ok_or(format!("row `{key}` must be a list of texts"))
            });
            Ok(Rows::Keyed(lists.collect::<Result<_, _>>()?))
        }
        Value::Array(items) if items.iter().all(Value::is_object) && !items.is_empty() => {
            let records = items.iter().filter_map(Value::as_object).map(|record| {
                let fields = record.iter().map(|(name, value)| {
                    source::text(value)
                        .map(|text| (name.clone(), text))
                        .ok_or(format!("field `{name}` of a row must be one text"))
                });
                fields.collect::<Result<Vec<_>, String>>()
            });
            Ok(Rows::Records(records.collect::<Result<_, _>>()?))
        }
        Value::Array(items) => {
            let texts = items.iter().map(|item| source::text(item).ok_or("rows mix texts with lists or maps"));
            Ok(Rows::Texts(texts.collect::<Result<_, _>>()?))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err("`rows` must be a list or a map".to_owned())
        }
    }
}

pub(crate) fn write(tables: &[Table], code: &mut String) {
    let items = tables.iter().map(|table| {
        let rows = match &table.rows {
            Rows::Texts(rows) => format!("Rows::Texts({})", literals(rows)),
            Rows::Keyed(rows) => {
                let pairs =
                    rows.iter().map(|(key, texts)| format!("({}, {} as &[&str])", literal(key), literals(texts)));
                format!("Rows::Keyed({})", slice(pairs))
            }
            Rows::Records(rows) => {
                let records = rows.iter().map(|record| {
                    let fields = record.iter().map(|(name, value)| format!("({}, {})", literal(name), literal(value)));
                    format!("{} as &[(&str, &str)]", slice(fields))
                });
                format!("Rows::Records({})", slice(records))
            }
        };
        format!(
            "Table {{ name: {}, summary: {}, as_of: {}, open: {}, source: {}, rows: {rows} }}",
            literal(&table.name),
            literal(&table.summary),
            literal(&table.as_of),
            table.open,
            literals(&table.source),
        )
    });
    table(code, "TABLES", "Table", items);
}
