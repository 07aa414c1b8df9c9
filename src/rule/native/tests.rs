//! Cases beside those of the rule files: what other programs add, what scenarios exclude, what is not said twice.

use std::sync::Arc;

use crate::finding::{Finding, Severity};
use crate::graph::{GraphOptions, StackGraph, dependencies};
use crate::project::Project;
use crate::rule::Registry;
use crate::rule::native::{Context, Sink};

/// What a rule says of a file: severity, text at the place, message; then what is undecided.
fn said(rule: &str, text: &str) -> Vec<String> {
    let project = Project::load(vec![("t.yaml".into(), Arc::from(text))], false);
    let registry = Registry::bundled();
    let rule = registry.find(rule).unwrap().rule();
    let graph = StackGraph::new(&project.templates, &project.paths(), GraphOptions::default());
    let template = &project.templates[0];
    let names = dependencies(template);
    let mut sink = Sink::default();
    let mut run = |entity| {
        let context = Context { rule, graph: &graph, template, dependencies: &names, entity };
        (rule.native.unwrap().check)(&context, &mut sink);
    };
    if rule.is_about_templates() {
        run(None);
    } else {
        graph.entities().filter(|(_, entity)| rule.matches.contains(entity.kind)).for_each(|(id, _)| run(Some(id)));
    }
    sink.findings.sort_by(Finding::order);
    let shown = |finding: &Finding| {
        let place = &text[finding.primary.span.range()];
        let low = if finding.severity == Severity::Low { "low: " } else { "" };
        format!("{low}{place} | {}", finding.message)
    };
    let undecided = sink.undecided.iter().map(|one| format!("unknown: {}", one.reasons[0].name));
    sink.findings.iter().map(shown).chain(undecided).collect()
}

#[test]
fn what_sam_generates_is_defined() {
    let text = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: prod } }
  Predict:
    Type: AWS::Serverless::Function
    Properties:
      AutoPublishAlias: live
      Events:
        Call: { Type: Api, Properties: { Path: /, Method: get, RestApiId: !Ref Api } }
        Notify: { Type: SNS, Properties: { Topic: t, SqsSubscription: { QueuePolicyLogicalId: OwnPolicy } } }
  Logs:
    Type: AWS::Logs::LogGroup
    DependsOn: [PredictRole, PredictCallPermissionprod, OwnPolicy, ApiprodStage, PredictAliaslive, PredictNotifyQueue]
    Properties: { LogGroupName: !Sub "${Predict.Alias} ${Api.Stage} ${PredictRolle} ${LogsRole}" }
  Stage: { Type: AWS::SSM::Parameter, Properties: { Value: !Ref Api.Stage } }
"#;
    assert_eq!(
        said("TPL018", text),
        [
            "${PredictRolle} | `PredictRolle` is no parameter or resource of this template",
            "${LogsRole} | `LogsRole` is no parameter or resource of this template",
        ]
    );
}

#[test]
fn what_modules_hold_is_defined() {
    let text = r#"
Resources:
  Store: { Type: "Own::S3::Bucket::MODULE" }
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref Store.Bucket, Tags: !GetAtt StoreBucket.Arn, X: !Ref Stor } }
"#;
    assert_eq!(said("TPL018", text), ["Stor | `Stor` is no parameter or resource of this template"]);
}

#[test]
fn mapping_keys_are_looked_up_where_they_are_read() {
    let text = r"
Parameters:
  Stage: { Type: String, AllowedValues: [dev, prod] }
  Size: { Type: String, Default: small }
  Free: { Type: String }
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsBig: !Equals [!Ref Size, big]
Mappings:
  Sizes: { dev: { Count: 1 }, small: { Count: 1 } }
Resources:
  Guarded: { Type: A, Properties: { X: !If [IsDev, !FindInMap [Sizes, !Ref Stage, Count], 2] } }
  Default: { Type: A, Properties: { X: !FindInMap [Sizes, !Ref Stage, Count, { DefaultValue: 1 }] } }
  Region: { Type: A, Properties: { X: !FindInMap [Sizes, !Ref AWS::Region, Count] } }
  Compared: { Type: A, Properties: { X: !FindInMap [Sizes, !Ref Size, Count] } }
  Missing: { Type: A, Properties: { X: !FindInMap [Sizes, dev, Cost] } }
  Stage: { Type: A, Properties: { X: !FindInMap [Sizes, !Ref Free, Count] } }
";
    let expected = ["Cost | `Sizes.dev.Cost` is no mapping key of this template", "unknown: Free"];
    assert_eq!(said("TPL018", text), expected);
}

#[test]
fn circles_that_no_scenario_closes() {
    let text = r"
Transform: AWS::Serverless-2016-10-31
Parameters: { Stage: { Type: String } }
Conditions:
  One: !Equals [!Ref Stage, one]
  Other: !Not [!Condition One]
Resources:
  A: { Type: AWS::SNS::Topic, Condition: One, Properties: { DisplayName: !Ref B } }
  B: { Type: AWS::SNS::Topic, Condition: Other, Properties: { DisplayName: !Ref A } }
  C: { Type: AWS::SNS::Topic, Condition: Missing, Properties: { DisplayName: !Ref C } }
  Api: { Type: AWS::Serverless::Api, Properties: { DefinitionBody: { x: !GetAtt Call.Arn } } }
  Call: { Type: AWS::Serverless::Function, Properties: { Events: { E: { Type: Api, Properties: { RestApiId: !Ref Api } } } } }
  D: { Type: AWS::SNS::Topic, DependsOn: [E], Metadata: { Own: !Ref D } }
  E: { Type: AWS::SNS::Topic, DependsOn: [F] }
  F: { Type: AWS::SNS::Topic, DependsOn: [D, F] }
";
    assert_eq!(said("TPL011", text), ["F | `F` depends on itself, so the stack cannot be created"]);
}

