//! One report in every format: how it looks, and whether what it says is true.
//!
//! The texts are in `fixtures/render`; the report is made by hand, so that nothing but rendering is tested.

mod arbitrary;
mod fixture;
mod formats;
mod read;
mod sarif;

use camino::Utf8Path;
use mlops_lint::engine::{Report, RuleFailure};
use mlops_lint::finding::{ReasonKind, Severity};
use mlops_lint::render::{OutputFormat, RenderContext, UnknownMode, render};
use mlops_lint::source::SourceMap;
use serde_json::Value;

use fixture::{fixture, folder};

/// The context of a run in `/repo/sub` of the repository `/repo`, where the fixtures are.
fn context(sources: &SourceMap) -> RenderContext<'_> {
    RenderContext {
        sources,
        root: Utf8Path::new("/repo"),
        cwd: Utf8Path::new("/repo/sub"),
        color: false,
        width: 80,
        links: false,
        unknown: UnknownMode::Hide,
        show_suppressed: false,
        scope: "",
        quiet: false,
        version: "1.2.3",
        elapsed: Some(std::time::Duration::from_millis(4)),
    }
}

fn text(report: &Report, format: OutputFormat, cx: &RenderContext<'_>) -> String {
    let mut out = Vec::new();
    render(report, format, cx, &mut out).unwrap();
    String::from_utf8(out).expect("every format is UTF-8")
}

fn json(report: &Report, format: OutputFormat, cx: &RenderContext<'_>) -> Value {
    serde_json::from_str(&text(report, format, cx)).unwrap()
}

