//! The files of the reference architecture, as the program carries them.

use std::path::{Path, PathBuf};

use crate::output::{literal, table};
use crate::source::{self, Problems};

/// Writes the table of files below `templates/`, by path. What tools leave behind there is left out.
pub(crate) fn write(root: &Path, problems: &mut Problems, code: &mut String) {
    let folder = root.join("templates");
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let items: Vec<String> = files.iter().filter_map(|path| item(&folder, path, problems)).collect();
    table(code, "REFERENCE", "BundledFile", items);
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in source::entries(folder) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if name == ".github" || !(name.starts_with(['.', '_']) || name.ends_with(".egg-info")) {
                collect(&path, files);
            }
        } else if !name.starts_with('.') && path.extension().is_none_or(|extension| extension != "pyc") {
            files.push(path);
        }
    }
}

fn item(folder: &Path, path: &Path, problems: &mut Problems) -> Option<String> {
    let relative = path.strip_prefix(folder).ok()?.to_str()?.replace('\\', "/");
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.add(&format!("templates/{relative}"), error);
            return None;
        }
    };
    // Whether a file is a program shows in its first bytes, also where the file system does not know it.
    let executable = text.starts_with("#!");
    let absolute = path.canonicalize().ok()?;
    let (relative, absolute) = (literal(&relative), literal(absolute.to_str()?));
    Some(format!("BundledFile {{ path: {relative}, text: include_str!({absolute}), executable: {executable} }}"))
}
