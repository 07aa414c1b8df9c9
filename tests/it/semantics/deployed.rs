//! Stacks that a configuration deploys: their values, their names, their outputs; and what is wrong in what it says.

use std::sync::Arc;

use camino::Utf8PathBuf;
use mlops_lint::engine;
use mlops_lint::finding::ChoiceKind;
use mlops_lint::graph::{AssignedValue, Assignment, Deployment, Stack};
use mlops_lint::project::Project;

use super::environments::{NO_BAD, dev, environment, external, report, said_in, stack, values};
use super::{SHOW, TO_BUCKET, said};

/// An output of another stack as the value of a parameter.
fn output(name: &str, stack: &str, output: &str) -> Assignment {
    let value = AssignedValue::Output { stack: stack.to_owned(), output: output.to_owned() };
    Assignment { name: name.to_owned(), value, span: None }
}

const NETWORK: &str = "Parameters: { Name: { Type: String, Default: none }, Stage: { Type: String, Default: none } }
Resources:
  Topic: { Type: AWS::SNS::Topic }
  Own: { Type: Test::Thing, Properties: { V: !Sub '${AWS::StackName}/${Name}/${Stage}' } }
Outputs:
  Text: { Value: !Sub 'of-${Name}', Export: { Name: !Sub '${AWS::StackName}-text' } }
";

const CONSUMER: &str = "Parameters: { In: { Type: String, Default: none } }
Resources:
  Import: { Type: Test::Thing, Properties: { V: !ImportValue net-a-text } }
  Passed: { Type: Test::Thing, Properties: { V: !Ref In } }
";

#[test]
fn the_values_of_a_stack_win_over_those_of_the_environment() {
    let own = Stack {
        parameters: values(&[("Name", "n"), ("Stage", "stack")]),
        environments: vec![environment("dev", &[("Name", "n-dev")])],
        ..stack("net", "./network.yaml")
    };
    let deployment = Deployment { stacks: vec![own], ..dev(&[("Name", "everywhere"), ("Stage", "everywhere")]) };
    let files = [("network.yaml", NETWORK)];
    assert_eq!(said_in(&deployment, SHOW, &files).by_resource(), said(&[("Own", "net/n-dev/stack")]));
    let deployment = Deployment { overrides: values(&[("Stage", "now")]), ..deployment };
    assert_eq!(said_in(&deployment, SHOW, &files).by_resource(), said(&[("Own", "net/n-dev/now")]));
}

#[test]
fn a_stack_is_named_after_its_environment() {
    let named = stack("${environment}-net", "network.yaml");
    let deployment = Deployment { stacks: vec![named.clone()], ..dev(&[]) };
    let said = |deployment| said_in(deployment, SHOW, &[("network.yaml", NETWORK)]).by_resource()["Own"].clone();
    assert!(said(&deployment).starts_with("dev-net/"), "{}", said(&deployment));
    // Without environments the name is not known.
    let deployment = Deployment { stacks: vec![named], ..Deployment::default() };
    assert!(said(&deployment).starts_with("${AWS::StackName}/"), "{}", said(&deployment));
}

#[test]
fn an_import_meets_the_export_that_is_named_after_its_stack() {
    let own = Stack { parameters: values(&[("Name", "a")]), ..stack("net-a", "network.yaml") };
    let deployment = Deployment { stacks: vec![own], ..Deployment::default() };
    let files = [("consumer.yaml", CONSUMER), ("network.yaml", NETWORK)];
    assert_eq!(said_in(&deployment, SHOW, &files).by_resource()["Import"], "of-a");
}

fn two_networks() -> Deployment {
    let network = |name: &str, own: &str| Stack { parameters: values(&[("Name", own)]), ..stack(name, "network.yaml") };
    let consumer = Stack { parameters: vec![output("In", "net-b", "Text")], ..stack("app", "consumer.yaml") };
    Deployment { stacks: vec![network("net-a", "bad"), network("net-b", "b"), consumer], ..dev(&[("Stage", "dev")]) }
}

#[test]
fn a_template_of_two_stacks_has_the_values_of_one_or_the_other() {
    let forbidden = |text: &str| {
        let body = format!(
            "match: Test::Thing\nrequire: {{ path: V, not_equals: {text:?} }}\nmessage: \"{{value}}{{when}}\"\n"
        );
        said_in(&two_networks(), &body, &[("network.yaml", NETWORK)]).by_resource()
    };
    assert_eq!(forbidden("net-b/b/dev"), said(&[("Own", "net-b/b/dev when `stack` is `net-b`")]));
    assert_eq!(forbidden("net-a/b/dev"), said(&[]), "one stack has both");
    assert_eq!(forbidden("net-b/none/dev"), said(&[]), "the default is taken by neither");
}

