//! What rules say about files: [`Finding`]s with exactly one primary place, and [`Undecided`] verdicts with their reasons.
//!
//! Owned data without lifetimes, so that it can cross threads and outlive the project. Nothing here renders.

mod fingerprint;
mod mask;
mod severity;

use std::str::FromStr;
use std::sync::Arc;

use crate::source::Span;

pub use fingerprint::{fingerprints, fnv1a};
pub use mask::{MASK, Secrets, hide_secrets};
pub use severity::{Confidence, Severity, UnknownWord};

/// The stable id of a rule, such as `ENC001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// The id with this text.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What stands there: "absent here", "exported here".
    pub text: String,
}

/// What a finding is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Logical id of the resource that holds the place.
    pub resource: Option<String>,
    /// Its type.
    pub resource_type: Option<String>,
    /// The property path, also of a property that is missing: `Resources.X.Properties.KmsKeyId`.
    pub path: String,
    /// The same path with list items named by their `Sid`, `Id`, `Name`, `Key` or `VariantName`; goes into the fingerprint.
    pub stable_path: String,
    /// The value at the place, normalised; goes into the fingerprint.
    pub value: String,
}

/// Under which choices a finding holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScenarioNote {
    /// "when `IsProd` is false"
    pub text: String,
    /// What was chosen; conditions that were read first, then values chosen directly.
    pub choices: Vec<ChoiceNote>,
}

/// One choice of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChoiceNote {
    /// What was chosen.
    pub kind: ChoiceKind,
    /// Its name.
    pub name: String,
    /// The value it has.
    pub value: String,
}

/// What a scenario chooses among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ChoiceKind {
    /// A condition holds or does not.
    Condition,
    /// A parameter has a value.
    Parameter,
    /// A mapping is read at a key.
    MappingKey,
    /// A parameter of a SageMaker pipeline has a value.
    PipelineParameter,
    /// One of several stacks that deploy the template.
    Stack,
    /// An environment of the configuration.
    Environment,
}

/// Something wrong in a user's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that says so.
    pub rule: RuleId,
    /// Of this case.
    pub severity: Severity,
    /// Of this verdict.
    pub confidence: Confidence,
    /// What is wrong, naming the instance; no full stop.
    pub message: String,
    /// The exact place.
    pub primary: Label,
    /// The other places that matter, also in other files.
    pub related: Vec<Label>,
    /// What to do about this instance, where the rule's general advice is not enough.
    pub help: Option<String>,
    /// What had to be assumed, if anything.
    pub assumed: Option<String>,
    /// Under which choices it holds; absent if under all.
    pub scenario: Option<ScenarioNote>,
    /// What it is about.
    pub subject: Subject,
    /// Texts that no report repeats, the source included: the secrets that it is about.
    pub secrets: Vec<String>,
}

impl Finding {
    /// Every place of it, the primary one first.
    pub fn spans_mut(&mut self) -> impl Iterator<Item = &mut Span> {
        std::iter::once(&mut self.primary.span).chain(self.related.iter_mut().map(|label| &mut label.span))
    }

    /// The one total order of reports: place, rule, message.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.primary.span, &self.rule, &self.message, &self.subject).cmp(&(
            other.primary.span,
            &other.rule,
            &other.message,
            &other.subject,
        ))
    }
}

/// A verdict that could not be reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undecided {
    /// The place.
    pub span: Span,
    /// The rule.
    pub rule: RuleId,
    /// What it is about.
    pub subject: Subject,
    /// Why; never empty, sorted, without repeats.
    pub reasons: Vec<Reason>,
}

/// What becomes of verdicts that could not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum UnknownMode {
    /// Counted, with the main reasons.
    #[default]
    Hide,
    /// Listed.
    Show,
    /// Listed, and the run fails.
    Deny,
}

impl UnknownMode {
    /// The word in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Show => "show",
            Self::Deny => "deny",
        }
    }

    /// True if undecided verdicts are listed one by one.
    pub fn lists(self) -> bool {
        self != Self::Hide
    }
}

impl FromStr for UnknownMode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "hide" => Ok(Self::Hide),
            "show" => Ok(Self::Show),
            "deny" => Ok(Self::Deny),
            other => Err(format!("`{other}` is none of hide, show, deny")),
        }
    }
}

/// Why a value is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// What kind of thing stands in the way.
    pub kind: ReasonKind,
    /// Its name: the parameter, the import, the attribute.
    pub name: String,
}

