//! The documentation against the program: what a document shows is run, what it lists is complete, what it links exists.
//!
//! Comments in the Markdown say what a block is:
//!
//! - `<!-- run: exit=1 only=ENC001,TPL001 in=files -->` before a `console` block: each `$ mlops-lint …` in it is run, in the
//!   root of the repository or (`in=files`) in a folder with the files of the document, and what it prints has to be what
//!   the block says. With `only`, of each of those rules the first finding is shown, and `...` stands for the rest.
//! - `<!-- not run: why -->` before a `console` block that is not run here.
//! - `<!-- file: PATH -->` before a block that is a file of the document.
//! - `<!-- generated: NAME -->` … `<!-- end -->` around a part that is made from the program.
//! - `<!-- names: NAME -->` before a table whose first column has to list exactly what the program knows.
//!
//! `UPDATE=1 cargo test --test it docs` rewrites blocks and generated parts; what it wrote is to be read before it is committed.

mod pages;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use camino::Utf8PathBuf;
use mlops_lint::catalog;
use mlops_lint::cli::{Exit, Stdio, run};
use mlops_lint::rule::declarative::{GAPS, OPERATORS};
use mlops_lint::rule::testing::RuleFile;
use mlops_lint::rule::{KEYS, Registry};
use mlops_lint::source::FileId;
use mlops_lint::syntax::parse;

/// The documents that people read.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/configuration.md",
    "docs/environments.md",
    "docs/report.md",
    "docs/suppressing.md",
    "docs/writing-rules.md",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Held by tests that may rewrite documents, so that none loses what another one wrote.
static DOCUMENTS_ARE_MINE: Mutex<()> = Mutex::new(());

/// Says that a document is not what it should be, or makes it so if asked to.
fn settle(path: &str, old: &str, new: &str) {
    if old == new {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::File::create(root().join(path)).unwrap().write_all(new.as_bytes()).unwrap();
        return;
    }
    let differs = old.lines().zip(new.lines()).position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| old.lines().count().min(new.lines().count()));
    let around = |text: &str| text.lines().skip(line).take(8).collect::<Vec<_>>().join("\n  ");
    panic!(
        "{path}:{} is stale; `UPDATE=1 cargo test --test it docs` rewrites it.\nwritten:\n  {}\ntrue:\n  {}",
        line + 1,
        around(old),
        around(new)
    );
}

/// A fenced block with the comment before it.
struct Block<'d> {
    /// What stands between `<!--` and `-->` on the line before, `key: rest`.
    mark: Option<(&'d str, &'d str)>,
    language: &'d str,
    text: &'d str,
    /// Where the text stands in the document.
    at: std::ops::Range<usize>,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut mark = None;
    let mut open: Option<(&str, usize)> = None;
    let mut at = 0;
    for line in document.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim_end();
        if let Some((language, from)) = open {
            if trimmed == "```" {
                blocks.push(Block { mark: mark.take(), language, text: &document[from..start], at: from..start });
                open = None;
            }
        } else if let Some(language) = trimmed.strip_prefix("```") {
            open = Some((language, at));
        } else if let Some(comment) = comment(trimmed) {
            mark = Some(comment);
        } else if !trimmed.is_empty() {
            mark = None;
        }
    }
    assert!(open.is_none(), "a fenced block is not closed");
    blocks
}

/// `<!-- key: rest -->`, or `<!-- key -->`.
fn comment(line: &str) -> Option<(&str, &str)> {
    let inside = line.strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    Some(inside.split_once(':').map_or((inside, ""), |(key, rest)| (key.trim(), rest.trim())))
}

/// How a console block is run.
struct Run<'d> {
    exit: u8,
    in_files: bool,
    only: Vec<&'d str>,
}

impl<'d> Run<'d> {
    fn read(words: &'d str) -> Self {
        let mut run = Self { exit: 0, in_files: false, only: Vec::new() };
        for word in words.split_whitespace() {
            match word.split_once('=') {
                Some(("exit", code)) => run.exit = code.parse().unwrap(),
                Some(("in", "files")) => run.in_files = true,
                Some(("only", rules)) => run.only = rules.split(',').collect(),
                _ => panic!("`{word}` says nothing about how to run a block"),
            }
        }
        run
    }
}

