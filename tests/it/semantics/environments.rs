//! What a configuration says of environments and parameters, and how it shows in values and verdicts.

use std::sync::Arc;

use camino::Utf8PathBuf;
use mlops_lint::engine::{self, CheckOptions, Report};
use mlops_lint::finding::ChoiceKind;
use mlops_lint::graph::{AssignedValue, Assignment, Deployment, Environment, Glob, SharedParameters, Stack};
use mlops_lint::project::Project;
use mlops_lint::rule::Registry;
use mlops_lint::source::{FileId, SourceFile, Span};

use super::{SHOW, Said, judged_as, said};

/// Values of parameters.
pub(super) fn values(pairs: &[(&str, &str)]) -> Vec<Assignment> {
    let value = |&(name, text): &(&str, &str)| Assignment {
        name: name.to_owned(),
        value: AssignedValue::Text(text.to_owned()),
        span: None,
    };
    pairs.iter().map(value).collect()
}

/// Values of parameters in an environment.
pub(super) fn environment(name: &str, pairs: &[(&str, &str)]) -> Environment {
    Environment { name: name.to_owned(), span: None, parameters: values(pairs) }
}

/// A stack without values of its own.
pub(super) fn stack(name: &str, template: &str) -> Stack {
    Stack { name: name.to_owned(), template: template.into(), ..Stack::default() }
}

/// One environment `dev` with these values.
pub(super) fn dev(pairs: &[(&str, &str)]) -> Deployment {
    Deployment { environments: vec![environment("dev", pairs)], ..Deployment::default() }
}

/// Names that are provided elsewhere.
pub(super) fn external(globs: &[&str]) -> Deployment {
    let glob = |text: &&str| Glob { text: (*text).to_owned(), span: None };
    Deployment { external: globs.iter().map(glob).collect(), ..Deployment::default() }
}

/// What is said in the first environment.
pub(super) fn said_in(deployment: &Deployment, body: &str, files: &[(&str, &str)]) -> Said {
    judged_as(body, files, false, Some(deployment))
}

/// The values of `V` in the first environment.
fn shown(deployment: &Deployment, template: &str) -> std::collections::BTreeMap<String, String> {
    said_in(deployment, SHOW, &[("a.yaml", template)]).by_resource()
}

/// The report of a project in all its environments; `rule` is a rule file.
pub(super) fn report(deployment: Deployment, rule: &str, files: &[(&str, &str)]) -> Report {
    let mut registry = Registry::bundled();
    registry.add("own.yaml".into(), rule).unwrap_or_else(|error| panic!("{}", error.error));
    let files = files.iter().map(|(path, text)| (Utf8PathBuf::from(path), Arc::from(*text))).collect();
    let mut project = Project::load(files, false);
    project.deployment = Some(deployment);
    let options = CheckOptions::everything();
    let graphs = engine::link(&project);
    let mut report = engine::check(&project, &graphs, &registry, options, |_| "a.yaml");
    report.findings.retain(|finding| finding.rule.as_str() == "OWN001");
    report.undecided.retain(|undecided| undecided.rule.as_str() == "OWN001");
    report
}

/// A rule about `V` that must not be `bad`.
pub(super) const NO_BAD: &str = "id: OWN001
name: own-no-bad
summary: Bad
severity: high
match: Test::Thing
require: { path: V, not_matches: '^bad' }
at: V
message: \"`{self}` is {value}{when}\"
";

fn messages(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| &*finding.message).collect()
}

const TEMPLATE: &str = "Parameters:
  Stage: { Type: String, AllowedValues: [dev, prod] }
  Size: { Type: Number, Default: 1 }
  Zones: { Type: CommaDelimitedList }
  Image: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /default }
  Token: { Type: String, NoEcho: true }
Mappings: { Sizes: { dev: { N: small }, prod: { N: large } } }
Conditions: { IsProd: !Equals [!Ref Stage, prod] }
Resources:
  Text: { Type: Test::Thing, Properties: { V: !Sub 'data-${Stage}' } }
  Branch: { Type: Test::Thing, Properties: { V: !If [IsProd, p, d] } }
  Key: { Type: Test::Thing, Properties: { V: !FindInMap [Sizes, !Ref Stage, N] } }
  Number: { Type: Test::Thing, Properties: { V: !Ref Size } }
  Second: { Type: Test::Thing, Properties: { V: !Select [1, !Ref Zones] } }
  Joined: { Type: Test::Thing, Properties: { V: !Join ['+', !Ref Zones] } }
  Ssm: { Type: Test::Thing, Properties: { V: !Ref Image } }
  Secret: { Type: Test::Thing, Properties: { V: !Ref Token } }
  ProdOnly: { Type: Test::Thing, Condition: IsProd, Properties: { V: x } }
";

#[test]
fn a_given_value_fills_every_place_that_reads_the_parameter() {
    let given = [("Stage", "dev"), ("Size", "2"), ("Zones", "a, b"), ("Image", "/ours"), ("Token", "t")];
    assert_eq!(
        shown(&dev(&given), TEMPLATE),
        said(&[
            ("Text", "data-dev"),
            ("Branch", "d"),
            ("Key", "small"),
            ("Number", "2"),
            ("Second", "b"),
            ("Joined", "a+b"),
            ("Ssm", "{{resolve:ssm:/ours}}"),
            ("Secret", "t"),
        ])
    );
}

