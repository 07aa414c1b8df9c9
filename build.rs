//! Turns `rules/` and `templates/` into static data, so that the program parses no table and compiles no pattern when it starts.
//!
//! Reads rule files and tables as untyped YAML and writes three things into `OUT_DIR`: `catalog.rs` (the index as
//! Rust statics), `rules.json` (bodies and documentation of the rules, one after the other) and `automata.bin`
//! (the patterns as sparse automata). A mistake in a file fails the build and names the file.

#[path = "build/bundled.rs"]
mod bundled;
#[path = "src/value/pattern/compile.rs"]
mod compile;
#[path = "build/documents.rs"]
mod documents;
#[path = "build/frameworks.rs"]
mod frameworks;
#[path = "build/names.rs"]
mod names;
#[path = "build/output.rs"]
mod output;
#[path = "build/patterns.rs"]
mod patterns;
#[path = "build/rules.rs"]
mod rules;
#[path = "build/source.rs"]
mod source;
#[path = "build/tables.rs"]
mod tables;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use source::Problems;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=templates");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let mut problems = Problems::default();
    let files = generate(&root, &mut problems);
    if !problems.0.is_empty() {
        for line in problems.0.iter().flat_map(|problem| problem.lines()) {
            println!("cargo::error={line}");
        }
        return ExitCode::FAILURE;
    }
    let out = PathBuf::from(variable("OUT_DIR"));
    for (name, content) in files {
        if let Err(error) = output::replace(&out.join(name), &content) {
            println!("cargo::error={}: {error}", out.join(name).display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Reads everything and gives the files to write.
fn generate(root: &Path, problems: &mut Problems) -> [(&'static str, Vec<u8>); 3] {
    let tables = tables::read(root, problems);
    let mut rules = rules::read(root, problems);
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules::check(&rules, &tables, problems);
    let patterns = patterns::collect(&rules, &tables);
    let big_endian = variable("CARGO_CFG_TARGET_ENDIAN") == "big";
    let automata = patterns::compile(&patterns, big_endian, problems);

    let mut code = String::new();
    tables::write(&tables, &mut code);
    names::write(root, problems, &mut code);
    documents::write(root, problems, &mut code);
    frameworks::write(root, problems, &mut code);
    let texts = rules::write(&rules, &tables, &mut code);
    patterns::write(&automata, &mut code);
    bundled::write(root, problems, &mut code);
    [("catalog.rs", code.into_bytes()), ("rules.json", texts.into_bytes()), ("automata.bin", automata.blob)]
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
