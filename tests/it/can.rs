//! `can`: what an identity may do by all the policies that give it rights, and what cannot be known of it.

use crate::rule_file::{self, FAIL, UNKNOWN};

/// A role that is asked about, with these properties and beside these resources; `verdict` is its marker.
fn run(can: &str, role: &str, others: &str, verdict: &str) -> Result<(), String> {
    let question = format!(
        r#"
match: AWS::IAM::Role
when: {{ path: Description, equals: asked }}
let:
  data: {{ resolve: "Tags[*].Value", to: AWS::S3::Bucket }}
require: {{ can: {can} }}
message: "`{{self}}` may not {{lacking}} on `{{data}}`"
"#
    );
    let template = format!(
        r#"
Parameters:
  Any: {{ Type: String }}
  Prefix: {{ Type: String }}
  Stage: {{ Type: String, AllowedValues: [dev, prod], Default: dev }}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Data: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: !Sub "${{Prefix}}-data" }} }}
  Logs: {{ Type: AWS::S3::Bucket }}
  Role:{verdict}
    Type: AWS::IAM::Role
    Properties: {{ Description: asked, Tags: [{{ Key: data, Value: !Ref Data }}], AssumeRolePolicyDocument: {{}}, {role} }}
{others}
"#
    );
    rule_file::run(&question, &template)
}

const LIST: &str = "{ who: $self, do: s3:ListBucket, on: $data }";
const CERTAINLY: &str = "{ who: $self, do: s3:ListBucket, on: $data, certainly: true }";
const GIVEN: &str = r#"{ who: $self, do: s3:ListBucket, given: { "s3:prefix": raw } }"#;

fn judge(can: &str, role: &str, others: &str, verdict: &str) {
    run(can, role, others, verdict).unwrap_or_else(|problem| panic!("{role} {others}: {problem}"));
}

/// Asks about a role with these statements of its own.
fn own(can: &str, statements: &str, verdict: &str) {
    judge(can, &inline(statements), "", verdict);
}

fn inline(statements: &str) -> String {
    format!("Policies: [{{ PolicyName: p, PolicyDocument: {{ Statement: {statements} }} }}]")
}

const ALL: &str = r#"{ Effect: Allow, Action: "*", Resource: "*" }"#;