#[test]
fn imports_count_only_where_they_are() {
    let text = r#"
Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] }, Free: { Type: String } }
Conditions: { IsProd: !Equals [!Ref Stage, prod] }
Resources:
  Guarded: { Type: A, Condition: IsProd, Properties: { X: !ImportValue { "Fn::Sub": "${Stage}-only" } } }
  Branch: { Type: A, Properties: { X: !If [IsProd, !ImportValue prod-only, 1] } }
  Joined: { Type: A, Properties: { X: { "Fn::ImportValue": !Join ["-", [!Ref Stage, none]] } } }
  Open: { Type: A, Properties: { X: !ImportValue { Ref: Free } } }
  Later: { Type: A, Properties: { X: !GetStackOutput { StackName: s, OutputName: o } } }
Outputs: { O: { Value: v, Export: { Name: prod-only } } }
"#;
    assert_eq!(said("TPL002", text), ["unknown: `${Stage}-none`", "unknown: Free"]);
}

#[test]
fn yaml_in_a_string_is_read_for_what_it_says() {
    let text = r#"
Resources:
  Stop:
    Type: AWS::SSM::Document
    Properties:
      Content: !Sub |
        schemaVersion: "0.3"
        inputs: { Name: ${AWS::Region}, Id: {Ref: Notebook}, All: {"Fn::Join": ["", [{Ref: Inner}]]} }
        role: !GetAtt Role.Arn
        Condition: text
  Plain: { Type: AWS::SSM::Document, Properties: { Content: "see Ref: and {Fn::Sub" } }
"#;
    let end = "is never evaluated: the service receives an object where a value is expected";
    assert_eq!(
        said("TPL001", text),
        [
            format!("{{Ref: Notebook}} | `Ref` in the text of `Content` {end}"),
            format!(r#"{{"Fn::Join": ["", [{{Ref: Inner}}]]}} | `Fn::Join` in the text of `Content` {end}"#),
            format!("!GetAtt Role.Arn | `!GetAtt` in the text of `Content` {end}"),
        ]
    );
}

#[test]
fn an_alias_is_told_once_and_a_broken_one_always() {
    let text = r"
Resources:
  A: &topic { Type: AWS::SNS::Topic }
  B: *topic
  C: { <<: *topic }
  D: *nothing
";
    assert_eq!(
        said("TPL030", text),
        [
            "low: *topic | not a valid template: `*topic` is an alias, which CloudFormation does not support",
            "*nothing | not a valid template: `*nothing` refers to an anchor that does not exist",
        ]
    );
}

#[test]
fn macros_may_take_sections_away_but_not_functions() {
    let text = r#"
Transform: [Own, AWS::Inclde]
Extra: {}
Resources:
  A: { Type: AWS::SNS::Topic, Properties: { "Fn::Transform": { Name: AWS::Includ }, X: !Own x, Y: !Rain::Embed y } }
  B: { Type: AWS::SNS::Topic, Metadata: { X: !Own x } }
"#;
    assert_eq!(
        said("TPL030", text),
        [
            "AWS::Inclde | not a valid template: `AWS::Inclde` is no transform of AWS",
            "AWS::Includ | not a valid template: `AWS::Includ` is no transform of AWS",
            "!Own | not a valid template: `!Own` is no function of CloudFormation",
        ]
    );
}

#[test]
fn globals_and_hooks_are_sections_of_their_transforms() {
    let text = "Globals: {}\nHooks: {}\nResources: { A: { Type: AWS::SNS::Topic } }\n";
    assert_eq!(
        said("TPL030", text),
        ["Globals | not a valid template: `Globals` is no section of a template without the transform of AWS SAM"]
    );
}

#[test]
fn outputs_of_other_stacks_are_equal_if_they_are_the_same() {
    let text = r"
Parameters: { Name: { Type: String } }
Resources:
  A: { Type: A, Properties: { X: !GetStackOutput { StackName: s, OutputName: o } } }
  B: { Type: A, Properties: { X: { Fn::GetStackOutput: { OutputName: o, StackName: s } } } }
  C: { Type: A, Properties: { X: { Fn::GetStackOutput: { OutputName: o, StackName: !Ref Name } } } }
";
    let project = Project::load(vec![("t.yaml".into(), Arc::from(text))], false);
    let graph = StackGraph::new(&project.templates, &project.paths(), GraphOptions::default());
    let resolver = graph.unchosen();
    let template = &project.templates[0];
    let values: Vec<_> = template
        .resources
        .iter()
        .map(|resource| {
            let node = template.node(resource.properties.unwrap()).get("X").unwrap();
            resolver.parts(&resolver.found(crate::value::Cursor::new(template, &[], node)).value).unwrap()
        })
        .collect();
    assert_eq!(values[0], values[1]);
    assert_ne!(values[0], values[2]);
    assert_eq!(resolver.why(&values[0]).reasons[0].text(), "`s.o` is known after deployment only");
    assert_eq!(said("TPL030", text), [""; 0]);
}
