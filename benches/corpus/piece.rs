//! Resources as teams of an ML platform write them, some of them with a mistake.

use super::emit::json_text;
use super::random::Random;
use super::value::{Value, attribute, import, list, map, reference, resource, sub};
use std::fmt::Write as _;

pub(super) const TEAMS: [&str; 12] = [
    "fraud", "churn", "pricing", "vision", "search", "ranking", "forecast", "credit", "claims", "supply", "voice",
    "intent",
];
pub(super) const ADJECTIVES: [&str; 12] =
    ["north", "blue", "rapid", "silent", "amber", "prime", "delta", "atlas", "cedar", "lunar", "coral", "vivid"];
pub(super) const INSTANCES: [&str; 6] =
    ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.2xlarge", "ml.g4dn.xlarge", "ml.p3.2xlarge"];

/// What the stacks of one project have in common.
pub(super) struct Project {
    pub(super) team: &'static str,
    pub(super) name: String,
    pub(super) prefix: String,
    /// True if names start with the environment; else with the prefix.
    pub(super) environment_first: bool,
    /// Whether key ARNs are imported (the first two stacks come before the keys).
    pub(super) imports_keys: bool,
}

impl Project {
    /// A name that is unique in the account, with the environment in it.
    pub(super) fn named(&self, rest: &str) -> String {
        let prefix = &self.prefix;
        if self.environment_first {
            format!("${{Environment}}-{prefix}-{rest}")
        } else {
            format!("{prefix}-${{Environment}}-{rest}")
        }
    }
}

pub(super) fn tags(project: &Project, random: &mut Random) -> Value {
    let tag = |key: &str, value: Value| map! { "Key": key, "Value": value };
    let mut tags = vec![tag("Environment", reference("Environment")), tag("Project", project.name.as_str().into())];
    if random.percent(60) {
        tags.push(tag("Owner", format!("{}@example.com", project.team).into()));
    }
    if random.percent(40) {
        tags.push(tag("CostCenter", format!("{:05}", random.below(99_999)).into()));
    }
    tags.into()
}

fn assume(service: &str, random: &mut Random) -> Value {
    let open = random.bad();
    let principal = if open {
        map! { "AWS": "*" }
    } else {
        // A stack uses its one role for everything; what may not be assumed would be a mistake in each of them.
        let mut services = vec![service];
        services.extend(["sagemaker", "lambda", "events"].into_iter().filter(|other| *other != service));
        map! { "Service": services.iter().map(|service| format!("{service}.amazonaws.com").into()).collect::<Vec<Value>>() }
    };
    let mut statement = map! { "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" };
    if !open && random.percent(40) {
        statement.put("Condition", map! { "StringEquals": map! { "aws:SourceAccount": reference("AWS::AccountId") } });
    }
    map! { "Version": "2012-10-17", "Statement": list![statement] }
}

const ACTIONS: [(&str, &[&str]); 6] = [
    ("s3", &["GetObject", "PutObject", "ListBucket", "DeleteObject", "GetBucketLocation"]),
    ("kms", &["Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey", "CreateGrant"]),
    ("logs", &["CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogStreams"]),
    (
        "sagemaker",
        &[
            "CreateTrainingJob",
            "DescribeTrainingJob",
            "CreateModel",
            "CreateEndpoint",
            "UpdateEndpoint",
            "AddTags",
            "InvokeEndpoint",
        ],
    ),
    ("ecr", &["GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer"]),
    ("ec2", &["CreateNetworkInterface", "DescribeSubnets", "DescribeVpcs", "DeleteNetworkInterface"]),
];

pub(super) fn policy(name: &str, project: &Project, random: &mut Random, statements: u64) -> Value {
    let statements: Vec<Value> = (0..statements).map(|index| statement(index, project, random)).collect();
    map! {
        "PolicyName": name,
        "PolicyDocument": map! { "Version": "2012-10-17", "Statement": statements },
    }
}

