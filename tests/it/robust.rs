//! No input panics, and the same input gives the same bytes, whatever the number of threads.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use camino::Utf8PathBuf;
use mlops_lint::engine::{self, CheckOptions, Report};
use mlops_lint::project::Project;
use mlops_lint::rule::Registry;
use proptest::prelude::*;

/// The bodies of the fuzz targets, so that stable `cargo test` runs them too.
#[path = "../../fuzz/src/lint.rs"]
mod fuzz;

type Files = Vec<(Utf8PathBuf, Arc<str>)>;

fn check(files: Files) -> (Project, Report) {
    let project = Project::load(files, false);
    let registry = Registry::bundled();
    let graph = engine::link(&project);
    let options = CheckOptions::everything();
    let report = engine::check(&project, &graph, &registry, options, |_| "file");
    drop(graph);
    (project, report)
}

/// Every template of a folder, with its path.
fn templates(folder: &str) -> Files {
    fn walk(folder: &Path, files: &mut Files) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "json") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((Utf8PathBuf::from_path_buf(path).unwrap(), text.into()));
            }
        }
    }
    let mut files = Files::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    files
}

/// What a report says, as text: findings, undecided verdicts, failures.
fn said(report: &Report) -> String {
    format!("{:#?}\n{:#?}\n{:#?}\n{:?}", report.findings, report.undecided, report.failures, report.fingerprints)
}

#[test]
fn the_number_of_threads_changes_nothing() {
    // More files than are worth a second thread, with names that meet across them.
    let files: Files = (0..4)
        .flat_map(|copy| {
            templates("templates").into_iter().chain(templates("fixtures/projects")).map(move |(path, text)| {
                (Utf8PathBuf::from(format!("copy{copy}")).join(path.strip_prefix("/").unwrap_or(&path)), text)
            })
        })
        .collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| said(&check(files.clone()).1))
    };
    let one = run(1);
    assert!(one.contains("rule"), "the run says something");
    for threads in [2, 3, 8] {
        assert!(one == run(threads), "{threads} threads say something else");
    }
}

#[test]
fn our_own_templates_fail_no_rule() {
    let (_, report) = check(templates("templates"));
    assert_eq!(report.failures, []);
    assert!(report.findings.is_empty(), "{}", said(&report));
}

/// Pieces that templates are made of, so that what is put together at random reaches deep.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("!If [A, !Ref B, !Ref AWS::NoValue]".to_owned()),
        Just("!Sub '${A}-${B.Arn}-${!C}-${'".to_owned()),
        Just("!Join ['', [a, !Ref A, !GetAtt B.Arn]]".to_owned()),
        Just("!FindInMap [M, !Ref AWS::Region, k]".to_owned()),
        Just("!Select [0, !Split [',', !ImportValue x]]".to_owned()),
        Just("!GetAtt [A, !Ref B]".to_owned()),
        Just("!Ref A".to_owned()),
        Just("{Fn::Transform: {Name: X}}".to_owned()),
        Just("{Ref: [A]}".to_owned()),
        Just("{'Fn::If': []}".to_owned()),
        Just("!Cidr [10.0.0.0/8, 300, 40]".to_owned()),
        Just("'{\"Steps\": [{\"Type\": \"Training\", \"Arguments\": {\"Get\": \"Parameters.X\"}}]}'".to_owned()),
        Just("!Sub '{\"States\": {\"T\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sagemaker:createTrainingJob\", \"Parameters\": ${A}}}}'".to_owned()),
        Just("{Statement: [{Effect: Allow, Action: '*', Resource: !Ref A, Condition: {X: 1, 'ForAllValues:Y': {k: [v]}}}]}".to_owned()),
        Just("[{Statement: x}, !Ref B, {Principal: '*'}]".to_owned()),
        "[a-z0-9\\-\\$\\{\\}:/'\"\\[\\]\u{e9}\u{1F600}]{0,12}",
    ]
}

const KINDS: [&str; 14] = [
    "AWS::SageMaker::Pipeline",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::EndpointConfig",
    "AWS::SageMaker::MonitoringSchedule",
    "AWS::StepFunctions::StateMachine",
    "AWS::IAM::Role",
    "AWS::IAM::ManagedPolicy",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::Events::Rule",
    "AWS::ApiGateway::Method",
    "AWS::WAFv2::WebACL",
    "AWS::EC2::SecurityGroup",
    "AWS::CloudFormation::Stack",
];

const PROPERTIES: [&str; 18] = [
    "PipelineDefinition",
    "DefinitionString",
    "Definition",
    "DefinitionSubstitutions",
    "PolicyDocument",
    "Policies",
    "AssumeRolePolicyDocument",
    "ProductionVariants",
    "PrimaryContainer",
    "VpcConfig",
    "EventPattern",
    "Targets",
    "BucketEncryption",
    "SecurityGroupIngress",
    "Integration",
    "TemplateURL",
    "Parameters",
    "KmsKeyId",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn templates_put_together_at_random_panic_nowhere(
        resources in prop::collection::vec((0..KINDS.len(), prop::collection::vec((0..PROPERTIES.len(), piece()), 0..5), piece()), 1..6),
        condition in piece(),
        export in piece(),
    ) {
        let mut text = String::from("Parameters: {A: {Type: String, AllowedValues: [x, y]}, P: {Type: CommaDelimitedList, Default: 'a,b'}}\n");
        let _ = write!(text, "Conditions: {{A: !Equals [!Ref A, x], B: {condition}}}\nMappings: {{M: {{x: {{k: v}}}}}}\nResources:\n");
        for (index, (kind, properties, attribute)) in resources.iter().enumerate() {
            let name = ["B", "C", "D", "E", "F"][index];
            let _ = write!(text, "  {name}:\n    Type: {}\n    Condition: A\n    DependsOn: {attribute}\n    Properties:\n", KINDS[*kind]);
            for (property, value) in properties {
                let _ = writeln!(text, "      {}: {value}", PROPERTIES[*property]);
            }
        }
        let _ = writeln!(text, "Outputs: {{O: {{Value: !Ref B, Export: {{Name: {export}}}}}}}");
        fuzz::lint(&[&text, &text]);
    }

    #[test]
    fn damaged_templates_panic_nowhere(which in 0..64_usize, cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, "[ \\n:\\-\\[\\]{}!&*'\"a]{0,4}"), 1..6)) {
        let all = templates("templates").into_iter().chain(templates("fixtures/projects")).collect::<Vec<_>>();
        let (_, text) = &all[which % all.len()];
        let mut text = text.to_string();
        for (at, length, instead) in &cuts {
            let mut start = at.index(text.len().max(1));
            while !text.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) { end += 1; }
            text.replace_range(start..end, instead);
        }
        fuzz::lint(&[&text]);
    }

    #[test]
    fn any_text_panics_nowhere(text in "\\PC{0,200}") {
        fuzz::lint(&[&text]);
    }
}
