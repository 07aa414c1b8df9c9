//! What users accept, in whole runs: comments, metadata and paths, and what is said of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use camino::Utf8PathBuf;
use mlops_lint::config::Config;
use mlops_lint::engine::{self, CheckOptions, PathSuppressions, Report, SuppressionOrigin};
use mlops_lint::finding::Severity;
use mlops_lint::project::Project;
use mlops_lint::rule::{Registry, Selection, Selector};
use mlops_lint::source::{Encoding, SourceFile, Span};
use proptest::prelude::*;

use crate::cli::Sandbox;
use mlops_lint::cli::Exit;

/// A run over some files, with the configuration's suppressions if there is one.
struct Checked {
    project: Project,
    report: Report,
}

fn check_with(files: &[(&str, &str)], config: &str, options: CheckOptions<'_>) -> Checked {
    let files = files.iter().map(|(path, text)| (Utf8PathBuf::from(*path), (*text).into())).collect();
    let mut project = Project::load(files, false);
    let file = project.sources.add(SourceFile::new(".mlops-lint.yaml", config));
    let config = Config::read(".mlops-lint.yaml".into(), config).unwrap();
    let registry = Registry::bundled();
    let options = CheckOptions {
        today: Some("2026-12-01".parse().unwrap()),
        suppressions: Some(PathSuppressions { entries: &config.suppress, file }),
        ..options
    };
    let graph = engine::link(&project);
    let report = engine::check(&project, &graph, &registry, options, |file| project.sources.file(file).path().as_str());
    drop(graph);
    Checked { project, report }
}

fn check(text: &str) -> Checked {
    check_with(&[("template.yaml", text)], "", CheckOptions::everything())
}

impl Checked {
    fn at(&self, span: Span) -> String {
        let file = self.project.sources.file(span.file);
        format!("{}:{}", file.path(), file.lines().position(file.text(), span.start, Encoding::Utf8).line)
    }

    /// `RULE path:line` of what is shown.
    fn shown(&self) -> Vec<String> {
        let findings = self.report.findings.iter();
        findings.map(|finding| format!("{} {}", finding.rule.as_str(), self.at(finding.primary.span))).collect()
    }

    /// The same of one category.
    fn of(&self, category: &str) -> Vec<String> {
        self.shown().into_iter().filter(|shown| shown.starts_with(category)).collect()
    }

    /// `RULE path:line reason` of what is suppressed.
    fn suppressed(&self) -> Vec<String> {
        let suppressed = self.report.suppressed.iter();
        suppressed
            .map(|one| format!("{} {} {}", one.finding.rule.as_str(), self.at(one.finding.primary.span), one.reason))
            .collect()
    }
}

const NOTEBOOK: &str = "    Type: AWS::SageMaker::NotebookInstance\n";

#[test]
fn what_is_suppressed_is_counted_with_its_reason_day_and_place() {
    let text = format!("Resources:\n  Lab: # mlops-lint: ignore[NET001] a lab until 2027-03-31\n{NOTEBOOK}");
    let plain = check(&text.replace(" # mlops-lint: ignore[NET001] a lab until 2027-03-31", ""));
    let checked = check(&text);
    assert_eq!(plain.of("NET001"), ["NET001 template.yaml:2"]);
    assert!(checked.of("NET001").is_empty() && checked.of("SUP").is_empty(), "{:?}", checked.shown());
    let [one] = &checked.report.suppressed[..] else { panic!("{:?}", checked.report.suppressed) };
    assert_eq!((one.reason.as_str(), one.until.as_deref()), ("a lab", Some("2027-03-31")));
    assert_eq!(one.origin, SuppressionOrigin::Comment);
    assert_eq!(checked.project.sources.slice(one.place.unwrap()), "mlops-lint: ignore[NET001]");
    let before = plain.report.findings.iter().position(|finding| finding.rule.as_str() == "NET001").unwrap();
    assert_eq!(one.fingerprint, plain.report.fingerprints[before], "accepting a finding does not make it another one");
    assert_eq!(one.finding.message, plain.report.findings[before].message);
}

