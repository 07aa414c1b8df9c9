//! The report that is rendered: sources of `fixtures/render` with findings that point into them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mlops_lint::engine::{Counts, Report, ReportedRule, Suppressed, SuppressionOrigin};
use mlops_lint::finding::{
    ChoiceKind, ChoiceNote, Confidence, Finding, Label, Reason, ReasonKind, RuleId, ScenarioNote, Secrets, Severity,
    Subject, Undecided, fingerprints,
};
use mlops_lint::rule::{Profile, RuleDocs, RuleMeta};
use mlops_lint::source::{FileId, SourceFile, SourceMap, Span};

const FILES: [&str; 5] =
    ["endpoint.yaml", "kms-keys.yaml", "minified.json", "odd names/größe & co.yaml", "registry.yaml"];

/// Where the texts are.
pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/render")
}

/// The sources and the report.
pub(super) fn fixture() -> (SourceMap, Report) {
    let mut sources = SourceMap::default();
    for name in FILES {
        let text = std::fs::read_to_string(folder().join(name)).unwrap();
        sources.add(SourceFile::new(name, text));
    }
    let mut findings = findings(&Texts(&sources));
    findings.sort_by(Finding::order);
    let report = Report {
        suppressed: suppressed(&Texts(&sources)),
        fingerprints: fingerprints(&findings, |finding| sources.file(finding.primary.span.file).path().as_str()),
        undecided: undecided(&Texts(&sources)),
        findings,
        hidden: BTreeMap::from([(Severity::Low, 12), (Severity::Info, 1)]),
        rules: rules(),
        failures: Vec::new(),
        counts: Counts { files: 7, templates: 5, resources: 49, embedded: 2, rules: 85 },
        secrets: Secrets::default(),
    };
    (sources, report)
}

struct Texts<'a>(&'a SourceMap);

impl Texts<'_> {
    /// The `part` within the first occurrence of `whole` in a file.
    fn within(&self, name: &str, whole: &str, part: &str) -> Span {
        let (id, file) = self.0.iter().find(|(_, file)| file.path() == name).unwrap();
        let start = file.text().find(whole).unwrap_or_else(|| panic!("{whole} in {name}"));
        let start = start + whole.find(part).unwrap();
        span(id, start, start + part.len())
    }

    fn label(&self, name: &str, whole: &str, part: &str, text: &str) -> Label {
        Label { span: self.within(name, whole, part), text: text.to_owned() }
    }
}

fn span(file: FileId, start: usize, end: usize) -> Span {
    Span::new(file, u32::try_from(start).unwrap(), u32::try_from(end).unwrap())
}

fn finding(rule: &str, severity: Severity, resource: &str, path: &str, message: &str, primary: Label) -> Finding {
    Finding {
        rule: RuleId::new(rule),
        severity,
        confidence: Confidence::Certain,
        message: message.to_owned(),
        primary,
        related: Vec::new(),
        help: None,
        assumed: None,
        scenario: None,
        subject: Subject {
            resource: Some(resource.to_owned()),
            resource_type: Some("AWS::SageMaker::EndpointConfig".to_owned()),
            path: format!("Resources.{resource}.Properties.{path}"),
            stable_path: format!("Resources.{resource}.Properties.{path}"),
            value: String::new(),
        },
        secrets: Vec::new(),
    }
}

