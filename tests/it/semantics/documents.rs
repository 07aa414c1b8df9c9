//! Documents inside strings: read with holes, placed exactly, whatever scalar holds them.

use super::{judged, said, says};

/// Fails for every task's `Resource` that is `bad`, and marks it.
const BAD_TASK: &str = "match: ASL::Task
require: { path: Resource, not_equals: bad }
at: Resource
message: \"{self}: {value}\"
";

/// Shows what `V` of every task's parameters is.
const SHOW_TASK: &str = "match: ASL::Task
require: { path: Parameters.V, absent: true }
at: Parameters.V
message: \"{value}\"
";

fn machine(definition: &str) -> String {
    format!(
        "Parameters: {{ Free: {{ Type: String }}, Number: {{ Type: Number, Default: 5 }} }}
Resources:
  Topic: {{ Type: AWS::SNS::Topic }}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
{definition}"
    )
}

/// The text that the only finding marks, and its line.
fn marked(rule: &str, template: &str) -> (String, usize) {
    let found = judged(rule, &[("template.yaml", template)], false);
    assert_eq!(found.undecided, []);
    let [text] = found.marked()[..] else { panic!("{:?} in {template}", found.findings) };
    (text.to_owned(), template[..found.findings[0].primary.span.start as usize].lines().count())
}

#[test]
fn a_place_in_a_document_is_exact_in_every_style_of_scalar() {
    for (style, wanted, line) in [
        (
            "      DefinitionString: |\n        {\"States\": {\"A\": {\"Type\": \"Task\",\n          \"Resource\": \"bad\"}}}\n",
            "\"bad\"",
            9,
        ),
        (
            "      DefinitionString: |-\n          {\"States\": {\n\n            \"A\": {\"Type\": \"Task\", \"Resource\": \"bad\"}}}\n",
            "\"bad\"",
            10,
        ),
        (
            "      DefinitionString: >\n        {\"States\": {\"A\": {\"Type\": \"Task\",\n        \"Resource\":\n        \"bad\"}}}\n",
            "\"bad\"",
            10,
        ),
        (
            "      DefinitionString: '{\"States\": {\"A''s\": {\"Type\": \"Task\", \"Resource\": \"bad\"}}}'\n",
            "\"bad\"",
            7,
        ),
        (
            "      DefinitionString: '{\"States\": {\"A\": {\"Type\": \"Task\",\n        \"Resource\": \"bad\"}}}'\n",
            "\"bad\"",
            8,
        ),
        (
            "      DefinitionString: \"{\\\"States\\\": {\\\"A\\\": {\\\"Type\\\": \\\"Task\\\", \\\"Resource\\\": \\\"bad\\\"}}}\"\n",
            "\\\"bad\\\"",
            7,
        ),
        (
            "      DefinitionString: \"{\\\"States\\\": \\\n        {\\\"A\\\": {\\\"Type\\\": \\\"Task\\\", \\\"Resource\\\": \\\"\\x62ad\\\"}}}\"\n",
            "\\\"\\x62ad\\\"",
            8,
        ),
        (
            "      DefinitionString: !Sub |\n        {\"States\": {\"${Free}\": {\"Type\": \"Task\",\n          \"Resource\": \"bad\"}}}\n",
            "\"bad\"",
            9,
        ),
        (
            "      DefinitionString:\n        Fn::Sub:\n          - '{\"States\": {\"A\": {\"Type\": \"Task\", \"X\": \"${X}\", \"Resource\": \"bad\"}}}'\n          - { X: 1 }\n",
            "\"bad\"",
            9,
        ),
        (
            "      DefinitionString: !Join\n        - ''\n        - - '{\"States\": {\"A\": {\"Type\": \"Task\", \"X\": \"'\n          - !Ref Free\n          - '\", \"Resource\": \"bad\"}}}'\n",
            "\"bad\"",
            11,
        ),
        (
            "      DefinitionString: !Join ['', ['{\"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"b', 'ad\"}}}']]\n",
            "\"b', 'ad\"",
            7,
        ),
        (
            "      DefinitionString: !Join [',', ['{\"States\": {\"A\": {\"Type\": \"Task\"', '\"Resource\": \"bad\"}}}']]\n",
            "\"bad\"",
            7,
        ),
    ] {
        assert_eq!(marked(BAD_TASK, &machine(style)), (wanted.to_owned(), line), "{style}");
    }
}