fn statement(index: u64, project: &Project, random: &mut Random) -> Value {
    let (service, names) = random.pick(&ACTIONS.each_ref());
    let most = names.len().min(5) as u64;
    let count = usize::try_from(random.range(2, most + 1)).expect("a few");
    let mut actions: Vec<Value> =
        random.sample(names, count).into_iter().map(|name| format!("{service}:{name}").into()).collect();
    if random.bad() {
        actions = vec![format!("{service}:*").into()];
    }
    let data = format!("arn:${{AWS::Partition}}:s3:::{}", project.named("data-${AWS::AccountId}"));
    let resources = match *service {
        "s3" => list![sub(data.clone()), sub(data + "/*")],
        "kms" if project.imports_keys => list![import(project.named("kms-arn"))],
        "kms" => "*".into(),
        _ if random.percent(35) => "*".into(),
        _ => sub(format!(
            "arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{}",
            project.named("*")
        )),
    };
    let mut statement = Value::map();
    if random.percent(50) {
        let (first, rest) = service.split_at(1);
        statement.put("Sid", format!("Stmt{}{rest}{index}", first.to_ascii_uppercase()));
    }
    statement = statement.with("Effect", "Allow").with("Action", actions).with("Resource", resources);
    if random.percent(20) {
        let condition = map! {
            "StringEquals": map! { "aws:RequestedRegion": list!["eu-west-1", "us-east-1"] },
            "Bool": map! { "aws:SecureTransport": "true" },
        };
        statement.put("Condition", condition);
    }
    statement
}

pub(super) fn role(service: &str, project: &Project, random: &mut Random, policies: u64) -> Value {
    let name = project.named(&format!("{service}-{}", random.below(99)));
    let trust = assume(service, random);
    let (first, rest) = service.split_at(1);
    let access = format!("{}{rest}Access", first.to_ascii_uppercase());
    let policies: Vec<Value> = (0..policies)
        .map(|index| {
            let statements = random.range(2, 4);
            policy(&format!("{access}{index}"), project, random, statements)
        })
        .collect();
    resource(
        "AWS::IAM::Role",
        map! {
            "RoleName": sub(name),
            "AssumeRolePolicyDocument": trust,
            "Policies": policies,
            "Tags": tags(project, random),
        },
    )
}