/// What the program prints, standard output before standard error.
fn program(arguments: &str, cwd: &Path) -> (u8, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let exit = {
        let mut io = Stdio {
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            width: Some(96),
            cwd: Utf8PathBuf::from_path_buf(cwd.canonicalize().unwrap()).unwrap(),
            env: &|_| None,
        };
        run(std::iter::once("mlops-lint").chain(arguments.split_whitespace()).map(OsString::from), &mut io)
    };
    let code = match exit {
        Exit::Clean => 0,
        Exit::Findings => 1,
        Exit::CouldNotRun => 2,
    };
    stdout.extend(stderr);
    (code, String::from_utf8(stdout).unwrap())
}

/// Of a report the first finding of each of some rules and the summary; `...` stands for what is left out.
fn excerpt(report: &str, only: &[&str]) -> String {
    let mut wanted: Vec<&str> = only.to_vec();
    let mut shown = String::new();
    let mut skipped = false;
    // A finding is a paragraph; so is the summary, which comes last.
    let paragraphs: Vec<&str> = report.trim_end().split("\n\n").collect();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        let last = index + 1 == paragraphs.len();
        let rule = wanted.iter().position(|rule| paragraph.contains(&format!("] {rule}: ")));
        if rule.is_none() && !last {
            skipped = true;
            continue;
        }
        if skipped {
            shown.push_str("...\n\n");
        }
        skipped = false;
        shown.push_str(paragraph);
        shown.push_str(if last { "\n" } else { "\n\n" });
        if let Some(rule) = rule {
            wanted.remove(rule);
        }
    }
    assert!(wanted.is_empty(), "nothing was said by {}", wanted.join(", "));
    shown
}

/// A text in which no time is told: a run takes as long as it takes.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        match line.find(" ms") {
            Some(end) if line[..end].contains(" rules, ") => {
                out.push_str(line[..end].trim_end_matches(|c: char| c.is_ascii_digit()));
                out.push('_');
                out.push_str(&line[end..]);
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// Writes the files of a document into a folder.
fn write_files(document: &str, folder: &Path) {
    for block in blocks(document) {
        if let Some(("file", path)) = block.mark {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::File::create(path).unwrap().write_all(block.text.as_bytes()).unwrap();
        }
    }
}

#[test]
fn console_blocks_show_what_the_program_says() {
    let _mine = DOCUMENTS_ARE_MINE.lock().unwrap_or_else(PoisonError::into_inner);
    for path in DOCUMENTS {
        let document = read(path);
        let files = tempfile::tempdir().unwrap();
        write_files(&document, files.path());
        let mut fresh = String::new();
        let mut copied = 0;
        for block in blocks(&document).into_iter().filter(|block| block.language == "console") {
            let how = match block.mark {
                Some(("run", words)) => Run::read(words),
                Some(("not run", why)) if !why.is_empty() => continue,
                _ => panic!("{path}: a console block has neither `run` nor `not run: why` before it:\n{}", block.text),
            };
            let cwd = if how.in_files { files.path().to_owned() } else { root() };
            let mut shown = String::new();
            for command in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                let arguments = command
                    .strip_prefix("mlops-lint")
                    .unwrap_or_else(|| panic!("{path}: `{command}` cannot be run here"));
                let (code, said) = program(arguments, &cwd);
                assert_eq!(code, how.exit, "{path}: exit code of `{command}`:\n{said}");
                let said = if how.only.is_empty() { said } else { excerpt(&said, &how.only) };
                shown.extend(["$ ", command, "\n", &said]);
            }
            assert!(!shown.is_empty(), "{path}: a console block without a command");
            // A file that a run wrote into the folder must not be what the next one reads.
            fresh.push_str(&document[copied..block.at.start]);
            fresh.push_str(if timeless(&shown) == timeless(block.text) { block.text } else { &shown });
            copied = block.at.end;
        }
        fresh.push_str(&document[copied..]);
        settle(path, &document, &fresh);
    }
}