#[test]
fn a_place_is_exact_in_escaped_json() {
    let template = r#"{"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
  "DefinitionString": "{\"Comment\": \"\u00fcber \ud83d\ude80\",\n \"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"bad\"}}}"}}}}"#;
    assert_eq!(marked(BAD_TASK, template), ("\\\"bad\\\"".to_owned(), 2));
    let joined = r#"{"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
  "DefinitionString": {"Fn::Join": ["", ["{\"States\": {\"A\": {\"Type\": \"Task\", \"X\": \"",
    {"Ref": "AWS::Region"}, "\", \"Resource\": \"bad\"}}}"]]}}}}}"#;
    assert_eq!(marked(BAD_TASK, joined), ("\\\"bad\\\"".to_owned(), 3));
}

#[test]
fn carriage_returns_and_wide_characters_do_not_shift_places() {
    let template = machine(
        "      DefinitionString: |\n        {\"Comment\": \"gr\u{fc}n \u{1f680}\", \"States\": {\"A\": {\"Type\": \"Task\",\n          \"Resource\": \"bad\"}}}\n",
    );
    for template in [template.replace('\n', "\r\n"), format!("\u{feff}{template}")] {
        assert_eq!(marked(BAD_TASK, &template).0, "\"bad\"");
    }
}

#[test]
fn a_branch_of_a_document_is_read_in_its_scenario() {
    let template = machine(
        "      DefinitionString: !If [Live, '{\"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"good\"}}}', '{\"States\": {\"B\": {\"Type\": \"Task\", \"Resource\": \"bad\"}}}']
Conditions: { Live: !Equals [!Ref Free, live] }
",
    );
    assert_eq!(says(BAD_TASK, &template), said(&[("Machine", "B: bad")]));
}

#[test]
fn holes_stand_in_text_in_keys_and_in_place_of_values() {
    for (parameters, wanted) in [
        ("{\"V\": \"a-${Free}-b\"}", "a-${Free}-b"),
        ("{\"V\": ${Number}}", "${Number}"),
        ("{\"V\": \"${Topic.TopicName}\"}", "${TopicName}"),
        ("{\"V\": \"${AWS::Region}\\n\"}", "${AWS::Region}\n"),
        ("{\"V\": \"{{resolve:ssm:/a/b}}\"}", "{{resolve:ssm:/a/b}}"),
    ] {
        let template = machine(&format!(
            "      DefinitionString: !Sub |\n        {{\"States\": {{\"A\": {{\"Type\": \"Task\", \"Resource\": \"r\", \"Parameters\": {parameters}}}}}}}\n"
        ));
        assert_eq!(says(SHOW_TASK, &template), said(&[("Machine", wanted)]), "{parameters}");
    }
}

#[test]
fn a_hole_without_quotes_has_the_type_of_what_is_filled_in() {
    let rule = "match: ASL::Task\nrequire: { path: Parameters.V, is: number }\nat: Parameters.V\nmessage: no number\n";
    let at_most =
        "match: ASL::Task\nrequire: { path: Parameters.V, at_most: 4 }\nat: Parameters.V\nmessage: \"{value}\"\n";
    let template = machine(
        "      DefinitionString: !Sub |\n        {\"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"r\", \"Parameters\": {\"V\": ${Number}}}}}\n",
    );
    assert_eq!(says(at_most, &template), said(&[("Machine", "5")]));
    assert_eq!(says(rule, &template), said(&[]));
}

