//! Configurations: which one holds, what it changes, what is wrong with it, and which files make a project.

use mlops_lint::cli::Exit;

use super::{Ran, Sandbox};

/// One finding of severity high (NET001), one of medium (REL001).
const NOTEBOOK: &str = "Resources:\n  Book:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties: {DirectInternetAccess: Enabled, SubnetId: s, RootAccess: Disabled, KmsKeyId: k}\n";

fn findings(ran: &Ran) -> Vec<(String, String, String)> {
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| (text(&finding["rule"]), text(&finding["severity"]), text(&finding["file"]))).collect()
}

fn rules(ran: &Ran) -> Vec<String> {
    findings(ran).into_iter().map(|(rule, ..)| rule).collect()
}

#[test]
fn the_nearest_configuration_holds_and_the_command_line_wins() {
    let sandbox = Sandbox::new(&[
        (".git/HEAD", ""),
        (".mlops-lint.yaml", "ignore: [NET001]\n"),
        ("a.yaml", NOTEBOOK),
        ("sub/.mlops-lint.yaml", "severity: {NET001: low}\nmin-severity: low\n"),
        ("sub/deep/b.yaml", NOTEBOOK),
    ]);
    let ran = sandbox.run(&["--format", "json", "a.yaml"]);
    assert!(rules(&ran).is_empty(), "{}", ran.stdout);
    let ran = sandbox.run(&["--format", "json", "--select", "NET001", "--ignore", "WAF", "a.yaml"]);
    assert_eq!(rules(&ran), ["NET001"]);
    let ran = sandbox.run(&["--format", "json", "sub/deep"]);
    assert_eq!(findings(&ran), [("NET001".into(), "low".into(), "sub/deep/b.yaml".into())]);
    assert_eq!(ran.exit, Exit::Clean, "low is below the default of fail-on");
    let ran = sandbox.run(&["--format", "json", "--no-config", "."]);
    assert_eq!(rules(&ran), ["NET001", "NET001"]);
    let ran = sandbox.run(&["--format", "json", "."]);
    assert_eq!(findings(&ran), [("NET001".into(), "low".into(), "sub/deep/b.yaml".into())], "each by its own");
}

#[test]
fn a_configuration_above_the_repository_is_somebody_elses() {
    let sandbox =
        Sandbox::new(&[(".mlops-lint.yaml", "ignore: [NET001]\n"), ("repo/.git/HEAD", ""), ("repo/a.yaml", NOTEBOOK)]);
    let ran = sandbox.run_in("repo", &["--format", "json"], "", &[]);
    assert_eq!(rules(&ran), ["NET001"]);
}

/// A stack that exports a name, one that exports another, and one that imports the first.
const EXPORT: &str =
    "Resources:\n  T:\n    Type: AWS::SNS::Topic\nOutputs:\n  T: {Value: !Ref T, Export: {Name: topic}}\n";
const OTHER_EXPORT: &str =
    "Resources:\n  Q:\n    Type: AWS::SQS::Queue\nOutputs:\n  Q: {Value: !Ref Q, Export: {Name: jobs}}\n";
const IMPORT: &str = "Resources:\n  S:\n    Type: AWS::SNS::Subscription\n    Properties: {Protocol: sqs, TopicArn: !ImportValue topic}\n";

#[test]
fn two_projects_in_one_run_share_nothing() {
    let sandbox = Sandbox::new(&[
        ("one/.mlops-lint.yaml", ""),
        ("one/export.yaml", EXPORT),
        ("two/.mlops-lint.yaml", ""),
        ("two/import.yaml", IMPORT),
        ("two/queue.yaml", OTHER_EXPORT),
    ]);
    let ran = sandbox.run(&["--format", "json", "."]);
    assert_eq!(findings(&ran), [("TPL002".into(), "high".into(), "two/import.yaml".into())]);
    let ran = sandbox.run(&["--format", "json", "--no-config", "."]);
    assert!(rules(&ran).is_empty(), "{}", ran.stdout);
}

#[test]
fn naming_a_file_loads_its_project_and_reports_on_the_file() {
    let sandbox = Sandbox::new(&[
        (".mlops-lint.yaml", ""),
        ("export.yaml", EXPORT),
        ("import.yaml", IMPORT),
        ("notebook.yaml", NOTEBOOK),
    ]);
    let ran = sandbox.run(&["--format", "json", "--unknown", "show", "import.yaml"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]), "the export is seen, the notebook is not asked for");
    assert_eq!(report["unknown"], serde_json::json!([]));
    assert_eq!(report["summary"]["templates"], 3);
    let ran = sandbox.run(&["--format", "json", "--unknown", "show", "--no-config", "import.yaml"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["unknown"][0]["rule"], "TPL002", "without the project nothing can be said");
}