/// The JSON of a report that has everything that a report can have.
pub(crate) fn everything() -> Value {
    let (sources, mut report) = fixture();
    let rule = report.findings[0].rule.clone();
    report.failures.push(RuleFailure { rule, target: "a.yaml: A".into(), message: "boom".into() });
    let cx = RenderContext { show_suppressed: true, ..context(&sources) };
    json(&report, OutputFormat::Json, &cx)
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../fixtures/render/snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

fn schema(path: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(folder().join(path)).unwrap();
    // SARIF's schema has a pattern for languages with a stray bracket, which is no regular expression. We write no language.
    let text = text.replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(schema: &jsonschema::Validator, document: &Value) {
    let errors: Vec<_> =
        schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn people_read_it_at_80_columns() {
    let (sources, report) = fixture();
    snapshot("human-80", &text(&report, OutputFormat::Human, &context(&sources)));
}

#[test]
fn people_read_it_at_140_columns() {
    let (sources, report) = fixture();
    let cx = RenderContext { width: 140, unknown: UnknownMode::Show, ..context(&sources) };
    snapshot("human-140-unknown", &text(&report, OutputFormat::Human, &cx));
}

#[test]
fn people_read_it_in_colour_with_links() {
    let (sources, report) = fixture();
    let cx = RenderContext { color: true, links: true, width: 100, ..context(&sources) };
    snapshot("human-colour", &text(&report, OutputFormat::Human, &cx).replace('\x1b', "ESC"));
}

#[test]
fn without_colour_there_is_no_escape_sequence_even_if_the_template_has_one() {
    let (sources, mut report) = fixture();
    report.findings[0].message = "bucket `\x1b[31mred\x07` \u{202e}".to_owned();
    report.findings[0].related[0].text = "\x1b]8;;http://x\x1b\\here".to_owned();
    assert!(!text(&report, OutputFormat::Human, &context(&sources)).contains(['\x1b', '\x07', '\u{202e}']));
}

#[test]
fn quiet_prints_findings_only_and_a_clean_run_one_line() {
    let (sources, mut report) = fixture();
    let loud = text(&report, OutputFormat::Human, &context(&sources));
    let quiet = text(&report, OutputFormat::Human, &RenderContext { quiet: true, ..context(&sources) });
    assert!(loud.starts_with(&quiet) && loud.len() > quiet.len());
    report.findings.clear();
    report.undecided.clear();
    report.suppressed.clear();
    report.hidden.clear();
    let cx = RenderContext { width: 100, ..context(&sources) };
    insta::assert_snapshot!(text(&report, OutputFormat::Human, &cx), @"5 templates, 49 resources, 2 embedded documents, 85 rules, 4 ms: nothing to report");
}

#[test]
fn every_line_fits_the_terminal_except_single_words() {
    let (sources, report) = fixture();
    for width in [40, 60, 80, 100, 140] {
        let cx = RenderContext { width, unknown: UnknownMode::Show, ..context(&sources) };
        for line in text(&report, OutputFormat::Human, &cx).lines() {
            // A label's words have a least width, so that they are readable far to the right.
            assert!(line.chars().count() <= width.max(70), "{width}: {line}");
        }
    }
}

#[test]
fn people_read_what_is_suppressed_and_why_if_they_ask() {
    let (sources, mut report) = fixture();
    report.findings.clear();
    report.hidden.clear();
    report.undecided.clear();
    let cx = RenderContext { show_suppressed: true, ..context(&sources) };
    snapshot("human-suppressed", &text(&report, OutputFormat::Human, &cx));
}

#[test]
fn json_lists_what_is_suppressed_if_it_is_asked_for_and_always_counts_it() {
    let (sources, report) = fixture();
    let hidden = json(&report, OutputFormat::Json, &context(&sources));
    assert_eq!((hidden["suppressed"].as_array().unwrap().len(), number(&hidden["summary"], "suppressed")), (0, 3));
    let cx = RenderContext { show_suppressed: true, ..context(&sources) };
    let shown = json(&report, OutputFormat::Json, &cx);
    assert_valid(&schema("../../docs/schema/report.schema.json"), &shown);
    let list = shown["suppressed"].as_array().unwrap();
    assert_eq!((list.len(), number(&shown["summary"], "suppressed")), (3, 3));
    for (item, expected) in list.iter().zip(&report.suppressed) {
        let suppression = &item["suppression"];
        assert_eq!(item["message"], *expected.finding.message);
        assert_eq!(item["fingerprint"], *expected.fingerprint);
        assert_eq!(suppression["reason"], *expected.reason);
        assert_eq!(suppression["origin"], expected.origin.as_str());
        assert_eq!(suppression["until"].as_str(), expected.until.as_deref());
        assert_eq!(suppression["place"].is_null(), expected.place.is_none());
        if expected.place.is_some() {
            assert_json_range(&sources, &suppression["place"]);
        }
    }
}

#[test]
fn json_is_valid_and_its_ranges_are_true() {
    let (sources, report) = fixture();
    let document = json(&report, OutputFormat::Json, &context(&sources));
    assert_valid(&schema("../../docs/schema/report.schema.json"), &document);
    snapshot("report.json", &serde_json::to_string_pretty(&document).unwrap());
    let mut seen = 0;
    for finding in document["findings"].as_array().unwrap() {
        let related = finding["related"].as_array().unwrap();
        for place in std::iter::once(finding).chain(related) {
            assert_json_range(&sources, place);
            seen += 1;
        }
    }
    assert!(seen > 10);
    for undecided in document["unknown"].as_array().unwrap() {
        assert_json_range(&sources, undecided);
    }
}

/// Offsets and character columns name the same text.
fn assert_json_range(sources: &SourceMap, place: &Value) {
    let file = place["file"].as_str().unwrap();
    let text = text_of(sources, file);
    let end = |which: &str| {
        let position = &place["range"][which];
        let (line, column, offset) = (number(position, "line"), number(position, "column"), number(position, "offset"));
        let (start, line) = line_of(text, line);
        let at: usize = line.chars().take(column - 1).map(char::len_utf8).sum();
        assert!(line.chars().count() >= column - 1);
        assert_eq!(start + at, offset, "{place}");
    };
    end("start");
    end("end");
}

#[test]
fn a_rule_that_failed_is_said_by_the_machine_formats() {
    let (sources, mut report) = fixture();
    let rule = report.findings[0].rule.clone();
    report.failures.push(RuleFailure { rule, target: "a.yaml: A".into(), message: "boom".into() });
    let log = json(&report, OutputFormat::Sarif, &context(&sources));
    assert_valid(&schema("sarif-schema-2.1.0.json"), &log);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "rule ENC001 failed on a.yaml: A: boom");
    let document = json(&report, OutputFormat::Json, &context(&sources));
    assert_valid(&schema("../../docs/schema/report.schema.json"), &document);
    assert_eq!(document["errors"][0]["message"], "boom");
}

#[test]
fn machine_formats_have_the_same_bytes_from_wherever_they_are_run() {
    let (sources, report) = fixture();
    let here = context(&sources);
    for format in
        OutputFormat::ALL.into_iter().filter(|&format| !matches!(format, OutputFormat::Human | OutputFormat::Concise))
    {
        let other =
            RenderContext { color: true, links: true, width: 200, elapsed: None, quiet: true, ..context(&sources) };
        assert_eq!(text(&report, format, &here), text(&report, format, &other));
    }
}

#[test]
fn what_is_not_shown_is_counted() {
    let (sources, mut report) = fixture();
    let cx = RenderContext { width: 400, ..context(&sources) };
    let last = |report: &Report| text(report, OutputFormat::Human, &cx).lines().last().unwrap_or_default().to_owned();
    insta::assert_snapshot!(last(&report), @"1 critical, 2 high, 4 medium, 1 low, 1 info (and not shown: 12 low, 1 info, --min-severity info; 3 suppressed, --show-suppressed; 3 undecided, --unknown show: 2 parameters without a default, 1 import that nothing here exports)");
    report.findings.clear();
    insta::assert_snapshot!(last(&report), @"5 templates, 49 resources, 2 embedded documents, 85 rules, 4 ms: nothing to report (12 low, 1 info, --min-severity info; 3 suppressed, --show-suppressed; 3 undecided, --unknown show: 2 parameters without a default, 1 import that nothing here exports)");
    report.undecided.retain(|undecided| undecided.reasons[0].kind != ReasonKind::ParameterWithoutDefault);
    report.suppressed.clear();
    report.hidden.insert(Severity::Info, 2);
    insta::assert_snapshot!(last(&report), @"5 templates, 49 resources, 2 embedded documents, 85 rules, 4 ms: nothing to report (12 low, 2 info, --min-severity info; 1 undecided, --unknown show: 1 import that nothing here exports)");
}

fn number(value: &Value, key: &str) -> usize {
    usize::try_from(value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}"))).unwrap()
}

fn text_of<'a>(sources: &'a SourceMap, portable: &str) -> &'a str {
    let found = sources
        .iter()
        .find(|(_, source)| portable == format!("sub/{}", source.path()) || portable == source.path().as_str());
    found.unwrap_or_else(|| panic!("{portable}")).1.text()
}

/// Where a line starts, and its text without the break.
fn line_of(text: &str, number: usize) -> (usize, &str) {
    let mut start = 0;
    for _ in 1..number {
        start += text[start..].find('\n').expect("the line exists") + 1;
    }
    (start, text[start..].split(['\n', '\r']).next().unwrap_or_default())
}
