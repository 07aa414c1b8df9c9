//! The objects of our JSON, as they are written; `docs/schema/report.schema.json` is made from them, comments included.
//!
//! Keys are never removed within a version.

#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::SuppressionOrigin;
use crate::finding::{ChoiceKind, Confidence, ReasonKind, Severity};

/// The version of what is written.
pub(super) const VERSION: u32 = 1;

/// What `mlops-lint --format json` writes. Within version 1 keys are added but never removed, and their meaning does not
/// change; readers should ignore keys that they do not know.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Document<F, S, U, E> {
    /// The version of this format, which grows when a key is removed or changes its meaning.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    pub(super) version: u32,
    /// At or above --min-severity, in the order of their places.
    pub(super) findings: F,
    /// Findings that the user has accepted, in the order of their places, each with its suppression. Empty unless
    /// --show-suppressed is given; the summary counts them always.
    pub(super) suppressed: S,
    /// Checks that could not be decided, in the order of their places. Always filled, whatever --unknown says.
    pub(super) unknown: U,
    /// Rules that failed: a defect of mlops-lint. The exit code is then 2.
    pub(super) errors: E,
    /// What was looked at, and how much was found.
    pub(super) summary: Summary,
}

/// Something wrong in a template.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Finding<'a> {
    #[serde(flatten)]
    pub(super) rule: Rule<'a>,
    /// How bad this case is.
    pub(super) severity: Severity,
    /// How sure this verdict is.
    pub(super) confidence: Confidence,
    /// What is wrong, naming the instance.
    pub(super) message: &'a str,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    /// Under which choices the finding holds; null if under all.
    pub(super) scenario: Option<Scenario<'a>>,
    /// Other places that matter, also in other files.
    pub(super) related: Vec<Related<'a>>,
    /// Identity of the finding, which survives edits elsewhere: 16 hexadecimal digits over rule, file, resource, path and
    /// value; repeats end in -2, -3.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{16}(-[0-9]+)?$")))]
    pub(super) fingerprint: &'a str,
}

/// A finding that the user has accepted.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Suppressed<'a> {
    #[serde(flatten)]
    pub(super) finding: Finding<'a>,
    /// Why and where the finding is accepted.
    pub(super) suppression: Suppression<'a>,
}

/// Why and where a finding is accepted.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Suppression<'a> {
    /// Why, in the words of the user.
    pub(super) reason: &'a str,
    /// The last day on which it is accepted; null if there is no end.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")))]
    pub(super) until: Option<&'a str>,
    /// What says so.
    pub(super) origin: SuppressionOrigin,
    /// Where it is written; null if that is the configuration.
    pub(super) place: Option<Place<'a>>,
}

/// A check that could not be decided.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Undecided<'a> {
    #[serde(flatten)]
    pub(super) rule: Rule<'a>,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    /// What stands in the way of a verdict.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(super) reasons: Vec<Reason<'a>>,
}

/// The rule that speaks.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Rule<'a> {
    /// The rule's id.
    #[serde(rename = "rule")]
    pub(super) id: RuleId<'a>,
    /// The rule's name, as people type it.
    pub(super) name: &'a str,
}

/// What a verdict is about.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Subject<'a> {
    /// The file of the place.
    pub(super) file: File<'a>,
    /// Logical id of the resource that holds the place, also for a place inside an embedded document; null for a place
    /// outside of resources.
    pub(super) resource: Option<&'a str>,
    /// The type of that resource; null for a place outside of resources.
    #[cfg_attr(feature = "schema", schemars(example = &"AWS::SageMaker::EndpointConfig"))]
    pub(super) resource_type: Option<&'a str>,
    /// The property, also one that is missing. List items as `[0]`, odd keys as `['a.b']`; inside an embedded document it goes
    /// on through it.
    #[cfg_attr(feature = "schema", schemars(example = &"Resources.Config.Properties.KmsKeyId"))]
    pub(super) path: &'a str,
    /// The exact place.
    pub(super) range: Range,
}

/// The id of a rule: stable, never reused.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(example = &"ENC001"))]
pub(super) struct RuleId<'a>(#[cfg_attr(feature = "schema", schemars(length(min = 1)))] pub(super) &'a str);

/// A file, relative to the repository (the nearest .git, else the current directory) with forward slashes; absolute outside
/// of it; `<stdin>` for standard input.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct File<'a>(#[cfg_attr(feature = "schema", schemars(length(min = 1)))] pub(super) &'a str);

/// A place in a file.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Place<'a> {
    /// The file.
    pub(super) file: File<'a>,
    /// The place in it.
    pub(super) range: Range,
}

/// From where to where. The end is exclusive.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Range {
    /// The first character.
    pub(super) start: Position,
    /// Behind the last character.
    pub(super) end: Position,
}

/// A place between two characters.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Position {
    /// From 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub(super) line: u32,
    /// From 1, in characters (Unicode scalar values).
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub(super) column: u32,
    /// From 0, in bytes of the file, a byte order mark included.
    pub(super) offset: u32,
}

/// Choices under which a finding holds.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Scenario<'a> {
    /// The choices in words.
    #[cfg_attr(feature = "schema", schemars(example = &"when `IsProd` is false"))]
    pub(super) text: &'a str,
    /// Conditions that were read first, then values chosen directly, then environments.
    pub(super) choices: Vec<Choice<'a>>,
}

/// One choice.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Choice<'a> {
    /// What was chosen.
    pub(super) kind: ChoiceKind,
    /// Its name.
    pub(super) name: &'a str,
    /// The value it has.
    pub(super) value: &'a str,
}

/// Another place that matters.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Related<'a> {
    /// The file.
    pub(super) file: File<'a>,
    /// The place in it.
    pub(super) range: Range,
    /// What stands there.
    pub(super) text: &'a str,
}

/// What stands in the way of a verdict.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Reason<'a> {
    /// What kind of thing it is.
    pub(super) kind: ReasonKind,
    /// Its name: the parameter, the import, the attribute.
    pub(super) name: &'a str,
    /// The reason in words.
    pub(super) text: String,
}

/// A rule that failed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Error<'a> {
    /// The rule's id.
    pub(super) rule: RuleId<'a>,
    /// What the rule looked at.
    pub(super) target: &'a str,
    /// How it failed.
    pub(super) message: &'a str,
}

/// What was looked at, and how much was found.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct Summary {
    /// Files that were looked at to find templates.
    pub(super) files: usize,
    /// Templates that were judged.
    pub(super) templates: usize,
    /// Resources in them.
    pub(super) resources: usize,
    /// Documents inside strings: state machines, pipelines, policies.
    pub(super) embedded_documents: usize,
    /// Rules that ran.
    pub(super) rules: usize,
    /// The findings of this report by severity.
    pub(super) findings: BySeverity,
    /// Findings below --min-severity, which are not in this report.
    pub(super) hidden: usize,
    /// Findings that the user has accepted, listed or not.
    pub(super) suppressed: usize,
    /// Checks that could not be decided.
    pub(super) unknown: usize,
}

/// Findings counted by severity.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub(super) struct BySeverity {
    /// Those that are critical.
    pub(super) critical: usize,
    /// Those of high severity.
    pub(super) high: usize,
    /// Those of medium severity.
    pub(super) medium: usize,
    /// Those of low severity.
    pub(super) low: usize,
    /// Those worth knowing.
    pub(super) info: usize,
}
