//! Values and names across templates: exports, nested stacks, names, ARNs, URIs, and what was not loaded.

use std::fmt::Write as _;

use super::{TO_BUCKET, forbids_in, judged, said, values_of};

const PRODUCER: &str = "Parameters: { Stage: { Type: String } }
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub 'data-${Stage}' } }
  Topic: { Type: AWS::SNS::Topic }
Outputs:
  Name: { Value: !Ref Bucket, Export: { Name: !Sub 'ml-${Stage}-bucket' } }
  Joined: { Value: literal, Export: { Name: !Join ['-', [ml, !Ref Stage, text]] } }
  Own: { Value: own, Export: { Name: !Sub '${AWS::StackName}-own' } }
";

#[test]
fn imports_meet_exports_by_their_symbolic_names() {
    let consumer = "Parameters: { Stage: { Type: String } }
Resources:
  Sub: { Type: Test::Thing, Properties: { V: !ImportValue { 'Fn::Sub': 'ml-${Stage}-text' } } }
  Long: { Type: Test::Thing, Properties: { V: { 'Fn::ImportValue': !Join ['-', [ml, !Ref Stage, text]] } } }
  Within: { Type: Test::Thing, Properties: { V: !Sub ['a/${X}', { X: !ImportValue { 'Fn::Sub': 'ml-${Stage}-text' } }] } }
  Nobody: { Type: Test::Thing, Properties: { V: !ImportValue other } }
";
    assert_eq!(
        values_of(&[("a.yaml", PRODUCER), ("b.yaml", consumer)]),
        said(&[("Sub", "literal"), ("Long", "literal"), ("Within", "a/literal"), ("Nobody", "${import other}")])
    );
}

#[test]
fn an_import_that_nothing_exports_is_unknown() {
    let consumer = "Resources:\n  T: { Type: Test::Thing, Properties: { V: !ImportValue other } }\n";
    assert_eq!(
        forbids_in("x", &[("a.yaml", PRODUCER), ("b.yaml", consumer)]),
        said(&[("T", "? nothing here exports `other`")])
    );
}

#[test]
fn stack_names_differ_between_templates() {
    let consumer = "Resources:\n  T: { Type: Test::Thing, Properties: { V: !ImportValue { 'Fn::Sub': '${AWS::StackName}-own' } } }\n";
    let said = forbids_in("own", &[("a.yaml", PRODUCER), ("b.yaml", consumer)]);
    assert!(said["T"].starts_with("? "), "{said:?}");
}

#[test]
fn a_bucket_is_known_by_name_arn_uri_and_reference() {
    let consumer = "Parameters: { Stage: { Type: String } }
Resources:
  Name: { Type: Test::Thing, Properties: { V: !Sub 'data-${Stage}' } }
  Arn: { Type: Test::Thing, Properties: { V: !Sub 'arn:${AWS::Partition}:s3:::data-${Stage}' } }
  Object: { Type: Test::Thing, Properties: { V: !Sub 'arn:aws:s3:::data-${Stage}/models/*' } }
  Uri: { Type: Test::Thing, Properties: { V: !Sub 's3://data-${Stage}/models/' } }
  Joined: { Type: Test::Thing, Properties: { V: !Join ['', ['s3://data-', !Ref Stage, /x]] } }
  Imported: { Type: Test::Thing, Properties: { V: !ImportValue { 'Fn::Sub': 'ml-${Stage}-bucket' } } }
  ImportedUri: { Type: Test::Thing, Properties: { V: !Sub ['s3://${B}/x', { B: !ImportValue { 'Fn::Sub': 'ml-${Stage}-bucket' } }] } }
  OtherName: { Type: Test::Thing, Properties: { V: !Sub 'logs-${Stage}' } }
  OtherUri: { Type: Test::Thing, Properties: { V: !Sub 's3://logs-${Stage}/data-${Stage}/x' } }
  OtherArn: { Type: Test::Thing, Properties: { V: !Sub 'arn:aws:s3:::logs-${Stage}/data-${Stage}' } }
  OtherService: { Type: Test::Thing, Properties: { V: !Sub 'arn:aws:sqs:eu-west-1:123456789012:data-${Stage}' } }
";
    let no = "no bucket";
    assert_eq!(
        judged(TO_BUCKET, &[("a.yaml", PRODUCER), ("b.yaml", consumer)], false).by_resource(),
        said(&[("OtherName", no), ("OtherUri", no), ("OtherArn", no), ("OtherService", no)])
    );
}