#[test]
fn each_stack_of_a_template_has_its_own_exports_and_outputs() {
    let files = [("consumer.yaml", CONSUMER), ("network.yaml", NETWORK)];
    let values = said_in(&two_networks(), SHOW, &files).by_resource();
    assert_eq!((&*values["Import"], &*values["Passed"]), ("of-bad", "of-b"));
}

#[test]
fn a_finding_names_the_stack_as_a_choice_of_its_own() {
    let template = "Parameters: { V: { Type: String } }
Resources: { T: { Type: Test::Thing, Properties: { V: !Ref V } } }
";
    let own = |name: &str, value: &str| Stack { parameters: values(&[("V", value)]), ..stack(name, "a.yaml") };
    let deployment = Deployment { stacks: vec![own("one", "good"), own("two", "bad")], ..Deployment::default() };
    let report = report(deployment, NO_BAD, &[("a.yaml", template)]);
    assert_eq!(report.findings[0].message, "`T` is bad when `stack` is `two`");
    assert_eq!(report.findings[0].confidence.as_str(), "certain");
    let choice = &report.findings[0].scenario.as_ref().unwrap().choices[0];
    assert_eq!((choice.kind, &*choice.name, &*choice.value), (ChoiceKind::Stack, "stack", "two"));
}

#[test]
fn what_all_stacks_of_a_template_get_needs_no_choice() {
    let own = |name: &str| stack(name, "network.yaml");
    let deployment = Deployment { stacks: vec![own("a"), own("b")], ..dev(&[("Name", "n"), ("Stage", "s")]) };
    let body = "match: AWS::SNS::Topic\nrequire: { path: TopicName, present: true }\nmessage: \"x{when}\"\n";
    assert_eq!(said_in(&deployment, body, &[("network.yaml", NETWORK)]).by_resource(), said(&[("Topic", "x")]));
    let template = "Parameters: { Name: { Type: String } }\nResources: { T: { Type: Test::Thing, Properties: { V: !Ref Name } } }\n";
    assert_eq!(said_in(&deployment, SHOW, &[("network.yaml", template)]).by_resource(), said(&[("T", "n")]));
}

#[test]
fn the_output_of_a_stack_is_what_its_template_says_in_the_same_environment() {
    let producer = "Parameters: { Stage: { Type: String } }
Resources: { Bucket: { Type: AWS::S3::Bucket } }
Outputs: { Bucket: { Value: !Ref Bucket }, Name: { Value: !Sub 'x-${Stage}' } }
";
    let consumer = "Parameters: { Bucket: { Type: String }, Name: { Type: String } }
Resources:
  Bucket: { Type: Test::Thing, Properties: { V: !Sub 's3://${Bucket}/x' } }
  Name: { Type: Test::Thing, Properties: { V: !Ref Name } }
";
    let app = Stack {
        parameters: vec![output("Bucket", "data-${environment}", "Bucket"), output("Name", "data-dev", "Name")],
        ..stack("app", "b.yaml")
    };
    let deployment =
        Deployment { stacks: vec![stack("data-${environment}", "a.yaml"), app], ..dev(&[("Stage", "dev")]) };
    let files = [("a.yaml", producer), ("b.yaml", consumer)];
    assert_eq!(said_in(&deployment, SHOW, &files).by_resource()["Name"], "x-dev");
    let referred = said_in(&deployment, TO_BUCKET, &files).by_resource();
    assert!(!referred.contains_key("Bucket"), "the bucket of the other stack is found: {referred:?}");
}