#[test]
fn what_is_hidden_and_suppressed_is_suppressed() {
    let text = format!("Resources:\n  Lab: # mlops-lint: ignore[NET001] a lab\n{NOTEBOOK}");
    let checked = check_with(
        &[("template.yaml", &text)],
        "",
        CheckOptions { min_severity: Severity::Critical, ..CheckOptions::everything() },
    );
    assert_eq!(checked.suppressed(), ["NET001 template.yaml:2 a lab"]);
    assert!(checked.report.findings.is_empty());
}

/// Each template has one finding of a rule at a place where a comment stands, or above it.
#[test]
fn a_comment_covers_the_places_of_its_subtree() {
    for (what, text) in [
        (
            "the logical id, where a missing property is marked",
            "Resources:\n  A: # @[NET001]\n    Type: AWS::SageMaker::NotebookInstance\n",
        ),
        ("above the logical id", "Resources:\n  # @[NET001]\n  A:\n    Type: AWS::SageMaker::NotebookInstance\n"),
        (
            "`Properties`, in which the property is missing",
            "Resources:\n  A:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties: # @[NET001]\n      RoleArn: x\n",
        ),
        ("the section", "Resources: # @[NET001]\n  A:\n    Type: AWS::SageMaker::NotebookInstance\n"),
        (
            "the value",
            "Resources:\n  A:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties:\n      DirectInternetAccess: Enabled # @[NET001]\n",
        ),
        (
            "in brackets",
            "Resources:\n  A: { Type: AWS::SageMaker::NotebookInstance,\n    Properties: { DirectInternetAccess: Enabled } } # @[NET001]\n",
        ),
        (
            "a loop",
            "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::Labs: # @[NET001]\n    - Name\n    - [A, B]\n    - Lab${Name}:\n        Type: AWS::SageMaker::NotebookInstance\n",
        ),
        (
            "a document in a string, where no comment can stand",
            "Resources:\n  A:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: | # @[ENC017]\n        {\"StartAt\": \"T\", \"States\": {\"T\": {\"Type\": \"Task\", \"End\": true,\n         \"Resource\": \"arn:aws:states:::sagemaker:createTrainingJob.sync\",\n         \"Parameters\": {\"ResourceConfig\": {\"InstanceType\": \"ml.m5.xlarge\", \"VolumeSizeInGB\": 5}}}}}\n",
        ),
        (
            "a statement of a list",
            "Resources:\n  A:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Statement:\n          - Effect: Allow # @[IAM001]\n            Action: '*'\n            Resource: '*'\n",
        ),
    ] {
        let rule = text.split("@[").nth(1).unwrap().split(']').next().unwrap();
        let plain = check(&text.replace("# @", "#"));
        assert!(!plain.of(rule).is_empty(), "{what}: nothing is found in {text}");
        let checked = check(&text.replace("@[", "mlops-lint: ignore[").replace(']', "] why").replace("B] why", "B]"));
        assert!(checked.of(rule).is_empty(), "{what}: {:?}", checked.shown());
        assert_eq!(checked.report.suppressed.len(), plain.of(rule).len(), "{what}");
        assert!(checked.of("SUP").is_empty(), "{what}: {:?}", checked.shown());
    }
}

