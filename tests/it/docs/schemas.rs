//! The schemas in `docs/schema`: made from the program, kept by what it reads and writes, and refusing what it does not.

use std::fs;
use std::path::PathBuf;

use mlops_lint::engine::SuppressionOrigin;
use mlops_lint::finding::{Confidence, Severity};
use mlops_lint::rule::{OptionKind, Profile};
use mlops_lint::source::FileId;
use mlops_lint::syntax::parse;
use serde_json::{Map, Value, json};

use super::{program, read, root, settle};

/// A schema as it is written: one key a line, so that a change shows what changed.
fn written(schema: &Value) -> String {
    serde_json::to_string_pretty(schema).unwrap() + "\n"
}

#[test]
fn schemas_are_fresh() {
    for (path, schema) in [
        ("docs/schema/config.schema.json", mlops_lint::config::schema()),
        ("docs/schema/report.schema.json", mlops_lint::render::schema()),
        ("docs/schema/rule.schema.json", mlops_lint::rule::schema()),
        ("docs/schema/rules.schema.json", mlops_lint::cli::rules_schema()),
    ] {
        let old = fs::read_to_string(root().join(path)).unwrap_or_default();
        settle(path, &old, &written(&schema));
    }
}

/// YAML as JSON has it; enough for files of ours, which have no tags.
fn as_json(node: mlops_lint::syntax::Node<'_>) -> Value {
    use mlops_lint::syntax::ScalarType;
    if node.is_mapping() {
        node.entries().map(|(key, value)| (key.text().to_owned(), as_json(value))).collect()
    } else if node.is_sequence() {
        node.items().map(as_json).collect()
    } else {
        match node.scalar_type() {
            Some(ScalarType::Bool(flag)) => flag.into(),
            Some(ScalarType::Int(_) | ScalarType::Float(_)) => {
                serde_json::from_str(node.text()).unwrap_or_else(|_| node.text().into())
            }
            _ => node.text().into(),
        }
    }
}

#[test]
fn schemas_accept_what_the_program_accepts() {
    let rule = validator(&mlops_lint::rule::schema());
    for path in glob_rules() {
        let text = fs::read_to_string(&path).unwrap();
        let parsed = parse(FileId::new(0), &text.as_str().into());
        let value = as_json(parsed.document.root().unwrap());
        let wrong: Vec<_> = rule.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
    }
    let config = validator(&mlops_lint::config::schema());
    let good = json!({
        "include": "infra/**", "select": ["ENC"], "profile": "strict", "severity": {"lab/**": {"ENC": "low"}, "NET": "info"},
        "suppress": [{"rules": "ENC001", "paths": ["lab/**"], "reason": "a lab", "until": "2027-01-31"}],
        "environments": {"dev": {"Environment": "dev", "Zones": ["a", "b"]}},
        "stacks": {"net": {"template": "n.yaml", "parameters": {"Key": {"stack": "kms", "output": "Arn"}}}},
        "shared-parameters": "none", "options": {"REL001": {"instances": 3}},
    });
    assert!(config.is_valid(&good), "{:?}", config.iter_errors(&good).map(|e| e.to_string()).collect::<Vec<_>>());
    for bad in [
        json!({"profil": "strict"}),
        json!({"fail-on": "hihg"}),
        json!({"suppress": [{"rules": "ENC001", "paths": "a"}]}),
        json!({"stacks": {"net": {}}}),
    ] {
        assert!(!config.is_valid(&bad), "{bad}");
    }
}

/// The rule files of the project.
fn glob_rules() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("rules")).unwrap().map(|entry| entry.unwrap().path());
    let rules = folders.filter(|folder| folder.is_dir() && !folder.ends_with("catalog"));
    rules.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())).collect()
}

#[test]
fn reports_on_the_projects_of_this_repository_are_valid() {
    for project in ["templates", "fixtures/projects/flawed-pipeline"] {
        for (format, schema) in SCHEMAS {
            let (_, text) =
                program(&format!("{project} --profile strict --min-severity info --format {format}"), &root());
            valid(project, &text, schema);
        }
    }
    let (_, text) = program("rules --format json", &root());
    valid("rules", &text, "docs/schema/rules.schema.json");
}