#[test]
fn a_parameter_that_is_not_given_stays_a_choice() {
    let shown = shown(&dev(&[("Other", "x")]), TEMPLATE);
    assert_eq!(shown["Branch"], "d when `IsProd` is false | p when `IsProd` is true");
    assert_eq!(shown["Secret"], "${Token}");
}

#[test]
fn a_value_that_the_template_does_not_allow_is_not_given() {
    let template = "Parameters:
  Stage: { Type: String, AllowedValues: [dev, prod] }
  Name: { Type: String, AllowedPattern: '[a-z]+' }
  Zones: { Type: CommaDelimitedList, AllowedValues: [a, b] }
Resources:
  Stage: { Type: Test::Thing, Properties: { V: !Ref Stage } }
  Name: { Type: Test::Thing, Properties: { V: !Ref Name } }
  Zones: { Type: Test::Thing, Properties: { V: !Join ['+', !Ref Zones] } }
";
    let refused = shown(&dev(&[("Stage", "test"), ("Name", "A1"), ("Zones", "a,c")]), template);
    assert_eq!((&*refused["Stage"], &*refused["Name"]), ("${Stage}", "${Name}"));
    assert!(!refused["Zones"].contains('c'), "{refused:?}");
    let taken = shown(&dev(&[("Stage", "prod"), ("Name", "abc"), ("Zones", "b,a")]), template);
    assert_eq!(taken, said(&[("Stage", "prod"), ("Name", "abc"), ("Zones", "b+a")]));
}

#[test]
fn values_of_the_command_line_win() {
    let given = Deployment { overrides: values(&[("Stage", "prod")]), ..dev(&[("Stage", "dev")]) };
    assert_eq!(shown(&given, TEMPLATE)["Text"], "data-prod");
    let alone = Deployment { overrides: values(&[("Stage", "prod")]), ..Deployment::default() };
    assert_eq!(shown(&alone, TEMPLATE)["Text"], "data-prod");
}

#[test]
fn a_nested_template_gets_what_its_parent_passes_and_nothing_else() {
    let parent = "Parameters: { Stage: { Type: String } }
Resources:
  Child: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: child.yaml, Parameters: { Name: !Sub 'n-${Stage}' } } }
";
    let child = "Parameters: { Name: { Type: String }, Stage: { Type: String, Default: none } }
Resources:
  Name: { Type: Test::Thing, Properties: { V: !Ref Name } }
  Stage: { Type: Test::Thing, Properties: { V: !Sub 's-${Stage}' } }
";
    let given = dev(&[("Stage", "dev"), ("Name", "ignored")]);
    let said = said_in(&given, SHOW, &[("child.yaml", child), ("parent.yaml", parent)]).by_resource();
    assert_eq!((&*said["Name"], &*said["Stage"]), ("n-dev", "s-${Stage}"));
}

#[test]
fn names_that_are_given_in_both_templates_join_them_without_an_assumption() {
    let producer = "Parameters: { Env: { Type: String } }
Resources: { Topic: { Type: AWS::SNS::Topic } }
Outputs: { Text: { Value: 'bad', Export: { Name: !Sub 'ml-${Env}' } } }
";
    let consumer = "Parameters: { Stage: { Type: String } }
Resources: { T: { Type: Test::Thing, Properties: { V: !ImportValue { 'Fn::Sub': 'ml-${Stage}' } } } }
";
    let files = [("a.yaml", producer), ("b.yaml", consumer)];
    let report = report(dev(&[("Env", "dev"), ("Stage", "dev")]), NO_BAD, &files);
    assert_eq!(messages(&report), ["`T` is bad"]);
    assert_eq!((report.findings[0].confidence.as_str(), &report.findings[0].assumed), ("certain", &None));
    // Without values the two names are those of two parameters.
    let report = self::report(Deployment::default(), NO_BAD, &files);
    assert_eq!((report.findings.len(), report.undecided.len()), (0, 1));
}

#[test]
fn parameters_are_shared_as_the_configuration_says() {
    let producer = "Parameters: { Stage: { Type: String } }
Resources: { Topic: { Type: AWS::SNS::Topic } }
Outputs: { Text: { Value: found, Export: { Name: !Sub 'ml-${Stage}' } } }
";
    let consumer = "Parameters: { Stage: { Type: String } }
Resources: { T: { Type: Test::Thing, Properties: { V: !ImportValue { 'Fn::Sub': 'ml-${Stage}' } } } }
";
    let value = |shared| {
        let deployment = Deployment { shared, ..Deployment::default() };
        said_in(&deployment, SHOW, &[("a.yaml", producer), ("b.yaml", consumer)]).by_resource()["T"].clone()
    };
    assert_eq!(value(SharedParameters::All), "found");
    assert_eq!(value(SharedParameters::None), "${import ml-${Stage}}");
    assert_eq!(value(SharedParameters::Names(vec!["Stage".to_owned()])), "found");
    assert_eq!(value(SharedParameters::Names(vec!["Other".to_owned()])), "${import ml-${Stage}}");
}