#[test]
fn a_comment_covers_nothing_else() {
    let text = format!(
        "Resources:\n  A: # mlops-lint: ignore[NET001] a lab\n{NOTEBOOK}  B:\n{NOTEBOOK}  C:\n    Type: \
         AWS::SageMaker::NotebookInstance # mlops-lint: ignore[NET001] beside the type\n    Properties:\n      RoleArn: \
         x # mlops-lint: ignore[NET001] beside a sibling\n"
    );
    let checked = check(&text);
    assert_eq!(checked.suppressed(), ["NET001 template.yaml:2 a lab"]);
    assert_eq!(checked.of("NET001"), ["NET001 template.yaml:4", "NET001 template.yaml:6"]);
    assert_eq!(checked.of("SUP"), ["SUP003 template.yaml:7", "SUP003 template.yaml:9"]);
    let unused = checked.report.findings.iter().find(|finding| finding.rule.as_str() == "SUP003").unwrap();
    assert_eq!(checked.at(unused.related[0].span), "template.yaml:6", "where the finding is that was meant");
}

#[test]
fn of_several_suppressions_the_narrowest_counts_and_none_is_unused() {
    let text = "Metadata: { mlops-lint: { ignore: { rule: NET001, reason: the file } } }\nResources: # mlops-lint: ignore[NET001] the \
                section\n  A: # mlops-lint: ignore[NET001] the resource\n    Type: AWS::SageMaker::NotebookInstance\n  \
                B:\n    Type: AWS::SageMaker::NotebookInstance\nOutputs: {}\n";
    let config = "suppress: [{rules: NET001, paths: template.yaml, reason: the folder}]\n";
    let checked = check_with(&[("template.yaml", text)], config, CheckOptions::everything());
    assert_eq!(checked.suppressed(), ["NET001 template.yaml:3 the resource", "NET001 template.yaml:5 the section"]);
    assert!(checked.of("SUP").is_empty(), "{:?}", checked.shown());
}

#[test]
fn the_primary_place_decides_also_for_what_another_file_causes() {
    // The queue's template is what is marked; the one that imports it only makes it wrong.
    let broken = "Resources:\n  A:\n    Type: AWS::SNS::Topic # mlops-lint: ignore[TPL018] another file\n";
    let other = "Parameters: {}\nResources:\n  A:\n    Type: AWS::SNS::Topic\n    DependsOn: Missing\n";
    let checked = check_with(&[("a.yaml", broken), ("b.yaml", other)], "", CheckOptions::everything());
    assert_eq!(checked.of("TPL018"), ["TPL018 b.yaml:5"]);
    assert_eq!(checked.of("SUP"), ["SUP003 a.yaml:3"]);
}

#[test]
fn metadata_covers_its_resource_or_its_template() {
    let text = r#"{"Resources": {
      "A": {"Type": "AWS::SageMaker::NotebookInstance",
            "Metadata": {"aws:cdk:path": "x", "mlops-lint": {"ignore": [
              {"rule": "sagemaker-notebook-direct-internet", "reason": "a lab", "until": "2027-01-01"}]}}},
      "B": {"Type": "AWS::SageMaker::NotebookInstance"}}}"#;
    let checked = check_with(&[("template.json", text)], "", CheckOptions::everything());
    assert_eq!(checked.suppressed(), ["NET001 template.json:2 a lab"]);
    assert_eq!(checked.of("NET001"), ["NET001 template.json:5"]);
    assert_eq!(checked.report.suppressed[0].origin, SuppressionOrigin::Metadata);
    let whole =
        text.replacen('{', r#"{"Metadata": {"mlops-lint": {"ignore": [{"rule": "net001", "reason": "labs"}]}}, "#, 1);
    let checked = check_with(&[("template.json", &whole), ("other.json", text)], "", CheckOptions::everything());
    assert_eq!(
        checked.suppressed(),
        ["NET001 template.json:2 a lab", "NET001 template.json:5 labs", "NET001 other.json:2 a lab"]
    );
}

