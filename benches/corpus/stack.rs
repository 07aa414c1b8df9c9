//! Stacks in projects of eight: network, keys, storage, roles, training, endpoint, monitoring, retraining. Each exports
//! names, imports from the stacks before it, and the first of a project imports from the last of the project before, so
//! that all stacks form one chain. About one resource in eight breaks a policy.

use super::piece::{
    ADJECTIVES, INSTANCES, Project, TEAMS, alarm, bucket, bucket_policy, function, key, notebook, role, security_group,
    state_machine, tags, vpc_config,
};
use super::random::Random;
use super::value::{Value, attribute, call, import, list, map, reference, resource, sub};

/// The sections of a template that grow.
struct Stack {
    parameters: Value,
    mappings: Value,
    conditions: Value,
    resources: Value,
    outputs: Value,
}

impl Stack {
    fn add(&mut self, name: &str, resource: Value) {
        self.resources.put(name, resource);
    }

    fn export(&mut self, project: &Project, name: &str, value: Value, export: &str) {
        let output = map! {
            "Description": format!("{name} of {}", project.name),
            "Value": value,
            "Export": map! { "Name": sub(project.named(export)) },
        };
        self.outputs.put(name, output);
    }
}

fn project(number: usize, role: usize, seed: u64) -> Project {
    let mut random = Random::new(&format!("{seed}:project {number}"));
    let team = random.pick(&TEAMS);
    Project {
        team,
        name: format!("{team}-{}", random.pick(&ADJECTIVES)),
        prefix: format!("mlops-p{number:05}"),
        environment_first: number % 2 == 1,
        imports_keys: role > 1,
    }
}

/// Template `number` of the project of a seed, and the stream of random numbers where it stands after it.
pub(super) fn build(number: usize, seed: u64) -> (Value, Random) {
    let mut random = Random::new(&format!("{seed}:{number}"));
    let (index, role) = (number / 8, number % 8);
    let own = project(index, role, seed);
    let environment = map! { "Type": "String", "Default": "dev", "AllowedValues": list!["dev", "staging", "prod"] };
    let mut stack = Stack {
        parameters: map! { "Environment": environment },
        mappings: Value::map(),
        conditions: Value::map(),
        resources: Value::map(),
        outputs: Value::map(),
    };
    match role {
        0 => network(&mut stack, &own, &mut random, index),
        1 => keys(&mut stack, &own, &mut random),
        2 => storage(&mut stack, &own, &mut random),
        3 => roles(&mut stack, &own, &mut random),
        4 => training(&mut stack, &own, &mut random),
        5 => endpoint(&mut stack, &own, &mut random),
        6 => monitoring(&mut stack, &own, &mut random),
        _ => retraining(&mut stack, &own, &mut random),
    }
    if index > 0 {
        let before = project(index - 1, role, seed);
        let link = map! {
            "Type": "String",
            "Name": sub(format!("/{}/${{Environment}}/previous-{role}", own.prefix)),
            "Value": import(before.named("chain")),
            "Description": "chain — link to the project before",
        };
        stack.add("PreviousLink", resource("AWS::SSM::Parameter", link));
    }
    let mut template = map! {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("{} stack {role} (generated)", own.name),
        "Parameters": stack.parameters,
    };
    for (name, section) in [("Mappings", stack.mappings), ("Conditions", stack.conditions)] {
        if !section.entries().is_empty() {
            template.put(name, section);
        }
    }
    template.put("Resources", stack.resources);
    template.put("Outputs", stack.outputs);
    (template, random)
}

