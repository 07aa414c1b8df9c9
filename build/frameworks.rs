//! `rules/catalog/frameworks/`: compliance frameworks with the titles of their controls.

use std::path::Path;

use serde_json::{Map, Value};

use crate::output::{literal, literals, slice, table};
use crate::source::{self, Problems};

/// Writes the static `FRAMEWORKS`, sorted by id, their controls sorted by id.
pub(crate) fn write(root: &Path, problems: &mut Problems, code: &mut String) {
    let mut rows = Vec::new();
    for path in source::yaml_files(&root.join("rules/catalog/frameworks")) {
        let Some((file, map)) = source::read(root, &path, problems) else { continue };
        match framework(&file, &map) {
            Ok(row) => rows.push(row),
            Err(problem) => problems.add(&file, problem),
        }
    }
    rows.sort();
    table(code, "FRAMEWORKS", "Framework", rows.into_iter().map(|(_, expression)| expression));
}

/// The id and the expression.
fn framework(file: &str, map: &Map<String, Value>) -> Result<(String, String), String> {
    const KEYS: [&str; 6] = ["id", "name", "version", "source", "as-of", "controls"];
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("unknown key `{key}`"));
    }
    let text = |key: &str| {
        map.get(key).and_then(source::text).filter(|text| !text.is_empty()).ok_or(format!("`{key}` must be a text"))
    };
    let id = text("id")?;
    if id != source::stem(file) {
        return Err(format!("id `{id}` is not the file's name"));
    }
    let sources = map.get("source").and_then(source::texts).unwrap_or_default();
    if sources.is_empty() {
        return Err("`source` names no place where the facts come from".to_owned());
    }
    let mut controls: Vec<(&str, &str)> = Vec::new();
    for (control, title) in map.get("controls").and_then(Value::as_object).ok_or("has no map `controls`")? {
        let title = title.as_str().filter(|title| !title.is_empty());
        controls.push((control, title.ok_or(format!("control {control} has no title"))?));
    }
    controls.sort_unstable();
    let controls = controls.iter().map(|(control, title)| format!("({}, {})", literal(control), literal(title)));
    let expression = format!(
        "Framework {{ id: {}, name: {}, version: {}, as_of: {}, source: {}, controls: {} }}",
        literal(&id),
        literal(&text("name")?),
        literal(&text("version")?),
        literal(&text("as-of")?),
        literals(&sources),
        slice(controls),
    );
    Ok((id, expression))
}