#[test]
fn the_configuration_accepts_by_path() {
    let text = format!("Resources:\n  A:\n{NOTEBOOK}");
    let files = [("lab/a.yaml", text.as_str()), ("prod/a.yaml", text.as_str())];
    let config = "suppress:\n  - {rules: [NET001], paths: lab, reason: a lab, until: 2026-12-01}\n";
    let checked = check_with(&files, config, CheckOptions::everything());
    assert_eq!(checked.suppressed(), ["NET001 lab/a.yaml:2 a lab"]);
    assert_eq!(checked.of("NET001"), ["NET001 prod/a.yaml:2"]);
    assert_eq!(checked.report.suppressed[0].origin, SuppressionOrigin::Configuration);
    assert_eq!(checked.at(checked.report.suppressed[0].place.unwrap()), ".mlops-lint.yaml:2");
    assert!(checked.of("SUP").is_empty(), "the last day is in it: {:?}", checked.shown());
    let config = "suppress:\n  - {rules: [NET001], paths: lab, reason: '', until: 2026-12-01}\n  - {rules: NET001, paths: lab, \
                  reason: a, until: 2026-11-30}\n  - {rules: [NET01], paths: lab, reason: a}\n  - {rules: ENC017, paths: lab, \
                  reason: a}\n  - {rules: ENC017, paths: nowhere, reason: a}\n  - {rules: NET001, paths: lab, reason: a, until: soon}\n";
    let checked = check_with(&files, config, CheckOptions::everything());
    assert_eq!(checked.of("NET001").len(), 2);
    assert_eq!(
        checked.of("SUP"),
        [
            "SUP001 .mlops-lint.yaml:2",
            "SUP002 .mlops-lint.yaml:3",
            "SUP004 .mlops-lint.yaml:4",
            "SUP003 .mlops-lint.yaml:5",
            "SUP004 .mlops-lint.yaml:7"
        ],
        "nothing is said of paths that no template has"
    );
}

#[test]
fn what_does_not_apply_hides_nothing() {
    for (comment, rule) in [
        ("ignore[NET001]", "SUP001"),
        ("ignore[NET001] until 2027-01-01", "SUP001"),
        ("ignore[NET001] a lab until 2026-11-30", "SUP002"),
        ("ignore[NET001] a lab until 2026-13-01", "SUP004"),
        ("ignore[NET] a lab", "SUP004"),
        ("ignore[recommended] a lab", "SUP004"),
        ("ignore[NET0O1] a lab", "SUP004"),
        ("ingore[NET001] a lab", "SUP004"),
        ("ignore NET001 a lab", "SUP004"),
    ] {
        let checked = check(&format!("Resources:\n  A: # mlops-lint: {comment}\n{NOTEBOOK}"));
        assert!(checked.report.suppressed.is_empty(), "{comment}");
        assert_eq!(checked.of("NET001").len(), 1, "{comment}");
        assert_eq!(checked.of("SUP"), [format!("{rule} template.yaml:2")], "{comment}");
    }
}

#[test]
fn a_near_word_is_suggested() {
    for (word, help) in [
        ("NET0O1", Some("did you mean `NET001`?")),
        ("sagemaker-notebook-direct-internt", Some("did you mean `sagemaker-notebook-direct-internet`?")),
        ("net01", Some("did you mean `NET001`?")),
        ("zzz", None),
    ] {
        let checked = check(&format!("Resources:\n  A: # mlops-lint: ignore[{word}] a lab\n{NOTEBOOK}"));
        let said = checked.report.findings.iter().find(|finding| finding.rule.as_str() == "SUP004").unwrap();
        assert_eq!(said.help.as_deref(), help, "{word}");
    }
}