fn network(stack: &mut Stack, project: &Project, random: &mut Random, index: usize) {
    stack.parameters.put("VpcCidr", map! { "Type": "String", "Default": format!("10.{}.0.0/16", index % 250) });
    let vpc = map! {
        "CidrBlock": reference("VpcCidr"),
        "EnableDnsSupport": true,
        "EnableDnsHostnames": true,
        "Tags": tags(project, random),
    };
    stack.add("Vpc", resource("AWS::EC2::VPC", vpc));
    for (number, (letter, zone)) in (0_u64..).zip([("A", "a"), ("B", "b"), ("C", "c"), ("D", "a")]) {
        let (subnet, table) = (format!("Subnet{letter}"), format!("RouteTable{letter}"));
        let block = call("Cidr", vec![attribute("Vpc.CidrBlock"), 8.into(), 8.into()]);
        let properties = map! {
            "VpcId": reference("Vpc"),
            "CidrBlock": call("Select", vec![number.into(), block]),
            "AvailabilityZone": sub(format!("${{AWS::Region}}{zone}")),
            "MapPublicIpOnLaunch": random.bad(),
            "Tags": tags(project, random),
        };
        stack.add(&subnet, resource("AWS::EC2::Subnet", properties));
        let properties = map! { "VpcId": reference("Vpc"), "Tags": tags(project, random) };
        stack.add(&table, resource("AWS::EC2::RouteTable", properties));
        let association = map! { "SubnetId": reference(&subnet), "RouteTableId": reference(&table) };
        stack.add(&format!("Assoc{letter}"), resource("AWS::EC2::SubnetRouteTableAssociation", association));
        stack.export(
            project,
            &format!("{subnet}Id"),
            reference(&subnet),
            &format!("subnet-{}", letter.to_ascii_lowercase()),
        );
    }
    stack.add("WorkerSg", security_group(project, random, reference("Vpc")));
    for (name, service) in [("EpApi", "sagemaker.api"), ("EpRuntime", "sagemaker.runtime"), ("EpS3", "s3")] {
        let gateway = service == "s3";
        let mut properties = map! {
            "VpcId": reference("Vpc"),
            "ServiceName": sub(format!("com.amazonaws.${{AWS::Region}}.{service}")),
            "VpcEndpointType": if gateway { "Gateway" } else { "Interface" },
        };
        if gateway {
            properties.put("RouteTableIds", list![reference("RouteTableA")]);
        } else {
            properties = properties
                .with("PrivateDnsEnabled", true)
                .with("SubnetIds", list![reference("SubnetA"), reference("SubnetB")])
                .with("SecurityGroupIds", list![reference("WorkerSg")]);
        }
        stack.add(name, resource("AWS::EC2::VPCEndpoint", properties));
    }
    stack.export(project, "VpcId", reference("Vpc"), "vpc");
    stack.export(project, "SgId", reference("WorkerSg"), "sg");
}

fn keys(stack: &mut Stack, project: &Project, random: &mut Random) {
    for number in 0..4 {
        stack.add(&format!("Key{number}"), key(project, random));
        let name = if project.environment_first {
            format!("alias/${{Environment}}-{}-{number}", project.prefix)
        } else {
            format!("alias/{}-${{Environment}}-{number}", project.prefix)
        };
        let properties = map! { "AliasName": sub(name), "TargetKeyId": reference(&format!("Key{number}")) };
        stack.add(&format!("Alias{number}"), resource("AWS::KMS::Alias", properties));
    }
    stack.export(project, "KmsArn", attribute("Key0.Arn"), "kms-arn");
    stack.export(project, "KmsId", reference("Key0"), "kms-id");
}

fn is_prod() -> Value {
    call("Equals", vec![reference("Environment"), "prod".into()])
}

fn storage(stack: &mut Stack, project: &Project, random: &mut Random) {
    stack.conditions.put("IsProd", is_prod());
    for (name, word) in
        [("Data", "data"), ("Models", "models"), ("Logs", "logs"), ("Features", "features"), ("Reports", "reports")]
    {
        let name = format!("{name}Bucket");
        stack.add(&name, bucket(project, random, word));
        if random.percent(80) {
            stack.add(&format!("{name}Policy"), bucket_policy(&name));
        }
    }
    stack.export(project, "DataBucketName", reference("DataBucket"), "data-bucket");
    stack.export(project, "ModelsBucketName", reference("ModelsBucket"), "models-bucket");
}

fn roles(stack: &mut Stack, project: &Project, random: &mut Random) {
    for (name, service, policies) in
        [("ExecRole", "sagemaker", 3), ("PipelineRole", "states", 2), ("MonitorRole", "events", 2)]
    {
        stack.add(name, role(service, project, random, policies));
    }
    stack.export(project, "ExecRoleArn", attribute("ExecRole.Arn"), "execution-role");
    stack.export(project, "PipelineRoleArn", attribute("PipelineRole.Arn"), "pipeline-role");
}

fn training(stack: &mut Stack, project: &Project, random: &mut Random) {
    stack.add("ExecRole", role("states", project, random, 1));
    let steps = random.range(3, 6);
    stack.add("TrainingMachine", state_machine(project, random, steps));
    stack.add("Notebook", notebook(project, random));
    stack.export(project, "TrainingMachineArn", reference("TrainingMachine"), "training");
}