#[expect(clippy::too_many_lines, reason = "one finding after the other")]
fn findings(texts: &Texts<'_>) -> Vec<Finding> {
    let odd = FILES[3];
    let key = "!If [IsProd, !ImportValue mlops-key, !Ref AWS::NoValue]";
    let mut list = vec![
        Finding {
            related: vec![
                texts.label(FILES[0], "IsProd: !Equals", "IsProd", "false when `Environment` is `dev` or `staging`"),
                texts.label(FILES[0], "Default: dev", "dev", "the default"),
            ],
            help: Some("give the key in both branches: KmsKeyId: !ImportValue mlops-key".to_owned()),
            scenario: Some(ScenarioNote {
                text: "when `IsProd` is false".to_owned(),
                choices: vec![ChoiceNote {
                    kind: ChoiceKind::Condition,
                    name: "IsProd".to_owned(),
                    value: "false".to_owned(),
                }],
            }),
            ..finding(
                "ENC001",
                Severity::High,
                "Config",
                "KmsKeyId",
                "endpoint volume of `Config` is not encrypted with a customer managed key when `IsProd` is false",
                texts.label(FILES[0], key, "!Ref AWS::NoValue", "absent here"),
            )
        },
        Finding {
            confidence: Confidence::Likely,
            related: vec![
                texts.label(FILES[1], "KeyPolicy", "KeyPolicy", "… whose policy names no service that publishes to it"),
                texts.label(FILES[4], "- Arn: !Ref", "Arn", "published from here"),
            ],
            assumed: Some("`Environment` means the same in both stacks (they exchange exports)".to_owned()),
            ..finding(
                "ENC022",
                Severity::Critical,
                "ApprovalTopic",
                "KmsMasterKeyId",
                "`events.amazonaws.com` cannot use key `MessagingKey`, so messages of `ModelPending` to topic `ApprovalTopic` are lost without an error",
                texts.label(
                    FILES[4],
                    "Fn::ImportValue: mlops-kms-id",
                    "mlops-kms-id",
                    "the topic is encrypted with this key …",
                ),
            )
        },
        // Wide characters, tabs and characters outside of the basic plane, before and within the region.
        Finding {
            related: vec![
                texts.label(odd, "\"x\ty\"", "\"x\ty\"", "a tab within"),
                texts.label(odd, "Key: \"日本\"", "\"日本\"", "wide [characters]"),
            ],
            ..finding(
                "TPL001",
                Severity::Medium,
                "Modell",
                "ModelName",
                "name of `Modell` has odd characters",
                texts.label(odd, "\"🚀🚀 日本語 é\"", "日本語 é", "here"),
            )
        },
        finding(
            "TPL001",
            Severity::Info,
            "Modell",
            "Tags[0]",
            "a place behind a tab",
            texts.label(odd, "\tValue: \"x", "Value", ""),
        ),
        // A region over several lines, an empty one, and one in the line break at the end of the file.
        finding(
            "TPL030",
            Severity::Low,
            "Modell",
            "",
            "the whole resource",
            texts.label(
                odd,
                "Modell:\r\n    Type: AWS::SageMaker::Model",
                "Modell:\r\n    Type: AWS::SageMaker::Model",
                "several lines",
            ),
        ),
    ];
    let (id, file) = texts.0.iter().nth(3).unwrap();
    let end = file.text().len();
    list.push(finding(
        "TPL030",
        Severity::High,
        "Modell",
        "End",
        "the text ends here",
        Label { span: span(id, end, end), text: "expected more".into() },
    ));
    // Far from each other on one long line: each its own window.
    for bucket in ["Bucket0", "Bucket20", "Bucket39"] {
        let name = format!("📦-mlops-data-{}", bucket.trim_start_matches("Bucket"));
        list.push(Finding {
            related: vec![texts.label(FILES[2], "\"Bucket10\"", "\"Bucket10\"", "its neighbour")],
            ..finding(
                "DAT001",
                Severity::Medium,
                bucket,
                "BucketName",
                &format!("bucket `{bucket}` is open"),
                texts.label(FILES[2], &format!("\"{name}\""), &name, "named here"),
            )
        });
    }
    list
}

/// One of each origin, in the order of places.
fn suppressed(texts: &Texts<'_>) -> Vec<Suppressed> {
    let accepted = |finding: Finding, reason: &str, origin, place| Suppressed {
        fingerprint: fingerprints(std::slice::from_ref(&finding), |_| "accepted").remove(0),
        finding,
        reason: reason.to_owned(),
        until: None,
        origin,
        place,
    };
    let (endpoint, registry) = (FILES[0], FILES[4]);
    let capture = texts.label(endpoint, "ModelName: !Ref", "ModelName", "");
    let topic = texts.label(registry, "- Arn: !Ref", "Arn", "published from here");
    let pipe = "a bar | in a reason, and `code | too`";
    vec![
        Suppressed {
            until: Some("2027-03-31".to_owned()),
            ..accepted(
                finding("ENC001", Severity::High, "Config", "ModelName", "`Config` is accepted", capture),
                "the data is public",
                SuppressionOrigin::Comment,
                Some(texts.within(endpoint, "Default: dev", "Default")),
            )
        },
        accepted(
            finding(
                "TPL001",
                Severity::Medium,
                "Config",
                "KmsKeyId",
                "also accepted",
                texts.label(endpoint, "IsProd: !Equals", "IsProd", ""),
            ),
            "the whole folder is a sample",
            SuppressionOrigin::Configuration,
            None,
        ),
        accepted(
            Finding {
                related: vec![texts.label(registry, "Fn::ImportValue: mlops-kms-id", "mlops-kms-id", "its key")],
                ..finding("ENC022", Severity::Critical, "ApprovalTopic", "KmsMasterKeyId", "a topic is accepted", topic)
            },
            pipe,
            SuppressionOrigin::Metadata,
            Some(texts.within(registry, "- Arn: !Ref", "Arn")),
        ),
    ]
}

