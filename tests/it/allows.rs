//! `allows`: what a resource policy lets a principal do, and what cannot be known of it.

use crate::rule_file::{self, FAIL, UNKNOWN};

/// Whether the policy of a bucket allows the role to read it; `verdict` is the marker of the bucket's policy.
fn run(allows: &str, statements: &str, verdict: &str) -> Result<(), String> {
    let rule = format!(
        r#"
match: AWS::S3::BucketPolicy
let:
  bucket: {{ resolve: Bucket, to: AWS::S3::Bucket }}
  role: {{ resolve: "PolicyDocument.Id", to: AWS::IAM::Role }}
require: {{ allows: {allows} }}
message: "`{{self}}` shuts out `{{role}}` of `{{bucket}}`"
"#
    );
    let template = format!(
        "
Parameters:
  Anyone: {{ Type: String }}
Resources:
  Reader: {{ Type: AWS::IAM::Role, Properties: {{ RoleName: reader, AssumeRolePolicyDocument: {{}} }} }}
  Other: {{ Type: AWS::IAM::Role, Properties: {{ RoleName: other, AssumeRolePolicyDocument: {{}} }} }}
  Data: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: data }} }}
  Logs: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: logs }} }}
  Policy:{verdict}
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument: {{ Id: !Ref Reader, Statement: {statements} }}
"
    );
    rule_file::run(&rule, &template)
}

const ROLE: &str = "{ policy: $self, principal: $role, do: s3:GetObject, on: $bucket }";

fn judge(statements: &str, verdict: &str) {
    run(ROLE, statements, verdict).unwrap_or_else(|problem| panic!("{statements}: {problem}"));
}

#[test]
fn a_role_is_allowed_by_its_arn() {
    judge(r#"[{ Effect: Allow, Principal: { AWS: !GetAtt Reader.Arn }, Action: "s3:*", Resource: "*" }]"#, "");
    judge(r#"[{ Effect: Allow, Principal: { AWS: !GetAtt Other.Arn }, Action: "s3:*", Resource: "*" }]"#, FAIL);
    judge(r#"[{ Effect: Allow, Principal: "*", Action: "s3:Get*", Resource: !GetAtt Data.Arn }]"#, "");
    judge(r#"[{ Effect: Allow, Principal: { Service: logs.amazonaws.com }, Action: "s3:*", Resource: "*" }]"#, FAIL);
    judge(r#"[{ Effect: Allow, Principal: { AWS: !Ref Anyone }, Action: "s3:*", Resource: "*" }]"#, UNKNOWN);
}

#[test]
fn what_is_written_as_not_is_turned_around() {
    judge(r#"[{ Effect: Allow, NotPrincipal: { AWS: !GetAtt Reader.Arn }, Action: "s3:*", Resource: "*" }]"#, FAIL);
    judge(r#"[{ Effect: Allow, NotPrincipal: { AWS: !GetAtt Other.Arn }, Action: "s3:*", Resource: "*" }]"#, "");
    judge(r#"[{ Effect: Allow, Principal: "*", NotAction: "s3:Get*", Resource: "*" }]"#, FAIL);
    judge(r#"[{ Effect: Allow, Principal: "*", Action: "s3:*", NotResource: !GetAtt Data.Arn }]"#, FAIL);
    judge(r#"[{ Effect: Allow, Principal: "*", Action: "s3:*", NotResource: !GetAtt Logs.Arn }]"#, "");
}

#[test]
fn a_pattern_of_resources_may_cover_what_it_does_not_name() {
    judge(r#"[{ Effect: Allow, Principal: "*", Action: "s3:*", Resource: !GetAtt Logs.Arn }]"#, FAIL);
    judge(r#"[{ Effect: Allow, Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::d*" }]"#, "");
    judge(r#"[{ Effect: Allow, Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::l*" }]"#, FAIL);
    judge(r#"[{ Effect: Allow, Principal: "*", Action: "s3:*", Resource: !Sub "arn:aws:s3:::${Anyone}*" }]"#, UNKNOWN);
}

#[test]
fn a_deny_takes_back_only_what_it_certainly_denies() {
    let allowed = r#"{ Effect: Allow, Principal: "*", Action: "s3:*", Resource: "*" }"#;
    for (deny, verdict) in [
        (r#"{ Effect: Deny, Principal: "*", Action: "s3:GetObject", Resource: "*" }"#, FAIL),
        (r#"{ Effect: Deny, Principal: "*", Action: "s3:PutObject", Resource: "*" }"#, ""),
        (r#"{ Effect: Deny, NotPrincipal: { AWS: !GetAtt Other.Arn }, Action: "s3:*", Resource: "*" }"#, FAIL),
        (
            r#"{ Effect: Deny, Principal: "*", Action: "s3:*", Resource: "*", Condition: { Bool: { "aws:SecureTransport": false } } }"#,
            "",
        ),
        (r#"{ Effect: Deny, Principal: { AWS: !Ref Anyone }, Action: "s3:*", Resource: "*" }"#, UNKNOWN),
    ] {
        judge(&format!("[{allowed}, {deny}]"), verdict);
    }
}

#[test]
fn a_condition_counts_as_fulfilled_if_the_request_carries_its_key() {
    let on = |key: &str| {
        format!(
            r#"[{{ Effect: Allow, Principal: "*", Action: "s3:*", Resource: "*", Condition: {{ StringLike: {{ "{key}": x }} }} }}]"#
        )
    };
    judge(&on("AWS:sourceAccount"), "");
    judge(&on("kms:EncryptionContext:aws:logs:arn"), "");
    judge(&on("aws:PrincipalTag/team"), UNKNOWN);
}

#[test]
fn a_question_names_its_policy_its_caller_and_what_is_to_be_done() {
    for (allows, problem) in [
        ("{ service: a, do: b }", "`allows` needs `policy`"),
        ("{ policy: $self, do: b }", "`allows` needs either `service` or `principal`"),
        ("{ policy: $self, service: a, principal: a, do: b }", "`allows` needs either `service` or `principal`"),
        ("{ policy: $self, service: a }", "`allows` needs `do`"),
    ] {
        assert_eq!(run(allows, "[]", "").unwrap_err(), problem, "{allows}");
    }
}
