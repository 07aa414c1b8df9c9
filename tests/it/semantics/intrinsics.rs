//! Intrinsic functions, pseudo parameters, parameters, SAM and loops.

use super::{evaluated, forbids, said, says, value, values};

const NAMES: &str = "Parameters:
  Free: { Type: String }
  Named: { Type: String, Default: n }
  Zones: { Type: CommaDelimitedList, Default: 'a, b ,c' }
Conditions:
  Never: !Equals [a, b]
  Always: !Not [!Condition Never]";

#[test]
fn ref_gives_parameters_pseudo_parameters_and_resources() {
    assert_eq!(
        evaluated(
            NAMES,
            &[
                "!Ref Free",
                "Ref: Free",
                "!Ref AWS::Region",
                "!Ref Bucket",
                "{ Ref: AWS::AccountId }",
                "!Ref AWS::NoValue",
                "!Ref Nope"
            ]
        )[..],
        [
            "${Free}",
            "${Free}",
            "${AWS::Region}",
            "${Bucket}",
            "${AWS::AccountId}",
            "absent",
            "? `Nope` cannot be evaluated"
        ]
    );
}

#[test]
fn get_att_means_the_same_in_all_its_spellings() {
    let spellings = [
        "!GetAtt Role.Arn",
        "!GetAtt [Role, Arn]",
        "Fn::GetAtt: Role.Arn",
        "Fn::GetAtt: [Role, Arn]",
        "!Sub '${Role.Arn}'",
    ];
    assert!(evaluated("", &spellings).iter().all(|value| value == "${Arn}"));
    let rule = "match: Test::Pair\nrequire: { path: A, same_as: $self.B }\nmessage: differ\n";
    for one in spellings {
        for other in spellings {
            let template = format!(
                "Resources:\n  Role: {{ Type: AWS::IAM::Role }}\n  Pair:\n    Type: Test::Pair\n    Properties:\n      A:\n        {one}\n      B:\n        {other}\n"
            );
            assert_eq!(says(rule, &template), said(&[]), "{one} {other}");
        }
    }
}

#[test]
fn attributes_of_different_resources_differ() {
    let rule = "match: Test::Pair\nrequire: { path: A, same_as: $self.B }\nmessage: differ\n";
    let template = "Resources:
  One: { Type: AWS::IAM::Role }
  Two: { Type: AWS::IAM::Role }
  Pair: { Type: Test::Pair, Properties: { A: !GetAtt One.Arn, B: !GetAtt Two.Arn } }
  Kinds: { Type: Test::Pair, Properties: { A: !GetAtt One.Arn, B: !Ref One } }
";
    assert_eq!(says(rule, template), said(&[("Pair", "differ"), ("Kinds", "differ")]));
}

#[test]
fn sub_fills_names_attributes_and_its_own_variables() {
    assert_eq!(
        evaluated(
            NAMES,
            &[
                "!Sub 'a-${Free}-b'",
                "!Sub ['${X}-${Free}', { X: x }]",
                "Fn::Sub: ['${X}-${Free}', { X: !Ref AWS::Region }]",
                "!Sub '${!Free} ${Free}'",
                "!Sub ['${Free}', { Free: own }]",
                "!Sub '${Bucket.Arn}/*'",
                "!Sub 'no holes'",
                "!Sub '${Nope}'",
                "!Sub 'price: $5 ${'",
            ]
        )[..],
        [
            "a-${Free}-b",
            "x-${Free}",
            "${AWS::Region}-${Free}",
            "${Free} ${Free}",
            "own",
            "${Arn}/*",
            "no holes",
            "? `Nope` cannot be evaluated",
            "price: $5 ${"
        ]
    );
}

#[test]
fn the_literal_form_of_sub_is_text_and_no_parameter() {
    let template = "Parameters: { Free: { Type: String } }
Resources:
  Literal: { Type: Test::Thing, Properties: { V: !Sub '${!Free}' } }
  Filled: { Type: Test::Thing, Properties: { V: !Sub '${Free}' } }
";
    let rule = "match: Test::Thing\nrequire: { path: V, not_matches: '^[$][{]Free[}]$' }\nmessage: \"{value}\"\n";
    assert_eq!(says(rule, template), said(&[("Literal", "${Free}"), ("Filled", "? parameter `Free` has no default")]));
}

