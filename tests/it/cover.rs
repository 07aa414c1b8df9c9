//! What is said once: findings that another one covers, and the texts of a rule.

use camino::Utf8PathBuf;
use mlops_lint::engine::{self, CheckOptions};
use mlops_lint::finding::Severity;
use mlops_lint::project::Project;
use mlops_lint::rule::{Registered, Registry};

use crate::cli::Sandbox;

const GROUP: &str = r#"
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: notebooks
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0 }
        - { IpProtocol: tcp, FromPort: 8501, ToPort: 8501, CidrIp: 0.0.0.0/0 }
  Login:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: { GroupId: !Ref Group, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0 }
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - { Effect: Allow, Action: "iam:PassRole", Resource: "*" }
          - { Effect: Allow, Action: "iam:PassRole", Resource: "arn:aws:iam::111122223333:role/ml-*" }
"#;

/// `RULE path` of the findings of some rules.
fn found(text: &str, rules: &[&str], options: CheckOptions<'_>) -> Vec<String> {
    let project = Project::load(vec![(Utf8PathBuf::from("template.yaml"), text.into())], false);
    let registry = Registry::bundled();
    let graph = engine::link(&project);
    let report = engine::check(&project, &graph, &registry, options, |_| "template.yaml");
    let findings = report.findings.iter().filter(|finding| rules.contains(&finding.rule.as_str()));
    findings.map(|finding| format!("{} {}", finding.rule.as_str(), finding.subject.path)).collect()
}

#[test]
fn an_open_login_is_said_once_and_another_open_port_of_the_group_too() {
    assert_eq!(
        found(GROUP, &["NET036", "NET037"], CheckOptions::default()),
        [
            "NET037 Resources.Group.Properties.SecurityGroupIngress[0].FromPort",
            "NET036 Resources.Group.Properties.SecurityGroupIngress[1].CidrIp",
            "NET037 Resources.Login.Properties.FromPort",
        ]
    );
}

#[test]
fn a_statement_that_passes_any_role_is_said_once() {
    assert_eq!(
        found(GROUP, &["IAM006", "IAM007"], CheckOptions::default()),
        [
            "IAM006 Resources.Policy.Properties.PolicyDocument.Statement[0].Resource",
            "IAM007 Resources.Policy.Properties.PolicyDocument.Statement[1]",
        ]
    );
}

#[test]
fn a_finding_that_was_made_less_severe_covers_nothing() {
    let milder = |rule: &Registered, _: &_| (rule.meta.id.as_str() == "NET037").then_some(Severity::Low);
    let options = CheckOptions { severity: Some(&milder), ..CheckOptions::default() };
    let found = found(GROUP, &["NET036"], options);
    assert!(found.iter().any(|found| found.contains("Login")), "{found:?}");
}

#[test]
fn a_login_that_is_open_in_one_scenario_does_not_cover_what_is_open_in_all() {
    let text = r"
Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] } }
Conditions: { IsDev: !Equals [!Ref Stage, dev] }
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: demonstrations
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: !If [IsDev, 22, 8501], ToPort: !If [IsDev, 22, 8501], CidrIp: 0.0.0.0/0 }
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !If [IsDev, 0.0.0.0/0, 10.0.0.0/8] }
";
    let found = found(text, &["NET036", "NET037"], CheckOptions::default());
    let of = |rule: &str| found.iter().filter(|found| found.starts_with(rule)).count();
    assert_eq!((of("NET036"), of("NET037")), (1, 2), "{found:?}");
}

#[test]
fn what_is_accepted_covers_as_well_and_its_suppression_is_not_unused() {
    let both = GROUP.replace("  Login:\n", "  # mlops-lint: ignore[NET036, NET037] a demonstration\n  Login:\n");
    assert!(found(&both, &["SUP001", "SUP002", "SUP003", "SUP004"], CheckOptions::everything()).is_empty());
    let one = GROUP.replace("  Login:\n", "  # mlops-lint: ignore[NET037] a demonstration\n  Login:\n");
    let found = found(&one, &["NET036"], CheckOptions::default());
    assert!(!found.iter().any(|found| found.contains("Login")), "{found:?}");
}

#[test]
fn what_a_rule_says_of_all_its_findings_is_said_at_the_first() {
    let sandbox = Sandbox::new(&[(
        "template.yaml",
        "Resources:\n  A: { Type: AWS::SageMaker::NotebookInstance }\n  B: { Type: AWS::SageMaker::NotebookInstance }\n",
    )]);
    let ran = sandbox.run(&["--select", "NET001"]);
    for (text, times) in
        [("NET001: ", 2), ("why: ", 1), ("help: ", 1), ("controls: ", 1), ("mlops-lint explain NET001", 2)]
    {
        assert_eq!(ran.stdout.matches(text).count(), times, "{text}\n{}", ran.stdout);
    }
}
