//! The floors of the program: who may use whom, and that every module says what it is.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the ground up; a module uses what stands before it, and of its own floor nothing.
const FLOORS: [&[&str]; 11] = [
    &["source", "catalog"],
    &["syntax", "finding"],
    &["template"],
    &["value"],
    &["graph"],
    &["project"],
    &["rule"],
    &["config"],
    &["engine"],
    &["render"],
    &["cli"],
];

fn floor(module: &str) -> usize {
    FLOORS
        .iter()
        .position(|floor| floor.contains(&module))
        .unwrap_or_else(|| panic!("`{module}` stands on no floor: add it to the table"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The files of the library with the module that each belongs to.
fn sources() -> Vec<(PathBuf, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    files(&root)
        .into_iter()
        .filter_map(|path| {
            let relative = path.strip_prefix(&root).unwrap();
            let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
            let module = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (!matches!(&*module, "lib" | "main")).then_some((path.clone(), module, text))
        })
        .collect()
}

#[test]
fn a_module_uses_floors_below_it_only() {
    let mut wrong = Vec::new();
    for (path, module, text) in sources() {
        for piece in text.split("crate::").skip(1) {
            let used: String = piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if used.is_empty() || used == module {
                continue;
            }
            if floor(&used) >= floor(&module) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is() {
    let silent: Vec<_> =
        sources().into_iter().filter(|(_, _, text)| !text.starts_with("//! ")).map(|(path, ..)| path).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn outside_crates_stay_behind_their_module() {
    let homes = [
        ("granit_parser", "syntax/yaml"),
        ("miette", "render/human"),
        ("quick_xml", "render/junit"),
        ("petgraph", "graph/"),
        ("clap", "cli/"),
    ];
    for (path, _, text) in sources() {
        let path = path.to_string_lossy().replace('\\', "/");
        for (name, home) in homes {
            assert!(
                path.contains(home) || !text.contains(&format!("{name}::")),
                "{path} names {name}, whose place is {home}"
            );
        }
    }
}
