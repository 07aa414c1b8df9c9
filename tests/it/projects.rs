//! Whole projects: exactly the planned findings come, each at its exact place.
//!
//! A comment `# <- ENC001 NET014` plans findings of these rules that start on its line. Where no comment can stand (JSON,
//! block scalars) `expected.yaml` beside the templates plans them, by the text that the finding marks.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use mlops_lint::config::{self, Config};
use mlops_lint::engine::{self, CheckOptions, Report};
use mlops_lint::finding::{Finding, RuleId};
use mlops_lint::project::Project;
use mlops_lint::project::discover::{self, discover};
use mlops_lint::rule::Registry;
use mlops_lint::source::{Encoding, FileId, SourceFile, SourceMap};
use mlops_lint::syntax::{self, Node};

/// A finding that has to come.
#[derive(Debug)]
struct Planned {
    file: String,
    rule: String,
    /// The line that it starts on.
    line: Option<u32>,
    /// The text that it marks.
    at: Option<String>,
    resource: Option<String>,
}

fn folder(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects").join(name)
}

/// The findings of a project, with the names of its files relative to it.
fn lint(name: &str) -> (SourceMap, Report) {
    let root = folder(name);
    let mut stdin = std::io::empty();
    let options = discover::Options::new(&root, &root, &mut stdin);
    let found = discover(&[Utf8PathBuf::from(".")], options).unwrap();
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
    let files = found.templates.into_iter().map(|template| (template.path, template.text)).collect();
    let mut project = Project::load(files, found.explicit_files_only);
    deploy(&root, &mut project);
    let graph = engine::link(&project);
    assert_eq!(engine::problems(&project, &graph), [], "the configuration fits the templates");
    let registry = Registry::bundled();
    let options = CheckOptions { today: Some("2026-12-01".parse().unwrap()), ..CheckOptions::everything() };
    let report = engine::check(&project, &graph, &registry, options, |file| path(&project.sources, file));
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    drop(graph);
    (project.sources, report)
}

/// Deploys a project as its configuration says, if it has one.
fn deploy(root: &Utf8Path, project: &mut Project) {
    let Ok(text) = std::fs::read_to_string(root.join(config::FILE_NAME)) else { return };
    let config = Config::read(config::FILE_NAME.into(), &text).unwrap_or_else(|error| panic!("{}", error.error));
    let file = project.sources.add(SourceFile::new(config::FILE_NAME, text));
    project.deployment = engine::deployment(&config, file, |path| path.into());
}

fn path(sources: &SourceMap, file: FileId) -> &str {
    let path = sources.file(file).path().as_str();
    path.strip_prefix("./").unwrap_or(path)
}

fn planned(name: &str, sources: &SourceMap) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (id, file) in sources.iter() {
        for (line, text) in (1..).zip(file.text().lines()) {
            let Some((_, rules)) = text.split_once("# <- ") else { continue };
            planned.extend(rules.split_whitespace().map(|rule| Planned {
                file: path(sources, id).to_owned(),
                rule: rule.to_owned(),
                line: Some(line),
                at: None,
                resource: None,
            }));
        }
    }
    if let Ok(text) = std::fs::read_to_string(folder(name).join("expected.yaml")) {
        let parsed = syntax::parse(FileId::new(0), &text.into());
        assert!(parsed.issues.is_empty(), "{:?}", parsed.issues);
        let items: Vec<Node<'_>> = parsed.document.root().unwrap().items().collect();
        assert!(!items.is_empty());
        for item in items {
            let text = |key: &str| item.get(key).and_then(Node::scalar).map(ToOwned::to_owned);
            let known = ["file", "rule", "resource", "line", "at"];
            assert!(item.entries().all(|(key, _)| known.contains(&key.text())), "an unknown key in `{}`", item.text());
            planned.push(Planned {
                file: text("file").unwrap(),
                rule: text("rule").unwrap(),
                line: text("line").map(|line| line.parse().unwrap()),
                at: Some(text("at").unwrap()),
                resource: text("resource"),
            });
        }
    }
    planned
}