#[test]
fn a_reference_within_its_template_is_certain_whatever_the_name() {
    let template = "Resources:
  Bucket: { Type: AWS::S3::Bucket }
  Queue: { Type: AWS::SQS::Queue }
  Ref: { Type: Test::Thing, Properties: { V: !Ref Bucket } }
  Arn: { Type: Test::Thing, Properties: { V: !Sub '${Bucket.Arn}/*' } }
  Uri: { Type: Test::Thing, Properties: { V: !Sub 's3://${Bucket}/x' } }
  Queue1: { Type: Test::Thing, Properties: { V: !GetAtt Queue.Arn } }
";
    assert_eq!(judged(TO_BUCKET, &[("a.yaml", template)], false).by_resource(), said(&[("Queue1", "no bucket")]));
}

#[test]
fn a_free_parameter_may_be_the_name_of_anything() {
    let consumer = "Parameters: { Target: { Type: String } }\nResources:\n  T: { Type: Test::Thing, Properties: { V: !Ref Target } }\n";
    let said = judged(TO_BUCKET, &[("a.yaml", PRODUCER), ("b.yaml", consumer)], false).by_resource();
    assert!(said["T"].starts_with("? "), "{said:?}");
}

const CHILD: &str = "Parameters:
  Size: { Type: String, Default: small }
  Names: { Type: CommaDelimitedList, Default: a }
Conditions: { IsSmall: !Equals [!Ref Size, small] }
Resources:
  Direct: { Type: Test::Thing, Properties: { V: !Ref Size } }
  Branch: { Type: Test::Thing, Properties: { V: !If [IsSmall, s, l] } }
  Second: { Type: Test::Thing, Properties: { V: !Select [1, !Ref Names] } }
Outputs:
  Size: { Value: !Sub 'got-${Size}' }
";

#[test]
fn a_nested_stack_gets_what_its_parent_passes() {
    let parent = "Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./nested/child.yaml
      Parameters: { Size: large, Names: !Join [',', [x, y]] }
  Reads: { Type: Test::Thing, Properties: { V: !GetAtt Child.Outputs.Size } }
  List: { Type: Test::Thing, Properties: { V: !GetAtt [Child, Outputs.Size] } }
  InText: { Type: Test::Thing, Properties: { V: !Sub '<${Child.Outputs.Size}>' } }
";
    assert_eq!(
        values_of(&[("app/nested/child.yaml", CHILD), ("app/parent.yaml", parent)]),
        said(&[
            ("Direct", "large"),
            ("Branch", "l"),
            ("Second", "y"),
            ("Reads", "got-large"),
            ("List", "got-large"),
            ("InText", "<got-large>"),
        ])
    );
}

#[test]
fn outputs_reach_sibling_stacks() {
    let parent = "Resources:
  A: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: a.yaml } }
  B: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: b.yaml, Parameters: { In: !GetAtt A.Outputs.Out } } }
";
    let a = "Resources: { Bucket: { Type: AWS::S3::Bucket } }\nOutputs: { Out: { Value: !Ref Bucket } }\n";
    let b = "Parameters: { In: { Type: String } }\nResources:\n  T: { Type: Test::Thing, Properties: { V: !Sub 's3://${In}/x' } }\n";
    let files = [("a.yaml", a), ("b.yaml", b), ("parent.yaml", parent)];
    assert_eq!(judged(TO_BUCKET, &files, false).by_resource(), said(&[]), "the sibling's bucket is found");
}

#[test]
fn a_template_that_two_stacks_nest_has_the_values_of_one_or_the_other() {
    let parent = "Resources:
  One: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: child.yaml, Parameters: { Size: large, Names: 'a,x' } } }
  Two: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: child.yaml, Parameters: { Size: huge, Names: 'a,y' } } }
  Reads: { Type: Test::Thing, Properties: { V: !GetAtt Two.Outputs.Size } }
";
    let child = CHILD.replace("Outputs:", "  Pair: { Type: Test::Thing, Properties: { V: !Sub ['${Size}-${N}', { N: !Select [1, !Ref Names] }] } }\nOutputs:");
    let files = [("child.yaml", &child[..]), ("parent.yaml", parent)];
    // `small` is the default, which neither stack takes.
    assert_eq!(forbids_in("small", &files), said(&[]));
    assert_eq!(forbids_in("huge", &files), said(&[("Direct", "huge when `nesting stack` is `Two`")]));
    assert_eq!(forbids_in("huge-y", &files), said(&[("Pair", "huge-y when `nesting stack` is `Two`")]));
    assert_eq!(forbids_in("huge-x", &files), said(&[]), "one stack passes both");
    assert_eq!(forbids_in("got-huge", &files), said(&[("Reads", "got-huge")]), "the output is that of one stack");
}

