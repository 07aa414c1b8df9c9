//! What is known of a rule without evaluating it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use crate::finding::{Confidence, RuleId, Severity};

/// The heads of a rule: enough to choose it and to print a finding's first line.
#[derive(Debug, Clone)]
pub struct RuleMeta {
    /// `ENC001`: stable, never reused.
    pub id: RuleId,
    /// `sagemaker-endpoint-config-kms`: what people type.
    pub name: String,
    /// One line, without an instance.
    pub summary: String,
    /// Without a case.
    pub severity: Severity,
    /// Of a verdict that rests on nothing but the text.
    pub confidence: Confidence,
    /// From which profile on it runs.
    pub profile: Profile,
}

impl RuleMeta {
    /// The category: the letters of the id, in small letters (`enc`).
    pub fn category(&self) -> String {
        self.id.as_str().trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase()
    }
}

/// The texts of a rule, read only where someone wants to see them.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct RuleDocs {
    /// Why it matters, in Markdown.
    pub why: String,
    /// What to do, in Markdown.
    #[serde(rename = "do")]
    pub remedy: String,
    /// Pages of AWS's documentation.
    pub references: Vec<String>,
    /// Control ids by framework.
    pub controls: BTreeMap<String, Vec<String>>,
    /// Control ids that fit by analogy only.
    pub controls_by_analogy: BTreeMap<String, Vec<String>>,
    /// Ids of peers' rules; `~` marks a weaker relative.
    pub peers: Vec<String>,
    /// When a finding has another severity than the rule.
    pub severity_cases: Vec<SeverityCase>,
    /// A template that the rule finds.
    pub example_bad: Option<String>,
    /// A template that passes.
    pub example_good: Option<String>,
}

/// A severity that some findings of a rule have, and what makes the difference, as half a sentence.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct SeverityCase {
    /// The severity.
    pub is: String,
    /// Why; empty if the rule does not say.
    #[serde(default)]
    pub because: String,
}

impl SeverityCase {
    /// The case in words.
    pub fn told(&self) -> String {
        let Self { is, because } = self;
        if because.is_empty() {
            format!("{is} in some cases")
        } else {
            format!("{is} in some cases, because {because}")
        }
    }
}

/// The texts of a rule that are read when the first of them is asked for: most reports show few rules, and some none.
#[derive(Clone)]
pub struct LazyDocs(Arc<LazyLock<RuleDocs, Box<dyn FnOnce() -> RuleDocs + Send>>>);

impl LazyDocs {
    /// Texts that are read by a function.
    pub fn new(read: impl FnOnce() -> RuleDocs + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(read))))
    }
}

impl From<RuleDocs> for LazyDocs {
    fn from(docs: RuleDocs) -> Self {
        Self::new(|| docs)
    }
}

impl Deref for LazyDocs {
    type Target = RuleDocs;

    fn deref(&self) -> &RuleDocs {
        &self.0
    }
}

impl fmt::Debug for LazyDocs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RuleDocs::fmt(self, f)
    }
}

/// How much a run says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Profile {
    /// What a senior reviewer would block a change for.
    #[default]
    Recommended,
    /// Everything.
    Strict,
}

impl Profile {
    /// The word in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Strict => "strict",
        }
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "recommended" => Ok(Self::Recommended),
            "strict" => Ok(Self::Strict),
            other => Err(format!("`{other}` is neither `recommended` nor `strict`")),
        }
    }
}
