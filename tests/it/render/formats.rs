//! The formats of other programs, read back by readers of those formats.

use std::collections::{BTreeMap, BTreeSet};

use mlops_lint::engine::{Report, RuleFailure};
use mlops_lint::finding::{Finding, Severity};
use mlops_lint::render::{OutputFormat, RenderContext, UnknownMode};
use mlops_lint::source::{Encoding, SourceMap, Span};
use serde_json::Value;

use super::fixture::fixture;
use super::read::{Cell, Element, commands, tables, xml};
use super::{assert_valid, context, json, schema, snapshot, text};

/// The fixture with everything listed.
fn everything(sources: &SourceMap) -> RenderContext<'_> {
    RenderContext { unknown: UnknownMode::Show, show_suppressed: true, ..context(sources) }
}

/// Path and line as machine formats have them, worked out without the renderer.
fn place(sources: &SourceMap, span: Span) -> (String, usize, usize) {
    let file = sources.file(span.file);
    let at = file.lines().position(file.text(), span.start, Encoding::Utf32);
    (format!("sub/{}", file.path()), at.line as usize, at.column as usize)
}

/// The findings, worst first.
fn worst_first(report: &Report) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

#[test]
fn concise_is_one_line_a_finding() {
    let (sources, report) = fixture();
    let plain = text(&report, OutputFormat::Concise, &context(&sources));
    assert_eq!(plain.lines().count(), report.findings.len());
    for (line, finding) in plain.lines().zip(&report.findings) {
        let (path, row, column) = place(&sources, finding.primary.span);
        // People read paths from where they are.
        let path = path.trim_start_matches("sub/");
        let name = &report.rules[&finding.rule].meta.name;
        let (severity, id, message) = (finding.severity, finding.rule.as_str(), &finding.message);
        assert_eq!(line, format!("{path}:{row}:{column}: {severity}[{name}] {id}: {message}"));
    }
    let all = text(&report, OutputFormat::Concise, &everything(&sources));
    assert_eq!(all.lines().count(), report.findings.len() + report.suppressed.len() + report.undecided.len());
    snapshot("concise", &all);
}

#[test]
fn concise_stays_one_line_whatever_the_template_says() {
    let (sources, mut report) = fixture();
    report.findings.truncate(1);
    report.findings[0].message = "a\nb\x1b[31m".to_owned();
    let line = text(&report, OutputFormat::Concise, &context(&sources));
    assert_eq!(line.lines().count(), 1);
    assert!(line.ends_with("ENC001: a b␛[31m\n"), "{line}");
}

#[test]
fn annotations_are_read_back_worst_first() {
    let (sources, report) = fixture();
    let log = text(&report, OutputFormat::Github, &context(&sources));
    let (commands, others) = commands(&log);
    assert_eq!(others, [""; 0]);
    assert_eq!(commands.len(), report.findings.len());
    for (command, finding) in commands.iter().zip(worst_first(&report)) {
        let (path, line, column) = place(&sources, finding.primary.span);
        let level = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        assert_eq!(command.name, level);
        let property = |key: &str| command.properties.get(key).map(String::as_str);
        assert_eq!(property("file"), Some(&*path));
        assert_eq!(property("line"), Some(&*line.to_string()));
        // GitHub takes a column for a place within one line only.
        let is_one_line = property("line") == property("endLine");
        assert_eq!(property("col"), is_one_line.then_some(&*column.to_string()));
        let name = &report.rules[&finding.rule].meta.name;
        assert_eq!(property("title"), Some(&*format!("{}[{name}] {}", finding.severity, finding.rule.as_str())));
        let mut lines = command.message.lines();
        assert_eq!(lines.next(), Some(&*format!("{path}:{line}:{column}: {}", finding.message)));
        assert!(lines.count() >= finding.related.len());
    }
    snapshot("github", &text(&report, OutputFormat::Github, &everything(&sources)));
}

#[test]
fn an_annotation_cannot_be_broken_out_of() {
    let (sources, mut report) = fixture();
    report.findings.truncate(1);
    report.findings[0].message = "50%, a::b %0A\n::error::forged".to_owned();
    let log = text(&report, OutputFormat::Github, &context(&sources));
    let (commands, others) = commands(&log);
    assert_eq!((commands.len(), others.len()), (1, 0));
    let first = commands[0].message.lines().next().unwrap();
    assert!(first.ends_with("50%, a::b %0A ::error::forged"), "{first}");
}