#[test]
fn an_allow_covers_the_action_and_the_resource() {
    for (resource, verdict) in [
        (r#""*""#, ""),
        ("!GetAtt Data.Arn", ""),
        (r#"[!Sub "${Data.Arn}/*", !GetAtt Data.Arn]"#, ""),
        (r#"!Sub "${Data.Arn}/*""#, FAIL),
        ("!GetAtt Logs.Arn", FAIL),
        (r#"!Sub "arn:${AWS::Partition}:s3:::${Prefix}-*""#, ""),
        (r#"!Sub "arn:aws:s3:::${Prefix}-data""#, ""),
        (r#"!Sub "arn:aws:s3:::${Prefix}-logs""#, FAIL),
        (r#"!Sub "arn:aws:s3:::${Any}-data""#, UNKNOWN),
        (r#""arn:aws:s3:::ml-*""#, UNKNOWN),
        (r#""arn:aws:sqs:*""#, FAIL),
        ("!Ref Any", UNKNOWN),
        ("!ImportValue elsewhere", UNKNOWN),
    ] {
        own(LIST, &format!(r#"[{{ Effect: Allow, Action: "s3:List*", Resource: {resource} }}]"#), verdict);
    }
    own(LIST, r#"[{ Effect: Allow, Action: "s3:Get*", Resource: "*" }]"#, FAIL);
    own(LIST, r#"[{ Effect: Allow, NotAction: "s3:Get*", Resource: "*" }]"#, "");
    own(LIST, r#"[{ Effect: Allow, Action: "s3:*", NotResource: !GetAtt Data.Arn }]"#, FAIL);
    own(LIST, r#"[{ Effect: Allow, Action: "s3:*", NotResource: !GetAtt Logs.Arn }]"#, "");
    own(LIST, "[]", FAIL);
}

#[test]
fn what_is_not_there_is_not_done() {
    judge("{ who: Nobody, do: s3:ListBucket }", &inline(&format!("[{ALL}]")), "", FAIL);
    judge("{ who: $self, do: s3:ListBucket, on: Nothing }", &inline(&format!("[{ALL}]")), "", "");
}

#[test]
fn a_deny_takes_back_what_it_certainly_denies() {
    for (deny, verdict) in [
        (r#"{ Effect: Deny, Action: "s3:*", Resource: "*" }"#, FAIL),
        (r#"{ Effect: Deny, Action: "s3:*", Resource: !GetAtt Logs.Arn }"#, ""),
        (r#"{ Effect: Deny, NotAction: "iam:*", Resource: "*" }"#, FAIL),
        (r#"{ Effect: Deny, Action: "s3:*", Resource: !Ref Any }"#, UNKNOWN),
        (
            r#"{ Effect: Deny, Action: "s3:*", Resource: "*", Condition: { Bool: { "aws:SecureTransport": false } } }"#,
            "",
        ),
        (r#"!If [IsProd, { Effect: Deny, Action: "s3:*", Resource: "*" }, !Ref "AWS::NoValue"]"#, FAIL),
    ] {
        own(LIST, &format!("[{ALL}, {deny}]"), verdict);
    }
}

#[test]
fn policies_are_attached_from_either_side() {
    let policy = |kind: &str, more: &str| {
        format!(
            "  Policy:\n    Type: AWS::IAM::{kind}\n    Properties: {{ PolicyDocument: {{ Statement: [{ALL}] }}, {more} }}\n"
        )
    };
    for (others, verdict) in [
        (policy("Policy", "PolicyName: p, Roles: [!Ref Role]"), ""),
        (policy("Policy", "PolicyName: p, Roles: [other]"), FAIL),
        (policy("Policy", "PolicyName: p, Roles: [!Ref Any]"), UNKNOWN),
        (policy("RolePolicy", "PolicyName: p, RoleName: !Ref Role"), ""),
        (policy("ManagedPolicy", "Roles: [!Ref Role]"), ""),
        (policy("ManagedPolicy", "Users: [somebody]"), FAIL),
        (policy("UserPolicy", "PolicyName: p, UserName: !Ref Role"), FAIL),
        (
            policy("Policy", "PolicyName: p, Roles: [!Ref Role]")
                .replace("Properties", "Condition: IsProd\n    Properties"),
            FAIL,
        ),
    ] {
        judge(LIST, "Path: /", &others, verdict);
    }
    let managed = policy("ManagedPolicy", "Description: d");
    judge(LIST, "ManagedPolicyArns: [!Ref Policy]", &managed, "");
    judge(LIST, "Path: /", &managed, FAIL);
    judge(LIST, r#"ManagedPolicyArns: ["arn:aws:iam::aws:policy/Some"]"#, "", UNKNOWN);
    judge(LIST, "ManagedPolicyArns: [!ImportValue elsewhere]", "", UNKNOWN);
    judge(LIST, "ManagedPolicyArns: !Ref Any", "", UNKNOWN);
}

#[test]
fn a_policy_that_is_not_seen_is_not_expected_to_deny() {
    let role = format!("{}, ManagedPolicyArns: [!ImportValue elsewhere]", inline(&format!("[{ALL}]")));
    judge(LIST, &role, "", "");
    judge(CERTAINLY, &role, "", UNKNOWN);
}

#[test]
fn a_boundary_limits_and_grants_nothing() {
    let boundary = |statements: &str| {
        format!(
            "  Boundary:\n    Type: AWS::IAM::ManagedPolicy\n    Properties: {{ PolicyDocument: {{ Statement: {statements} }} }}\n"
        )
    };
    let role = format!("{}, PermissionsBoundary: !Ref Boundary", inline(&format!("[{ALL}]")));
    judge(LIST, &role, &boundary(r#"[{ Effect: Allow, Action: "s3:*", Resource: "*" }]"#), "");
    judge(LIST, &role, &boundary(r#"[{ Effect: Allow, Action: "sqs:*", Resource: "*" }]"#), FAIL);
    judge(LIST, &role, &boundary(&format!(r#"[{ALL}, {{ Effect: Deny, Action: "s3:*", Resource: "*" }}]"#)), FAIL);
    judge(LIST, "PermissionsBoundary: !Ref Boundary", &boundary(&format!("[{ALL}]")), FAIL);
    let outside = format!("{}, PermissionsBoundary: !ImportValue elsewhere", inline(&format!("[{ALL}]")));
    judge(LIST, &outside, "", UNKNOWN);
    judge(LIST, "PermissionsBoundary: !ImportValue elsewhere", "", FAIL);
}

#[test]
fn some_request_fulfils_a_condition_unless_every_one_has_to() {
    let allow = r#"[{ Effect: Allow, Action: "s3:*", Resource: "*", Condition: { StringEquals: { "aws:SourceVpce": vpce-1 } } }]"#;
    own(LIST, allow, "");
    own(CERTAINLY, allow, UNKNOWN);
    own(CERTAINLY, &format!("[{ALL}]"), "");
    own(CERTAINLY, "[]", FAIL);
    let deny =
        r#"{ Effect: Deny, Action: "s3:*", Resource: "*", Condition: { StringEquals: { "aws:SourceVpce": vpce-1 } } }"#;
    own(CERTAINLY, &format!("[{ALL}, {deny}]"), UNKNOWN);
}

#[test]
fn what_is_given_decides_conditions_about_it() {
    for (condition, verdict) in [
        (r#"StringEquals: { "s3:prefix": raw }"#, ""),
        (r#"StringEquals: { "S3:Prefix": [x, raw] }"#, ""),
        (r#"StringEquals: { "s3:prefix": processed }"#, FAIL),
        (r#"StringEqualsIgnoreCase: { "s3:prefix": RAW }"#, ""),
        (r#"StringNotEquals: { "s3:prefix": raw }"#, FAIL),
        (r#"StringNotEqualsIfExists: { "s3:prefix": processed }"#, ""),
        (r#""ForAnyValue:StringLike": { "s3:prefix": "r*" }"#, ""),
        (r#"StringNotLike: { "s3:prefix": "r*" }"#, FAIL),
        (r#"StringLike: { "s3:prefix": !Sub "${Prefix}" }"#, UNKNOWN),
        (r#"Null: { "s3:prefix": true }"#, FAIL),
        (r#"Null: { "s3:prefix": false }"#, ""),
        (r#"NumericEquals: { "s3:prefix": 1 }"#, UNKNOWN),
        (r#"StringEquals: { "s3:delimiter": processed }"#, ""),
    ] {
        let allow = format!(r#"[{{ Effect: Allow, Action: "s3:*", Resource: "*", Condition: {{ {condition} }} }}]"#);
        own(GIVEN, &allow, verdict);
    }
    let deny = |value: &str| {
        format!(
            r#"[{ALL}, {{ Effect: Deny, Action: "s3:*", Resource: "*", Condition: {{ StringEquals: {{ "s3:prefix": {value} }} }} }}]"#
        )
    };
    own(GIVEN, &deny("raw"), FAIL);
    own(GIVEN, &deny("processed"), "");
}

#[test]
fn whoever_is_not_seen_may_or_may_not() {
    let all = inline(&format!("[{ALL}]"));
    judge("{ who: Other, do: s3:ListBucket }", &format!("Other: !ImportValue elsewhere, {all}"), "", UNKNOWN);
    judge("{ who: Other, do: s3:ListBucket }", &format!("Other: nobody-here, {all}"), "", UNKNOWN);
    let others = "  Other: { Type: AWS::IAM::Role, Properties: { RoleName: other, AssumeRolePolicyDocument: {} } }\n";
    let by = |name: &str| format!("Other: {name}, {all}");
    let can = "{ who: Other, do: s3:ListBucket }";
    judge(can, &by("!GetAtt Other.Arn"), others, FAIL);
    judge(can, &by(r#"!Sub "arn:aws:iam::${AWS::AccountId}:role/other""#), others, FAIL);
    judge(can, &by("!GetAtt Role.Arn"), others, "");
    judge(can, &by("!If [IsProd, !GetAtt Other.Arn, !GetAtt Role.Arn]"), others, FAIL);
}

#[test]
fn a_question_is_whole() {
    for (can, problem) in [
        ("{ do: b }", "`can` needs `who`"),
        ("{ who: $self }", "`can` needs `do`"),
        ("{ who: $self, do: b, to: c }", "`to` is not known here"),
        ("{ who: $self, do: { table: event-sources } }", "rights of a table need `table` and `for`"),
        ("{ who: $self, do: { table: event-sources, for: Path } }", "table `event-sources` has no keys"),
        ("{ who: $self, do: { table: nothing, for: Path } }", "there is no table `nothing`"),
    ] {
        assert_eq!(run(can, "Path: /", "", "").unwrap_err(), problem, "{can}");
    }
}