/// A claim that something is unused has to be true.
#[test]
fn nothing_is_called_unused_that_was_not_judged() {
    let text = "Resources:\n  A: # mlops-lint: ignore[NET001] corrected\n    Type: AWS::SNS::Topic\n";
    let unused = |checked: &Checked| checked.of("SUP003").len();
    assert_eq!(unused(&check(text)), 1);
    let registry = Registry::bundled();
    let selector = |word: &str| vec![Selector::parse(word, &registry).unwrap()];
    for selection in [
        Selection { select: Vec::new(), ignore: selector("NET001") },
        Selection { select: selector("SUP"), ignore: Vec::new() },
        Selection { select: Vec::new(), ignore: selector("SUP003") },
    ] {
        let checked = check_with(
            &[("template.yaml", text)],
            "",
            CheckOptions { selection: Some(&selection), ..CheckOptions::everything() },
        );
        assert_eq!(unused(&checked), 0, "{selection:?}");
    }
    let broken = format!("{text}  B: {{\n");
    assert_eq!(unused(&check(&broken)), 0, "the rest of the file was not read");
    let unread = text.replace("AWS::SNS::Topic", "AWS::IAM::ManagedPolicy\n    Properties: { PolicyDocument: '{' }");
    assert_eq!(unused(&check(&unread)), 0, "a document in a string was not read");
    let looped = format!("{text}  Fn::ForEach::X: [Y, !Ref Names, {{}}]\n");
    assert_eq!(unused(&check(&looped)), 0, "a loop was not expanded");
    // A strict rule in a run with the recommended ones.
    let strict = registry.rules().iter().find(|rule| rule.meta.profile == mlops_lint::rule::Profile::Strict).unwrap();
    let text = text.replace("NET001", strict.meta.id.as_str());
    let checked = check_with(
        &[("template.yaml", &text)],
        "",
        CheckOptions { profile: mlops_lint::rule::Profile::Recommended, ..CheckOptions::everything() },
    );
    assert_eq!(unused(&checked), 0);
    // Files by themselves: what the others say may make a finding.
    let files = vec![("template.yaml".into(), text.as_str().into())];
    let project = Project::load(files, true);
    let graph = engine::link(&project);
    let report = engine::check(&project, &graph, &registry, CheckOptions::everything(), |_| "");
    assert!(report.findings.iter().all(|finding| finding.rule.as_str() != "SUP003"));
}

#[test]
fn suppressions_are_judged_where_the_run_reports() {
    let text = format!(
        "Resources:\n  A: # mlops-lint: ignore[NET001] a lab\n{NOTEBOOK}  B: # mlops-lint: ignore[NET]\n{NOTEBOOK}"
    );
    let reported = |span: Span| span.file.index() == 1;
    let files = [("a.yaml", text.as_str()), ("b.yaml", text.as_str())];
    let checked = check_with(&files, "", CheckOptions { reported: Some(&reported), ..CheckOptions::everything() });
    assert_eq!(checked.suppressed(), ["NET001 b.yaml:2 a lab"]);
    assert_eq!(checked.of("SUP"), ["SUP004 b.yaml:4"]);
}

#[test]
fn the_day_of_a_run_can_be_named() {
    let text = format!("Resources:\n  A: # mlops-lint: ignore[NET001] a lab until 2020-02-29\n{NOTEBOOK}");
    let sandbox = Sandbox::new(&[("template.yaml", &text)]);
    let arguments = ["--select", "NET001,SUP", "--as-of", "2020-02-29"];
    let ran = sandbox.run(&arguments);
    assert_eq!(ran.exit, Exit::Clean, "{}{}", ran.stdout, ran.stderr);
    for arguments in [&["--select", "NET001,SUP", "--as-of", "2020-03-01"][..], &["--select", "NET001,SUP"]] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.exit, Exit::Findings);
        assert!(ran.stdout.contains("SUP002") && ran.stdout.contains("NET001"), "{}", ran.stdout);
    }
    let ran = sandbox.run(&["--as-of", "29.02.2020"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.contains("a day is written `YYYY-MM-DD`"), "{}", ran.stderr);
}

/// Every YAML template with planted mistakes.
fn flawed() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/flawed-pipeline");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    texts
        .map(|path| fs::read_to_string(path).unwrap())
        .filter(|text| text.contains("\nResources:") && !text.contains("mlops-lint"))
        .collect()
}