#[test]
fn join_select_split_and_length_compute_what_is_known() {
    assert_eq!(
        evaluated(
            NAMES,
            &[
                "!Join ['-', [a, !Ref Free, c]]",
                "!Join ['', []]",
                "!Join [',', !Split ['-', a-b-c]]",
                "!Select [1, [a, b]]",
                "!Select ['1', !Split [',', 'a,b']]",
                "!Select [5, [a, b]]",
                "!Select [0, !Split ['-', !Ref Free]]",
                "Fn::Length: [a, b, c]",
                "Fn::Length: !Split [',', 'a,b']",
                "!Join ['-', [a, !If [Never, b, !Ref AWS::NoValue], c]]",
            ]
        )[..],
        // The second is empty, and an empty text counts as nothing written.
        ["a-${Free}-c", "absent", "a,b,c", "b", "b", "? `Fn::Select` cannot be evaluated", "${Free}", "3", "2", "a-c"]
    );
}

#[test]
fn a_text_is_split_between_holes_that_cannot_hold_the_separator() {
    assert_eq!(
        evaluated(
            NAMES,
            &[
                "!Select [1, !Split [',', !Sub '${AWS::Region},${AWS::AccountId}-x']]",
                "Fn::Length: !Split [', ', !Join [', ', [!Ref AWS::Region, !If [Never, b, !Ref AWS::NoValue], c]]]",
                // A name may have a hyphen, a parameter anything.
                "!Select [1, !Split ['-', !Sub 'a-${AWS::Region}']]",
                "!Select [1, !Split [',', !Sub 'a,${Free}']]",
            ]
        )[..2],
        ["${AWS::AccountId}-x", "2"]
    );
}

#[test]
fn the_pieces_of_references_that_were_joined_are_these_references() {
    let rule =
        "match: Test::Thing\nrequire: { no: \"V[*]\", refers_to: { types: [AWS::EC2::Subnet] } }\nmessage: refers\n";
    let template = "Resources:
  A: { Type: AWS::EC2::Subnet, Properties: { VpcId: vpc-1 } }
  B: { Type: AWS::EC2::Subnet, Properties: { VpcId: vpc-1 } }
  C: { Type: Test::Thing, Properties: { V: !Split [',', !Join [',', [!Ref A, !Ref B]]] } }
";
    assert_eq!(says(rule, template), said(&[("C", "refers")]));
}

#[test]
fn a_short_function_around_a_long_one_is_both() {
    assert_eq!(
        evaluated(
            NAMES,
            &[
                "!Base64\n  Ref: Free",
                "!Base64\n  Fn::Sub: 'a-${Free}'",
                "!Base64 { 'Fn::Join': ['-', [a, b]] }",
                "!Base64\n  Fn::If: [Never, a, b]",
                "!Base64 { Other: x }",
            ]
        )[..4],
        ["${Free}", "a-${Free}", "a-b", "b"]
    );
}

#[test]
fn base64_and_json_strings_stay_what_they_encode() {
    let rule = "match: Test::Thing\nrequire: { path: V.Key, equals: b }\nmessage: \"{value}\"\n";
    let template = "Resources:\n  A: { Type: Test::Thing, Properties: { V: { 'Fn::ToJsonString': { Key: a } } } }\n";
    assert_eq!(value("", "!Base64 text"), "text");
    assert_eq!(says(rule, template), said(&[("A", "a")]));
}

#[test]
fn cidr_cuts_known_blocks_and_nothing_else() {
    let rule = "match: Test::Thing\nrequire: { every: \"V[*]\", equals: 10.0.0.0/24 }\nat: V\nmessage: no\n";
    let template = "Parameters: { Range: { Type: String } }
Resources:
  First: { Type: Test::Thing, Properties: { V: [!Select [0, !Cidr [10.0.0.0/16, 2, 8]]] } }
  Second: { Type: Test::Thing, Properties: { V: [!Select [1, !Cidr [10.0.0.0/16, 2, 8]]] } }
  Both: { Type: Test::Thing, Properties: { V: !Cidr [10.0.0.0/16, 2, 8] } }
  Open: { Type: Test::Thing, Properties: { V: !Cidr [!Ref Range, 2, 8] } }
";
    let wanted = said(&[("Second", "no"), ("Both", "no"), ("Open", "? parameter `Range` has no default")]);
    assert_eq!(says(rule, template), wanted);
}

#[test]
fn zones_are_not_known_before_deployment() {
    let template = "Resources:\n  A: { Type: Test::Thing, Properties: { V: !Select [0, !GetAZs ''] } }\n";
    let said = forbids("eu-west-1a", template);
    assert!(said["A"].starts_with("? "), "{said:?}");
}