fn endpoint(stack: &mut Stack, project: &Project, random: &mut Random) {
    stack.parameters.put("EndpointInstanceType", map! { "Type": "String", "Default": random.pick(&INSTANCES) });
    let size = |count: u64, volume: u64| map! { "Count": count, "Volume": volume };
    stack.mappings.put("Sizing", map! { "dev": size(1, 30), "staging": size(2, 50), "prod": size(4, 100) });
    stack.conditions.put("IsProd", is_prod());
    stack.add("ExecRole", role("sagemaker", project, random, 2));
    let tag = if random.bad() { "latest" } else { "${ImageTag}" };
    stack
        .parameters
        .put("ImageTag", map! { "Type": "String", "Default": "v1.4.2", "AllowedPattern": "^v[0-9]+(\\.[0-9]+){2}$" });
    let image = format!("${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.amazonaws.com/{}:{tag}", project.prefix);
    let models = format!("s3://{}/model.tar.gz", project.named("models-${AWS::AccountId}"));
    let mut model = map! {
        "ExecutionRoleArn": attribute("ExecRole.Arn"),
        "EnableNetworkIsolation": !random.bad(),
        "PrimaryContainer": map! { "Image": sub(image), "ModelDataUrl": sub(models) },
    };
    if !random.bad() {
        model.put("VpcConfig", vpc_config(project, "Subnets"));
    }
    model.put("Tags", tags(project, random));
    stack.add("Model", resource("AWS::SageMaker::Model", model));
    let variant = map! {
        "VariantName": "primary",
        "ModelName": attribute("Model.ModelName"),
        "InstanceType": reference("EndpointInstanceType"),
        "InitialInstanceCount": call("FindInMap", vec!["Sizing".into(), reference("Environment"), "Count".into()]),
        "InitialVariantWeight": 1,
    };
    let capture = map! {
        "EnableCapture": true,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": sub(format!("s3://{}/capture", project.named("data-${AWS::AccountId}"))),
        "CaptureOptions": list![map! { "CaptureMode": "Input" }, map! { "CaptureMode": "Output" }],
    };
    let mut config = Value::map();
    if !random.bad() {
        config.put("KmsKeyId", import(project.named("kms-id")));
    }
    config = config
        .with("ProductionVariants", list![variant])
        .with("DataCaptureConfig", call("If", vec!["IsProd".into(), capture, reference("AWS::NoValue")]))
        .with("Tags", tags(project, random));
    stack.add("EndpointConfig", resource("AWS::SageMaker::EndpointConfig", config));
    let properties = map! {
        "EndpointName": sub(project.named("endpoint")),
        "EndpointConfigName": attribute("EndpointConfig.EndpointConfigName"),
        "Tags": tags(project, random),
    };
    let endpoint =
        map! { "Type": "AWS::SageMaker::Endpoint", "DependsOn": list!["ExecRole"], "Properties": properties };
    stack.add("Endpoint", endpoint);
    let target = map! {
        "MaxCapacity": 4,
        "MinCapacity": 1,
        "ResourceId": sub(format!("endpoint/{}/variant/primary", project.named("endpoint"))),
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ServiceNamespace": "sagemaker",
    };
    stack.add("Scaling", resource("AWS::ApplicationAutoScaling::ScalableTarget", target));
    stack.add("Probe", function(project, random));
    stack.export(project, "EndpointName", attribute("Endpoint.EndpointName"), "endpoint");
}

fn monitoring(stack: &mut Stack, project: &Project, random: &mut Random) {
    stack.add("ExecRole", role("lambda", project, random, 1));
    for number in 0..5 {
        stack.add(&format!("Alarm{number}"), alarm(project, random, number));
    }
    let mut topic = Value::map();
    if !random.bad() {
        topic.put("KmsMasterKeyId", import(project.named("kms-id")));
    }
    topic = topic.with("TopicName", sub(project.named("alerts"))).with("Tags", tags(project, random));
    stack.add("Topic", resource("AWS::SNS::Topic", topic));
    let mut group = map! { "LogGroupName": sub(format!("/aws/sagemaker/{}", project.named("jobs"))) };
    if !random.bad() {
        group.put("RetentionInDays", *random.pick(&[&30, &90, &365]));
    }
    stack.add("LogGroup", resource("AWS::Logs::LogGroup", group));
    stack.add("Checker", function(project, random));
    stack.export(project, "TopicArn", reference("Topic"), "topic");
}

fn retraining(stack: &mut Stack, project: &Project, random: &mut Random) {
    stack.add("ExecRole", role("states", project, random, 1));
    let steps = random.range(3, 6);
    stack.add("Retraining", state_machine(project, random, steps));
    let target = |id: &str| {
        let role = import(project.named("pipeline-role"));
        list![map! { "Arn": reference("Retraining"), "Id": id, "RoleArn": role }]
    };
    let schedule = map! {
        "Name": sub(project.named("schedule")),
        "ScheduleExpression": format!("rate({} days)", random.range(2, 30)),
        "State": "ENABLED",
        "Targets": target("retrain"),
    };
    stack.add("Schedule", resource("AWS::Events::Rule", schedule));
    let pattern = map! {
        "source": list!["aws.sagemaker"],
        "detail-type": list!["SageMaker Model Package State Change"],
        "detail": map! { "ModelApprovalStatus": list!["Approved"] },
    };
    let drift = map! { "EventPattern": pattern, "State": "ENABLED", "Targets": target("deploy") };
    stack.add("Deploy", resource("AWS::Events::Rule", drift));
    stack.export(project, "RetrainingArn", reference("Retraining"), "chain");
}
