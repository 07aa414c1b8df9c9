//! SARIF against the checklist of what GitHub's code scanning takes, and against what the report says.

use std::collections::BTreeMap;

use mlops_lint::engine::Report;
use mlops_lint::finding::{Finding, Severity};
use mlops_lint::render::{OutputFormat, RenderContext, UnknownMode, left_out};
use mlops_lint::source::SourceMap;
use serde_json::Value;

use super::fixture::fixture;
use super::{assert_valid, context, json, line_of, number, schema, snapshot, text, text_of};

/// The log of the fixture with results of every kind.
fn everything() -> (SourceMap, Report, Value) {
    let (sources, report) = fixture();
    let cx = RenderContext { unknown: UnknownMode::Show, show_suppressed: true, ..context(&sources) };
    let log = json(&report, OutputFormat::Sarif, &cx);
    (sources, report, log)
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

fn rules(log: &Value) -> &Vec<Value> {
    log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap()
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
    let (_, _, log) = everything();
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

#[test]
fn a_file_is_one_run_of_a_named_version_without_empty_texts() {
    let (_, _, log) = everything();
    assert_valid(&schema("sarif-schema-2.1.0.json"), &log);
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let driver = &log["runs"][0]["tool"]["driver"];
    assert_eq!((&driver["name"], &driver["semanticVersion"]), (&"mlops-lint".into(), &"1.2.3".into()));
    let mut texts = 0;
    each_text(&log, &mut |text| {
        assert!(!text.is_empty());
        texts += 1;
    });
    assert!(texts > 100);
}

fn each_text(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, see)),
        Value::Object(map) => map.values().for_each(|item| each_text(item, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn the_automation_id_is_the_folder_of_the_project() {
    let (sources, report) = fixture();
    for (scope, id) in [("", "mlops-lint/"), ("ml/platform", "mlops-lint/ml/platform/")] {
        let log = json(&report, OutputFormat::Sarif, &RenderContext { scope, ..context(&sources) });
        assert_eq!(log["runs"][0]["automationDetails"]["id"], id);
    }
}

#[test]
fn a_result_has_one_place_with_both_ends_and_a_ruled_level() {
    let (_, report, log) = everything();
    let all = report.findings.len() + report.undecided.len() + report.suppressed.len();
    assert_eq!(results(&log).len(), all);
    for result in results(&log) {
        assert_eq!(result["locations"].as_array().unwrap().len(), 1);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let ends = ["startLine", "startColumn", "endLine", "endColumn"].map(|key| number(region, key));
        assert!(ends.iter().all(|&end| end >= 1) && (ends[0], ends[1]) <= (ends[2], ends[3]), "{region}");
        let level = if result["kind"] == "open" { "none" } else { "note warning error" };
        assert!(level.contains(result["level"].as_str().unwrap()));
    }
}

/// The definition of the line hash, unit by unit: an independent second opinion on `line_hash.rs`.
fn line_hashes(text: &str) -> Vec<String> {
    let (mut units, mut starts, mut is_start) = (Vec::new(), Vec::new(), true);
    let normal = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = normal.encode_utf16().filter(|unit| ![0x20, 0x09].contains(unit));
    for unit in kept.chain([u16::MAX]) {
        if is_start {
            starts.push(units.len());
        }
        is_start = unit == 0x0a;
        units.push(u64::from(unit));
    }
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    let hash = |&start: &usize| {
        let unit = |at: usize| units.get(start + at).copied().unwrap_or(0);
        let hash = (0..100).fold(0_u64, |hash, at| hash.wrapping_mul(37).wrapping_add(unit(at)));
        let count = seen.entry(hash).or_default();
        *count += 1;
        format!("{hash:x}:{count}")
    };
    starts.iter().map(hash).collect()
}

#[test]
fn results_have_the_fingerprints_of_code_scanning_and_of_the_report() {
    let (sources, report, log) = everything();
    let own = report.fingerprints.iter().map(String::as_str).map(Some);
    let accepted = report.suppressed.iter().map(|suppressed| Some(suppressed.fingerprint.as_str()));
    let own: Vec<_> = own.chain(report.undecided.iter().map(|_| None)).chain(accepted).collect();
    for (result, own) in results(&log).iter().zip(own) {
        let prints = &result["partialFingerprints"];
        assert_eq!(prints["mlopsLint/v1"].as_str(), own);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let hashes = line_hashes(text_of(&sources, &percent_decoded(uri)));
        let line = number(&place["region"], "startLine");
        assert_eq!(prints["primaryLocationLineHash"].as_str(), Some(&*hashes[line - 1]), "{uri}:{line}");
    }
}

#[test]
fn steps_are_the_places_in_the_order_of_the_explanation() {
    let (_, report, log) = everything();
    let mut seen = 0;
    for (finding, result) in report.findings.iter().zip(results(&log)) {
        if finding.related.is_empty() {
            assert!(result.get("codeFlows").is_none());
            continue;
        }
        let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
        assert_eq!(steps.len(), 1 + finding.related.len());
        let places: Vec<_> = result["locations"]
            .as_array()
            .unwrap()
            .iter()
            .chain(result["relatedLocations"].as_array().unwrap())
            .collect();
        let labels = std::iter::once(&finding.primary).chain(&finding.related);
        for ((step, place), label) in steps.iter().zip(places).zip(labels) {
            let (step, place) = (&step["location"], &place["physicalLocation"]);
            assert_eq!(step["physicalLocation"]["artifactLocation"], place["artifactLocation"]);
            for end in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert_eq!(step["physicalLocation"]["region"][end], place["region"][end]);
            }
            assert_eq!(step["message"]["text"].as_str(), Some(&*label.text));
            seen += 1;
        }
    }
    assert!(seen > 8);
}

#[test]
fn what_is_suppressed_is_left_out_unless_it_is_asked_for() {
    let (sources, report, log) = everything();
    let quiet = json(&report, OutputFormat::Sarif, &context(&sources));
    assert_eq!(results(&quiet).len(), report.findings.len());
    assert!(results(&quiet).iter().all(|result| result.get("suppressions").is_none()));
    let suppressed: Vec<_> = results(&log).iter().filter_map(|result| result.get("suppressions")).collect();
    let kinds: Vec<_> = suppressed.iter().map(|list| list[0]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["inSource", "external", "inSource"]);
    for (list, expected) in suppressed.iter().zip(&report.suppressed) {
        assert_eq!(list.as_array().unwrap().len(), 1);
        let suppression = &list[0];
        assert_eq!(suppression["justification"].as_str(), Some(&*expected.reason));
        assert_eq!(suppression["status"], "accepted");
        assert_eq!(suppression["properties"]["origin"], expected.origin.as_str());
        assert_eq!(suppression["properties"]["until"].as_str(), expected.until.as_deref());
        assert_eq!(suppression.get("location").is_some(), expected.place.is_some());
    }
}

#[test]
fn controls_are_taxa_and_an_analogy_is_no_mapping() {
    let (_, report, log) = everything();
    let run = &log["runs"][0];
    let taxonomies = run["taxonomies"].as_array().unwrap();
    let supported = run["tool"]["driver"]["supportedTaxonomies"].as_array().unwrap();
    assert_eq!(taxonomies.len(), supported.len());
    for (index, (taxonomy, reference)) in taxonomies.iter().zip(supported).enumerate() {
        assert_eq!((&taxonomy["name"], number(reference, "index")), (&reference["name"], index));
    }
    let mut kinds = BTreeMap::new();
    for (rule, expected) in rules(&log).iter().zip(report.rules.values()) {
        for relation in rule["relationships"].as_array().into_iter().flatten() {
            let (target, kind) = (&relation["target"], relation["kinds"][0].as_str().unwrap());
            let taxonomy = &taxonomies[number(&target["toolComponent"], "index")];
            assert_eq!(taxonomy["name"], target["toolComponent"]["name"]);
            assert!(taxonomy["taxa"].as_array().unwrap().iter().any(|taxon| taxon["id"] == target["id"]));
            let (framework, control) = (taxonomy["name"].as_str().unwrap(), target["id"].as_str().unwrap().to_owned());
            let holds =
                |map: &BTreeMap<String, Vec<String>>| map.get(framework).is_some_and(|ids| ids.contains(&control));
            let (holder, mapping) = match kind {
                "superset" => (&expected.docs.controls, "published"),
                _ => (&expected.docs.controls_by_analogy, "analogy"),
            };
            assert!(holds(holder), "{framework} {control} {kind}");
            assert_eq!(relation["properties"]["mapping"], mapping);
            *kinds.entry(kind.to_owned()).or_insert(0) += 1;
        }
    }
    assert_eq!(kinds, BTreeMap::from([("relevant".to_owned(), 1), ("superset".to_owned(), 5)]));
}

#[test]
fn too_many_results_leave_out_the_least_severe_and_say_so() {
    let (sources, mut report) = fixture();
    let one = report.findings.iter().find(|finding| finding.related.is_empty()).unwrap().clone();
    let of = |severity| Finding { severity, ..one.clone() };
    // The worst one stands last, where cutting off the end would lose it.
    report.findings = (0..25_010).map(|_| of(Severity::Low)).chain([of(Severity::Critical)]).collect();
    report.fingerprints = (0..report.findings.len()).map(|index| format!("{index:016x}")).collect();
    let cx = RenderContext { unknown: UnknownMode::Show, show_suppressed: true, ..context(&sources) };
    // Read as text: as a tree of values it is the slowest test of all.
    let log = text(&report, OutputFormat::Sarif, &cx);
    assert_eq!(log.matches("\"mlopsLint/v1\"").count(), 25_000);
    let worst = log.find("\"00000000000061b2\"").expect("the worst one is kept");
    let kept = log.find("\"00000000000061a6\"").expect("and as many others as fit");
    assert!(kept < worst && !log.contains("\"00000000000061a7\""));
    let missing = 11 + report.undecided.len() + report.suppressed.len();
    assert_eq!(left_out(&report, OutputFormat::Sarif, &cx), missing);
    assert_eq!(left_out(&report, OutputFormat::Json, &cx), 0);
    let said = format!("{missing} results left out, the least severe: a run has room for 25000.");
    assert!(log.contains(&format!("{{\"level\":\"warning\",\"message\":{{\"text\":\"{said}\"}}}}")));
}

#[test]
fn too_many_places_of_a_result_are_counted() {
    let (sources, mut report) = fixture();
    let label = report.findings[0].primary.clone();
    report.findings[0].related = vec![label; 1_500];
    let log = json(&report, OutputFormat::Sarif, &context(&sources));
    let result = &results(&log)[0];
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 100);
    assert_eq!(result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap().len(), 1_000);
    assert!(result["message"]["text"].as_str().unwrap().contains(" and 1400 more"));
}
