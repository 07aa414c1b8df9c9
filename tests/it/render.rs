//! One report in every format: how it looks, and whether what it says is true.
//!
//! The texts are in `fixtures/render`; the report is made by hand, so that nothing but rendering is tested.

mod arbitrary;
mod fixture;

use camino::Utf8Path;
use mlops_lint::engine::Report;
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
fn sarif_is_valid_and_cuts_its_snippets() {
    let (sources, report) = fixture();
    let schema = schema("sarif-schema-2.1.0.json");
    for unknown in [UnknownMode::Hide, UnknownMode::Show] {
        let cx = RenderContext { unknown, ..context(&sources) };
        let log = json(&report, OutputFormat::Sarif, &cx);
        assert_valid(&schema, &log);
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "utf16CodeUnits");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut seen = 0;
        for result in run["results"].as_array().unwrap() {
            let rule = &rules[number(result, "ruleIndex")];
            assert_eq!(rule["id"], result["ruleId"]);
            let related = result.get("relatedLocations").and_then(Value::as_array);
            for location in result["locations"].as_array().unwrap().iter().chain(related.into_iter().flatten()) {
                assert_sarif_region(&sources, &location["physicalLocation"]);
                seen += 1;
            }
            for related in related.into_iter().flatten() {
                let link = format!("]({})", related["id"]);
                assert!(result["message"]["text"].as_str().unwrap().contains(&link), "{result}");
            }
        }
        assert!(seen > 10);
    }
    let cx = RenderContext { unknown: UnknownMode::Show, ..context(&sources) };
    let log = json(&report, OutputFormat::Sarif, &cx);
    snapshot("report.sarif", &serde_json::to_string_pretty(&log).unwrap());
}

/// The region, cut out by its lines and UTF-16 columns, is the snippet.
fn assert_sarif_region(sources: &SourceMap, place: &Value) {
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.is_ascii() && !uri.contains([' ', '\\', '"', '<']), "{uri}");
    let region = &place["region"];
    let text = text_of(sources, &percent_decoded(uri));
    let offset = |line: &str, column: &str| {
        let (start, line) = line_of(text, number(region, line));
        let units: Vec<u16> = line.encode_utf16().take(number(region, column) - 1).collect();
        start + String::from_utf16(&units).expect("columns are between characters").len()
    };
    let cut = &text[offset("startLine", "startColumn")..offset("endLine", "endColumn")];
    assert_eq!(region["snippet"]["text"].as_str().unwrap_or_default(), cut);
}

#[test]
fn sarif_of_a_clean_run_has_empty_results_and_the_same_rules() {
    let (sources, mut report) = fixture();
    let full = json(&report, OutputFormat::Sarif, &context(&sources));
    report.findings.clear();
    report.fingerprints.clear();
    let clean = json(&report, OutputFormat::Sarif, &context(&SourceMap::default()));
    assert_valid(&schema("sarif-schema-2.1.0.json"), &clean);
    assert_eq!(clean["runs"][0]["results"], Value::Array(vec![]));
    assert_eq!(clean["runs"][0]["tool"], full["runs"][0]["tool"], "rules do not depend on what was found");
}

#[test]
fn sarif_rules_keep_to_the_limits_of_code_scanning() {
    let (sources, report) = fixture();
    let log = json(&report, OutputFormat::Sarif, &context(&sources));
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.is_sorted_by_key(|rule| rule["id"].as_str()));
    for rule in rules {
        for (key, most) in [("shortDescription", 1024), ("fullDescription", 1024)] {
            let length = rule[key]["text"].as_str().unwrap().encode_utf16().count();
            assert!((1..=most).contains(&length), "{rule}");
        }
        assert!(
            !rule["help"]["text"].as_str().unwrap().is_empty()
                && !rule["help"]["markdown"].as_str().unwrap().is_empty()
        );
        let properties = &rule["properties"];
        assert!(properties["tags"].as_array().unwrap().len() <= 10);
        assert_eq!(properties["tags"][0], "security");
        if let Some(severity) = properties.get("security-severity") {
            let severity: f64 = severity.as_str().expect("a text, not a number").parse().unwrap();
            assert!(severity > 0.0 && severity < 10.0);
        }
    }
}

#[test]
fn a_rule_that_failed_is_said_by_the_machine_formats() {
    let (sources, mut report) = fixture();
    let rule = report.findings[0].rule.clone();
    report.failures.push(mlops_lint::engine::RuleFailure { rule, target: "a.yaml: A".into(), message: "boom".into() });
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
    for format in [OutputFormat::Json, OutputFormat::Sarif] {
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
    insta::assert_snapshot!(last(&report), @"1 critical, 2 high, 4 medium, 1 low, 1 info (and not shown: 12 low, 1 info, --min-severity info; 3 undecided, --unknown show: 2 parameters without a default, 1 import that nothing here exports)");
    report.findings.clear();
    insta::assert_snapshot!(last(&report), @"5 templates, 49 resources, 2 embedded documents, 85 rules, 4 ms: nothing to report (12 low, 1 info, --min-severity info; 3 undecided, --unknown show: 2 parameters without a default, 1 import that nothing here exports)");
    report.undecided.retain(|undecided| undecided.reasons[0].kind != ReasonKind::ParameterWithoutDefault);
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

fn percent_decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