#[test]
fn more_annotations_than_github_shows_are_said_in_the_log() {
    let (sources, mut report) = fixture();
    let one = report.findings[0].clone();
    report.findings = vec![one; 11];
    let log = text(&report, OutputFormat::Github, &context(&sources));
    assert_eq!(
        commands(&log).1,
        ["11 errors, 0 warnings, 0 notices; GitHub shows the first 10 of each as annotations"]
    );
    let quiet = text(&report, OutputFormat::Github, &RenderContext { quiet: true, ..context(&sources) });
    assert_eq!(commands(&quiet).1, [""; 0]);
}

#[test]
fn code_quality_has_what_gitlab_requires() {
    let (sources, report) = fixture();
    let issues = json(&report, OutputFormat::Gitlab, &context(&sources));
    assert_valid(&schema("../../tests/it/render/gitlab.schema.json"), &issues);
    assert_eq!(issues.as_array().unwrap().len(), report.findings.len());
    let severities = BTreeMap::from([
        (Severity::Critical, "blocker"),
        (Severity::High, "critical"),
        (Severity::Medium, "major"),
        (Severity::Low, "minor"),
        (Severity::Info, "info"),
    ]);
    for ((issue, finding), fingerprint) in
        issues.as_array().unwrap().iter().zip(&report.findings).zip(&report.fingerprints)
    {
        let (path, line, _) = place(&sources, finding.primary.span);
        assert_eq!((&issue["location"]["path"], &issue["location"]["lines"]["begin"]), (&path.into(), &line.into()));
        assert_eq!(issue["severity"], severities[&finding.severity]);
        assert_eq!(issue["fingerprint"], **fingerprint);
        assert_eq!(issue["description"], format!("{}: {}", finding.rule.as_str(), finding.message));
    }
    let all = json(&report, OutputFormat::Gitlab, &everything(&sources));
    assert_valid(&schema("../../tests/it/render/gitlab.schema.json"), &all);
    snapshot("gitlab.json", &serde_json::to_string_pretty(&all).unwrap());
}

#[test]
fn undecided_checks_of_code_quality_are_told_apart() {
    let (sources, mut report) = fixture();
    report.undecided.extend(report.undecided.clone());
    let issues = json(&report, OutputFormat::Gitlab, &everything(&sources));
    let prints: Vec<_> =
        issues.as_array().unwrap().iter().map(|issue: &Value| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), report.findings.len() + report.undecided.len());
    assert_eq!(prints.iter().collect::<BTreeSet<_>>().len(), prints.len());
}

#[test]
fn junit_has_a_failed_test_a_finding_and_true_counts() {
    let (sources, mut report) = fixture();
    let rule = report.findings[0].rule.clone();
    report.failures.push(RuleFailure { rule, target: "a.yaml: A".into(), message: "boom".into() });
    for unknown in [UnknownMode::Hide, UnknownMode::Show, UnknownMode::Deny] {
        let cx = RenderContext { unknown, show_suppressed: unknown.lists(), ..context(&sources) };
        let root = xml(&text(&report, OutputFormat::Junit, &cx));
        assert_eq!((&*root.name, &*root.attributes["name"]), ("testsuites", "mlops-lint"));
        assert_known_to_jenkins(&root);
        let mut totals = [0; 3];
        for suite in &root.children {
            assert_eq!(suite.name, "testsuite");
            assert!(
                suite
                    .children
                    .iter()
                    .all(|case| case.name == "testcase" && case.attributes["classname"] == suite.attributes["name"])
            );
            let counts = ["failure", "error", "skipped"].map(|element| suite.all(element).len());
            assert_eq!(["failures", "errors", "skipped"].map(|attribute| suite.number(attribute)), counts);
            assert_eq!(suite.number("tests"), suite.children.len());
            totals[0] += suite.children.len();
            totals[1] += counts[0];
            totals[2] += counts[1];
        }
        assert_eq!(["tests", "failures", "errors"].map(|attribute| root.number(attribute)), totals);
        let denied = if unknown == UnknownMode::Deny { report.undecided.len() } else { 0 };
        assert_eq!(totals[1..], [report.findings.len() + denied, 1]);
        let failures = root.all("failure");
        for finding in &report.findings {
            let (path, line, column) = place(&sources, finding.primary.span);
            let mine = failures.iter().find(|failure| {
                failure.text.starts_with(&format!("{path}:{line}:{column}: {}\n", finding.message))
                    && failure.attributes["type"] == finding.severity.as_str()
            });
            assert_eq!(mine.expect("each finding has its failure").attributes["message"], finding.message);
        }
    }
    snapshot("junit.xml", &text(&report, OutputFormat::Junit, &everything(&sources)));
}