pub(super) fn bucket(project: &Project, random: &mut Random, name: &str) -> Value {
    let mut properties = map! { "BucketName": sub(project.named(&format!("{name}-${{AWS::AccountId}}"))) };
    if !random.bad() {
        let by_default = map! { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": import(project.named("kms-arn")) };
        let rule = map! { "ServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": true };
        properties.put("BucketEncryption", map! { "ServerSideEncryptionConfiguration": list![rule] });
    }
    properties.put("VersioningConfiguration", map! { "Status": if random.bad() { "Suspended" } else { "Enabled" } });
    if !random.bad() {
        let block = map! {
            "BlockPublicAcls": true,
            "BlockPublicPolicy": true,
            "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true,
        };
        properties.put("PublicAccessBlockConfiguration", block);
    }
    if random.percent(50) {
        let days = 30 * random.range(1, 4);
        let transition = map! { "StorageClass": "STANDARD_IA", "TransitionInDays": days };
        let rule = map! { "Id": "TransitionToIA", "Status": "Enabled", "Transitions": list![transition] };
        properties.put("LifecycleConfiguration", map! { "Rules": list![rule] });
    }
    properties.put("Tags", tags(project, random));
    map! {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }
}

pub(super) fn bucket_policy(bucket: &str) -> Value {
    let statement = map! {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list![attribute(&format!("{bucket}.Arn")), sub(format!("${{{bucket}.Arn}}/*"))],
        "Condition": map! { "Bool": map! { "aws:SecureTransport": "false" } },
    };
    let document = map! { "Version": "2012-10-17", "Statement": list![statement] };
    resource("AWS::S3::BucketPolicy", map! { "Bucket": reference(bucket), "PolicyDocument": document })
}

pub(super) fn key(project: &Project, random: &mut Random) -> Value {
    let root = map! {
        "Sid": "RootAccess",
        "Effect": "Allow",
        "Principal": map! { "AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root") },
        "Action": "kms:*",
        "Resource": "*",
    };
    let account = format!("{:012}", random.below(1_000_000_000_000));
    let services = map! {
        "Sid": "AllowServices",
        "Effect": "Allow",
        "Principal": map! { "Service": list!["sagemaker.amazonaws.com", "logs.amazonaws.com"] },
        "Action": list!["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": map! { "StringEquals": map! { "kms:CallerAccount": account } },
    };
    resource(
        "AWS::KMS::Key",
        map! {
            "Description": format!("{} data key", project.name),
            "EnableKeyRotation": !random.bad(),
            "KeyPolicy": map! { "Version": "2012-10-17", "Statement": list![root, services] },
            "Tags": tags(project, random),
        },
    )
}

pub(super) fn security_group(project: &Project, random: &mut Random, vpc: Value) -> Value {
    let rule = |from: &str, port: u64, why: &str| {
        map! { "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": from, "Description": why }
    };
    let mut ingress = vec![rule(if random.bad() { "0.0.0.0/0" } else { "10.0.0.0/8" }, 443, "TLS from inside")];
    if random.percent(40) {
        ingress.push(rule("10.0.0.0/16", 2049, "NFS"));
    }
    resource(
        "AWS::EC2::SecurityGroup",
        map! {
            "GroupDescription": format!("{} workers", project.name),
            "VpcId": vpc,
            "SecurityGroupIngress": ingress,
            "SecurityGroupEgress": list![map! { "IpProtocol": "-1", "CidrIp": "0.0.0.0/0" }],
            "Tags": tags(project, random),
        },
    )
}

/// The text of a state machine, as it stands in `Fn::Sub`.
fn definition(project: &Project, random: &mut Random, count: usize) -> String {
    let names: Vec<String> = (0..count)
        .map(|index| format!("Step{index}{}", random.pick(&["Train", "Process", "Evaluate", "Register", "Notify"])))
        .collect();
    let mut out = String::from("{\n  \"Comment\": ");
    json_text(&format!("{} pipeline", project.name), &mut out);
    let _ = write!(out, ",\n  \"StartAt\": \"{}\",\n  \"States\": {{\n", names[0]);
    for (index, name) in names.iter().enumerate() {
        let task =
            random.pick(&["sagemaker:createTrainingJob.sync", "sagemaker:createProcessingJob.sync", "lambda:invoke"]);
        let role = if random.percent(50) {
            "${ExecRole.Arn}".to_owned()
        } else {
            format!("arn:aws:iam::${{AWS::AccountId}}:role/{}", project.named("exec"))
        };
        let (team, prefix, version) = (project.team, &project.prefix, random.below(40));
        let (instance, instances, volume) =
            (random.pick(&INSTANCES), random.range(1, 4), random.pick(&["30", "50", "100"]));
        let catch = if random.percent(70) {
            "      \"Catch\": [\n        {\n          \"ErrorEquals\": [\n            \"States.ALL\"\n          ],\n          \"Next\": \"Failed\"\n        }\n      ],\n"
        } else {
            ""
        };
        let end = names.get(index + 1).map_or("\"End\": true".to_owned(), |next| format!("\"Next\": \"{next}\""));
        let _ = write!(
            out,
            r#"    "{name}": {{
      "Type": "Task",
      "Resource": "arn:aws:states:::{task}",
      "Parameters": {{
        "JobName.$": "States.Format('{team}-{{}}', $$.Execution.Name)",
        "RoleArn": "{role}",
        "AlgorithmSpecification": {{
          "TrainingImage": "${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.amazonaws.com/{prefix}:v{version}",
          "TrainingInputMode": "File"
        }},
        "ResourceConfig": {{
          "InstanceType": "{instance}",
          "InstanceCount": {instances},
          "VolumeSizeInGB": {volume}
        }}
      }},
{catch}      {end}
    }},
"#
        );
    }
    out.push_str(
        r#"    "Failed": {
      "Type": "Fail",
      "Error": "JobFailed",
      "Cause": "see CloudWatch"
    }
  }
}
"#,
    );
    out
}