fn undecided(texts: &Texts<'_>) -> Vec<Undecided> {
    let one = |kind, name: &str, span, resource: &str| Undecided {
        span,
        rule: RuleId::new("ENC001"),
        subject: Subject {
            resource: Some(resource.to_owned()),
            resource_type: Some("AWS::SageMaker::EndpointConfig".to_owned()),
            path: format!("Resources.{resource}.Properties.KmsKeyId"),
            ..Subject::default()
        },
        reasons: vec![Reason { kind, name: name.to_owned() }],
    };
    vec![
        one(
            ReasonKind::ParameterWithoutDefault,
            "ModelName",
            texts.within(FILES[0], "ModelName: !Ref", "!Ref"),
            "Config",
        ),
        one(
            ReasonKind::ExternalImport,
            "mlops-key",
            texts.within(FILES[0], "!ImportValue mlops-key", "mlops-key"),
            "Config",
        ),
        one(
            ReasonKind::ParameterWithoutDefault,
            "Größe",
            texts.within(FILES[3], "AWS::SageMaker::Model", "Model"),
            "Modell",
        ),
    ]
}

fn rules() -> BTreeMap<RuleId, Arc<ReportedRule>> {
    let controls = |pairs: &[(&str, &[&str])]| -> BTreeMap<String, Vec<String>> {
        pairs
            .iter()
            .map(|(framework, ids)| ((*framework).to_owned(), ids.iter().map(|&id| id.to_owned()).collect()))
            .collect()
    };
    let rule = |id: &str, name: &str, summary: &str, severity, docs: RuleDocs| {
        let meta = RuleMeta {
            id: RuleId::new(id),
            name: name.to_owned(),
            summary: summary.to_owned(),
            severity,
            confidence: Confidence::Certain,
            profile: Profile::Recommended,
        };
        (meta.id.clone(), Arc::new(ReportedRule { meta, docs: docs.into() }))
    };
    BTreeMap::from([
        rule("ENC001", "sagemaker-endpoint-config-kms", "Endpoint volume is not encrypted with a customer managed key", Severity::High, RuleDocs {
            why: "Model data and captured requests on the instance's volume are readable to whoever holds the AWS managed key.\n\nA second paragraph.\n".to_owned(),
            remedy: "Set `KmsKeyId` to a key of your own.\n".to_owned(),
            references: vec!["https://docs.aws.amazon.com/sagemaker/latest/dg/key-management.html".to_owned()],
            controls: controls(&[("hipaa", &["164.312(a)(2)(iv)"]), ("nist-800-53-r5", &["AU-9(3)", "CP-9(8)", "SC-12", "SC-28(1)"])]),
            controls_by_analogy: controls(&[("fsbp", &["SageMaker.1"])]),
            example_bad: Some("Resources:\n  Config:\n    Type: AWS::SageMaker::EndpointConfig\n".to_owned()),
            ..RuleDocs::default()
        }),
        rule("ENC022", "encrypted-channel-key-blocks-publisher", "A publisher cannot use the key of its channel", Severity::Critical, RuleDocs {
            why: "EventBridge must call kms:GenerateDataKey and kms:Decrypt itself;\nthe account's root statement does not cover a service.".to_owned(),
            remedy: "Add a statement for events.amazonaws.com with kms:Decrypt and kms:GenerateDataKey*, without aws:SourceAccount (EventBridge does not send it).".to_owned(),
            ..RuleDocs::default()
        }),
        // No texts at all, as a user's rule may have.
        rule("DAT001", "bucket-open", "", Severity::Medium, RuleDocs::default()),
        rule("TPL001", "odd-name", "A name has odd characters", Severity::Info, RuleDocs::default()),
        rule("TPL030", "syntax", "The text cannot be read", Severity::Low, RuleDocs::default()),
    ])
}
