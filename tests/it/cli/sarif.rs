//! SARIF of whole runs: the same addresses from wherever the program is run, the same rules whatever it looks at.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use mlops_lint::cli::Exit;
use serde_json::Value;

use super::Sandbox;

const FLAWED: &str = "Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      DirectInternetAccess: Enabled
      InstanceType: ml.t3.medium
";

/// The addresses of a report's places.
fn uris(sarif: &str) -> BTreeSet<String> {
    let log: Value = serde_json::from_str(sarif).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let uri = |result: &Value| {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    results.iter().map(uri).collect()
}

#[test]
fn addresses_are_those_of_the_repository_from_wherever_it_is_run() {
    let sandbox = Sandbox::new(&[
        ("repo/.git/HEAD", ""),
        ("repo/ml/prod/a b/größe#1.yaml", FLAWED),
        ("repo/other/.keep", ""),
        ("elsewhere/.keep", ""),
    ]);
    let absolute = sandbox.root().join("repo/ml");
    let mut ways = vec![
        ("repo", "."),
        ("repo", "ml/"),
        ("repo", "./ml"),
        ("repo", "./ml/../ml/prod"),
        ("repo", "ml/prod/a b/größe#1.yaml"),
        ("repo", absolute.as_str()),
        ("repo/ml", "."),
        ("repo/ml/prod", ".."),
        ("repo/other", "../ml"),
        // From outside of the repository.
        ("", "repo"),
        ("elsewhere", "../repo/ml"),
        ("elsewhere", absolute.as_str()),
    ];
    #[cfg(unix)]
    {
        let link = |target: &str, link: &str| {
            std::os::unix::fs::symlink(sandbox.root().join(target), sandbox.root().join(link)).unwrap();
        };
        link("repo/ml", "elsewhere/linked");
        link("repo/ml/prod/a b/größe#1.yaml", "repo/other/linked.yaml");
        ways.extend([
            ("elsewhere", "linked"),
            ("elsewhere/linked", "."),
            ("repo", "other"),
            ("repo/other", "linked.yaml"),
        ]);
    }
    let run = |(directory, path): (&str, &str)| {
        let ran = sandbox.run_in(directory, &[path, "--format", "sarif"], "", &[]);
        assert_eq!(ran.exit, Exit::Findings, "{directory} {path}: {}", ran.stderr);
        ran.stdout
    };
    let first = run(ways[0]);
    assert_eq!(uris(&first), BTreeSet::from(["ml/prod/a%20b/gr%C3%B6%C3%9Fe%231.yaml".to_owned()]));
    // A file that is named may be known outside of what was loaded, which is not about addresses.
    for way in ways {
        assert_eq!(uris(&run(way)), uris(&first), "{way:?}");
    }
    assert_eq!(run(("repo/ml", ".")), first, "not only the addresses: every byte");
}

#[test]
fn a_file_outside_of_the_repository_is_absolute_and_standard_input_has_its_name() {
    let sandbox = Sandbox::new(&[("repo/.git/HEAD", ""), ("repo/a.yaml", FLAWED), ("out side/b.yaml", FLAWED)]);
    let both = sandbox.run_in("repo", &[".", "../out side/b.yaml", "--format", "sarif"], "", &[]);
    let outside = format!("file://{}/out%20side/b.yaml", sandbox.root());
    assert_eq!(uris(&both.stdout), BTreeSet::from(["a.yaml".to_owned(), outside]));
    let piped = sandbox.run_in("repo", &["-", "--format", "sarif"], FLAWED, &[]);
    assert_eq!(uris(&piped.stdout), BTreeSet::from(["%3Cstdin%3E".to_owned()]));
}

/// The report on a folder of this repository.
fn of_this_repository(folder: &str) -> String {
    let sandbox = Sandbox::new(&[]);
    let folder = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let arguments = [folder.as_str(), "--profile", "strict", "--min-severity", "info", "--format", "sarif"];
    sandbox.run(&arguments).stdout
}

#[test]
fn rules_are_the_same_bytes_for_every_code_base() {
    let [clean, flawed] = ["templates", "fixtures/projects/flawed-pipeline"].map(of_this_repository);
    let part = |log: &str, from: &str, to: &str| {
        let start = log.find(from).unwrap();
        log[start..start + log[start..].find(to).unwrap()].to_owned()
    };
    for (from, to) in [("\"tool\":", ",\"automationDetails\":"), ("\"taxonomies\":", ",\"results\":")] {
        let rules = part(&clean, from, to);
        assert!(rules.len() > 5_000);
        assert_eq!(rules, part(&flawed, from, to));
    }
}

#[test]
fn every_bundled_rule_keeps_to_the_limits_of_code_scanning() {
    let log: Value = serde_json::from_str(&of_this_repository("templates")).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.len() > 40 && rules.is_sorted_by_key(|rule| rule["id"].as_str()));
    for rule in rules {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{rule}")).to_owned();
        for (value, most) in
            [(&rule["name"], 255), (&rule["shortDescription"]["text"], 1024), (&rule["fullDescription"]["text"], 1024)]
        {
            assert!((1..=most).contains(&text(value).encode_utf16().count()), "{rule}");
        }
        assert!(!text(&rule["help"]["text"]).is_empty() && !text(&rule["help"]["markdown"]).is_empty());
        assert!(["note", "warning", "error"].contains(&&*text(&rule["defaultConfiguration"]["level"])));
        assert!(rule.get("helpUri").is_none_or(|uri| text(uri).starts_with("https://")), "{rule}");
        let properties = &rule["properties"];
        let tags: Vec<String> = properties["tags"].as_array().unwrap().iter().map(text).collect();
        assert!(tags.len() <= 10 && tags[0] == "security", "{tags:?}");
        assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), tags.len(), "{tags:?}");
        assert!(["very-high", "high", "medium", "low"].contains(&&*text(&properties["precision"])));
        assert!(["error", "warning", "recommendation"].contains(&&*text(&properties["problem.severity"])));
        if let Some(severity) = properties.get("security-severity") {
            // A text; 9.0 is in none of the documented ranges.
            let severity: f64 = text(severity).parse().unwrap();
            assert!((0.1..=10.0).contains(&severity) && (severity - 9.0).abs() > 0.01);
        }
    }
}