/// The parts that are made from the program, by name.
fn generated(name: &str, old: &str) -> String {
    match name {
        "operators" => {
            let rows = OPERATORS.iter().map(|(name, takes, asks)| {
                format!(
                    "| `{name}` | {} | {} |\n",
                    takes.replace('|', ", "),
                    asks.replace('|', ", ").replace('*', "\\*")
                )
            });
            format!("| operator | takes | holds if |\n|---|---|---|\n{}", rows.collect::<String>())
        }
        "tables" => {
            let rows = catalog::tables().iter().map(|table| {
                format!(
                    "| `{}` | {} | {} | {} |\n",
                    table.name,
                    table.summary,
                    table.as_of,
                    if table.open { "yes" } else { "no" }
                )
            });
            format!("| table | what it lists | as of | open |\n|---|---|---|---|\n{}", rows.collect::<String>())
        }
        "categories" => categories(old),
        "config-keys" => {
            let rows = mlops_lint::config::KEYS.iter().map(|key| {
                let takes = match key.shape {
                    mlops_lint::config::Shape::Word(words) => words.join(", "),
                    mlops_lint::config::Shape::Texts => "a text or a list".to_owned(),
                    mlops_lint::config::Shape::Own(_) => "a map or a list".to_owned(),
                };
                format!("| `{}` | {takes} | {} | {} |\n", key.name, key.about, key.default)
            });
            format!("| key | takes | says | without it |\n|---|---|---|---|\n{}", rows.collect::<String>())
        }
        "count" => format!("{} rules", Registry::bundled().rules().len()),
        "sagemaker" => {
            let about = |kind: &str| kind.contains("SageMaker") || kind.starts_with("ML::") || kind.starts_with("PD::");
            let registry = Registry::bundled();
            let rules = registry.rules().iter().filter(|rule| rule.kinds.0.iter().any(|kind| about(kind)));
            rules.count().to_string()
        }
        other => panic!("nothing makes `{other}`"),
    }
}

/// The table of categories: its words are written by hand, its numbers are counted.
fn categories(old: &str) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for rule in Registry::bundled().rules() {
        *counts.entry(rule.meta.category().to_ascii_uppercase()).or_default() += 1;
    }
    let mut fresh = String::new();
    for line in old.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let row = match cells[..] {
            [category, words, _] if !category.is_empty() && category.chars().all(|c| c.is_ascii_uppercase()) => {
                let count = counts.remove(category).unwrap_or_else(|| panic!("no rule is of category {category}"));
                format!("| {category} | {words} | {count} |")
            }
            _ => line.to_owned(),
        };
        fresh.push_str(&row);
        fresh.push('\n');
    }
    assert!(counts.is_empty(), "the table lacks {:?}", counts.keys());
    fresh
}

#[test]
fn generated_parts_are_fresh() {
    let _mine = DOCUMENTS_ARE_MINE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = BTreeSet::new();
    for path in DOCUMENTS {
        let document = read(path);
        let mut fresh = String::new();
        let mut rest = document.as_str();
        while let Some((before, after)) = rest.split_once("<!-- generated: ") {
            let (name, after) = after.split_once(" -->").expect("the comment ends");
            let (old, after) = after.split_once("<!-- end -->").expect("the generated part ends");
            // A part within a line stays within it.
            let (open, close) = if old.starts_with('\n') { ("\n\n", "\n") } else { ("", "") };
            let new = generated(name, old.trim());
            fresh.extend([before, "<!-- generated: ", name, " -->", open, &new, close, "<!-- end -->"]);
            seen.insert(name.to_owned());
            rest = after;
        }
        fresh.push_str(rest);
        settle(path, &document, &fresh);
    }
    assert!(
        ["operators", "tables", "categories", "count", "sagemaker"].iter().all(|name| seen.contains(*name)),
        "{seen:?}"
    );
}

