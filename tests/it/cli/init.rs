//! `init` and `--reference`: what is written, what is kept, and what the reference adds to a graph.

use mlops_lint::cli::Exit;

use super::Sandbox;

#[test]
fn what_is_written_lints_clean() {
    let sandbox = Sandbox::new(&[(".git/HEAD", "")]);
    let ran = sandbox.run(&["init", "--name", "churn", "--environments", "dev,production"]);
    assert_eq!(ran.exit, Exit::Clean, "{}", ran.stderr);
    let keys = sandbox.read("templates/infrastructure/kms-keys.yaml");
    assert!(keys.contains("Default: churn") && !keys.contains("Default: mlops\n"), "the name is the default");
    let config = sandbox.read(".mlops-lint.yaml");
    assert!(config.contains("production:") && !config.contains("staging"), "{config}");
    let ran = sandbox.run(&["--min-severity", "info", "--fail-on", "info"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (Exit::Clean, ""), "{}", ran.stdout);
}

#[test]
fn nothing_that_is_there_is_touched() {
    let sandbox = Sandbox::new(&[(".mlops-lint.yaml", "profile: strict\n"), ("templates/README.md", "mine\n")]);
    let ran = sandbox.run(&["init"]);
    assert!(ran.stdout.contains(".mlops-lint.yaml is there and stays as it is"), "{}", ran.stdout);
    assert_eq!(sandbox.read(".mlops-lint.yaml"), "profile: strict\n");
    assert_eq!(sandbox.read("templates/README.md"), "mine\n");
    let again = sandbox.run(&["init"]);
    assert!(again.stdout.contains("\n0 files written"), "{}", again.stdout);
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let sandbox = Sandbox::new(&[]);
    let dry = sandbox.run(&["init", "--dry-run"]);
    assert_eq!(std::fs::read_dir(sandbox.root()).unwrap().count(), 0);
    let wet = sandbox.run(&["init"]);
    assert_eq!(dry.stdout.replace("would be written", "written"), wet.stdout);
}

#[test]
fn mistakes_are_said_before_anything_is_written() {
    let sandbox = Sandbox::new(&[]);
    let ran = sandbox.run(&["init", "--name", "Churn_Model"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.contains("`Churn_Model` cannot be the name of a project"), "{}", ran.stderr);
    assert_eq!(sandbox.run(&["init", "--environments", "test"]).exit, Exit::CouldNotRun);
    assert_eq!(sandbox.run(&["init", "nowhere"]).exit, Exit::CouldNotRun);
    assert_eq!(std::fs::read_dir(sandbox.root()).unwrap().count(), 0);
}

#[test]
fn an_import_from_the_reference_is_judged_with_what_stands_behind_it() {
    let own = "Parameters:\n  ProjectName: {Type: String, Default: mlops, AllowedPattern: '^[a-z][a-z0-9-]{0,10}[a-z0-9]$'}\n  Environment: {Type: String, AllowedValues: [dev, staging, production]}\nResources:\n  S:\n    Type: AWS::SNS::Subscription\n    Properties: {Protocol: sqs, TopicArn: t, Endpoint: !ImportValue {'Fn::Sub': '${ProjectName}-${Environment}-DataKeyArn'}}\n";
    let sandbox = Sandbox::new(&[
        ("own.yaml", own),
        (
            "bad.yaml",
            "Resources:\n  S:\n    Type: AWS::SNS::Subscription\n    Properties: {Protocol: sqs, TopicArn: !ImportValue nowhere}\n",
        ),
        (
            "exports.yaml",
            "Resources:\n  T:\n    Type: AWS::SNS::Topic\nOutputs:\n  T: {Value: !Ref T, Export: {Name: alerts}}\n",
        ),
    ]);
    let imports = |arguments: &[&str]| {
        let ran = sandbox.run(&[&["--format", "json", "--select", "TPL002"], arguments, &["."]].concat());
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["file"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(imports(&[]), ["bad.yaml", "own.yaml"]);
    assert_eq!(imports(&["--reference"]), ["bad.yaml"]);
}

#[test]
fn the_reference_is_reported_on_when_asked() {
    let rule = "id: OWN001\nname: x\nseverity: high\nmatch: AWS::KMS::Key\nrequire: { path: Description, equals: mine }\nmessage: \"`{self}` is not mine\"\n";
    let sandbox = Sandbox::new(&[("own.yaml", super::TEMPLATE), ("rules/x.yaml", rule)]);
    let about = |mode: &str| {
        let ran = sandbox.run(&["--format", "json", "--rules", "rules", "--select", "OWN001", mode, "own.yaml"]);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(report["summary"]["templates"].as_u64().unwrap() > 5, "{}", report["summary"]);
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["file"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(about("--reference").is_empty());
    let reported = about("--reference=report");
    assert!(
        !reported.is_empty() && reported.iter().all(|file| file == "<reference>/infrastructure/kms-keys.yaml"),
        "{reported:?}"
    );
}