#[test]
fn the_output_of_a_stack_that_was_not_loaded_is_not_known_but_one_thing() {
    let template = "Parameters: { A: { Type: String }, B: { Type: String }, C: { Type: String } }
Conditions: { Same: !Equals [!Ref A, !Ref B], Other: !Equals [!Ref A, !Ref C] }
Resources:
  Same: { Type: Test::Thing, Properties: { V: !If [Same, same, other] } }
  Other: { Type: Test::Thing, Properties: { V: !If [Other, same, other] } }
";
    let app = Stack {
        parameters: vec![output("A", "gone", "X"), output("B", "gone", "X"), output("C", "gone", "Y")],
        ..stack("app", "a.yaml")
    };
    let deployment = Deployment { stacks: vec![app, stack("gone", "gone.yaml")], ..Deployment::default() };
    let values = said_in(&deployment, SHOW, &[("a.yaml", template)]).by_resource();
    assert_eq!(values["Same"], "same");
    assert_eq!(values["Other"], "same when `Other` is true | other when `Other` is false");
}

#[test]
fn stacks_that_pass_their_outputs_in_a_circle_end() {
    let template = "Parameters: { In: { Type: String } }
Resources: { T: { Type: Test::Thing, Properties: { V: !Ref In } } }
Outputs: { Out: { Value: !Sub 'x${In}' } }
";
    let own = |name: &str, file: &str, other: &str| Stack {
        parameters: vec![output("In", other, "Out")],
        ..stack(name, file)
    };
    let deployment =
        Deployment { stacks: vec![own("a", "a.yaml", "b"), own("b", "b.yaml", "a")], ..Deployment::default() };
    let body = "match: Test::Thing\nrequire: { path: V, equals: y }\nmessage: x\n";
    let said = said_in(&deployment, body, &[("a.yaml", template), ("b.yaml", template)]).by_resource();
    assert!(said["T"].starts_with("? "), "{said:?}");
}

#[test]
fn a_template_that_is_nested_and_deployed_has_both_sorts_of_stacks() {
    let parent = "Resources:
  Child: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: network.yaml, Parameters: { Name: nested } } }
  Reads: { Type: Test::Thing, Properties: { V: !GetAtt Child.Outputs.Text } }
";
    let own = Stack { parameters: values(&[("Name", "alone")]), ..stack("net", "network.yaml") };
    let deployment = Deployment { stacks: vec![own], ..Deployment::default() };
    let files = [("network.yaml", NETWORK), ("parent.yaml", parent)];
    assert_eq!(said_in(&deployment, SHOW, &files).by_resource()["Reads"], "of-nested");
    let body = "match: Test::Thing\nrequire: { not: { path: V, suffix: /alone/none } }\nmessage: \"{value}{when}\"\n";
    let said = said_in(&deployment, body, &files).by_resource();
    assert!(said["Own"].starts_with("net/alone/none when `stack` is `net`"), "{said:?}");
}

#[test]
fn a_name_that_hangs_on_the_stack_is_tried_for_each() {
    let template = "Parameters: { Name: { Type: String } }
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: !Ref Name } }
  Right: { Type: Test::Thing, Properties: { V: !Sub 's3://${Name}/x' } }
  Wrong: { Type: Test::Thing, Properties: { V: 's3://elsewhere/x' } }
";
    let own = |name: &str| Stack { parameters: values(&[("Name", name)]), ..stack(name, "a.yaml") };
    let deployment = Deployment { stacks: vec![own("one"), own("two")], ..Deployment::default() };
    let said = said_in(&deployment, TO_BUCKET, &[("a.yaml", template)]).by_resource();
    assert_eq!(said, self::said(&[("Wrong", "no bucket")]));
}

/// What is said of a configuration.
fn problems(deployment: Deployment, files: &[(&str, &str)], partial: bool) -> Vec<String> {
    let files = files.iter().map(|(path, text)| (Utf8PathBuf::from(path), Arc::from(*text))).collect();
    let mut project = Project::load(files, partial);
    project.deployment = Some(deployment);
    let shown = |problem: engine::Problem| match problem.help {
        Some(help) => format!("{}: {help}", problem.message),
        None => problem.message,
    };
    engine::problems(&project, &engine::link(&project)).into_iter().map(shown).collect()
}

#[test]
fn what_cannot_be_so_is_told_with_what_may_have_been_meant() {
    let template = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] }, In: { Type: String } }