/// The formats that machines read, with their schemas.
const SCHEMAS: [(&str, &str); 2] =
    [("sarif", "fixtures/render/sarif-schema-2.1.0.json"), ("json", "docs/schema/report.schema.json")];

fn valid(what: &str, text: &str, schema: &str) {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    // SARIF's schema has a pattern for languages with a stray bracket, which is no regular expression. We write no language.
    let schema = read(schema).replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let schema = validator(&serde_json::from_str(&schema).unwrap());
    let errors: Vec<_> =
        schema.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

/// `.ci/run` names the folder with what the release binary wrote in `MLOPS_LINT_REPORTS`.
#[test]
#[ignore = "it reads what .ci/run had the release binary write"]
fn reports_of_the_release_binary_are_valid() {
    let folder = std::env::var_os("MLOPS_LINT_REPORTS").expect("MLOPS_LINT_REPORTS names a folder of reports");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().unwrap_or_default();
        let (_, schema) = SCHEMAS.into_iter().find(|(format, _)| *format == extension).expect("only reports are there");
        valid(&path.to_string_lossy(), &fs::read_to_string(&path).unwrap(), schema);
        seen += 1;
    }
    assert!(seen > 0, "no report was written");
}

#[test]
fn a_report_with_a_wrong_key_or_value_is_refused() {
    let report = crate::render::everything();
    let schema = validator(&mlops_lint::render::schema());
    refuses_what_differs(&schema, &report, &[]);
    for (place, wrong) in [
        ("/version", json!(2)),
        ("/findings/0/rule", json!("")),
        ("/findings/0/severity", json!("hihg")),
        ("/findings/0/confidence", json!("sure")),
        ("/findings/0/file", json!("")),
        ("/findings/0/range/start/line", json!(0)),
        ("/findings/0/range/start/column", json!(0)),
        ("/findings/0/range/end/offset", json!(-1)),
        ("/findings/0/scenario/choices/0/kind", json!("fate")),
        ("/findings/0/fingerprint", json!("0123")),
        ("/suppressed/0/suppression/until", json!("tomorrow")),
        ("/suppressed/0/suppression/origin", json!("hearsay")),
        ("/unknown/0/reasons", json!([])),
        ("/unknown/0/reasons/0/kind", json!("mood")),
        ("/summary/files", json!(-1)),
        ("/summary/findings/high", json!(0.5)),
    ] {
        let changed = changed(&report, place, |value| *value = wrong);
        assert!(!schema.is_valid(&changed), "{place}");
    }
}

#[test]
fn only_what_is_suppressed_says_why() {
    let report = crate::render::everything();
    let schema = validator(&mlops_lint::render::schema());
    let suppressed = changed(&report, "/findings/0", |finding| *finding = report["suppressed"][0].clone());
    assert!(!schema.is_valid(&suppressed));
    let unexplained = changed(&report, "/suppressed/0", |finding| *finding = report["findings"][0].clone());
    assert!(!schema.is_valid(&unexplained));
}

#[test]
fn a_list_of_rules_with_a_wrong_key_or_value_is_refused() {
    let (_, text) = program("rules --format json", &root());
    let mut listed: Value = serde_json::from_str(&text).unwrap();
    // One rule that has everything.
    let filled = |rule: &Value| ["options", "peers", "references"].iter().all(|list| rule[list] != json!([]));
    let rule = listed["rules"].as_array().unwrap().iter().find(|rule| filled(rule)).expect("a rule has it all").clone();
    listed["rules"] = json!([rule]);
    let schema = validator(&mlops_lint::cli::rules_schema());
    refuses_what_differs(&schema, &listed, &["/rules/0/controls", "/rules/0/controls_by_analogy"]);
    for (place, wrong) in [
        ("/version", json!(2)),
        ("/rules/0/id", json!("")),
        ("/rules/0/name", json!("")),
        ("/rules/0/severity", json!("hihg")),
        ("/rules/0/confidence", json!("sure")),
        ("/rules/0/profile", json!("lax")),
        ("/rules/0/options/0/type", json!("boolean")),
        ("/rules/0/controls", json!({"soc2": "CC6.1"})),
    ] {
        let changed = changed(&listed, place, |value| *value = wrong);
        assert!(!schema.is_valid(&changed), "{place}");
    }
}

