//! What the engine makes of templates, told by small rules of our own.

mod conditions;
mod deployed;
mod documents;
mod environments;
mod external;
mod given;
mod intrinsics;
mod limits;
mod scenarios;
mod stacks;
mod unread;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use mlops_lint::engine::{self, CheckOptions};
use mlops_lint::finding::{Finding, Reason, Severity, Undecided};
use mlops_lint::graph::{Deployment, GraphOptions, StackGraph};
use mlops_lint::project::Project;
use mlops_lint::rule::testing::RuleFile;
use mlops_lint::rule::{Registry, Target, judge};
use mlops_lint::source::SourceMap;
use mlops_lint::syntax::IssueKind;

/// Everything that one rule says.
struct Said {
    sources: SourceMap,
    findings: Vec<Finding>,
    undecided: Vec<Undecided>,
}

/// What a rule says of files; `body` is all of it but id, name and severity.
fn judged(body: &str, files: &[(&str, &str)], partial: bool) -> Said {
    judged_as(body, files, partial, None)
}

/// What a rule says of files in the first environment of their deployment.
fn judged_as(body: &str, files: &[(&str, &str)], partial: bool, deployment: Option<&Deployment>) -> Said {
    let project = load(files, partial);
    for template in &project.templates {
        let issue = template.issues.iter().find(|issue| issue.kind != IssueKind::Alias);
        assert!(issue.is_none(), "{issue:?}");
    }
    judged_in(body, project, deployment)
}

/// What a rule says of files, some of which cannot be read to their end.
fn judged_of_any(body: &str, files: &[(&str, &str)]) -> Said {
    judged_in(body, load(files, false), None)
}

fn load(files: &[(&str, &str)], partial: bool) -> Project {
    Project::load(files.iter().map(|(path, text)| (Utf8PathBuf::from(path), Arc::from(*text))).collect(), partial)
}

fn judged_in(body: &str, project: Project, deployment: Option<&Deployment>) -> Said {
    let rule = RuleFile::read(&format!("id: OWN001\nname: own-rule\nseverity: high\n{body}")).unwrap().rule;
    let partial = project.partial;
    let (mut findings, mut undecided) = (Vec::new(), Vec::new());
    let environment = deployment.and_then(|deployment| deployment.judged()[0]);
    let options = GraphOptions { partial, deployment, environment };
    let graph = StackGraph::new(&project.templates, &project.paths(), options);
    for (id, _) in graph.entities().filter(|(_, entity)| rule.matches.contains(entity.kind)) {
        let verdict = judge(&rule, &graph, Target::Node(id));
        findings.extend(verdict.findings);
        undecided.extend(verdict.undecided);
    }
    drop(graph);
    Said { sources: project.sources, findings, undecided }
}

impl Said {
    /// What is said of each resource: messages, `? reasons`; of what passes nothing.
    fn by_resource(&self) -> BTreeMap<String, String> {
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        let mut say = |resource: &Option<String>, text: &str| {
            let all = said.entry(resource.clone().unwrap()).or_default();
            if !all.is_empty() {
                all.push_str(" | ");
            }
            all.push_str(text);
        };
        for finding in &self.findings {
            say(&finding.subject.resource, &finding.message);
        }
        for undecided in &self.undecided {
            let reasons: Vec<String> = undecided.reasons.iter().map(Reason::text).collect();
            say(&undecided.subject.resource, &format!("? {}", reasons.join("; ")));
        }
        said
    }

    /// The texts that the findings mark.
    fn marked(&self) -> Vec<&str> {
        self.findings.iter().map(|finding| self.sources.slice(finding.primary.span)).collect()
    }
}

/// What a rule says of each resource of one template.
fn says(body: &str, template: &str) -> BTreeMap<String, String> {
    judged(body, &[("template.yaml", template)], false).by_resource()
}

/// The value of `V` of each `Test::Thing` of a template as people would write it, `? why` if it is unknown, nothing if
/// it is absent.
fn values(template: &str) -> BTreeMap<String, String> {
    values_of(&[("template.yaml", template)])
}

fn values_of(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    judged(SHOW, files, false).by_resource()
}

/// Things whose `V` refers to no bucket.
const TO_BUCKET: &str = "match: Test::Thing
require: { path: V, refers_to: { types: [AWS::S3::Bucket] } }
message: no bucket
";

/// Shows the value of `V`.
const SHOW: &str = "match: Test::Thing\nrequire: { path: V, absent: true }\nat: V\nmessage: \"{value}{when}\"\n";

