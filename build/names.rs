//! `rules/catalog/names.yaml`: what names a resource and what `Ref` and `GetAtt` give.

use std::path::Path;

use serde_json::{Map, Value};

use crate::output::{literal, optional, slice, table};
use crate::source::{self, Problems};

/// Writes the static `NAMINGS`, sorted by type; the virtual kinds of `virtual.yaml` are among them.
pub(crate) fn write(root: &Path, problems: &mut Problems, code: &mut String) {
    let mut rows: Vec<(String, String)> = Vec::new();
    let folder = root.join("rules/catalog");
    if let Some((file, map)) = source::read(root, &folder.join("names.yaml"), problems) {
        let types = map.get("types").and_then(Value::as_object);
        if types.is_none() {
            problems.add(&file, "has no map `types`");
        }
        for (name, row) in types.into_iter().flatten() {
            match row.as_object().ok_or("is not a map".to_owned()).and_then(|row| naming(name, row)) {
                Ok(expression) => rows.push((name.clone(), expression)),
                Err(problem) => problems.add(&file, format!("{name}: {problem}")),
            }
        }
    }
    if let Some((file, map)) = source::read(root, &folder.join("virtual.yaml"), problems) {
        for (kind, property) in map.get("names").and_then(Value::as_object).into_iter().flatten() {
            match source::text(property) {
                Some(property) => {
                    rows.push((kind.clone(), expression(kind, Some(&property), &Map::new(), "Other", &[])));
                }
                None => problems.add(&file, format!("names: {kind} must name one member")),
            }
        }
    }
    rows.sort();
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        problems.add("rules/catalog/names.yaml", format!("{} is in it twice, or also in virtual.yaml", pair[0].0));
    }
    table(code, "NAMINGS", "Naming", rows.into_iter().map(|(_, expression)| expression));
}

fn naming(name: &str, row: &Map<String, Value>) -> Result<String, String> {
    const KEYS: [&str; 7] = ["name", "label", "within", "ref", "attributes", "arn", "target"];
    if let Some(key) = row.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("unknown key `{key}`"));
    }
    let mut attributes = Vec::new();
    for (attribute, value) in row.get("attributes").and_then(Value::as_object).into_iter().flatten() {
        attributes.push((attribute.as_str(), returned(value)?));
    }
    let reference = returned(row.get("ref").ok_or("`ref` is missing")?)?;
    Ok(expression(name, row.get("name").and_then(Value::as_str), row, reference, &attributes))
}

fn expression(
    name: &str,
    property: Option<&str>,
    row: &Map<String, Value>,
    reference: &str,
    attributes: &[(&str, &str)],
) -> String {
    let field = |key: &str| optional(row.get(key).and_then(Value::as_str));
    let attributes = attributes.iter().map(|(attribute, value)| format!("({}, Returned::{value})", literal(attribute)));
    format!(
        "Naming {{ resource_type: {}, property: {}, label: {}, within: {}, reference: Returned::{reference}, attributes: {}, arn: {}, target: {} }}",
        literal(name),
        optional(property),
        field("label"),
        field("within"),
        slice(attributes),
        field("arn"),
        field("target"),
    )
}

fn returned(value: &Value) -> Result<&'static str, String> {
    match value.as_str() {
        Some("name") => Ok("Name"),
        Some("arn") => Ok("Arn"),
        Some("id") => Ok("Id"),
        Some("url") => Ok("Url"),
        Some("other") => Ok("Other"),
        _ => Err(format!("{value} is none of name, arn, id, url, other")),
    }
}