/// The lines of the subtree that starts on a line, by indentation alone.
fn subtree(lines: &[&str], line: usize) -> std::ops::RangeInclusive<usize> {
    let indent = |text: &str| text.len() - text.trim_start().len();
    let is_item = |text: &str| text.trim_start().starts_with("- ") || text.trim() == "-";
    let is_blank = |text: &str| text.trim().is_empty() || text.trim_start().starts_with('#');
    let (column, item) = (indent(lines[line]), is_item(lines[line]));
    let mut last = line;
    for (number, text) in lines.iter().enumerate().skip(line + 1).filter(|(_, text)| !is_blank(text)) {
        // The list of a key may start in the column of the key.
        if indent(text) < column || (indent(text) == column && (item || !is_item(text))) {
            break;
        }
        last = number;
    }
    line..=last
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever a comment is put, exactly the findings of its rule in the subtree are suppressed, and all others stay.
    #[test]
    fn a_suppression_hides_exactly_its_subtree(file in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), rule in any::<prop::sample::Index>(), above in any::<bool>(), near in any::<bool>()) {
        let texts = flawed();
        let text = &texts[file.index(texts.len())];
        let plain = check(text);
        // Some are wrong only beside the others.
        prop_assume!(!plain.report.findings.is_empty());
        let lines: Vec<&str> = text.lines().collect();
        let finding = &plain.report.findings[rule.index(plain.report.findings.len())];
        let id = finding.rule.as_str();
        prop_assume!(!id.starts_with("SUP"));
        let found_at = plain.at(finding.primary.span).rsplit(':').next().unwrap().parse::<usize>().unwrap() - 1;
        let line = if near { found_at.saturating_sub(place.index(4)) } else { place.index(lines.len()) };
        prop_assume!(!lines[line].trim().is_empty() && !lines[line].trim_start().starts_with(['#', '}', ']']));
        let mut commented = String::new();
        for (number, text) in lines.iter().enumerate() {
            let indent = &text[..text.len() - text.trim_start().len()];
            if number == line && above {
                writeln!(commented, "{indent}# mlops-lint: ignore[{id}] why").unwrap();
            }
            let beside = if number == line && !above { format!(" # mlops-lint: ignore[{id}] why") } else { String::new() };
            writeln!(commented, "{text}{beside}").unwrap();
        }
        let checked = check(&commented);
        let comments = |checked: &Checked| checked.project.templates[0].document.comments().len();
        let own = lines[line].contains(" #") && !above;
        // In the text of a string it is no comment, and in a list that goes on below it may change what a line is.
        prop_assume!(comments(&checked) == comments(&plain) + usize::from(!own));
        let covered = subtree(&lines, line);
        let line_of = |checked: &Checked, span: Span, shift: usize| -> usize {
            let file = checked.project.sources.file(span.file);
            usize::try_from(file.lines().position(file.text(), span.start, Encoding::Utf8).line).unwrap() - 1 - shift
        };
        let shift = |at: usize| usize::from(above && at > line);
        let mut expected: Vec<(String, usize, bool)> = plain.report.findings.iter().map(|finding| {
            let at = line_of(&plain, finding.primary.span, 0);
            let path = &finding.subject.path;
            let in_properties = lines[line].trim_start().starts_with("Properties:") && at + 1 < line && {
                // The logical id whose `Properties` these are: those of an event in a resource have a longer path.
                let key = lines[at].split(" #").next().unwrap().trim().trim_end_matches(':');
                path.starts_with(&format!("Resources.{key}.Properties")) && subtree(&lines, at).contains(&line)
            };
            (finding.message.clone(), at, finding.rule.as_str() == id && (covered.contains(&at) || in_properties))
        }).collect();
        let kept = checked.report.findings.iter().filter(|finding| finding.rule.as_str() != "SUP003");
        let hidden = checked.report.suppressed.iter().map(|one| (&one.finding, true));
        let mut found: Vec<(String, usize, bool)> = kept.map(|finding| (finding, false)).chain(hidden).map(|(finding, is_hidden)| {
            let at = line_of(&checked, finding.primary.span, 0);
            (finding.message.clone(), at - shift(at), is_hidden)
        }).collect();
        expected.sort();
        found.sort();
        prop_assert_eq!(expected, found, "line {} with {}:\n{}", line + 1, id, commented);
    }

    /// No text makes reading suppressions fail, and what is said of them cuts text out of the file.
    #[test]
    fn no_directive_breaks_a_run(directive in "[a-zA-Z0-9:\\[\\], #.()*é-]{0,40}", before in "(mlops-lint|mlops-lint:|mlops-lint: ignore|mlops-lint: ignore\\[NET001)") {
        let line = format!("# {before}{directive}");
        let text = format!("{line}\nResources:\n  {line}\n  A: {line}\n{NOTEBOOK}    {line}\n");
        let checked = check(&text);
        prop_assert!(checked.report.failures.is_empty());
        for finding in &checked.report.findings {
            prop_assert!(text.get(finding.primary.span.range()).is_some());
        }
        let all = checked.report.suppressed.len() + checked.of("NET001").len();
        prop_assert_eq!(all, 1, "nothing is lost: {}", text);
    }
}

