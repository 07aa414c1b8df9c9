//! What conditions can look at beside properties: attributes, several paths at once, patterns that stand in templates,
//! what runs an image.

use super::{judged, said, says};

#[test]
fn an_attribute_stands_beside_the_properties() {
    let body = "match: Test::Thing\nrequire: { every: \"$self.{@DeletionPolicy,@UpdateReplacePolicy}\", equals: Retain }\nmessage: \"{failing}\"\n";
    let template = "Resources:
  Kept: { Type: Test::Thing, DeletionPolicy: Retain, UpdateReplacePolicy: Retain }
  Properties: { Type: Test::Thing, Properties: { DeletionPolicy: Retain, UpdateReplacePolicy: Retain } }
  Half: { Type: Test::Thing, DeletionPolicy: Retain, UpdateReplacePolicy: Delete }
";
    let judged = judged(body, &[("template.yaml", template)], false);
    assert_eq!(
        judged.by_resource(),
        said(&[("Properties", "`DeletionPolicy`, `UpdateReplacePolicy`"), ("Half", "`UpdateReplacePolicy`")])
    );
    assert_eq!(judged.marked(), ["Properties", "Delete"]);
    let paths: Vec<&str> = judged.findings.iter().map(|finding| &*finding.subject.path).collect();
    assert_eq!(paths, ["Resources.Properties.DeletionPolicy", "Resources.Half.UpdateReplacePolicy"]);
}

#[test]
fn an_attribute_of_a_job_is_that_of_its_resource() {
    let body =
        "match: ML::TrainingJob\nrequire: { path: \"$self.@Metadata.Owner\", equals: me }\nmessage: \"{value}\"\n";
    let machine = |owner: &str| {
        format!(
            "Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Metadata: {{ Owner: {owner} }}
    Properties:
      Definition:
        StartAt: Train
        States: {{ Train: {{ Type: Task, End: true, Resource: arn:aws:states:::sagemaker:createTrainingJob, Parameters: {{ TrainingJobName: a }} }} }}
"
        )
    };
    assert_eq!(says(body, &machine("me")), said(&[]));
    assert_eq!(says(body, &machine("you")), said(&[("Machine", "you")]));
}

#[test]
fn a_subject_may_be_several_paths() {
    let body = "match: Test::Thing\nrequire: { no: [A, \"B[*].C\", $self.D], as: one, equals: bad }\nat: $one\nmessage: \"{value}\"\n";
    let template = "Resources:
  Good: { Type: Test::Thing, Properties: { A: good, B: [{ C: good }] } }
  Bad: { Type: Test::Thing, Properties: { A: bad, B: [{ C: good }, { C: bad }], D: bad } }
";
    let judged = judged(body, &[("template.yaml", template)], false);
    assert_eq!(judged.by_resource(), said(&[("Bad", "bad | bad | bad")]));
}

#[test]
fn patterns_may_stand_in_the_template() {
    let template = "Parameters:
  Free: { Type: String }
Resources:
  Fits: { Type: Test::Thing, Properties: { Name: prod-train, Pattern: prod-* } }
  Several: { Type: Test::Thing, Properties: { Name: prod-train, Pattern: [dev-*, prod-*] } }
  Differs: { Type: Test::Thing, Properties: { Name: my-prod-train, Pattern: prod-* } }
  NoPattern: { Type: Test::Thing, Properties: { Name: prod-train } }
  NoGlob: { Type: Test::Thing, Properties: { Name: prod-train, Pattern: \"[\" } }
  Unknown: { Type: Test::Thing, Properties: { Name: prod-train, Pattern: !Ref Free } }
";
    let rule = |operator: &str, path: &str| {
        format!("match: Test::Thing\nrequire: {{ path: Name, {operator}: {path} }}\nmessage: \"no\"\n")
    };
    let unknown = "? parameter `Free` has no default";
    let globs = says(&rule("glob", "\"$self.Pattern[*]\""), template);
    assert_eq!(
        globs.keys().collect::<Vec<_>>(),
        ["Differs", "NoGlob", "NoPattern", "Unknown"],
        "a list holds several patterns"
    );
    assert_eq!((&*globs["Differs"], &*globs["NoPattern"], &*globs["Unknown"]), ("no", "no", unknown));
    assert!(globs["NoGlob"].starts_with('?'), "what is no glob says nothing: {}", globs["NoGlob"]);

    let template = "Parameters:
  Free: { Type: String }
Resources:
  Holds: { Type: Test::Thing, Properties: { Name: my-prod-train, Pattern: prod } }
  Symbolic: { Type: Test::Thing, Properties: { Name: !Sub \"prod-${Free}\", Pattern: prod } }
  Differs: { Type: Test::Thing, Properties: { Name: train, Pattern: prod } }
  Unknown: { Type: Test::Thing, Properties: { Name: train, Pattern: !Ref Free } }
";
    assert_eq!(says(&rule("contains", "$self.Pattern"), template), said(&[("Differs", "no"), ("Unknown", unknown)]));
}

#[test]
fn a_related_place_may_come_from_another_branch_than_the_finding() {
    let body = "match: AWS::ECR::Repository
require:
  any:
    - { path: ImageTagMutability, equals: IMMUTABLE }
    - no: { nodes: ML::Image }
      as: image
      satisfies: { path: $image.uri, refers_to: $self }
at: ImageTagMutability
related: $image
message: \"{image} in {image.kind} of {image.holder}, by {image.node}: {image.name}\"
";
    let template = "Resources:
  Images: { Type: AWS::ECR::Repository, Properties: { RepositoryName: churn, ImageTagMutability: MUTABLE } }
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition:
        StartAt: Train
        States:
          Train:
            Type: Task
            End: true
            Resource: arn:aws:states:::sagemaker:createTrainingJob
            Parameters: { AlgorithmSpecification: { TrainingImage: \"111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1\" } }
";
    let judged = judged(body, &[("template.yaml", template)], false);
    let message = "Train in ML::TrainingJob of AWS::StepFunctions::StateMachine, by Train: 111122223333/churn";
    assert_eq!(judged.by_resource(), said(&[("Images", message)]));
    assert_eq!(judged.findings[0].related.len(), 1);
    assert_eq!(judged.sources.slice(judged.findings[0].related[0].span), "Parameters");
}

#[test]
fn the_name_of_a_bucket_has_no_wildcard_whoever_chooses_it() {
    let body = "match: Test::Thing\nrequire: { path: V, not_matches: \"/\\\\*$\" }\nmessage: \"{value}\"\n";
    let template = "Parameters:
  Name: { Type: String }
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: !Ref Name } }
  Itself: { Type: Test::Thing, Properties: { V: !Sub \"arn:aws:s3:::${Bucket}\" } }
  Objects: { Type: Test::Thing, Properties: { V: !Sub \"arn:aws:s3:::${Bucket}/*\" } }
  Unknown: { Type: Test::Thing, Properties: { V: !Sub \"arn:aws:s3:::${Name}\" } }
";
    let said = says(body, template);
    assert_eq!(said.keys().collect::<Vec<_>>(), ["Objects", "Unknown"]);
    assert_eq!(said["Unknown"], "? parameter `Name` has no default");
}