#[test]
fn find_in_map_looks_up_and_falls_back() {
    let maps = "Mappings:
  Size:
    small: { Count: 1, Types: [a, b] }
    large: { Count: 2 }
Transform: AWS::LanguageExtensions
Parameters:
  Kind: { Type: String, Default: small }
  Free: { Type: String }";
    assert_eq!(
        evaluated(
            maps,
            &[
                "!FindInMap [Size, small, Count]",
                "Fn::FindInMap: [Size, large, Count]",
                "!FindInMap [Size, huge, Count, { DefaultValue: 9 }]",
                "!FindInMap [Size, small, Memory, { DefaultValue: !Ref AWS::NoValue }]",
                "!Select [1, !FindInMap [Size, small, Types]]",
                "!FindInMap [Size, !Sub '${Kind}', Count]",
                "!FindInMap [!Join ['', [Si, ze]], large, Count]",
                "!FindInMap [Nope, small, Count, { DefaultValue: d }]",
            ]
        )[..],
        ["1", "2", "9", "absent", "b", "1", "2", "d"]
    );
    assert!(value(maps, "!FindInMap [Size, huge, Count]").starts_with("? "));
}

#[test]
fn macros_and_includes_are_unknown_by_name() {
    assert_eq!(
        evaluated(
            "",
            &[
                "{ 'Fn::Transform': { Name: AWS::Include, Parameters: { Location: s3://b/k } } }",
                "!Transform { Name: Upper, Parameters: { Text: a } }",
            ]
        )[..],
        ["? `AWS::Include` is run by CloudFormation only", "? `Upper` is run by CloudFormation only"]
    );
}

#[test]
fn what_an_include_may_add_is_not_known_to_be_absent() {
    let template = "Resources:
  A:
    Type: Test::Thing
    Properties:
      W: 1
      Fn::Transform: { Name: AWS::Include, Parameters: { Location: s3://b/k } }
  B: { Type: Test::Thing, Properties: { W: 1 } }
";
    let rule = "match: Test::Thing\nrequire: { path: V, present: true }\nmessage: missing\n";
    assert_eq!(
        says(rule, template),
        said(&[("A", "? `Fn::Transform` is run by CloudFormation only"), ("B", "missing")])
    );
}

#[test]
fn no_value_takes_away_properties_and_items() {
    let rule = "match: Test::Thing\nrequire: { some: \"V[*]\", count: { equals: 2 } }\nat: V\nmessage: not two\n";
    let template = "Resources:
  Two: { Type: Test::Thing, Properties: { V: [a, !Ref AWS::NoValue, b] } }
  One: { Type: Test::Thing, Properties: { V: [a, { Ref: AWS::NoValue }] } }
  None: { Type: Test::Thing, Properties: { V: !Ref AWS::NoValue } }
";
    assert_eq!(says(rule, template), said(&[("One", "not two"), ("None", "not two")]));
}

#[test]
fn condition_functions_decide() {
    let conditions = "Parameters: { Free: { Type: String } }
Conditions:
  Yes: !Equals [a, a]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Condition No]
  Either: !Or [!Condition Yes, { Condition: No }]
  Long: { 'Fn::And': [{ 'Fn::Equals': [1, '1'] }, { Condition: Yes }] }
  Same: !Equals [!Ref Free, !Ref Free]
  Literal: !Equals [!Sub 'x-${Free}', y]
  Short: !Or [!Equals [!Ref Free, a], !Condition Yes]";
    let names = ["Yes", "No", "Both", "Either", "Long", "Same", "Literal", "Short"];
    let expressions: Vec<String> = names.iter().map(|name| format!("!If [{name}, t, f]")).collect();
    let expressions: Vec<&str> = expressions.iter().map(String::as_str).collect();
    assert_eq!(evaluated(conditions, &expressions)[..], ["t", "f", "f", "t", "t", "t", "f", "t"]);
}

#[test]
fn names_that_aws_gives_are_never_empty() {
    let conditions = "Parameters: { Free: { Type: String } }
Conditions:
  NoArn: !Equals [!Ref Free, '']
  NoAccount: !Equals [!Ref AWS::AccountId, '']";
    assert_eq!(value(conditions, "!If [NoAccount, t, f]"), "f");
}

#[test]
fn dynamic_references_are_holes_also_within_text() {
    let template = "Parameters: { Free: { Type: String } }
Resources:
  Whole: { Type: Test::Thing, Properties: { V: '{{resolve:ssm:/ml/tag}}' } }
  Within: { Type: Test::Thing, Properties: { V: 'a-{{resolve:ssm:/ml/tag}}-b' } }
  Filled: { Type: Test::Thing, Properties: { V: !Sub '{{resolve:ssm:/ml/${Free}}}' } }
  Joined: { Type: Test::Thing, Properties: { V: !Join ['', ['{{resolve:ssm:', !Ref Free, '}}']] } }
  Ends: { Type: Test::Thing, Properties: { V: '{{resolve:ssm:/ml/tag}}:1.0' } }
";
    let rule = "match: Test::Thing\nrequire: { path: V, matches: '^[a-z]+:latest$' }\nmessage: no\n";
    let said = says(rule, template);
    for resource in ["Whole", "Filled", "Joined"] {
        let text = said.get(resource).map_or("passes", String::as_str);
        assert!(text.starts_with("? ") && text.contains("{{resolve:ssm:"), "{resource}: {text}");
    }
    assert_eq!(said["Within"], "no", "it cannot end in `:latest`");
    assert_eq!(said["Ends"], "no");
}

#[test]
fn list_parameters_are_lists_and_text() {
    assert_eq!(value(NAMES, "!Select [1, !Ref Zones]"), "b");
    assert_eq!(value(NAMES, "!Join ['+', !Ref Zones]"), "a+b+c");
    let rule = "match: Test::Thing\nrequire: { every: \"V[*]\", in: [a, b] }\nat: V\nmessage: \"{value}\"\n";
    let template = format!("{NAMES}\nResources:\n  A: {{ Type: Test::Thing, Properties: {{ V: !Ref Zones }} }}\n");
    assert_eq!(says(rule, &template), said(&[("A", "c")]));
}

#[test]
fn parameters_of_the_parameter_store_are_not_their_default() {
    let template = "Parameters: { Ami: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /ml/ami } }
Resources:
  A: { Type: Test::Thing, Properties: { V: !Ref Ami } }
";
    let said = forbids("/ml/ami", template);
    assert_eq!(said["A"], "? `{{resolve:ssm:/ml/ami}}` is resolved at deployment");
}

#[test]
fn globals_of_sam_are_defaults_of_functions() {
    let rule = "match: AWS::Serverless::Function\nrequire: { path: Tracing, equals: Active }\nmessage: \"{value}\"\n";
    let template = "Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Tracing: Active, Environment: { Variables: { A: '1' } } }
Resources:
  Inherits: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.13 } }
  Bare: { Type: AWS::Serverless::Function }
  Own: { Type: AWS::Serverless::Function, Properties: { Tracing: PassThrough } }
  Api: { Type: AWS::Serverless::Api, Properties: {} }