/// The values of expressions, one a line, in a template with the given sections before its resources; each stands in
/// `V` of a resource.
fn evaluated(sections: &str, expressions: &[&str]) -> Vec<String> {
    let mut template = format!("{sections}\nResources:\n");
    for (index, expression) in expressions.iter().enumerate() {
        let expression = expression.replace('\n', "\n        ");
        writeln!(template, "  T{index:02}:\n    Type: Test::Thing\n    Properties:\n      V:\n        {expression}")
            .unwrap();
    }
    template.push_str("  Bucket: { Type: AWS::S3::Bucket }\n  Role: { Type: AWS::IAM::Role }\n");
    let values = values(&template);
    (0..expressions.len())
        .map(|index| values.get(&format!("T{index:02}")).cloned().unwrap_or_else(|| "absent".to_owned()))
        .collect()
}

/// The value of one expression.
fn value(sections: &str, expression: &str) -> String {
    evaluated(sections, &[expression]).remove(0)
}

/// What is said of resources whose `V` must not be a text.
fn forbids(text: &str, template: &str) -> BTreeMap<String, String> {
    forbids_in(text, &[("template.yaml", template)])
}

fn forbids_in(text: &str, files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let body =
        format!("match: Test::Thing\nrequire: {{ path: V, not_equals: {text:?} }}\nmessage: \"{{value}}{{when}}\"\n");
    judged(&body, files, false).by_resource()
}

/// A map of what is said, for comparison.
fn said(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(resource, text)| ((*resource).to_owned(), (*text).to_owned())).collect()
}

/// What is wrong with a rule that has these keys, the text that is marked, and what helps.
fn refused(keys: &str) -> (String, String, String) {
    let rule = format!(
        "id: OWN001
name: own-thing
summary: Thing
severity: low
match: Test::Thing
message: \"`{{self}}`\"
{keys}
"
    );
    let error = Registry::bundled().add(Utf8Path::new("rules/own-thing.yaml"), &rule).unwrap_err().error;
    (error.message, rule[error.span.range()].to_owned(), error.help.unwrap_or_default())
}

#[test]
fn a_path_that_is_none_is_marked_where_it_goes_wrong() {
    for (keys, marked) in [
        (r#"require: { path: "X.{C,A.B}.D", present: true }"#, "A.B"),
        (r"require: { every: ['$self.{A.B,C}', D], satisfies: { path: D, present: true } }", "A.B"),
        ("require:\n  some: {referrers: $self, via: ['Test::Other.{A.B,C}']}", "A.B"),
        (r#"require: { path: "A[x].B", present: true }"#, "[x]"),
    ] {
        let (message, place, _) = refused(keys);
        assert_eq!(place, marked, "{message}");
    }
    let (message, ..) = refused(r#"require: { path: "X.{C,A.B}.D", present: true }"#);
    assert_eq!(
        message,
        "`X.{C,A.B}.D` is no path: between `{` and `}` stand plain names, and `A.B` is none; write a path of its own for it"
    );
}

#[test]
fn one_place_has_one_path() {
    let require = "require: { path: A, present: true }";
    let (message, place, help) = refused(&format!("{require}\nat: '{{A,B}}.C'"));
    assert_eq!(message, "`{A,B}.C` stands for 2 paths, and one is expected here");
    assert_eq!(place, "'{A,B}.C'");
    assert_eq!(
        help,
        "write the path that matters, or one from a name that `every` binds; without `at` a finding points at the value that failed"
    );
    let (_, _, help) = refused(&format!("{require}\nrelated: '{{A,B}}.C'"));
    assert_eq!(help, "write a list with an item for each path");
    let (_, _, help) = refused("require: { path: A, equals: '$self.{B,C}' }");
    assert_eq!(help, "write a test for each path");
}

#[test]
fn rules_of_a_user_run_beside_the_bundled_ones() {
    let rule = "id: OWN001
name: own-thing-named
summary: Thing without a name
severity: low
match: Test::Thing
require: { path: Name, present: true }
message: \"`{self}` has no name\"
";
    let mut registry = Registry::bundled();
    registry.add(Utf8Path::new("rules/own-thing-named.yaml"), rule).unwrap();
    let again = registry.add(Utf8Path::new("rules/again.yaml"), rule).unwrap_err();
    assert!(again.error.message.contains("OWN001"), "{}", again.error.message);
    let template = "Resources:
  Thing: { Type: Test::Thing }
  Notebook: { Type: AWS::SageMaker::NotebookInstance, Properties: { DirectInternetAccess: Enabled, RootAccess: Disabled } }
";
    let project = Project::load(vec![("template.yaml".into(), Arc::from(template))], false);
    let graph = engine::link(&project);
    let options = CheckOptions { min_severity: Severity::Info, ..CheckOptions::default() };
    let report = engine::check(&project, &graph, &registry, options, |_| "template.yaml");
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(found, ["OWN001", "ENC002", "NET002", "NET001"], "in the order of the text");
    assert_eq!(report.rules[&report.findings[0].rule].meta.name, "own-thing-named");
}