#[test]
fn what_the_parent_does_not_pass_keeps_its_default() {
    let parent = "Resources:
  Child: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: child.yaml } }
";
    let files = [("child.yaml", CHILD), ("parent.yaml", parent)];
    assert_eq!(forbids_in("s", &files)["Branch"], "s when `IsSmall` is true");
    assert_eq!(forbids_in("small", &files)["Direct"], "small when `Size` is `small`");
}

#[test]
fn a_stack_from_a_url_stays_unknown() {
    let parent = "Resources:
  Child: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: 'https://s3.amazonaws.com/b/child.yaml' } }
  T: { Type: Test::Thing, Properties: { V: !GetAtt Child.Outputs.Size } }
";
    let said = forbids_in("small", &[("child.yaml", CHILD), ("parent.yaml", parent)]);
    assert!(said["T"].starts_with("? "), "{said:?}");
}

#[test]
fn a_template_in_a_bucket_that_a_parameter_names_is_found_by_the_end_of_its_path() {
    let parent = |url: &str, passes: &str| {
        format!(
            "Parameters: {{ Templates: {{ Type: String }} }}
Resources:
  Child: {{ Type: AWS::CloudFormation::Stack, Properties: {{ TemplateURL: {url}, Parameters: {{ {passes} }} }} }}
"
        )
    };
    let is_bound = |paths: &[&str], url: &str, passes: &str| {
        let parent = parent(url, passes);
        let files: Vec<_> = paths.iter().map(|path| (*path, CHILD)).chain([("cfn/main.yaml", &*parent)]).collect();
        forbids_in("large", &files)["Direct"].starts_with("large")
    };
    let sub = "!Sub 'https://${Templates}.s3.amazonaws.com/cfn/child.yaml'";
    let join = "!Join ['', ['https://s3.amazonaws.com/', !Ref Templates, '/cfn/child.yaml?versionId=1']]";
    assert!(is_bound(&["cfn/child.yaml"], sub, "Size: large"));
    assert!(is_bound(&["cfn/child.yaml"], join, "Size: large"));
    assert!(is_bound(&["stacks/child.yaml"], sub, "Size: large"), "the upload may go elsewhere");
    assert!(is_bound(&["cfn/child.yaml", "old/child.yaml"], sub, "Size: large"), "the longer end");
    assert!(!is_bound(&["a/child.yaml", "b/child.yaml"], sub, "Size: large"), "either may be meant");
    assert!(!is_bound(&["cfn/child.yaml"], sub, "Size: large, Other: x"), "it takes other parameters");
    let part = "!Sub 'https://s3.amazonaws.com/b/${Templates}child.yaml'";
    assert!(!is_bound(&["cfn/child.yaml"], part, "Size: large"), "the name of the file is not known");
}

#[test]
fn stacks_that_nest_each_other_end() {
    let one = "Parameters: { P: { Type: String } }\nResources:\n  Other: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: two.yaml, Parameters: { P: !Ref P } } }\n  T: { Type: Test::Thing, Properties: { V: !Ref P } }\n";
    let two = one.replace("two.yaml", "one.yaml");
    let said = forbids_in("x", &[("one.yaml", one), ("two.yaml", &two)]);
    assert!(said["T"].starts_with("? "), "{said:?}");
}

/// Web ACLs that nothing uses.
const ALONE: &str = "match: AWS::WAFv2::WebACL
require: { some: { referrers: $self, via: [AWS::WAFv2::WebACLAssociation.WebACLArn] }, present: true }
message: alone
";

#[test]
fn what_is_handed_on_may_be_used_by_files_that_were_not_loaded() {
    let template = "Resources:
  Handed: { Type: AWS::WAFv2::WebACL, Properties: { Scope: REGIONAL } }
  Named: { Type: AWS::WAFv2::WebACL, Properties: { Name: shared } }
  Private: { Type: AWS::WAFv2::WebACL, Properties: { Scope: REGIONAL } }
Outputs:
  Arn: { Value: !GetAtt Handed.Arn }
";
    let all = said(&[("Handed", "alone"), ("Named", "alone"), ("Private", "alone")]);
    assert_eq!(judged(ALONE, &[("a.yaml", template)], false).by_resource(), all);
    let outside = |name: &str| format!("? templates that were not loaded may say more about `{name}`");
    assert_eq!(
        judged(ALONE, &[("a.yaml", template)], true).by_resource(),
        said(&[("Handed", &outside("Handed")), ("Named", &outside("Named")), ("Private", "alone")])
    );
}

