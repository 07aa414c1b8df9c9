//! Templates made to hurt: texts that parsers have been seen to be quadratic on, and templates of one kind of thing so
//! often that anything quadratic in a linter shows. Each is valid to read or a clear error, and takes any size.

use std::fmt::Write as _;

/// A shape: its name, and the text of about so many bytes.
pub(crate) type Shape = (&'static str, fn(usize) -> String);

const HEAD: &str = "AWSTemplateFormatVersion: '2010-09-09'\n";

/// Texts that are hard to parse.
pub(crate) const TEXTS: [Shape; 27] = [
    ("minified JSON on one line", |n| {
        format!("{{\"Resources\":{{\"A\":{{\"Type\":\"x\",\"a\":[{}0]}}}}}}", fill(r#"{"b":"cc","d":1},"#, n))
    }),
    ("flow list of scalars", |n| format!("{HEAD}a: [{}x]\n", fill("abc, ", n))),
    ("plain scalar of many lines", |n| format!("{HEAD}a:\n{}", fill("  word word\n", n))),
    ("plain scalar on one line", |n| format!("{HEAD}a: {}\n", fill("x", n))),
    ("double quotes, all escapes", |n| format!("{HEAD}a: \"{}\"\n", fill("\\n", n))),
    ("double quotes, many lines", |n| format!("{HEAD}a: \"{}\"\n", fill("x y\n  ", n))),
    ("single quotes, all doubled", |n| format!("{HEAD}a: '{}'\n", fill("''", n))),
    ("literal block of many lines", |n| format!("{HEAD}a: |\n{}", fill("  x y z\n", n))),
    ("folded block of many lines", |n| format!("{HEAD}a: >\n{}", fill("  x y z\n", n))),
    ("literal block of blank lines", |n| format!("{HEAD}a: |\n  x\n{}", fill("\n", n))),
    ("comments only", |n| format!("{HEAD}{}", fill("# c\n", n))),
    ("comments before a value", |n| format!("{HEAD}a:\n{}  b: 1\n", fill("# c\n", n))),
    ("line that may be a key", |n| format!("{HEAD}{} : 1\n", fill("k", n))),
    ("many anchors", |n| format!("{HEAD}a:\n{}", count(n, |out, i| writeln!(out, "- &a{i} x")))),
    ("many aliases of one anchor", |n| format!("{HEAD}a:\n- &a x\n{}", fill("- *a\n", n))),
    ("many aliases of as many anchors", |n| {
        let anchors = count(n / 2, |out, i| writeln!(out, "- &a{i} x"));
        let aliases = count(n / 2, |out, i| writeln!(out, "- *a{i}"));
        format!("{HEAD}a:\n{anchors}{aliases}")
    }),
    ("many tags", |n| format!("{HEAD}Resources:\n  x: {{Type: AWS::SNS::Topic}}\na:\n{}", fill("- !Ref x\n", n))),
    ("explicit keys", |n| format!("{HEAD}{}", fill("? a\n: b\n", n))),
    ("one key again and again", |n| format!("{HEAD}a:\n{}", fill("  b: c\n", n))),
    ("lists 200 deep, side by side", |n| {
        format!("{HEAD}a:\n{}", fill(&format!("- {}x{}\n", "[".repeat(200), "]".repeat(200)), n))
    }),
    ("maps 200 deep, side by side", |n| {
        let mut unit = String::new();
        for depth in 1..200 {
            let _ = writeln!(unit, "{}a:", " ".repeat(depth));
        }
        format!("{HEAD}{}", count(n, |out, i| write!(out, "k{i}:\n{unit}")))
    }),
    ("list in brackets, a comment each", |n| format!("{HEAD}a: [\n{}  ]\n", fill("  a, # c\n", n))),
    ("list of empty items", |n| format!("{HEAD}a:\n{}", fill("-\n", n))),
    ("many documents", |n| format!("{HEAD}{}", fill("---\na\n", n))),
    ("quote that is not closed", |n| format!("{HEAD}a: \"{}", fill("x\n  ", n))),
    ("100,000 brackets that are not closed", |n| format!("{HEAD}a: {}", fill("[a, ", n))),
    ("four-byte characters", |n| format!("{HEAD}a: {}\n", fill("\u{1F600}", n))),
];

/// Templates that are hard to judge.
pub(crate) const TEMPLATES: [Shape; 27] = [
    ("buckets, each with a finding", |n| {
        format!("{HEAD}Resources:\n{}", count(n, |out, i| writeln!(out, "  B{i}:\n    Type: AWS::S3::Bucket")))
    }),
    ("buckets with names and policies", |n| {
        let parameters = "Parameters:\n  Env: {Type: String}\n";
        format!(
            "{HEAD}{parameters}Resources:\n{}",
            count(n, |out, i| write!(
                out,
                "  B{i}:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Sub '${{Env}}-b{i}'\n  P{i}:\n    Type: AWS::S3::BucketPolicy\n    Properties:\n      Bucket: !Sub '${{Env}}-b{i}'\n      PolicyDocument: {{Statement: []}}\n"
            ))
        )
    }),
    ("models and endpoint configurations", |n| {
        format!(
            "{HEAD}Resources:\n{}",
            count(n, |out, i| write!(
                out,
                "  M{i}:\n    Type: AWS::SageMaker::Model\n    Properties:\n      ModelName: !Sub '${{AWS::StackName}}-m{i}'\n  C{i}:\n    Type: AWS::SageMaker::EndpointConfig\n    Properties:\n      ProductionVariants:\n        - ModelName: !Sub '${{AWS::StackName}}-m{i}'\n"
            ))
        )
    }),
    ("rules of one security group", |n| {
        format!(
            "{HEAD}Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:\n{}",
            fill("        - {CidrIp: 0.0.0.0/0}\n", n)
        )
    }),
    ("statements of one policy", |n| role(&fill("              - {Effect: Allow, Action: '*', Resource: '*'}\n", n))),
    ("actions of one statement", |n| {
        let actions = count(n, |out, i| writeln!(out, "                  - 's{i}:*'"));
        role(&format!(
            "              - Effect: Allow\n                Resource: '*'\n                Action:\n{actions}"
        ))
    }),
    ("conditions of one statement", |n| {
        let keys = count(n, |out, i| writeln!(out, "                    'k:{i}': 'a'"));
        role(&format!(
            "              - Effect: Allow\n                Resource: '*'\n                Action: iam:PassRole\n                Condition:\n                  'ForAllValues:StringEquals':\n{keys}"
        ))
    }),
    ("one condition again and again", |n| {
        let keys = fill("                    'sagemaker:VpcSubnets': 'a'\n", n);
        role(&format!(
            "              - Effect: Allow\n                Resource: '*'\n                Action: iam:PassRole\n                Condition:\n                  'ForAllValues:StringEquals':\n{keys}"
        ))
    }),
    ("variables that are not closed", |n| {
        format!(
            "{HEAD}Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Sub '{}}}'\n",
            fill("${", n)
        )
    }),
    ("variables that nothing defines", |n| {
        let lines = count(n, |out, i| writeln!(out, "          ${{X{i}}}"));
        format!(
            "{HEAD}Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: !Sub |\n{lines}"
        )
    }),
    ("look-ups in one mapping", |n| {
        let keys = count(n / 2, |out, i| writeln!(out, "    k{i}: {{v: x}}"));
        let rules = count(n / 2, |out, i| writeln!(out, "        - {{CidrIp: !FindInMap [M, k{i}, v]}}"));
        format!(
            "{HEAD}Mappings:\n  M:\n{keys}Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:\n{rules}"
        )
    }),
    ("groups with a few conditions each", |n| {
        let parameters = count(n / 8, |out, i| writeln!(out, "  P{i}: {{Type: String, AllowedValues: [a, b]}}"));
        let conditions = count(n / 8, |out, i| writeln!(out, "  C{i}: !Equals [!Ref P{i}, b]"));
        let groups = count(n / 2, |out, i| {
            writeln!(out, "  G{i}:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:")?;
            (0..4).try_for_each(|j| {
                let condition = (i * 4 + j) % (n / 400).max(1);
                writeln!(out, "        - !If [C{condition}, {{CidrIp: 10.0.0.0/8}}, {{CidrIp: 10.0.0.0/9}}]")
            })
        });
        format!("{HEAD}Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n{groups}")
    }),
    ("roles with policies", |n| {
        format!(
            "{HEAD}Resources:\n{}",
            count(n, |out, i| write!(
                out,
                "  R{i}:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {{Statement: {{Effect: Allow, Principal: {{Service: sagemaker.amazonaws.com}}, Action: 'sts:AssumeRole'}}}}\n      Policies: [{{PolicyName: a, PolicyDocument: {{Statement: {{Effect: Allow, Action: '*', Resource: '*'}}}}}}]\n"
            ))
        )
    }),
    ("a chain of references", |n| {
        format!(
            "{HEAD}Resources:\n{}",
            count(n, |out, i| writeln!(
                out,
                "  T{i}:\n    Type: AWS::SNS::Topic\n    DependsOn: T{}\n    Properties: {{DisplayName: !GetAtt T{}.TopicName}}",
                i + 1,
                i + 2
            ))
        )
    }),
    ("a circle of references", |n| {
        let resources = n / 70;
        let mut out = format!("{HEAD}Resources:\n");
        for i in 0..resources {
            let _ = writeln!(
                out,
                "  T{i}:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: !Ref T{}}}",
                (i + 1) % resources
            );
        }
        out
    }),
    ("references to nothing", |n| {
        format!(
            "{HEAD}Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      X:\n{}",
            count(n, |out, i| writeln!(out, "        - !Ref N{i}"))
        )
    }),
    ("variables of one Fn::Sub", |n| {
        format!(
            "{HEAD}Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Sub '{}'\n",
            fill("a-${AWS::Region}", n)
        )
    }),
    ("items of one Fn::Join", |n| {
        format!(
            "{HEAD}Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Join\n        - ''\n        -\n{}",
            fill("          - !Ref AWS::Region\n          - a\n", n)
        )
    }),
    ("parameters and conditions", |n| {
        let parameters = count(n / 2, |out, i| writeln!(out, "  P{i}: {{Type: String, Default: a}}"));
        let conditions = count(n / 2, |out, i| writeln!(out, "  C{i}: !Equals [!Ref P{i}, b]"));
        format!(
            "{HEAD}Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n  B: {{Type: AWS::S3::Bucket, Condition: C0}}\n"
        )
    }),
    ("conditions that rest on each other", |n| {
        let conditions = count(n, |out, i| writeln!(out, "  C{i}: !Not [Condition: C{}]", i + 1));
        format!("{HEAD}Conditions:\n{conditions}Resources:\n  B: {{Type: AWS::S3::Bucket, Condition: C0}}\n")
    }),
    ("a value under many conditions", |n| {
        let parameters = count(n / 4, |out, i| writeln!(out, "  P{i}: {{Type: String, AllowedValues: [a, b, c]}}"));
        let conditions = count(n / 4, |out, i| writeln!(out, "  C{i}: !Equals [!Ref P{i}, b]"));
        let items =
            count(n / 2, |out, i| writeln!(out, "        - !If [C{i}, {{CidrIp: 10.0.0.0/8}}, {{CidrIp: 0.0.0.0/0}}]"));
        format!(
            "{HEAD}Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:\n{items}"
        )
    }),
    ("exports and imports", |n| {
        let imports = count(n / 2, |out, i| {
            writeln!(
                out,
                "  T{i}:\n    Type: AWS::SNS::Topic\n    Properties: {{KmsMasterKeyId: {{Fn::ImportValue: !Sub '${{AWS::Region}}-{i}'}}}}"
            )
        });
        let exports = count(n / 2, |out, i| {
            writeln!(out, "  O{i}: {{Value: !Ref T{i}, Export: {{Name: !Sub '${{AWS::Region}}-{i}'}}}}")
        });
        format!("{HEAD}Resources:\n{imports}Outputs:\n{exports}")
    }),
    ("outputs", |n| {
        let outputs = count(n, |out, i| writeln!(out, "  O{i}: {{Value: !Ref T0}}"));
        let topics = count(n / 8, |out, i| writeln!(out, "  T{i}: {{Type: AWS::SNS::Topic}}"));
        format!("{HEAD}Resources:\n{topics}Outputs:\n{outputs}")
    }),
    ("states of one machine", |n| {
        let states = count(n, |out, i| {
            writeln!(
                out,
                "          \"S{i}\": {{\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sagemaker:createTrainingJob\", \"Parameters\": {{\"RoleArn\": \"${{AWS::Region}}\"}}, \"Next\": \"S{}\"}},",
                i + 1
            )
        });
        format!(
            "{HEAD}Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: !Sub |\n        {{\"StartAt\": \"S0\", \"States\": {{\n{states}          \"End\": {{\"Type\": \"Succeed\"}}}}}}\n"
        )
    }),
    ("schedules and alarms", |n| {
        format!(
            "{HEAD}Resources:\n{}",
            count(n, |out, i| write!(
                out,
                "  S{i}:\n    Type: AWS::SageMaker::MonitoringSchedule\n    Properties: {{MonitoringScheduleName: s{i}}}\n  A{i}:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      Namespace: aws/sagemaker/Endpoints/data-metrics\n      Dimensions: [{{Name: MonitoringSchedule, Value: s{i}}}]\n"
            ))
        )
    }),
    ("tags of one resource", |n| {
        format!(
            "{HEAD}Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      Tags:\n{}",
            count(n, |out, i| writeln!(out, "        - {{Key: k{i}, Value: v}}"))
        )
    }),
    ("aliases of aliases of aliases", |n| {
        let mut levels = String::from("  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..20 {
            let inner = vec![format!("*a{}", i - 1); 10].join(", ");
            let _ = writeln!(levels, "  a{i}: &a{i} [{inner}]");
        }
        let rules = fill("        - *a19\n", n);
        format!(
            "{HEAD}Metadata:\n{levels}Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:\n{rules}"
        )
    }),
];

/// A piece again and again.
fn fill(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

/// Numbered pieces.
fn count(bytes: usize, mut each: impl FnMut(&mut String, usize) -> std::fmt::Result) -> String {
    let mut out = String::with_capacity(bytes + 200);
    let mut number = 0;
    while out.len() < bytes {
        let written = each(&mut out, number);
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        number += 1;
    }
    out
}

fn role(statements: &str) -> String {
    format!(
        "{HEAD}Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies:\n        - PolicyName: a\n          PolicyDocument:\n            Statement:\n{statements}"
    )
}