/// The elements and attributes that Jenkins knows: junit-10.xsd of its xUnit plugin.
const JUNIT: [(&str, &[&str], &[&str]); 6] = [
    ("testsuites", &["name", "time", "tests", "failures", "errors"], &["testsuite"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package"],
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
    ),
    ("testcase", &["name", "time", "classname", "group"], &["skipped", "error", "failure", "system-out", "system-err"]),
    ("failure", &["type", "message"], &[]),
    ("error", &["type", "message"], &[]),
    ("skipped", &["type", "message"], &[]),
];

fn assert_known_to_jenkins(element: &Element) {
    let (_, attributes, children) = JUNIT.iter().find(|(name, ..)| *name == element.name).expect("a known element");
    let unknown: Vec<_> = element.attributes.keys().filter(|key| !attributes.contains(&key.as_str())).collect();
    assert!(unknown.is_empty(), "{}: {unknown:?}", element.name);
    let required: &[&str] = match &*element.name {
        "testsuite" => &["name", "tests", "failures", "errors"],
        "testcase" => &["name"],
        _ => &[],
    };
    assert!(required.iter().all(|key| element.attributes.contains_key(*key)), "{}", element.name);
    for child in &element.children {
        assert!(children.contains(&child.name.as_str()), "{} in {}", child.name, element.name);
        assert_known_to_jenkins(child);
    }
}

#[test]
fn junit_of_a_clean_run_has_one_passed_test_a_template() {
    let (sources, mut report) = fixture();
    report.findings.clear();
    let root = xml(&text(&report, OutputFormat::Junit, &context(&sources)));
    assert_eq!((root.number("tests"), root.number("failures")), (sources.len(), 0));
    assert_eq!(root.all("testcase").len(), sources.len());
}

#[test]
fn the_table_of_a_page_has_the_findings_worst_first() {
    let (sources, report) = fixture();
    let page = text(&report, OutputFormat::Markdown, &everything(&sources));
    let tables = tables(&page);
    let [found, undecided, suppressed] = tables.as_slice() else { panic!("{tables:?}") };
    let words = |row: &[Cell]| -> Vec<String> { row.iter().map(|cell| cell.text.clone()).collect() };
    assert_eq!(words(&found[0]), ["Severity", "Rule", "Where", "What is wrong"]);
    assert_eq!(found.len(), 1 + report.findings.len());
    for (row, finding) in found[1..].iter().zip(worst_first(&report)) {
        let (path, line, _) = place(&sources, finding.primary.span);
        let message = finding.message.replace('`', "");
        assert_eq!(words(row), [finding.severity.as_str(), finding.rule.as_str(), &format!("{path}:{line}"), &message]);
        let address = &row[2].links[0];
        assert!(
            address.starts_with("sub/") && address.ends_with(&format!("#L{line}")) && !address.contains(' '),
            "{address}"
        );
    }
    assert_eq!((undecided.len(), suppressed.len()), (1 + report.undecided.len(), 1 + report.suppressed.len()));
    for (row, expected) in suppressed[1..].iter().zip(&report.suppressed) {
        assert_eq!(row[3].text, expected.reason.replace('`', ""));
    }
    snapshot("page.md", &page);
}

#[test]
fn a_page_says_what_it_counts_and_does_not_list() {
    let (sources, mut report) = fixture();
    let page = text(&report, OutputFormat::Markdown, &context(&sources));
    assert!(page.starts_with("## mlops-lint: 1 critical, 2 high, 4 medium, 1 low, 1 info\n"), "{page}");
    assert!(page.contains("3 suppressed, --show-suppressed") && page.contains("3 undecided, --unknown show"));
    report.findings.clear();
    let page = text(&report, OutputFormat::Markdown, &context(&sources));
    assert!(page.starts_with("## mlops-lint: nothing to report\n"), "{page}");
    assert_eq!(tables(&page).len(), 0);
}

#[test]
fn a_page_keeps_to_a_mebibyte_and_says_what_is_left_out() {
    let (sources, mut report) = fixture();
    let low = Finding { severity: Severity::Low, ..report.findings[0].clone() };
    let worst = Finding { severity: Severity::Critical, message: "the worst".to_owned(), ..low.clone() };
    report.findings = std::iter::repeat_n(low, 20_000).chain([worst]).collect();
    let page = text(&report, OutputFormat::Markdown, &context(&sources));
    assert!(page.len() <= 1 << 20 && page.len() > 1_000_000, "{}", page.len());
    let rows = &tables(&page)[0];
    assert_eq!(rows[1][3].text, "the worst");
    let left_out = report.findings.len() - (rows.len() - 1);
    assert!(page.contains(&format!("**{left_out} findings left out: a job summary holds 1 MiB.**")), "{left_out}");
    assert!(page.contains("**Details of 1 rule left out: a job summary holds 1 MiB.**"));
}