#[test]
fn changed_files_are_judged_within_the_whole_repository() {
    let sandbox = Sandbox::new(&[
        (".git/HEAD", ""),
        ("a/export.yaml", EXPORT),
        ("b/import.yaml", IMPORT),
        ("b/notebook.yaml", NOTEBOOK),
        ("deploy.yaml", "kind: Deployment\napiVersion: apps/v1\n"),
    ]);
    let ran = sandbox.run(&["--format", "json", "--unknown", "show", "--changed", "b/import.yaml", "deploy.yaml"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&report["findings"], &report["unknown"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    let ran = sandbox.run(&["--changed", "deploy.yaml"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::Clean, ""), "{}", ran.stderr);
}

#[test]
fn include_and_exclude_are_relative_to_the_project() {
    let sandbox = Sandbox::new(&[
        ("p/.mlops-lint.yaml", "include: [infra]\nexclude: ['*.draft.yaml', infra/old]\n"),
        ("p/infra/a.yaml", NOTEBOOK),
        ("p/infra/b.draft.yaml", NOTEBOOK),
        ("p/infra/old/c.yaml", NOTEBOOK),
        ("p/other/d.yaml", NOTEBOOK),
    ]);
    let files = |arguments: &[&str]| {
        let ran = sandbox.run(&[&["--format", "json"], arguments].concat());
        findings(&ran).into_iter().map(|(.., file)| file).collect::<Vec<_>>()
    };
    assert_eq!(files(&["."]), ["p/infra/a.yaml"]);
    assert_eq!(files(&["p/infra/b.draft.yaml"]), ["p/infra/b.draft.yaml"], "what is named is checked");
    let ran = sandbox.run(&["--force-exclude", "p/infra/b.draft.yaml"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::Clean, ""));
}

#[test]
fn severities_follow_rule_category_and_path_and_the_last_one_counts() {
    let sandbox = Sandbox::new(&[
        (".mlops-lint.yaml", "severity:\n  NET: low\n  'lab/**': info\n  'lab/keep/**': {NET001: critical}\n"),
        ("a.yaml", NOTEBOOK),
        ("lab/b.yaml", NOTEBOOK),
        ("lab/keep/c.yaml", NOTEBOOK),
    ]);
    let ran = sandbox.run(&["--format", "json", "--min-severity", "info", "--select", "NET001"]);
    let severities: Vec<_> = findings(&ran).into_iter().map(|(_, severity, file)| (file, severity)).collect();
    let pair = |file: &str, severity: &str| (file.to_owned(), severity.to_owned());
    assert_eq!(severities, [pair("a.yaml", "low"), pair("lab/b.yaml", "info"), pair("lab/keep/c.yaml", "critical")]);
}

#[test]
fn a_mistake_is_shown_at_its_place_with_a_suggestion() {
    let sandbox = Sandbox::new(&[(".mlops-lint.yaml", "profile: strict\nfail-onn: high\n"), ("a.yaml", NOTEBOOK)]);
    let ran = sandbox.run(&["a.yaml"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.contains("`fail-onn` is not known here"), "{}", ran.stderr);
    assert!(ran.stderr.contains(".mlops-lint.yaml:2:1"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `fail-on`?"), "{}", ran.stderr);
    sandbox.file(".mlops-lint.yaml", "ignore: [NET01]\n");
    let ran = sandbox.run(&["a.yaml"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.contains("`NET01` is no rule"), "{}", ran.stderr);
    assert!(ran.stderr.contains(".mlops-lint.yaml:1:10"), "{}", ran.stderr);
    let ran = sandbox.run(&["--no-config", "--select", "NET01", "a.yaml"]);
    assert!(ran.stderr.contains("--select: `NET01` is no rule"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean"), "{}", ran.stderr);
}

#[test]
fn a_named_configuration_holds_for_every_path() {
    let sandbox = Sandbox::new(&[
        ("ci/lint.yaml", "ignore: [NET001]\nrules: [ours]\n"),
        (
            "ci/ours/x.yaml",
            "id: OWN001\nname: x\nseverity: high\nmatch: AWS::SageMaker::NotebookInstance\nrequire: { path: RootAccess, equals: Enabled }\nmessage: \"own `{self}`\"\n",
        ),
        (".mlops-lint.yaml", "profil: x\n"),
        ("a.yaml", NOTEBOOK),
    ]);
    let ran = sandbox.run(&["--config", "ci/lint.yaml", "--format", "json", "a.yaml"]);
    assert_eq!(rules(&ran), ["OWN001"], "its rules lie beside it: {}", ran.stderr);
    let ran = sandbox.run(&["--config", "ci/none.yaml", "a.yaml"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.contains("cannot read the configuration `ci/none.yaml`"), "{}", ran.stderr);
}

#[test]
fn the_settings_are_shown_with_their_origin() {
    let sandbox = Sandbox::new(&[
        (".mlops-lint.yaml", "profile: strict\nexclude: [old]\nseverity: {REL: low}\n"),
        ("a.yaml", NOTEBOOK),
    ]);
    let ran = sandbox.run(&["config", "--fail-on", "high"]);
    assert_eq!(ran.exit, Exit::Clean, "{}", ran.stderr);
    let has = |name: &str, value: &str, origin: &str| {
        let mut lines = ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        assert!(lines.any(|line| line == format!("{name} {value} {origin}")), "{name}: {}", ran.stdout);
    };
    has("profile", "strict", ".mlops-lint.yaml:1");
    has("fail-on", "high", "--fail-on");
    has("unknown", "hide", "default");
    has("exclude", "old", ".mlops-lint.yaml:2");
    has("severity", "REL: low", ".mlops-lint.yaml:3");
    let ran = sandbox.run(&["config", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        document["projects"][0]["settings"][0],
        serde_json::json!({"name": "profile", "value": "strict", "origin": ".mlops-lint.yaml:1"})
    );
}

#[test]
fn options_of_rules_are_set_and_checked() {
    let config = "Resources:\n  C:\n    Type: AWS::SageMaker::EndpointConfig\n    Properties: {KmsKeyId: k, ProductionVariants: [{VariantName: v, InitialInstanceCount: 2}]}\n";
    let sandbox = Sandbox::new(&[(".mlops-lint.yaml", "options: {REL001: {instances: 3}}\n"), ("a.yaml", config)]);
    let ran = sandbox.run(&["--select", "REL001", "--format", "json"]);
    assert_eq!(rules(&ran), ["REL001"]);
    assert!(ran.stdout.contains("fewer than 3 instances"), "{}", ran.stdout);
    assert!(rules(&sandbox.run(&["--no-config", "--select", "REL001", "--format", "json"])).is_empty());
    sandbox.file(".mlops-lint.yaml", "options:\n  REL001: {instance: 3}\n");
    let ran = sandbox.run(&[]);
    assert!(ran.stderr.contains("the rule has no option `instance`"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(".mlops-lint.yaml:2:12") && ran.stderr.contains("did you mean `instances`?"),
        "{}",
        ran.stderr
    );
    sandbox.file(".mlops-lint.yaml", "options:\n  REL01: {instances: 3}\n");
    assert!(sandbox.run(&["config"]).stderr.contains("did you mean `REL001`?"));
}

#[test]
fn the_configuration_accepts_findings_in_files_and_says_so() {
    let sandbox = Sandbox::new(&[
        (
            ".mlops-lint.yaml",
            "suppress:\n  - { rules: NET001, paths: lab, reason: no data there, until: 2027-01-31 }\n  - { rules: ENC002, paths: lab, reason: '' }\n",
        ),
        ("a.yaml", NOTEBOOK),
        ("lab/b.yaml", NOTEBOOK),
    ]);
    let run =
        |day: &str| sandbox.run(&["--format", "json", "--show-suppressed", "--select", "NET001,SUP", "--as-of", day]);
    let ran = run("2026-12-01");
    let pair = |rule: &str, file: &str| (rule.to_owned(), file.to_owned());
    let told = |ran: &Ran| findings(ran).into_iter().map(|(rule, _, file)| (rule, file)).collect::<Vec<_>>();
    assert_eq!(told(&ran), [pair("NET001", "a.yaml"), pair("SUP001", ".mlops-lint.yaml")]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["suppressed"][0]["suppression"]["origin"], "configuration");
    assert_eq!(report["suppressed"][0]["suppression"]["reason"], "no data there");
    assert_eq!(report["suppressed"][0]["file"], "lab/b.yaml");
    let late = run("2027-02-01");
    let late = told(&late);
    assert!(
        late.contains(&pair("NET001", "lab/b.yaml")) && late.contains(&pair("SUP002", ".mlops-lint.yaml")),
        "{late:?}"
    );
}

#[test]
fn two_projects_keep_their_places_and_secrets_apart() {
    let secret = "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment: {Variables: {DB_PASSWORD: 'Xy7-correct-horse-staple'}}\n";
    let sandbox = Sandbox::new(&[
        ("one/.mlops-lint.yaml", "select: [SEC001]\n"),
        ("one/a.yaml", secret),
        ("two/.mlops-lint.yaml", "select: [SEC001]\nsuppress: [{rules: SEC001, paths: none, reason: r}]\n"),
        ("two/b.yaml", secret),
    ]);
    for format in ["human", "json", "sarif", "markdown", "github"] {
        let ran = sandbox.run(&["--format", format]);
        assert_eq!(ran.exit, Exit::Findings);
        assert!(ran.stdout.contains("one/a.yaml") && ran.stdout.contains("two/b.yaml"), "{format}: {}", ran.stdout);
        assert!(!ran.stdout.contains("Xy7-correct"), "{format} repeats a secret: {}", ran.stdout);
    }
}

/// A bucket that is encrypted in production only, and a stack that imports by a name with the environment in it.
const BY_ENVIRONMENT: &str = "Parameters: {Environment: {Type: String}, Access: {Type: String, Default: Disabled, AllowedValues: [Disabled, Enabled]}}\nResources:\n  Book:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties: {DirectInternetAccess: !Ref Access, SubnetId: s, RootAccess: Disabled, KmsKeyId: k}\n";

#[test]
fn environments_and_parameters_decide() {
    let sandbox = Sandbox::new(&[
        (
            ".mlops-lint.yaml",
            "select: [NET001]\nenvironments:\n  dev: { Environment: dev, Access: Enabled }\n  prod: { Environment: prod, Access: Disabled }\n",
        ),
        ("infra/a.yaml", BY_ENVIRONMENT),
        ("open.json", "[{\"ParameterKey\": \"Access\", \"ParameterValue\": \"Enabled\"}]"),
        ("prod.json", "{\"Parameters\": {\"Access\": \"Disabled\"}, \"Tags\": {\"a\": \"b\"}}"),
    ]);
    let run = |arguments: &[&str]| sandbox.run(&[&["--format", "json"], arguments, &["infra"]].concat());
    let ran = run(&[]);
    assert_eq!(rules(&ran), ["NET001"], "{}", ran.stderr);
    assert!(ran.stdout.contains("in environment `dev`"), "{}", ran.stdout);
    assert!(rules(&run(&["--environment", "prod"])).is_empty());
    assert!(rules(&run(&["--parameters", "Access=Disabled"])).is_empty(), "what is given wins");
    assert!(rules(&run(&["--parameters", "prod.json"])).is_empty());
    let ran = run(&["--no-config", "--parameters", "open.json"]);
    assert!(rules(&ran).contains(&"NET001".to_owned()), "{}", ran.stderr);
}

#[test]
fn what_contradicts_the_templates_is_told_at_its_place() {
    let sandbox = Sandbox::new(&[
        (".mlops-lint.yaml", "environments:\n  dev: { Environmnt: dev }\n"),
        ("a.yaml", BY_ENVIRONMENT),
    ]);
    let ran = sandbox.run(&[]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.contains("no template has a parameter `Environmnt`"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(".mlops-lint.yaml:2:") && ran.stderr.contains("did you mean `Environment`?"),
        "{}",
        ran.stderr
    );
    sandbox.file(".mlops-lint.yaml", "environments:\n  dev: { Access: Open }\n");
    assert!(sandbox.run(&[]).stderr.contains("cannot be `Open`"));
    sandbox.file(".mlops-lint.yaml", "environments:\n  dev: { Environment: dev }\n");
    assert!(sandbox.run(&["--environment", "dve"]).stderr.contains("there is no environment `dve`"));
    assert!(
        sandbox.run(&["--parameters", "nowhere.json"]).stderr.contains("cannot read the parameters `nowhere.json`")
    );
}

#[test]
fn an_export_that_an_environment_does_not_make_is_missed_there_only() {
    let parameter = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] } }\n";
    let base = format!(
        "{parameter}Conditions: {{ IsProd: !Equals [!Ref Stage, prod] }}
Resources:
  Topic: {{ Type: AWS::SNS::Topic, Condition: IsProd }}
  Queue: {{ Type: AWS::SQS::Queue }}
Outputs:
  T: {{ Condition: IsProd, Value: !Ref Topic, Export: {{ Name: !Sub '${{Stage}}-topic' }} }}
  Q: {{ Value: !Ref Queue, Export: {{ Name: !Sub '${{Stage}}-queue' }} }}
"
    );
    let user = format!(
        "{parameter}Resources:
  T: {{ Type: AWS::SNS::TopicPolicy, Properties: {{ Topics: [{{ 'Fn::ImportValue': !Sub '${{Stage}}-topic' }}] }} }}
  Q: {{ Type: AWS::SQS::QueuePolicy, Properties: {{ Queues: [{{ 'Fn::ImportValue': !Sub '${{Stage}}-queue' }}] }} }}
"
    );
    let sandbox = Sandbox::new(&[("base.yaml", &base), ("user.yaml", &user)]);
    let found = |sandbox: &Sandbox| sandbox.run(&[".", "--select", "TPL002", "--format", "concise", "--quiet"]).stdout;
    // Nobody has said what is deployed: whoever deploys both stacks decides it for both.
    assert_eq!(found(&sandbox), "");
    sandbox.file(".mlops-lint.yaml", "environments: { test: { Stage: dev }, live: { Stage: prod } }\n");
    let said = found(&sandbox);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("exports `dev-topic`; the output that would is not made in environment `test`"), "{said}");
}