#[test]
fn a_single_file_does_not_say_what_nothing_exports() {
    let template = "Resources:\n  T: { Type: Test::Thing, Properties: { V: !ImportValue shared } }\n";
    let said = judged(TO_BUCKET, &[("a.yaml", template)], true).by_resource();
    assert!(said["T"].starts_with("? "), "{said:?}");
    let literal = "Resources:\n  T: { Type: Test::Thing, Properties: { V: some-bucket } }\n";
    assert_eq!(judged(TO_BUCKET, &[("a.yaml", literal)], false).by_resource()["T"], "no bucket");
    let said = judged(TO_BUCKET, &[("a.yaml", literal)], true).by_resource();
    assert!(said["T"].contains("were not loaded"), "{said:?}");
}

#[test]
fn a_macro_may_add_what_is_missing() {
    let template = "Transform: [OurMacro]
Resources:
  Acl: { Type: AWS::WAFv2::WebACL, Properties: { Scope: REGIONAL } }
";
    assert_eq!(
        judged(ALONE, &[("a.yaml", template)], false).by_resource(),
        said(&[("Acl", "? `OurMacro` is run by CloudFormation only")])
    );
}

#[test]
fn two_exports_of_a_name_are_no_answer() {
    let one = "Outputs: { A: { Value: v, Export: { Name: shared } } }\nResources: { A: { Type: AWS::SNS::Topic } }\n";
    let consumer = "Resources:\n  T: { Type: Test::Thing, Properties: { V: !ImportValue shared } }\n";
    let said = forbids_in("v", &[("a.yaml", one), ("b.yaml", one), ("c.yaml", consumer)]);
    assert!(said["T"].starts_with("? "), "{said:?}");
}

#[test]
fn many_references_are_looked_up_as_few_are_looked_at() {
    let references = [
        ("Attribute", "!GetAtt Acl.Arn"),
        ("Text", "!Sub '${Acl.Arn}'"),
        (
            "ByArn",
            "!Sub 'arn:${AWS::Partition}:wafv2:${AWS::Region}:${AWS::AccountId}:regional/webacl/front-${Stage}/*'",
        ),
        ("Branch", "!If [Live, !GetAtt Acl.Arn, x]"),
        ("Imported", "!ImportValue acl"),
        ("Free", "!Ref Free"),
        (
            "Other",
            "!Sub 'arn:${AWS::Partition}:wafv2:${AWS::Region}:${AWS::AccountId}:regional/webacl/back-${Stage}/*'",
        ),
    ];
    for (name, reference) in references {
        let template = |others: usize| {
            let mut more = String::new();
            for index in 0..others {
                let properties = format!("{{ WebACLArn: !GetAtt Second.Arn, ResourceArn: 'r{index}' }}");
                writeln!(more, "  Other{index}: {{ Type: AWS::WAFv2::WebACLAssociation, Properties: {properties} }}")
                    .unwrap();
            }
            format!(
                "Parameters: {{ Stage: {{ Type: String, AllowedValues: [dev, live] }}, Free: {{ Type: String }} }}
Conditions: {{ Live: !Equals [!Ref Stage, live] }}
Resources:
  Acl: {{ Type: AWS::WAFv2::WebACL, Properties: {{ Name: !Sub 'front-${{Stage}}' }} }}
  Second: {{ Type: AWS::WAFv2::WebACL }}
  Association: {{ Type: AWS::WAFv2::WebACLAssociation, Properties: {{ WebACLArn: {reference}, ResourceArn: r }} }}
{more}Outputs:
  Acl: {{ Value: !GetAtt Acl.Arn, Export: {{ Name: acl }} }}
"
            )
        };
        let ask = |others: usize| {
            let mut said = judged(ALONE, &[("a.yaml", &template(others))], false).by_resource();
            said.remove("Second");
            said
        };
        assert_eq!(ask(20), ask(1), "{name}");
        assert_eq!(ask(20).contains_key("Acl"), ["Branch", "Free", "Other"].contains(&name), "{name}: {:?}", ask(20));
    }
}
