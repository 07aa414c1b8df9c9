//! `embedded.yaml` and `virtual.yaml`: which properties hold documents, and which nodes are read out of them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::output::{literal, literals, optional, slice, table};
use crate::source::{self, Problems};

pub(crate) fn write(root: &Path, problems: &mut Problems, code: &mut String) {
    let folder = root.join("rules/catalog");
    let mut embedded = File::read(root, &folder.join("embedded.yaml"), problems);
    let documents = embedded.sorted("rows", "type", document);
    table(code, "EMBEDDED", "EmbeddedProperty", documents);

    let mut nodes = File::read(root, &folder.join("virtual.yaml"), problems);
    for (list, key, name) in [
        ("resources", "type", "VIRTUAL_RESOURCES"),
        ("pipeline-steps", "step", "PIPELINE_STEPS"),
        ("asl-actions", "action", "ASL_ACTIONS"),
    ] {
        let rules = nodes.sorted(list, key, |row| virtual_rule(row, key));
        table(code, name, "VirtualRule", rules);
    }
    let nested = nodes.map.get("nested").and_then(Value::as_object).cloned().unwrap_or_default();
    let nested = nested.iter().map(|(step, members)| {
        format!("({}, {} as &[&str])", literal(step), literals(source::texts(members).unwrap_or_default()))
    });
    table(code, "NESTED_STEPS", "(&str, &[&str])", nested);
    let states = nodes.map.get("asl-states").and_then(source::texts).unwrap_or_default();
    table(code, "NESTED_STATES", "&[&str]", states.iter().map(|path| segments(path)));
    table(code, "IMAGES", "(&str, &[&[&str]])", nodes.images());
    problems.0.append(&mut embedded.problems.0);
    problems.0.append(&mut nodes.problems.0);
}

struct File {
    name: String,
    map: Map<String, Value>,
    problems: Problems,
}

impl File {
    fn read(root: &Path, path: &Path, problems: &mut Problems) -> Self {
        let (name, map) = source::read(root, path, problems).unwrap_or_default();
        Self { name, map, problems: Problems::default() }
    }

    /// The rows of a list as expressions, sorted by one of their fields; rows of one key keep their order.
    fn sorted(
        &mut self,
        list: &str,
        key: &str,
        lower: impl Fn(&Map<String, Value>) -> Result<String, String>,
    ) -> Vec<String> {
        let mut rows: Vec<(String, String)> = Vec::new();
        if !self.name.is_empty() && !self.map.get(list).is_some_and(Value::is_array) {
            self.problems.add(&self.name, format!("has no list `{list}`"));
        }
        for row in self.map.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
            match field(row, key).and_then(|at| Ok((at, lower(row)?))) {
                Ok(pair) => rows.push(pair),
                Err(problem) => self.problems.add(&self.name, format!("{list}: {problem}")),
            }
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows.into_iter().map(|(_, expression)| expression).collect()
    }

    /// The paths of images, gathered by kind.
    fn images(&mut self) -> Vec<String> {
        let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in self.map.get("images").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
            match field(row, "kind").and_then(|kind| Ok((kind, field(row, "path")?))) {
                Ok((kind, path)) => kinds.entry(kind).or_default().push(segments(&path)),
                Err(problem) => self.problems.add(&self.name, format!("images: {problem}")),
            }
        }
        kinds.into_iter().map(|(kind, paths)| format!("({}, {})", literal(&kind), slice(paths))).collect()
    }
}

fn document(row: &Map<String, Value>) -> Result<String, String> {
    let format = match field(row, "format")?.as_str() {
        "asl" => "Asl",
        "sagemaker-pipeline" => "SageMakerPipeline",
        "policy" => "Policy",
        "event-pattern" => "EventPattern",
        "dashboard" => "Dashboard",
        "openapi" => "OpenApi",
        "json" => "Json",
        other => return Err(format!("`{other}` is no format that the program knows")),
    };
    Ok(format!(
        "EmbeddedProperty {{ resource_type: {}, path: {}, format: Format::{format}, substitutions: {} }}",
        literal(&field(row, "type")?),
        segments(&field(row, "path")?),
        optional(row.get("substitutions").and_then(Value::as_str)),
    ))
}

fn virtual_rule(row: &Map<String, Value>, key: &str) -> Result<String, String> {
    Ok(format!(
        "VirtualRule {{ source: {}, kind: {}, at: {} }}",
        literal(&field(row, key)?),
        literal(&field(row, "kind")?),
        segments(&field(row, "at")?),
    ))
}

fn field(row: &Map<String, Value>, key: &str) -> Result<String, String> {
    row.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("a row has no `{key}`"))
}

/// `Policies[*].PolicyDocument` as `["Policies", "[*]", "PolicyDocument"]`; the empty path has no segments.
fn segments(path: &str) -> String {
    let parts = path.split('.').filter(|part| !part.is_empty()).flat_map(|part| match part.strip_suffix("[*]") {
        Some(key) => vec![literal(key), literal("[*]")],
        None => vec![literal(part)],
    });
    slice(parts)
}
