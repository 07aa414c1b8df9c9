//! YAML files as untyped values, and what is wrong with them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy};

/// What is wrong, each with its file: all of it is shown at once.
#[derive(Default)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl Problems {
    pub(crate) fn add(&mut self, file: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{file}: {what}"));
    }
}

/// The `.yaml` files directly in a folder of the project, by name. A folder that is not there has none.
pub(crate) fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = entries(folder);
    files.retain(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "yaml"));
    files
}

/// The folders directly in a folder, by name.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders = entries(folder);
    folders.retain(|path| path.is_dir());
    folders
}

/// What stands directly in a folder, by name.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Reads a file that holds a mapping.
pub(crate) fn read(root: &Path, path: &Path, problems: &mut Problems) -> Option<(String, Map<String, Value>)> {
    let file = display(root, path);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.add(&file, error);
            return None;
        }
    };
    // YAML 1.2 booleans and no octal numbers: `on`, `010` and `1_000` stay the text that was written.
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    match serde_saphyr::from_str_with_options::<Value>(&text, options) {
        Ok(Value::Object(map)) => Some((file, map)),
        Ok(_) => {
            problems.add(&file, "is not a mapping");
            None
        }
        Err(error) => {
            problems.add(&file, error);
            None
        }
    }
}

/// The path in the project, with forward slashes on every system.
fn display(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The name of a file without folder and extension.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".yaml").unwrap_or(name)
}

/// A scalar as text. Numbers and booleans are written as YAML does.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A scalar, or a list of scalars, as texts.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        other => text(other).map(|one| vec![one]),
    }
}