#[test]
fn substitutions_fill_definitions_of_both_forms() {
    let text = "      DefinitionSubstitutions: { Arn: !Ref Topic, Word: w }
      DefinitionString: |
        {\"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"r\", \"Parameters\": {\"V\": \"${Word}-${Arn}\"}}}}
";
    let filled_by_both = "      DefinitionSubstitutions: { Word: w }
      DefinitionString: !Sub |
        {\"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"r\", \"Parameters\": {\"V\": \"${!Word}-${Free}\"}}}}
";
    let object = "      DefinitionSubstitutions: { Arn: !Ref Topic, Word: w }
      Definition:
        States:
          A: { Type: Task, Resource: r, Parameters: { V: '${Word}-${Arn}' } }
";
    assert_eq!(says(SHOW_TASK, &machine(text)), said(&[("Machine", "w-${Topic}")]));
    assert_eq!(says(SHOW_TASK, &machine(object)), said(&[("Machine", "w-${Topic}")]));
    assert_eq!(says(SHOW_TASK, &machine(filled_by_both)), said(&[("Machine", "w-${Free}")]));
    let missing = text.replace("Word: w", "Other: w");
    assert!(says(SHOW_TASK, &machine(&missing))["Machine"].contains("${Word}"));
}

#[test]
fn functions_of_the_template_work_in_the_object_form_and_not_in_text() {
    let rule = "match: ASL::Task\nrequire: { path: Parameters.V, refers_to: { types: [AWS::SNS::Topic] } }\nat: Parameters.V\nmessage: no topic\n";
    let object =
        machine("      Definition: { States: { A: { Type: Task, Resource: r, Parameters: { V: !Ref Topic } } } }\n");
    let text = machine(
        "      DefinitionString: '{\"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"r\", \"Parameters\": {\"V\": {\"Ref\": \"Topic\"}}}}}'\n",
    );
    assert_eq!(says(rule, &object), said(&[]));
    assert_eq!(says(rule, &text), said(&[("Machine", "no topic")]));
}

#[test]
fn what_the_state_machine_reads_at_run_time_is_unknown() {
    let rule = "match: ASL::Task\nrequire: { path: Parameters.V, equals: x }\nat: Parameters.V\nmessage: \"{value}\"\n";
    let ask = |parameters: &str| {
        let text = format!(
            "      DefinitionString: '{{\"States\": {{\"A\": {{\"Type\": \"Task\", \"Resource\": \"r\", \"Parameters\": {parameters}}}}}}}'\n"
        );
        says(rule, &machine(&text)).get("Machine").cloned().unwrap_or_default()
    };
    assert_eq!(ask("{\"V.$\": \"$.input.v\"}"), "? `$.input.v` is known at run time only");
    assert_eq!(ask("{\"V.$\": \"States.UUID()\"}"), "? `States.UUID()` is known at run time only");
    assert_eq!(ask("{\"V\": \"{% $states.input.v %}\"}"), "? `{% $states.input.v %}` is known at run time only");
    assert_eq!(ask("{\"V\": \"$.input.v\"}"), "$.input.v", "without `.$` it is text");
}

#[test]
fn the_arguments_of_jsonata_are_those_of_the_job() {
    let rule = "match: ML::TrainingJob\nrequire: { path: TrainingJobName, present: true }\nmessage: \"{self}\"\n";
    let template = machine(
        "      DefinitionString: '{\"QueryLanguage\": \"JSONata\", \"States\": {\"T\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sagemaker:createTrainingJob.sync\", \"Arguments\": {\"RoleArn\": \"r\"}}}}'\n",
    );
    assert_eq!(says(rule, &template), said(&[("Machine", "T")]));
}

#[test]
fn states_within_states_are_found() {
    let template = machine(
        "      Definition:
        States:
          Each:
            Type: Map
            ItemProcessor:
              States:
                Both:
                  Type: Parallel
                  Branches:
                    - States: { Left: { Type: Task, Resource: bad } }
                    - States: { Right: { Type: Task, Resource: good } }
",
    );
    assert_eq!(says(BAD_TASK, &template), said(&[("Machine", "Left: bad")]));
}

fn pipeline(body: &str) -> String {
    format!(
        "Parameters: {{ Free: {{ Type: String }} }}
Resources:
  Pipeline:
    Type: AWS::SageMaker::Pipeline
    Properties:
      PipelineDefinition:
        PipelineDefinitionBody: !Sub |
          {body}
"
    )
}

#[test]
fn parameters_of_a_pipeline_split_over_their_values() {
    let rule = "match: ML::ModelPackage\nrequire: { path: ModelApprovalStatus, not_equals: Approved }\nat: ModelApprovalStatus\nmessage: \"{value}{when}\"\n";
    let body = |parameter: &str| {
        pipeline(&format!(
            "{{\"Parameters\": [{parameter}], \"Steps\": [{{\"Name\": \"R\", \"Type\": \"RegisterModel\", \"Arguments\": {{\"ModelApprovalStatus\": {{\"Get\": \"Parameters.Status\"}}}}}}]}}"
        ))
    };
    let status = |rest: &str| body(&format!("{{\"Name\": \"Status\", \"Type\": \"String\"{rest}}}"));
    assert_eq!(says(rule, &status(", \"DefaultValue\": \"Approved\"")), said(&[("Pipeline", "Approved")]));
    assert_eq!(says(rule, &status(", \"DefaultValue\": \"Pending\"")), said(&[]));
    assert_eq!(
        says(rule, &status(", \"EnumValues\": [\"Pending\", \"Approved\"]")),
        said(&[("Pipeline", "Approved when `Status` is `Approved`")])
    );
    assert_eq!(says(rule, &status("")), said(&[("Pipeline", "? `Parameters.Status` is known at run time only")]));
    assert!(says(rule, &body(""))["Pipeline"].starts_with("? "), "a parameter that is not declared");
}

#[test]
fn joined_values_of_a_pipeline_are_text() {
    let rule = "match: ML::ModelPackage\nrequire: { path: ModelPackageGroupName, absent: true }\nat: ModelPackageGroupName\nmessage: \"{value}\"\n";
    let template = pipeline(
        "{\"Steps\": [{\"Name\": \"R\", \"Type\": \"RegisterModel\", \"Arguments\": {\"ModelPackageGroupName\": {\"Std:Join\": {\"On\": \"-\", \"Values\": [\"a\", \"${Free}\"]}}}}]}",
    );
    assert_eq!(says(rule, &template), said(&[("Pipeline", "a-${Free}")]));
}

#[test]
fn the_literal_form_of_sub_stays_text_in_a_document() {
    let rule = "match: ML::ModelPackage\nrequire: { path: ModelPackageGroupName, not_matches: '^[$][{]Free[}]-x$' }\nat: ModelPackageGroupName\nmessage: \"{value}\"\n";
    let template = pipeline(
        "{\"Steps\": [{\"Name\": \"R\", \"Type\": \"RegisterModel\", \"Arguments\": {\"ModelPackageGroupName\": \"${!Free}-x\"}}]}",
    );
    assert_eq!(says(rule, &template), said(&[("Pipeline", "${Free}-x")]));
}

#[test]
fn steps_in_branches_of_a_condition_are_steps() {
    let rule = "match: ML::TrainingJob\nrequire: { path: RoleArn, absent: true }\nmessage: \"{self}\"\n";
    let step =
        |name: &str| format!("{{\"Name\": \"{name}\", \"Type\": \"Training\", \"Arguments\": {{\"RoleArn\": \"r\"}}}}");
    let template = pipeline(&format!(
        "{{\"Steps\": [{{\"Name\": \"C\", \"Type\": \"Condition\", \"Arguments\": {{\"Conditions\": [], \"IfSteps\": [{}], \"ElseSteps\": [{}]}}}}]}}",
        step("Yes"),
        step("No")
    ));
    assert_eq!(says(rule, &template), said(&[("Pipeline", "Yes | No")]));
}

#[test]
fn policies_and_patterns_given_as_text_are_read_like_maps() {
    let rule = "match: AWS::IAM::Role\nrequire: { no: { statements: $self, effect: Allow }, as: s, satisfies: { some: '$s.actions[*]', equals: '*' } }\nmessage: star\n";
    let template = "Resources:
  Text: { Type: AWS::IAM::Role, Properties: { Policies: [{ PolicyName: p, PolicyDocument: '{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}}' }] } }
  Map: { Type: AWS::IAM::Role, Properties: { Policies: [{ PolicyName: p, PolicyDocument: { Statement: { Effect: Allow, Action: ['s3:Get*', '*'] } } }] } }
  Deny: { Type: AWS::IAM::Role, Properties: { Policies: [{ PolicyName: p, PolicyDocument: { Statement: [{ Effect: Deny, Action: '*' }] } }] } }
";
    assert_eq!(says(rule, template), said(&[("Text", "star"), ("Map", "star")]));
    let pattern =
        "match: AWS::Events::Rule\nrequire: { some: 'EventPattern.source[*]', equals: aws.s3 }\nmessage: other\n";
    let template = "Resources:
  Text: { Type: AWS::Events::Rule, Properties: { EventPattern: '{\"source\": [\"aws.s3\"]}' } }
  Other: { Type: AWS::Events::Rule, Properties: { EventPattern: '{\"source\": [\"aws.ec2\"]}' } }
";
    assert_eq!(says(pattern, template), said(&[("Other", "other")]));
}

#[test]
fn a_document_that_cannot_be_read_is_unknown() {
    let rule =
        "match: AWS::Events::Rule\nrequire: { some: 'EventPattern.source[*]', equals: aws.s3 }\nmessage: other\n";
    let template = "Resources:\n  R: { Type: AWS::Events::Rule, Properties: { EventPattern: '{\"source\": [}' } }\n";
    assert_eq!(says(rule, template), said(&[("R", "? the document in `EventPattern` cannot be read")]));
}
