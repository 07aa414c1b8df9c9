//! What is known stays known: a value for every parameter takes choices away and adds no doubt.

use std::fmt::Write as _;

use proptest::prelude::*;

use mlops_lint::graph::Deployment;

use super::environments::{dev, said_in};

const PARAMETERS: [(&str, &str); 5] = [
    ("A", "{ Type: String, AllowedValues: [x, y] }"),
    ("B", "{ Type: String, Default: x }"),
    ("C", "{ Type: String }"),
    ("N", "{ Type: Number, Default: 2 }"),
    ("L", "{ Type: CommaDelimitedList, Default: 'x,y' }"),
];

/// Values that CloudFormation takes for any of them, but `A`, which takes two.
const VALUES: [&str; 6] = ["x", "y", "other", "2", "x,y", ""];

/// Expressions over the parameters; `{}` stands for one of them.
const EXPRESSIONS: [&str; 12] = [
    "!Ref {}",
    "!Sub 'p-${{}}'",
    "!Join ['-', [!Ref {}, z]]",
    "!If [IsX, x, !Ref {}]",
    "!If [Both, !Ref C, y]",
    "!Select [0, !Ref L]",
    "!Select [1, !Split ['-', !Sub 'a-${{}}']]",
    "!FindInMap [M, !Ref A, K]",
    "!FindInMap [M, !Ref C, K, { DefaultValue: none }]",
    "!ImportValue { 'Fn::Sub': 'e-${{}}' }",
    "!GetAtt Child.Outputs.Out",
    "!Ref AWS::NoValue",
];

/// Rules about `V`.
const REQUIREMENTS: [&str; 8] = [
    "{ path: V, equals: x }",
    "{ path: V, not_equals: x }",
    "{ path: V, present: true }",
    "{ path: V, absent: true }",
    "{ path: V, prefix: p- }",
    "{ path: V, not_matches: '^(x|y)$' }",
    "{ path: V, in: [x, y, none] }",
    "{ not: { path: V, refers_to: { types: [AWS::S3::Bucket] } } }",
];

fn files(expressions: &[(usize, usize)]) -> Vec<(&'static str, String)> {
    let mut parameters = "Parameters:\n".to_owned();
    for (name, body) in PARAMETERS {
        writeln!(parameters, "  {name}: {body}").unwrap();
    }
    let mut template = format!(
        "{parameters}Mappings: {{ M: {{ x: {{ K: x }}, y: {{ K: y }} }} }}
Conditions:
  IsX: !Equals [!Ref A, x]
  Both: !And [!Equals [!Ref B, x], !Not [!Equals [!Ref C, !Ref B]]]
Resources:
  Bucket: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: !Sub 'p-${{C}}' }} }}
  Child: {{ Type: AWS::CloudFormation::Stack, Properties: {{ TemplateURL: child.yaml, Parameters: {{ C: !Ref B }} }} }}
"
    );
    for (index, &(expression, parameter)) in expressions.iter().enumerate() {
        let (name, _) = PARAMETERS[parameter % PARAMETERS.len()];
        let value = EXPRESSIONS[expression % EXPRESSIONS.len()].replace("{}", name);
        writeln!(template, "  T{index}: {{ Type: Test::Thing, Properties: {{ V: {value} }} }}").unwrap();
    }
    let producer = format!(
        "{parameters}Resources: {{ Topic: {{ Type: AWS::SNS::Topic }} }}
Outputs:
  One: {{ Value: x, Export: {{ Name: !Sub 'e-${{A}}' }} }}
  Two: {{ Value: !Ref B, Export: {{ Name: !Sub 'f-${{C}}' }} }}
"
    );
    let child = format!(
        "{parameters}Resources: {{ Topic: {{ Type: AWS::SNS::Topic }} }}\nOutputs: {{ Out: {{ Value: !Ref C }} }}\n"
    );
    vec![("a.yaml", template), ("child.yaml", child), ("producer.yaml", producer)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_value_for_every_parameter_never_turns_a_pass_into_unknown(
        expressions in prop::collection::vec((0..EXPRESSIONS.len(), 0..PARAMETERS.len()), 1..6),
        requirement in 0..REQUIREMENTS.len(),
        given in prop::collection::vec(0..VALUES.len(), PARAMETERS.len()),
    ) {
        let files = files(&expressions);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
        let body = format!("match: Test::Thing\nrequire: {}\nmessage: fails\n", REQUIREMENTS[requirement]);
        let before = said_in(&Deployment::default(), &body, &files).by_resource();
        let values: Vec<(&str, &str)> = PARAMETERS
            .iter()
            .zip(&given)
            .map(|(&(name, _), &value)| match name {
                "A" => (name, VALUES[value % 2]),
                _ => (name, VALUES[value]),
            })
            .collect();
        let after = said_in(&dev(&values), &body, &files).by_resource();
        for index in 0..expressions.len() {
            let name = format!("T{index}");
            let is_unknown = after.get(&name).is_some_and(|text| text.starts_with("? "));
            prop_assert!(before.contains_key(&name) || !is_unknown, "{name} passes, then {:?}\n{}", after[&name], files[0].1);
        }
    }
}