pub(super) fn state_machine(project: &Project, random: &mut Random, steps: u64) -> Value {
    let name = project.named(random.pick(&ADJECTIVES));
    let steps = usize::try_from(steps).expect("a few");
    resource(
        "AWS::StepFunctions::StateMachine",
        map! {
            "StateMachineName": sub(name),
            "RoleArn": attribute("ExecRole.Arn"),
            "DefinitionString": sub(definition(project, random, steps)),
            "Tags": tags(project, random),
        },
    )
}

const CODE: &str = r#"import boto3, json, os
sm = boto3.client("sagemaker")

def handler(event, context):
    name = event.get("name", "TEAM")
    job = sm.describe_training_job(TrainingJobName=name)
    if job["TrainingJobStatus"] == "Failed":
        raise RuntimeError(json.dumps({"job": name, "why": job.get("FailureReason", "")}))
    return {"status": job["TrainingJobStatus"], "bucket": os.environ["BUCKET"]}
"#;

pub(super) fn function(project: &Project, random: &mut Random) -> Value {
    let name = project.named(&format!("{}-{}", random.pick(&ADJECTIVES), random.below(99)));
    let mut variables = map! {
        "BUCKET": sub(project.named("data-${AWS::AccountId}")),
        "STAGE": reference("Environment"),
    };
    let runtime = random.pick(&["python3.11", "python3.12", "python3.8"]);
    let timeout = random.pick(&[&30, &60, &300]);
    let memory = random.pick(&[&128, &256, &512]);
    if random.percent(30) {
        variables.put("DB_PASSWORD", format!("changeme-{}", project.team));
    }
    let mut properties = map! {
        "FunctionName": sub(name),
        "Runtime": runtime,
        "Handler": "index.handler",
        "Role": attribute("ExecRole.Arn"),
        "Timeout": *timeout,
        "MemorySize": *memory,
        "Code": map! { "ZipFile": CODE.replace("TEAM", project.team) },
        "Environment": map! { "Variables": variables },
    };
    if random.percent(40) {
        properties.put("VpcConfig", vpc_config(project, "SubnetIds"));
    }
    resource("AWS::Lambda::Function", properties)
}

/// The network of a job or function.
pub(super) fn vpc_config(project: &Project, subnets: &str) -> Value {
    map! { "SecurityGroupIds": list![import(project.named("sg"))] }
        .with(subnets, list![import(project.named("subnet-a")), import(project.named("subnet-b"))])
}

pub(super) fn notebook(project: &Project, random: &mut Random) -> Value {
    let mut properties = map! {
        "InstanceType": random.pick(&["ml.t3.medium", "ml.m5.xlarge"]),
        "RoleArn": attribute("ExecRole.Arn"),
        "DirectInternetAccess": if random.percent(30) { "Enabled" } else { "Disabled" },
        "RootAccess": if random.bad() { "Enabled" } else { "Disabled" },
        "SubnetId": import(project.named("subnet-a")),
        "SecurityGroupIds": list![import(project.named("sg"))],
    };
    if !random.bad() {
        properties.put("KmsKeyId", import(project.named("kms-arn")));
    }
    properties.put("Tags", tags(project, random));
    resource("AWS::SageMaker::NotebookInstance", properties)
}

pub(super) fn alarm(project: &Project, random: &mut Random, index: usize) -> Value {
    let metric =
        ["ModelLatency", "OverheadLatency", "Invocations", "Invocation5XXErrors", "Invocation4XXErrors"][index % 5];
    let dimension = |name: &str, value: Value| map! { "Name": name, "Value": value };
    resource(
        "AWS::CloudWatch::Alarm",
        map! {
            "AlarmName": sub(project.named(&format!("alarm-{index}"))),
            "Namespace": "AWS/SageMaker",
            "MetricName": metric,
            "Dimensions": list![
                dimension("EndpointName", sub(project.named("endpoint"))),
                dimension("VariantName", "primary".into()),
            ],
            "Statistic": "Average",
            "Period": 300,
            "EvaluationPeriods": 2,
            "Threshold": random.range(1, 500_000),
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    )
}