#[test]
fn a_file_of_nothing_but_suppressions_is_read_in_one_go() {
    let start = std::time::Instant::now();
    for many in [
        format!("Resources:\n{}  A:\n{NOTEBOOK}", "  # mlops-lint: ignore[NET001] why\n".repeat(10_000)),
        format!("Resources:\n{}  A:\n{NOTEBOOK}", "  # mlops-lint: ignore[not-a-rule-at-all] why\n".repeat(10_000)),
        (0..5_000).fold("Resources:\n".to_owned(), |mut text, number| {
            writeln!(text, "  A{number}: # mlops-lint: ignore[NET001] why\n{NOTEBOOK}").unwrap();
            text
        }),
    ] {
        assert!(check(&many).report.failures.is_empty());
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// The templates of the documentation, with its configuration.
fn documented() -> (String, Vec<(String, String)>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/suppressing.md");
    let document = fs::read_to_string(path).unwrap();
    let files = document.split("<!-- file: ").skip(1).map(|piece| {
        let (path, rest) = piece.split_once(" -->").unwrap();
        let block = rest.split("```").nth(1).unwrap();
        (path.to_owned(), block.split_once('\n').unwrap().1.to_owned())
    });
    let files = files.collect();
    (document, files)
}

#[test]
fn the_examples_of_the_documentation_suppress_what_they_say() {
    let (_, files) = documented();
    let (config, templates): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| path == ".mlops-lint.yaml");
    let files: Vec<(&str, &str)> = templates.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let checked = check_with(&files, &config[0].1, CheckOptions::everything());
    assert_eq!(checked.of("NET001"), [""; 0]);
    assert_eq!(checked.of("SUP"), [""; 0]);
    assert_eq!(checked.report.suppressed.len(), 7);
    for (path, _) in &files {
        let of_file = checked.suppressed().into_iter().filter(|suppressed| suppressed.contains(path));
        assert!(of_file.count() > 0, "{path}");
    }
}

#[test]
fn the_documentation_lists_what_is_said() {
    let (document, _) = documented();
    let (_, table) = document.split_once("<!-- suppressions -->\n").unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).skip(2).collect();
    assert_eq!(rows.len(), 8);
    for row in rows {
        let directive = row.split('`').nth(1).unwrap();
        let rule = row.split("| ").last().unwrap().split(':').next().unwrap();
        let checked = check(&format!("Resources:\n  A: # {directive}\n{NOTEBOOK}"));
        assert_eq!(checked.of("SUP"), [format!("{rule} template.yaml:2")], "{row}");
        assert_eq!(checked.of("NET001").len(), 1, "{row}");
    }
}