/// What can stand in the way of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ReasonKind {
    /// A parameter without a default and without allowed values.
    ParameterWithoutDefault,
    /// A parameter's values that neither its default nor a condition names.
    OtherValue,
    /// A value that only the deployed resource has.
    Attribute,
    /// An import that nothing here exports.
    ExternalImport,
    /// Something that the configuration says exists outside of the project.
    External,
    /// A dynamic reference, `{{resolve:…}}`, which is resolved at deployment.
    DynamicReference,
    /// A macro or `Fn::Transform`, which only CloudFormation runs.
    Macro,
    /// A pseudo parameter such as the region.
    PseudoParameter,
    /// A value that exists at run time only: JSONPath, JSONata, a step's output.
    RunTime,
    /// Other templates may matter and were not loaded.
    OutsideTheSet,
    /// More scenarios than the budget.
    TooManyScenarios,
    /// A condition that cannot be decided.
    Condition,
    /// An embedded document that cannot be read.
    UnreadableDocument,
    /// A file that was read up to a syntax error only.
    SyntaxError,
    /// A reference to something that does not exist, a malformed function, a cycle.
    Malformed,
    /// A list of facts that may lack the newest entries.
    OpenTable,
    /// A policy that AWS writes and changes, whose statements are not read.
    AwsManagedPolicy,
}

impl ReasonKind {
    /// "2 imports that nothing here exports"
    pub fn counted(self, count: usize) -> String {
        let one = count == 1;
        let words = match self {
            Self::ParameterWithoutDefault if one => "parameter without a default",
            Self::ParameterWithoutDefault => "parameters without a default",
            Self::OtherValue if one => "parameter that may have any other value",
            Self::OtherValue => "parameters that may have any other value",
            Self::Attribute if one => "attribute of a deployed resource",
            Self::Attribute => "attributes of deployed resources",
            Self::ExternalImport if one => "import that nothing here exports",
            Self::ExternalImport => "imports that nothing here exports",
            Self::External if one => "name that is provided outside of the project",
            Self::External => "names that are provided outside of the project",
            Self::DynamicReference if one => "dynamic reference",
            Self::DynamicReference => "dynamic references",
            Self::Macro if one => "macro",
            Self::Macro => "macros",
            Self::PseudoParameter if one => "pseudo parameter",
            Self::PseudoParameter => "pseudo parameters",
            Self::RunTime if one => "run-time value",
            Self::RunTime => "run-time values",
            Self::OutsideTheSet if one => "claim about files that were not loaded",
            Self::OutsideTheSet => "claims about files that were not loaded",
            Self::TooManyScenarios => "with more scenarios than are tried",
            Self::Condition if one => "condition that cannot be decided",
            Self::Condition => "conditions that cannot be decided",
            Self::UnreadableDocument if one => "embedded document that cannot be read",
            Self::UnreadableDocument => "embedded documents that cannot be read",
            Self::SyntaxError if one => "claim about a file with a syntax error",
            Self::SyntaxError => "claims about files with a syntax error",
            Self::Malformed if one => "malformed reference",
            Self::Malformed => "malformed references",
            Self::OpenTable => "newer than the list of known values",
            Self::AwsManagedPolicy if one => "policy that AWS manages",
            Self::AwsManagedPolicy => "policies that AWS manages",
        };
        format!("{count} {words}")
    }
}

impl Reason {
    /// What stands in the way, in words.
    pub fn text(&self) -> String {
        let name = &self.name;
        match self.kind {
            ReasonKind::ParameterWithoutDefault => format!("parameter `{name}` has no default"),
            ReasonKind::OtherValue => format!("`{name}` may have a value that nothing here names"),
            ReasonKind::Attribute => format!("`{name}` is known after deployment only"),
            ReasonKind::ExternalImport => format!("nothing here exports `{name}`"),
            ReasonKind::External => format!("`{name}` is provided outside of the project"),
            ReasonKind::DynamicReference => format!("`{name}` is resolved at deployment"),
            ReasonKind::Macro => format!("`{name}` is run by CloudFormation only"),
            ReasonKind::PseudoParameter => format!("`{name}` depends on the deployment"),
            ReasonKind::RunTime => format!("`{name}` is known at run time only"),
            ReasonKind::OutsideTheSet => format!("templates that were not loaded may say more about {name}"),
            ReasonKind::TooManyScenarios => format!("{name} has more scenarios than are tried"),
            ReasonKind::Condition => format!("condition `{name}` cannot be decided"),
            ReasonKind::UnreadableDocument => format!("the document in `{name}` cannot be read"),
            ReasonKind::SyntaxError => format!("`{name}` was read up to a syntax error only"),
            ReasonKind::Malformed => format!("`{name}` cannot be evaluated"),
            ReasonKind::AwsManagedPolicy => format!("what {name} allows is up to AWS, which manages it"),
            ReasonKind::OpenTable => format!("`{name}` is not in the list of known values, which may lack new ones"),
        }
    }
}