";
    assert_eq!(says(rule, template), said(&[("Own", "PassThrough")]));
    let merged = "match: AWS::Serverless::Function\nrequire: { path: Environment.Variables.A, equals: '2' }\nmessage: \"{value}\"\n";
    let template = template.replace("{ Runtime: python3.13 }", "{ Environment: { Variables: { B: '1' } } }");
    assert_eq!(says(merged, &template)["Inherits"], "1", "maps of Globals and of the function are merged");
}

#[test]
fn loops_make_one_resource_an_item() {
    let template = "Transform: AWS::LanguageExtensions
Parameters: { Names: { Type: CommaDelimitedList, Default: 'x,y' } }
Resources:
  Fn::ForEach::Queues:
    - Name
    - [alpha, beta]
    - ${Name}Thing:
        Type: Test::Thing
        Properties: { V: !Sub 'q-${Name}', W: !Ref Name }
  Fn::ForEach::Parametrized:
    - N
    - !Ref Names
    - Item${N}:
        Type: Test::Thing
        Properties: { V: !Ref N }
";
    let wanted = said(&[("alphaThing", "q-alpha"), ("betaThing", "q-beta"), ("Itemx", "x"), ("Itemy", "y")]);
    assert_eq!(values(template), wanted);
}

#[test]
fn loops_within_loops_see_both_variables() {
    let template = "Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Outer:
    - A
    - ['1', '2']
    - Fn::ForEach::Inner:
        - B
        - [x, y]
        - T${A}${B}: { Type: Test::Thing, Properties: { V: !Sub '${A}.${B}' } }
";
    assert_eq!(values(template), said(&[("T1x", "1.x"), ("T1y", "1.y"), ("T2x", "2.x"), ("T2y", "2.y")]));
}

#[test]
fn a_loop_over_an_unknown_list_hides_what_may_be_there() {
    let rule = "match: AWS::WAFv2::WebACL\nrequire: { some: { nodes: AWS::WAFv2::WebACLAssociation }, as: a, satisfies: { path: $a.WebACLArn, refers_to: $self } }\nmessage: alone\n";
    let template = "Parameters: { Stages: { Type: CommaDelimitedList } }
Resources:
  Acl: { Type: AWS::WAFv2::WebACL }
  Fn::ForEach::Associations:
    - S
    - !Ref Stages
    - Association${S}: { Type: AWS::WAFv2::WebACLAssociation, Properties: { WebACLArn: !GetAtt Acl.Arn } }
";
    assert!(says(rule, template)["Acl"].starts_with("? "));
}
