//! The tests that stand in the rule files, each under its name; and what every rule file has to be.
//!
//! `cargo test --test rules notebook` runs those of one rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use mlops_lint::engine::testing;
use mlops_lint::rule::testing::{Asserted, RuleFile, bound_and_used};
use mlops_lint::syntax::Node;
use mlops_lint::value::pattern::Automaton;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = rule_files(&root);
    let mut trials = vec![Trial::test("the ids and names of all rules are unique", {
        let files = files.clone();
        move || unique(&files)
    })];
    trials.push(Trial::test("no pattern matches everything", no_trivial_pattern));
    let frameworks = frameworks(&root);
    let peers = peers(&root);
    for path in files {
        let text = fs::read_to_string(&path).expect("a listed rule file can be read");
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("rule files have plain names").to_owned();
        match RuleFile::read(&text) {
            Err(error) => trials.push(Trial::test(format!("{name}::compiles"), move || Err(at(&text, &error).into()))),
            Ok(file) => {
                for test in file.tests.clone() {
                    let text = text.clone();
                    trials.push(Trial::test(format!("{name}::{}", test.name), move || {
                        let file = RuleFile::read(&text).map_err(|error| error.to_string())?;
                        testing::run(&test, &file.rule).map_err(Failed::from).map(|_| ())
                    }));
                }
                let (frameworks, peers, text) = (frameworks.clone(), peers.clone(), text);
                trials.push(Trial::test(format!("{name}::is whole"), {
                    let text = text.clone();
                    move || whole(&path, &text, &frameworks, &peers)
                }));
                trials.push(Trial::test(format!("{name}::mutants are noticed"), move || mutants(&text)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn rule_files(root: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(root)
        .expect("there is a folder of rules")
        .flatten()
        .filter(|folder| folder.path().is_dir() && folder.file_name() != "catalog")
        .flat_map(|folder| fs::read_dir(folder.path()).expect("a category can be listed").flatten())
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn at(text: &str, error: &mlops_lint::rule::declarative::RuleError) -> String {
    let line = text[..error.span.start as usize].matches('\n').count() + 1;
    format!("line {line}: {} {}", error.message, error.help.as_deref().unwrap_or_default())
}

fn unique(files: &[PathBuf]) -> Result<(), Failed> {
    let mut seen: BTreeMap<String, &Path> = BTreeMap::new();
    for path in files {
        let Ok(file) = RuleFile::read(&fs::read_to_string(path)?) else { continue };
        for word in [file.rule.meta.id.as_str().to_owned(), file.rule.meta.name] {
            if let Some(other) = seen.insert(word.clone(), path) {
                return Err(format!("`{word}` stands in {} and {}", other.display(), path.display()).into());
            }
        }
    }
    Ok(())
}

/// A pattern that matches every text tests nothing.
fn no_trivial_pattern() -> Result<(), Failed> {
    let mut patterns = 0;
    for (kind, text) in mlops_lint::catalog::patterns() {
        let automaton = Automaton::bundled(kind, text).ok_or_else(|| format!("`{text}` cannot be read back"))?;
        if automaton.is_trivial() {
            return Err(format!("`{text}` matches everything").into());
        }
        patterns += 1;
    }
    if patterns == 0 { Err("there is no pattern".into()) } else { Ok(()) }
}

/// Everything that every rule file has to have.
fn whole(
    path: &Path,
    text: &str,
    frameworks: &BTreeMap<String, BTreeSet<String>>,
    peers: &BTreeSet<String>,
) -> Result<(), Failed> {
    let file = RuleFile::read(text).map_err(|error| error.to_string())?;
    let root = file.document().root().ok_or("the file is empty")?;
    let mut problems = Vec::new();
    let mut require = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    let meta = &file.rule.meta;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    require(stem == meta.name, format!("the file is {stem}, the name {}", meta.name));
    require(folder == meta.category(), format!("the folder is {folder}, the category {}", meta.category()));
    for key in [
        "summary",
        "why",
        "do",
        "references",
        "match",
        "message",
        "severity",
        "confidence",
        "profile",
        "peers",
        "tests",
    ] {
        let there = root.get(key).is_some_and(|node| {
            node.is_sequence() || node.is_mapping() || node.scalar().is_some_and(|text| !text.trim().is_empty())
        });
        require(there, format!("`{key}` is missing"));
    }
    require(!meta.summary.ends_with('.'), "the summary ends with a full stop".to_owned());
    require(
        root.get("controls").or(root.get("controls_by_analogy")).is_some(),
        "neither `controls` nor `controls_by_analogy`".to_owned(),
    );
    for key in ["controls", "controls_by_analogy"] {
        for (framework, ids) in root.get(key).into_iter().flat_map(Node::entries) {
            let known = frameworks.get(framework.text());
            require(known.is_some(), format!("there is no framework `{}`", framework.text()));
            for id in ids.items() {
                let there = known.is_some_and(|known| known.contains(id.text()));
                require(there, format!("{} has no control `{}`", framework.text(), id.text()));
            }
        }
    }
    for peer in root.get("peers").into_iter().flat_map(Node::items) {
        let id = peer.text().trim_start_matches('~');
        require(peers.contains(id), format!("there is no peer `{id}`"));
    }
    let references: Vec<&str> =
        root.get("references").into_iter().flat_map(Node::items).filter_map(Node::scalar).collect();
    require(
        references.iter().any(|page| page.starts_with("https://docs.aws.amazon.com/")),
        "no reference is a page of AWS's documentation".to_owned(),
    );
    let (bound, text) = bound_and_used(&file);
    for name in bound {
        let uses = text.matches(&format!("${name}")).count() + text.matches(&format!("{{{name}")).count();
        require(uses > 0, format!("nothing uses `{name}`"));
    }
    let mut asserted = Asserted::default();
    for test in &file.tests {
        if let Ok(one) = testing::run(test, &file.rule) {
            asserted.fail += one.fail;
            asserted.pass += one.pass;
            asserted.unknown += one.unknown;
            asserted.places += one.places;
            asserted.messages += one.messages;
        }
    }
    require(asserted.fail > 0, "no test fails".to_owned());
    require(asserted.pass > 0, "no test passes".to_owned());
    let never_unknown = root.get("never_unknown").and_then(Node::scalar).is_some();
    require(asserted.unknown > 0 || never_unknown, "no test is unknown, and no `never_unknown` says why".to_owned());
    require(asserted.unknown == 0 || !never_unknown, "`never_unknown`, but a test is unknown".to_owned());
    require(asserted.places > 0, "no test asserts a place".to_owned());
    require(asserted.messages > 0, "no test asserts a message".to_owned());
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// Takes parts of the rule away, one at a time: a mutant that no test notices is a part that is not tested.
fn mutants(text: &str) -> Result<(), Failed> {
    let file = RuleFile::read(text).map_err(|error| error.to_string())?;
    let mut survivors = Vec::new();
    let mut number = 0;
    while let Some((mutant, description)) = file.mutant(number) {
        if file.tests.iter().all(|test| testing::run(test, &mutant).is_ok()) {
            survivors.push(description);
        }
        number += 1;
    }
    if survivors.is_empty() { Ok(()) } else { Err(format!("no test notices: {}", survivors.join("; ")).into()) }
}

fn frameworks(root: &Path) -> BTreeMap<String, BTreeSet<String>> {
    fs::read_dir(root.join("catalog/frameworks"))
        .expect("there is a folder of frameworks")
        .flatten()
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).expect("a framework can be read");
            let parsed = parse(&text);
            let root = parsed.document.root().expect("a framework is a map");
            let id = root.get("id").and_then(Node::scalar).expect("a framework has an id").to_owned();
            let controls =
                root.get("controls").into_iter().flat_map(Node::entries).map(|(key, _)| key.text().to_owned());
            (id, controls.collect())
        })
        .collect()
}

fn peers(root: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(root.join("catalog/peers.yaml")).expect("there is a list of peers");
    let parsed = parse(&text);
    let root = parsed.document.root().expect("the list of peers is a map");
    root.get("ids").into_iter().flat_map(Node::items).map(|node| node.text().to_owned()).collect()
}

fn parse(text: &str) -> mlops_lint::syntax::Parsed {
    let parsed = mlops_lint::syntax::parse(mlops_lint::source::FileId::new(0), &text.into());
    assert!(parsed.issues.is_empty(), "{:?}", parsed.issues);
    parsed
}
