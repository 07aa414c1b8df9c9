//! How bad and how sure.

use std::fmt;
use std::str::FromStr;

/// How bad it is, from least to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A weakness that needs another one to hurt.
    Low,
    /// A control that a review would ask for.
    #[default]
    Medium,
    /// A control whose absence exposes data or breaks the system.
    High,
    /// Open, broken or unguarded as deployed.
    Critical,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The word in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure the verdict is, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Confidence {
    /// Two things may be the same.
    Possible,
    /// Rests on a parameter's default, or on parameters of one name meaning the same.
    Likely,
    /// Follows from the text alone.
    Certain,
}

impl Confidence {
    /// The word in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A word that names no severity, confidence or the like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is none of {expected}")]
pub struct UnknownWord {
    word: String,
    expected: &'static str,
}

impl FromStr for Severity {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == word)
            .ok_or_else(|| UnknownWord { word: word.to_owned(), expected: "info, low, medium, high, critical" })
    }
}

impl FromStr for Confidence {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Possible, Self::Likely, Self::Certain]
            .into_iter()
            .find(|confidence| confidence.as_str() == word)
            .ok_or_else(|| UnknownWord { word: word.to_owned(), expected: "possible, likely, certain" })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