Resources: { T: { Type: AWS::SNS::Topic } }
Outputs: { Topic: { Value: !Ref T } }
";
    let app = Stack {
        parameters: vec![output("In", "nett", "Topic"), output("In", "net", "Topik"), output("In", "gone", "Topic")],
        environments: vec![environment("deev", &[("Stagee", "dev")])],
        ..stack("app", "a.yaml")
    };
    let deployment = Deployment {
        stacks: vec![app, stack("net", "a.yaml"), stack("gone", "b.yaml")],
        external: external(&["central-*", "a[", "a"]).external,
        ..dev(&[("Stage", "prd"), ("Stagge", "x"), ("In", "fine")])
    };
    assert_eq!(
        problems(deployment.clone(), &[("a.yaml", template)], false),
        [
            "parameter `Stage` of `a.yaml` cannot be `prd`: did you mean `prod`?",
            "no template has a parameter `Stagge`: did you mean `Stage`?",
            "there is no environment `deev`: did you mean `dev`?",
            "there is no stack `nett`: did you mean `net`?",
            "the template of stack `net` has no output `Topik`: did you mean `Topic`?",
            "the template of stack `app` has no parameter `Stagee`: did you mean `Stage`?",
            "stack `gone` has the template `b.yaml`, which was not loaded: did you mean `a.yaml`?",
            "`a[` is no glob: unclosed character class; missing ']'",
        ]
    );
    let partial = problems(deployment, &[("a.yaml", template)], true);
    assert!(!partial.iter().any(|text| text.contains("no template") || text.contains("not loaded")), "{partial:?}");
}

#[test]
fn what_a_configuration_names_may_stand_behind_a_syntax_error() {
    let read = "Resources: { T: { Type: AWS::SNS::Topic } }
Parameters:
  In: { Type: String }
  Stage:
    Type: String
    AllowedValues:
      - dev
";
    let app = Stack {
        parameters: vec![output("In", "net", "Topic")],
        environments: vec![environment("dev", &[("Name", "n")])],
        ..stack("app", "a.yaml")
    };
    let deployment = Deployment { stacks: vec![app, stack("net", "a.yaml")], ..dev(&[("Stage", "prod"), ("X", "x")]) };
    assert_eq!(problems(deployment.clone(), &[("a.yaml", read)], false).len(), 4);
    let broken = format!("{read}\t- prod\n");
    assert_eq!(problems(deployment, &[("a.yaml", &broken)], false), [""; 0]);
}

#[test]
fn a_sound_configuration_has_no_problems() {
    let files = [("consumer.yaml", CONSUMER), ("network.yaml", NETWORK)];
    assert_eq!(problems(two_networks(), &files, false), [""; 0]);
    let named = Deployment { stacks: vec![stack("${environment}-x", "network.yaml")], ..Deployment::default() };
    assert_eq!(
        problems(named, &files, false),
        ["`${environment}-x` names an environment, and there are none: list them under `environments`"]
    );
    let only = Deployment { only: Some("prod".to_owned()), ..dev(&[]) };
    assert_eq!(problems(only, &files, false), ["there is no environment `prod`"]);
}

#[test]
fn values_that_the_template_does_not_let_be_together_are_told() {
    let template = "Parameters: { Stage: { Type: String }, Size: { Type: String } }
Rules: { Small: { RuleCondition: !Equals [!Ref Stage, dev], Assertions: [{ Assert: !Equals [!Ref Size, s] }] } }
Resources: { T: { Type: AWS::SNS::Topic } }
";
    let files = [("a.yaml", template)];
    assert_eq!(
        problems(dev(&[("Stage", "dev"), ("Size", "l")]), &files, false),
        ["the values of environment `dev` break an assertion in the `Rules` of `a.yaml`"]
    );
    assert_eq!(problems(dev(&[("Stage", "dev"), ("Size", "s")]), &files, false), [""; 0]);
    assert_eq!(problems(dev(&[("Stage", "dev")]), &files, false), [""; 0], "the size may still fit");
}

#[test]
fn a_function_that_asks_for_the_output_of_a_stack_gets_it() {
    let consumer = "Resources:
  Ours: { Type: Test::Thing, Properties: { V: !GetStackOutput { StackName: net-b, OutputName: Text } } }
  Elsewhere: { Type: Test::Thing, Properties: { V: !GetStackOutput { StackName: net-b, OutputName: Text, Region: eu-west-1 } } }
  Nobody: { Type: Test::Thing, Properties: { V: !GetStackOutput { StackName: other, OutputName: Text } } }
";
    let files = [("app.yaml", consumer), ("network.yaml", NETWORK)];
    let values = said_in(&two_networks(), SHOW, &files).by_resource();
    assert_eq!(
        (&*values["Ours"], &*values["Elsewhere"], &*values["Nobody"]),
        ("of-b", "${net-b.Text}", "${other.Text}")
    );
}
