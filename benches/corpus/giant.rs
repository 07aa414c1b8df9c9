//! One template as large as CloudFormation takes: 500 resources, 1 MB.

use super::piece::{Project, alarm, bucket, function, key, notebook, policy, role, state_machine};
use super::random::Random;
use super::value::{Value, attribute, map, sub};
use super::{Format, emit};

/// CloudFormation's limits are 500 resources and 1 MB; a little less, so that every tool takes it.
const RESOURCES: usize = 500;
const BYTES: usize = 985_000;

/// A giant template: in YAML as people write it, in JSON as the CDK synthesises it.
pub(crate) fn giant(seed: u64, format: Format) -> String {
    let mut random = Random::new(&format!("{seed}:giant"));
    let project = Project {
        team: "fraud",
        name: "fraud-giant".to_owned(),
        prefix: "mlops-giant".to_owned(),
        environment_first: false,
        imports_keys: true,
    };
    let mut resources = map! { "ExecRole": role("sagemaker", &project, &mut random, 2) };
    for number in 1..RESOURCES {
        let (name, resource) = match number % 8 {
            0 | 4 => ("Bucket", bucket(&project, &mut random, &format!("b{number}"))),
            1 => ("Role", role("lambda", &project, &mut random, 2)),
            2 => ("Function", function(&project, &mut random)),
            3 => ("Machine", state_machine(&project, &mut random, 2)),
            5 => ("Notebook", notebook(&project, &mut random)),
            6 => ("Alarm", alarm(&project, &mut random, number)),
            _ => ("Key", key(&project, &mut random)),
        };
        resources.put(format!("R{number:03}{name}"), resource);
    }
    let roles: Vec<String> =
        resources.entries().iter().map(|(name, _)| name).filter(|name| name.ends_with("Role")).cloned().collect();
    let mut written = write(&resources, &project, format, seed);
    let mut extra = 0;
    // More policies for the roles in turn, until the size is met.
    while BYTES - 3000 > written.len() {
        let missing = (BYTES - written.len()) / 900;
        for _ in 0..missing.clamp(1, 200) {
            let policy = policy(&format!("Extra{extra}"), &project, &mut random, 2);
            let role = resources.get_mut(&roles[extra % roles.len()]).and_then(|role| role.get_mut("Properties"));
            if let Some(Value::List(policies)) = role.and_then(|properties| properties.get_mut("Policies")) {
                policies.push(policy);
            }
            extra += 1;
        }
        written = write(&resources, &project, format, seed);
    }
    written
}

fn write(resources: &Value, project: &Project, format: Format, seed: u64) -> String {
    let environment = map! { "Type": "String", "Default": "dev" };
    let export = map! { "Name": sub(project.named("role")) };
    let template = map! {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "giant stack (generated)",
        "Parameters": map! { "Environment": environment },
        "Resources": resources.clone(),
        "Outputs": map! { "RoleArn": map! { "Value": attribute("ExecRole.Arn"), "Export": export } },
    };
    match format {
        Format::Yaml => emit::yaml(&template, &mut Random::new(&format!("{seed}:comments"))),
        Format::Json => emit::json(&synthesised(&template)),
    }
}

/// The template as the CDK would write it: hashed logical ids, paths in the metadata, `Fn::Join` for `Fn::Sub`.
fn synthesised(template: &Value) -> Value {
    let mut template = template.clone();
    let Some(Value::Map(resources)) = template.get_mut("Resources") else { return template };
    let names: Vec<String> = resources.iter().map(|(name, _)| name.clone()).collect();
    for (name, resource) in resources.iter_mut() {
        let path = format!("MlopsGiantStack/{name}/Resource");
        rename(resource, &names);
        resource.put("Metadata", map! { "aws:cdk:path": path });
        *name = hashed(name);
    }
    let code = "v2:deflate64:".to_owned() + &"H4sIAAAAAAAA/".repeat(20);
    let metadata = map! { "Type": "AWS::CDK::Metadata", "Properties": map! { "Analytics": code } };
    resources.push(("CDKMetadata".to_owned(), metadata));
    if let Some(outputs) = template.get_mut("Outputs") {
        rename(outputs, &names);
    }
    template
}

fn hashed(name: &str) -> String {
    let mut random = Random::new(name);
    format!("{name}{:08X}", random.below(1 << 32))
}

fn rename(value: &mut Value, names: &[String]) {
    let new = |text: &str| {
        let (name, attribute) = text.split_once('.').map_or((text, None), |(name, attribute)| (name, Some(attribute)));
        let name = if names.iter().any(|known| known == name) { hashed(name) } else { name.to_owned() };
        attribute.map_or(name.clone(), |attribute| format!("{name}.{attribute}"))
    };
    match value {
        Value::Call("Ref" | "GetAtt", argument) => {
            if let Value::Text(text) = &mut **argument {
                *text = new(text);
            }
        }
        Value::Call("Sub", argument) => {
            let Value::Text(text) = &**argument else { return };
            let mut pieces = Vec::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                let Some((name, after)) = after.split_once('}') else { break };
                if !before.is_empty() {
                    pieces.push(before.into());
                }
                let function = if name.contains('.') { "GetAtt" } else { "Ref" };
                pieces.push(Value::Call(function, Box::new(new(name).into())));
                rest = after;
            }
            if !rest.is_empty() {
                pieces.push(rest.into());
            }
            *value = Value::Call("Join", Box::new(Value::List(vec!["".into(), Value::List(pieces)])));
        }
        Value::Call(_, argument) => rename(argument, names),
        Value::List(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| rename(value, names)),
        Value::Text(_) | Value::Number(_) | Value::Bool(_) => {}
    }
}
