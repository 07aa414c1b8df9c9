//! Findings of real rules: exit codes, and the same places from wherever the program is run.

use mlops_lint::cli::Exit;
use mlops_lint::render::OutputFormat;
use serde_json::Value;

use super::Sandbox;

const FLAWED: &str = "Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      DirectInternetAccess: Enabled
      InstanceType: ml.t3.medium
      RootAccess: Disabled
";

fn report(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_exit_code_follows_the_worst_finding_in_every_format() {
    let sandbox = Sandbox::new(&[("a.yaml", FLAWED)]);
    for format in OutputFormat::ALL.map(OutputFormat::as_str) {
        for (options, exit) in [
            (&[][..], Exit::Findings),
            (&["--fail-on", "high"], Exit::Findings),
            (&["--fail-on", "critical"], Exit::Clean),
            (&["--exit-zero"], Exit::Clean),
            // What is hidden from view still counts.
            (&["--min-severity", "critical"], Exit::Findings),
        ] {
            let ran = sandbox.run(&[options, &["--format", format]].concat());
            assert_eq!(ran.exit, exit, "{format} {options:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn what_is_hidden_is_counted() {
    let sandbox = Sandbox::new(&[("a.yaml", FLAWED)]);
    let all = report(&sandbox.run(&["--format", "json"]).stdout);
    let shown = all["findings"].as_array().unwrap().len();
    assert!(shown > 0);
    let ran = sandbox.run(&["--format", "json", "--min-severity", "critical"]);
    let few = report(&ran.stdout);
    assert_eq!(few["findings"], Value::Array(vec![]));
    assert_eq!(few["summary"]["hidden"], shown);
    let text = sandbox.run(&["--min-severity", "critical"]).stdout;
    assert!(text.contains("nothing to report (") && text.contains("high, --min-severity high"), "{text}");
}

#[test]
fn machine_formats_name_the_same_file_from_wherever_they_are_run() {
    let sandbox = Sandbox::new(&[("repo/.git/HEAD", ""), ("repo/sub/a b/größe.yaml", FLAWED), ("elsewhere/x", "")]);
    let absolute = sandbox.root().join("repo/sub/a b");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&absolute, sandbox.root().join("elsewhere/link")).unwrap();
    let runs = [
        ("repo", "."),
        ("repo", "sub/"),
        ("repo", "./sub"),
        ("repo", "sub/a b/größe.yaml"),
        ("repo", absolute.as_str()),
        ("repo/sub", "."),
        ("repo/sub/a b", "../../sub"),
        ("repo/sub/a b", "größe.yaml"),
        ("elsewhere", absolute.as_str()),
        ("elsewhere", "../repo"),
        #[cfg(unix)]
        ("elsewhere", "link"),
        #[cfg(unix)]
        ("elsewhere", "link/größe.yaml"),
    ];
    let mut fingerprints = Vec::new();
    for (directory, path) in runs {
        let log = report(&sandbox.run_in(directory, &[path, "--format", "sarif"], "", &[]).stdout);
        let result = &log["runs"][0]["results"][0];
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, "sub/a%20b/gr%C3%B6%C3%9Fe.yaml", "{directory} {path}");
        let document = report(&sandbox.run_in(directory, &[path, "--format", "json"], "", &[]).stdout);
        assert_eq!(document["findings"][0]["file"], "sub/a b/größe.yaml", "{directory} {path}");
        fingerprints.push(document["findings"][0]["fingerprint"].clone());
    }
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 1);
}

#[test]
fn real_reports_are_valid() {
    let sandbox = Sandbox::new(&[("a.yaml", FLAWED), ("b.yaml", "Resources:\n  A: [\n  Type: x\n")]);
    for (format, schema) in [
        ("json", include_str!("../../../docs/schema/report.schema.json")),
        ("sarif", include_str!("../../../fixtures/render/sarif-schema-2.1.0.json")),
    ] {
        let schema = schema.replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
        let schema = jsonschema::validator_for(&report(&schema)).unwrap();
        let document =
            report(&sandbox.run(&["--format", format, "--unknown", "show", "--min-severity", "info"]).stdout);
        let errors: Vec<_> =
            schema.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn a_mistake_in_a_rule_file_is_drawn_at_its_place() {
    let rule = "id: MINE001\nname: mine\nsummary: Mine\nseverity: high\nconfidence: certain\nprofile: recommended\n\
                match: AWS::S3::Bucket\nrequre: { path: BucketName, present: true }\nmessage: \"x\"\n";
    let sandbox = Sandbox::new(&[("a.yaml", FLAWED), ("rules/mine.yaml", rule)]);
    for command in [
        &["a.yaml", "--rules", "rules"][..],
        &["rules", "--rules", "rules"],
        &["explain", "MINE001", "--rules", "rules"],
    ] {
        let ran = sandbox.run(command);
        assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::CouldNotRun, ""));
        insta::allow_duplicates! {
            insta::assert_snapshot!(ran.stderr, @"
            error: `requre` is not known here
               ╭─[rules/mine.yaml:8:1]
             6 │ profile: recommended
             7 │ match: AWS::S3::Bucket
             8 │ requre: { path: BucketName, present: true }
               · ──────
               ╰────
              help: did you mean `require`?
            ");
        }
    }
    let ran = sandbox.run(&["a.yaml", "--rules", "absent"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.starts_with("error: there is no directory `"), "{}", ran.stderr);
}
