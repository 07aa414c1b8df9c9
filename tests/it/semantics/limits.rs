//! Inputs without an end: cycles, bombs and depth give unknown in good time.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use mlops_lint::engine::{self, CheckOptions};
use mlops_lint::project::Project;
use mlops_lint::rule::Registry;

use super::{forbids, said, says, values};

fn in_time<T>(run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    assert!(start.elapsed() < Duration::from_secs(10), "it took {:?}", start.elapsed());
    result
}

#[test]
fn an_alias_bomb_ends() {
    let mut template = "Mappings:\n  M:\n    k: &a0 { v: [x] }\nResources:\n  T:\n    Type: Test::Thing\n    Properties:\n      B0: &b0 [x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let items = vec![format!("*b{}", level - 1); 8].join(", ");
        writeln!(template, "      B{level}: &b{level} [{items}]").unwrap();
    }
    template.push_str("      V: *b11\n");
    let rule = "match: Test::Thing\nrequire: { every: '**.V', equals: y }\nmessage: no\n";
    let deep = "match: Test::Thing\nrequire: { every: '**.Missing', present: true }\nmessage: no\n";
    in_time(|| {
        says(rule, &template);
        says(deep, &template);
        forbids("x", &template);
    });
}

#[test]
fn conditions_that_need_each_other_end() {
    let template = "Conditions:
  A: !Not [!Condition B]
  B: !Not [!Condition A]
  Self: !Or [!Condition Self, !Equals [a, b]]
Resources:
  T: { Type: Test::Thing, Properties: { V: !If [A, x, y] } }
  U: { Type: Test::Thing, Condition: Self, Properties: { V: x } }
";
    in_time(|| forbids("x", template));
}

#[test]
fn exports_that_import_each_other_end() {
    let template = "Resources:
  T: { Type: Test::Thing, Properties: { V: !ImportValue a } }
Outputs:
  A: { Value: !ImportValue b, Export: { Name: a } }
  B: { Value: !ImportValue a, Export: { Name: b } }
";
    let said = in_time(|| forbids("x", template));
    assert!(said["T"].starts_with("? "), "{said:?}");
}

#[test]
fn export_names_made_of_imports_end() {
    let template = "Resources:
  T: { Type: Test::Thing, Properties: { V: !ImportValue { 'Fn::ImportValue': a } } }
Outputs:
  A: { Value: v, Export: { Name: !ImportValue a } }
  B: { Value: v, Export: { Name: !Sub ['${X}', { X: !ImportValue b }] } }
";
    in_time(|| values(template));
}

#[test]
fn names_made_of_each_other_end() {
    let template = "Resources:
  A: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub '${B}-a' } }
  B: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub '${A}-b' } }
  T: { Type: Test::Thing, Properties: { V: !Sub 's3://${A}/x' } }
  U: { Type: Test::Thing, Properties: { V: 's3://literal/x' } }
";
    let rule = "match: Test::Thing\nrequire: { path: V, refers_to: { types: [AWS::S3::Bucket] } }\nmessage: no\n";
    let found = in_time(|| says(rule, template));
    assert!(!found.contains_key("T"), "{found:?}");
}

/// `V` in functions, lists and maps of a depth.
fn nested(depth: usize) -> [String; 3] {
    let thing = "Resources:\n  T:\n    Type: Test::Thing\n    Properties:\n";
    let mut maps = thing.to_owned();
    for level in 0..depth {
        writeln!(maps, "{}V:", " ".repeat(6 + level)).unwrap();
    }
    writeln!(maps, "{}x", " ".repeat(6 + depth)).unwrap();
    let calls = depth / 3;
    [
        format!("{thing}      V: {}x{}\n", "{'Fn::Join': ['', [".repeat(calls), "]]}".repeat(calls)),
        format!("{thing}      V: {}x{}\n", "[".repeat(depth), "]".repeat(depth)),
        maps,
    ]
}

#[test]
fn two_hundred_and_forty_levels_are_no_trouble() {
    let deep = "match: Test::Thing\nrequire: { every: '**.V', equals: y }\nmessage: no\n";
    let templates = nested(240);
    for template in &templates {
        in_time(|| {
            forbids("y", template);
            says(deep, template);
        });
    }
    assert!(forbids("x", &templates[0])["T"].starts_with("? "), "deeper than anyone writes: not known");
    assert_eq!(forbids("x", &nested(60)[0])["T"], "x");
}

#[test]
fn five_hundred_levels_are_a_finding_and_the_rest_is_read() {
    let fine = "Resources:\n  Acl: { Type: AWS::WAFv2::WebACL, Properties: { Scope: REGIONAL } }\n";
    for template in nested(500) {
        let files = [("deep.yaml", &template[..]), ("fine.yaml", fine)]
            .map(|(path, text)| (Utf8PathBuf::from(path), Arc::from(text)));
        let project = Project::load(files.to_vec(), false);
        let graph = engine::link(&project);
        let registry = Registry::bundled();
        let options = CheckOptions::everything();
        let report = in_time(|| engine::check(&project, &graph, &registry, options, |_| "x"));
        assert!(report.failures.is_empty());
        let found: Vec<(&str, usize)> =
            report.findings.iter().map(|one| (one.rule.as_str(), one.primary.span.file.index())).collect();
        assert_eq!(found, [("TPL030", 0), ("WAF002", 1), ("WAF005", 1), ("WAF006", 1), ("WAF011", 1)]);
        assert!(report.findings[0].message.contains("nested more than"));
    }
}

#[test]
fn nested_branches_of_many_conditions_stay_within_the_budget() {
    let mut template = "Parameters:\n".to_owned();
    let mut conditions = "Conditions:\n".to_owned();
    let mut value = "x".to_owned();
    for index in 0..30 {
        writeln!(template, "  P{index}: {{ Type: String }}").unwrap();
        writeln!(conditions, "  C{index}: !Equals [!Ref P{index}, a]").unwrap();
        value = format!("!If [C{index}, {value}, y]");
    }
    write!(template, "{conditions}Resources:\n  T: {{ Type: Test::Thing, Properties: {{ V: {value} }} }}\n").unwrap();
    // One way leads to `x`: through every condition.
    assert!(in_time(|| forbids("x", &template))["T"].starts_with("x when `C29` is true and `C28` is true"));
    assert_eq!(forbids("z", &template), said(&[]));
}

#[test]
fn a_loop_that_would_make_millions_is_left_unseen() {
    let items = (0..100).map(|item| format!("i{item}")).collect::<Vec<_>>().join(", ");
    let template = format!(
        "Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::A:
    - A
    - [{items}]
    - Fn::ForEach::B:
        - B
        - [{items}]
        - Fn::ForEach::C:
            - C
            - [{items}]
            - T${{A}}${{B}}${{C}}: {{ Type: Test::Thing, Properties: {{ V: x }} }}
"
    );
    assert!(in_time(|| values(&template)).len() <= 2000);
}