fn place(sources: &SourceMap, finding: &Finding) -> (u32, u32) {
    let file = sources.file(finding.primary.span.file);
    let position = file.lines().position(file.text(), finding.primary.span.start, Encoding::Utf32);
    (position.line, position.column)
}

/// Checks that the findings are those that were planned, and gives them as a list.
fn compare(name: &str) -> (String, Report) {
    let (sources, report) = lint(name);
    let mut planned = planned(name, &sources);
    let mut problems = String::new();
    let mut list = String::new();
    for finding in &report.findings {
        let (file, (line, column)) = (path(&sources, finding.primary.span.file), place(&sources, finding));
        let marked = sources.slice(finding.primary.span);
        let shown = format!("{} {file}:{line}:{column} {}", finding.rule.as_str(), finding.message);
        writeln!(list, "{shown}").unwrap();
        let meets = |plan: &Planned| {
            plan.file == file
                && plan.rule == finding.rule.as_str()
                && plan.line.is_none_or(|planned| planned == line)
                && plan.at.as_deref().is_none_or(|text| text == marked)
                && (plan.resource.is_none() || plan.resource == finding.subject.resource)
        };
        match planned.iter().position(meets) {
            Some(index) => drop(planned.remove(index)),
            None => writeln!(problems, "not planned: {shown}\n    marks {marked:?} in {:?}", finding.subject.resource)
                .unwrap(),
        }
    }
    for plan in planned {
        writeln!(problems, "planned, but not found: {plan:?}").unwrap();
    }
    assert!(problems.is_empty(), "{name}:\n{problems}");
    for undecided in &report.undecided {
        let reasons: Vec<String> = undecided.reasons.iter().map(mlops_lint::finding::Reason::text).collect();
        let file = path(&sources, undecided.span.file);
        let resource = undecided.subject.resource.as_deref().unwrap_or_default();
        writeln!(list, "undecided: {} {file} {resource}: {}", undecided.rule.as_str(), reasons.join("; ")).unwrap();
    }
    (list, report)
}

fn snapshot(name: &str, list: &str) {
    insta::with_settings!({
        snapshot_path => format!("../../fixtures/projects/{name}"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!("findings", list) });
}

#[test]
fn the_flawed_pipeline_gives_exactly_its_planned_findings() {
    let (list, _) = compare("flawed-pipeline");
    snapshot("flawed-pipeline", &list);
}

#[test]
fn every_bundled_rule_finds_something_in_the_projects() {
    let found: Vec<RuleId> = ["flawed-pipeline", "nested-stacks", "cdk-assembly"]
        .into_iter()
        .flat_map(|name| lint(name).1.findings)
        .map(|finding| finding.rule)
        .collect();
    let registry = Registry::bundled();
    let all = registry.rules().iter().map(|rule| rule.meta.id.clone());
    let silent: Vec<RuleId> = all.filter(|id| !found.contains(id)).collect();
    assert_eq!(silent, [], "these rules find nothing in any project");
}

#[test]
fn values_pass_through_nested_stacks_in_both_directions() {
    let (list, _) = compare("nested-stacks");
    snapshot("nested-stacks", &list);
}

#[test]
fn a_cloud_assembly_is_read_through_its_manifest() {
    let (list, report) = compare("cdk-assembly");
    assert_eq!(report.counts.templates, 2, "the other JSON files are no templates");
    snapshot("cdk-assembly", &list);
}

#[test]
fn environments_and_stacks_decide_what_is_found_and_where_it_holds() {
    let (list, _) = compare("environments");
    snapshot("environments", &list);
}

#[test]
fn the_configurations_in_the_document_about_environments_are_read() {
    let document = include_str!("../../docs/environments.md");
    let examples: Vec<&str> =
        document.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        let config = Config::read("example.yaml".into(), example).unwrap_or_else(|error| panic!("{}", error.error));
        let deployment = engine::deployment(&config, FileId::new(0), |path| path.into());
        assert!(deployment.is_some(), "it says something about deployments:\n{example}");
    }
}