const STAGED: &str = "Parameters:
  Stage: { Type: String }
  Mode: { Type: String, AllowedValues: [good, bad] }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsBad: !Equals [!Ref Mode, bad]
Resources:
  Always: { Type: Test::Thing, Properties: { V: bad } }
  Dev: { Type: Test::Thing, Properties: { V: !If [IsProd, good, bad] } }
  Named: { Type: Test::Thing, Properties: { V: !Sub 'bad-${Stage}' } }
  Both: { Type: Test::Thing, Properties: { V: !If [IsProd, good, !If [IsBad, bad, good]] } }
";

fn two() -> Deployment {
    Deployment {
        environments: vec![environment("dev", &[("Stage", "dev")]), environment("live", &[("Stage", "prod")])],
        ..Deployment::default()
    }
}

#[test]
fn a_finding_names_its_environments_unless_it_holds_in_all() {
    let report = report(two(), NO_BAD, &[("a.yaml", STAGED)]);
    assert_eq!(
        messages(&report),
        [
            "`Always` is bad",
            "`Dev` is bad in environment `dev`",
            "`Named` is bad-dev in environment `dev` and, with other values, in `live`",
            "`Both` is bad when `IsBad` is true, in environment `dev`",
        ]
    );
    let choices = |index: usize| {
        let scenario = report.findings[index].scenario.as_ref().unwrap();
        scenario.choices.iter().map(|choice| (choice.kind, &*choice.name, &*choice.value)).collect()
    };
    let environment = |name| (ChoiceKind::Environment, "environment", name);
    let expected = [
        vec![environment("dev")],
        vec![environment("dev"), environment("live")],
        vec![(ChoiceKind::Condition, "IsBad", "true"), environment("dev")],
    ];
    for (index, expected) in (1..).zip(expected) {
        let choices: Vec<(ChoiceKind, &str, &str)> = choices(index);
        assert_eq!(choices, expected);
    }
}

#[test]
fn one_environment_alone_is_not_named() {
    let only = |name: &str| Deployment { only: Some(name.to_owned()), ..two() };
    let dev = report(only("dev"), NO_BAD, &[("a.yaml", STAGED)]);
    assert_eq!(dev.findings.len(), 4);
    assert_eq!(dev.findings[1].message, "`Dev` is bad");
    let live = report(only("live"), NO_BAD, &[("a.yaml", STAGED)]);
    assert_eq!(messages(&live), ["`Always` is bad", "`Named` is bad-prod"]);
}

#[test]
fn what_cannot_be_decided_in_one_environment_is_undecided() {
    let template = "Parameters: { V: { Type: String } }
Resources: { T: { Type: Test::Thing, Properties: { V: !Ref V } } }
";
    let deployment = Deployment {
        environments: vec![environment("dev", &[("V", "good")]), environment("live", &[])],
        ..Deployment::default()
    };
    let report = report(deployment, NO_BAD, &[("a.yaml", template)]);
    assert_eq!((report.findings.len(), report.undecided.len()), (0, 1));
    assert_eq!(report.undecided[0].reasons[0].text(), "parameter `V` has no default");
}

#[test]
fn a_given_value_is_certain_and_points_at_where_it_is_written() {
    let template = "Parameters: { V: { Type: String, Default: good } }
Resources: { T: { Type: Test::Thing, Properties: { V: !Ref V } } }
";
    let files = vec![("a.yaml".into(), Arc::from(template))];
    let mut project = Project::load(files, false);
    let configuration = "environments: {dev: {V: bad}}\n";
    let file = project.sources.add(SourceFile::new("config.yaml", configuration));
    let mut deployment = dev(&[("V", "bad")]);
    deployment.environments[0].parameters[0].span = Some(Span::new(file, 24, 27));
    project.deployment = Some(deployment);
    assert_eq!(file, FileId::new(1));
    let mut registry = Registry::bundled();
    registry.add("own.yaml".into(), NO_BAD).unwrap_or_else(|error| panic!("{}", error.error));
    let options = CheckOptions::everything();
    let graphs = engine::link(&project);
    let report = engine::check(&project, &graphs, &registry, options, |_| "a.yaml");
    assert_eq!(report.counts.files, 1, "the configuration is no template");
    let finding = &report.findings[0];
    assert_eq!((finding.confidence.as_str(), &*finding.message), ("certain", "`T` is bad"));
    assert_eq!(finding.related[0].text, "value of `V` in environment `dev`");
    assert_eq!(project.sources.slice(finding.related[0].span), "bad");
}

#[test]
fn environments_without_values_of_their_own_come_from_stacks() {
    let own = |name: &str| Stack {
        environments: vec![environment("dev", &[]), environment(name, &[])],
        ..stack(name, "a.yaml")
    };
    let deployment = Deployment { stacks: vec![own("x"), own("y")], ..Deployment::default() };
    assert_eq!(deployment.judged(), [Some("dev"), Some("x"), Some("y")]);
    assert_eq!(Deployment::default().judged(), [None]);
}