/// What the program knows by a name.
fn known(name: &str) -> BTreeSet<String> {
    let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    match name {
        "keys" => texts(&KEYS),
        "gaps" => GAPS.iter().map(|gap| format!("{{{gap}}}")).collect(),
        "kinds" => {
            // States, tasks and steps are read whatever they say, so no row of the table names them.
            let mut kinds: BTreeSet<String> = texts(&["ASL::State", "ASL::Task", "PD::Step", "ML::Image"]);
            let text = read("rules/catalog/virtual.yaml");
            let parsed = parse(FileId::new(0), &text.as_str().into());
            let root = parsed.document.root().unwrap();
            for list in ["resources", "pipeline-steps", "asl-actions"] {
                kinds.extend(root.get(list).unwrap().items().map(|row| row.get("kind").unwrap().text().to_owned()));
            }
            kinds
        }
        "frameworks" => fs::read_dir(root().join("rules/catalog/frameworks"))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect(),
        "reasons" => {
            let schema = mlops_lint::render::schema();
            let reasons = schema["$defs"]["ReasonKind"]["oneOf"].as_array().unwrap();
            reasons.iter().map(|kind| kind["const"].as_str().unwrap().to_owned()).collect()
        }
        other => panic!("nothing is known by the name `{other}`"),
    }
}