/// The schemas have the words that the formats for people write and that files are read by.
#[test]
fn words_in_schemas_are_the_words_of_the_program() {
    let (report, rules) = (mlops_lint::render::schema(), mlops_lint::cli::rules_schema());
    let words = |schema: &Value, name: &str| -> Vec<String> {
        let variants = schema["$defs"][name]["oneOf"].as_array().unwrap_or_else(|| panic!("{name}"));
        variants.iter().map(|variant| variant["const"].as_str().unwrap().to_owned()).collect()
    };
    let severities = words(&report, "Severity");
    assert_eq!(severities.len(), Severity::ALL.len());
    assert!(severities.iter().all(|word| word.parse().is_ok_and(|severity: Severity| severity.as_str() == word)));
    for word in words(&report, "Confidence") {
        assert!(word.parse().is_ok_and(|confidence: Confidence| confidence.as_str() == word), "{word}");
    }
    for word in words(&rules, "Profile") {
        assert!(word.parse().is_ok_and(|profile: Profile| profile.as_str() == word), "{word}");
    }
    assert_eq!(words(&rules, "OptionKind"), OptionKind::ALL.map(OptionKind::as_str));
    let origins = [SuppressionOrigin::Comment, SuppressionOrigin::Metadata, SuppressionOrigin::Configuration];
    assert_eq!(words(&report, "SuppressionOrigin"), origins.map(SuppressionOrigin::as_str));
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::validator_for(schema).unwrap()
}

/// A document is valid, and no longer if any object of it lacks a key, has one more, or has a value of another type.
/// Keys of the objects at the places in `free` are anyone's.
fn refuses_what_differs(schema: &jsonschema::Validator, document: &Value, free: &[&str]) {
    assert!(schema.is_valid(document), "{:?}", schema.iter_errors(document).map(|e| e.to_string()).collect::<Vec<_>>());
    let mut seen = 0;
    for place in objects(document) {
        if free.contains(&&*place) {
            continue;
        }
        let refused = |what: &str, change: &dyn Fn(&mut Map<String, Value>)| {
            let changed = changed(document, &place, |object| change(object.as_object_mut().unwrap()));
            assert!(!schema.is_valid(&changed), "`{place}` {what}");
        };
        refused("with one more key", &|object| drop(object.insert("colour".to_owned(), json!("red"))));
        for (key, value) in document.pointer(&place).unwrap().as_object().unwrap() {
            refused(&format!("without `{key}`"), &|object| drop(object.remove(key)));
            let other = if value.is_number() { json!("7") } else { json!(7) };
            refused(&format!("with {other} as `{key}`"), &|object| drop(object.insert(key.clone(), other.clone())));
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}

/// A copy of a document in which something was done at a place.
fn changed(document: &Value, place: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut copy = document.clone();
    change(copy.pointer_mut(place).unwrap_or_else(|| panic!("{place}: {document:#}")));
    copy
}

/// Every object of a document, as JSON pointers.
fn objects(document: &Value) -> Vec<String> {
    let below =
        |key: &str, value: &Value| objects(value).into_iter().map(move |rest| format!("/{key}{rest}")).collect();
    let members: Vec<Vec<String>> = match document {
        Value::Object(members) => members.iter().map(|(key, value)| below(key, value)).collect(),
        Value::Array(items) => items.iter().zip(0..).map(|(value, index)| below(&index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let own = document.is_object().then(String::new);
    own.into_iter().chain(members.concat()).collect()
}