#[test]
fn tables_of_names_are_complete() {
    let mut seen = 0;
    for path in DOCUMENTS {
        let document = read(path);
        for piece in document.split("<!-- names: ").skip(1) {
            let (name, after) = piece.split_once(" -->").expect("the comment ends");
            let rows = after.trim_start().lines().take_while(|line| line.starts_with('|')).skip(2);
            // Every word in backquotes of the first column.
            let listed: BTreeSet<String> = rows
                .flat_map(|row| {
                    row.trim_matches('|').split('|').next().unwrap_or_default().split('`').skip(1).step_by(2)
                })
                .map(ToOwned::to_owned)
                .collect();
            assert_eq!(listed, known(name), "{path}: the table of {name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}

#[test]
fn rules_in_documents_are_rules_whose_tests_notice_every_change() {
    let document = read("docs/writing-rules.md");
    let mut seen = 0;
    for block in blocks(&document) {
        let Some(("file", path)) = block.mark else { continue };
        if !path.starts_with("rules/") {
            continue;
        }
        let file = RuleFile::read(block.text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(Path::new(path).file_stem().unwrap(), file.rule.meta.name.as_str(), "file name and name");
        assert!(!file.tests.is_empty(), "{path} has no tests");
        for test in &file.tests {
            test.run(&file.rule).unwrap_or_else(|problems| panic!("{path}: {}: {problems}", test.name));
        }
        for (mutant, change) in (0..).map_while(|number| file.mutant(number)) {
            assert!(file.tests.iter().any(|test| test.run(&mutant).is_err()), "{path}: no test notices that {change}");
        }
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn options_in_documents_exist() {
    let help: String = ["check", "rules", "explain", "config", "init"]
        .map(|command| program(&format!("{command} --help"), &root()).1)
        .concat();
    let known: BTreeSet<&str> = options(&help).collect();
    // Of cargo, git and the AWS CLI, which documents name too.
    let others = BTreeSet::from([
        "--all-targets",
        "--document-private-items",
        "--locked",
        "--no-deps",
        "--parameter-overrides",
        "--path",
        "--release",
        "--test",
    ]);
    for path in DOCUMENTS {
        let document = read(path);
        let unknown: BTreeSet<&str> =
            options(&document).filter(|option| !known.contains(option) && !others.contains(option)).collect();
        assert!(unknown.is_empty(), "{path} names {unknown:?}");
    }
}

/// Every `--word` of a text.
fn options(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("--").filter_map(|(at, _)| {
        let starts =
            text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '-' | '!' | '<'));
        let word = text[at + 2..].find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(text.len() - at - 2);
        let option = &text[at..at + 2 + word];
        (starts && option.len() > 2 && !option[2..].starts_with('-')).then(|| option.trim_end_matches('-'))
    })
}

#[test]
fn links_between_documents_lead_somewhere() {
    for path in DOCUMENTS {
        let document = read(path);
        let folder = root().join(path).parent().unwrap().to_owned();
        for piece in document.split("](").skip(1) {
            let target = piece.split(')').next().unwrap();
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { root().join(path) } else { folder.join(file) };
            assert!(file.exists(), "{path} links {target}, which is not there");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&file).unwrap();
                assert!(headings(&text).contains(anchor), "{path} links {target}: no such heading");
            }
        }
    }
}

/// The anchors of the headings of a document, as sites that render Markdown make them.
fn headings(document: &str) -> BTreeSet<String> {
    let fenced: Vec<_> = blocks(document).into_iter().map(|block| block.at).collect();
    let mut anchors = BTreeSet::new();
    let mut at = 0;
    for line in document.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if !line.starts_with('#') || fenced.iter().any(|block| block.contains(&start)) {
            continue;
        }
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        anchors.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
    }
    anchors
}

#[test]
fn the_set_up_of_a_fresh_machine_is_two_commands() {
    let readme = read("README.md");
    let (_, section) = readme.split_once("## Set-up: two commands").expect("there is a heading for the set-up");
    let section = section.split("\n## ").next().unwrap();
    let commands: Vec<&str> = blocks(section)
        .into_iter()
        .filter(|block| block.language == "sh")
        .flat_map(|block| block.text.lines())
        .map(|line| line.split(" #").next().unwrap().trim())
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(commands, ["cargo run --release -- templates/", "cargo test"]);
    assert!(read(".ci/run").contains("cargo test --locked"));
}

#[test]
fn each_promise_of_the_reference_names_rules_that_exist() {
    let readme = read("templates/README.md");
    let (_, promises) = readme.split_once("## Promises").expect("there is a heading for the promises");
    let rows: Vec<&str> =
        promises.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 10, "{}", rows.len());
    for row in rows {
        let rules = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for rule in rules.split(", ") {
            assert!(catalog::rule(rule).is_some(), "`{rule}` is no rule: {row}");
        }
    }
}

/// The commands of the README are run where the files that they name are.
#[test]
fn commands_of_the_readme_run() {
    let readme = read("README.md");
    let template = "Resources:\n  Handle:\n    Type: AWS::CloudFormation::WaitConditionHandle\n";
    let rule = "id: OWN001\nname: x\nseverity: low\nmatch: AWS::SNS::Topic\nrequire: { path: TopicName, present: true }\nmessage: \"`{self}`\"\n";
    let mut seen = 0;
    for block in blocks(&readme).into_iter().filter(|block| block.language == "sh") {
        for line in block.text.lines() {
            let command = line.split(" #").next().unwrap().split(" >").next().unwrap().trim();
            let Some(arguments) = command.strip_prefix("mlops-lint") else { continue };
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in
                [("infra/a.yaml", template), ("pipeline/endpoint.yaml", template), ("our-rules/x.yaml", rule)]
            {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
            }
            let (code, said) = program(arguments, folder.path());
            assert_eq!(code, 0, "`{command}`:\n{said}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn hooks_and_configuration_of_the_readme_are_real() {
    let readme = read("README.md");
    let hooks = read(".pre-commit-hooks.yaml");
    let named: Vec<&str> = readme.split("- id: ").skip(1).map(|rest| rest.split_whitespace().next().unwrap()).collect();
    assert_eq!(named, ["mlops-lint", "mlops-lint-all"]);
    for id in named {
        assert!(hooks.lines().any(|line| line == format!("- id: {id}")), "{id}");
    }
    let config = blocks(&readme).into_iter().find(|block| block.text.starts_with("profile: strict")).unwrap();
    mlops_lint::config::Config::read("c.yaml".into(), config.text).unwrap_or_else(|error| panic!("{}", error.error));
}
