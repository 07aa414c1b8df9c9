//! `.mlops-lint.yaml`: what a project says about how it wants to be checked.
//!
//! Turns the text of a configuration file into a [`Config`] whose every value has its place, or into the first mistake in it.
//! It does not look for files and does not decide what wins over it: the command line does that.

mod keys;
mod read;
mod schema;

use std::sync::Arc;

use camino::Utf8Path;
use globset::GlobMatcher;

use crate::finding::{Severity, UnknownMode};
use crate::rule::{Profile, RuleFileError};
use crate::source::{FileId, SourceFile, Span};

pub use keys::{KEYS, Key, Shape};
pub use schema::schema;

/// The name of the file.
pub const FILE_NAME: &str = ".mlops-lint.yaml";

/// A value with the place where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// A file as it is written; what it does not say is absent.
#[derive(Debug, Default)]
pub struct Config {
    /// The text, as it is shown; its spans are those of [`FileId`] 0.
    pub source: Option<SourceFile>,
    /// Globs of what is walked, relative to the project; nothing else is.
    pub include: Option<Written<Vec<Glob>>>,
    /// Globs of what is not walked.
    pub exclude: Option<Written<Vec<Glob>>>,
    /// Which rules run.
    pub select: Option<Written<Vec<Written<String>>>>,
    /// Which of them do not.
    pub ignore: Option<Written<Vec<Written<String>>>>,
    /// How much is reported.
    pub profile: Option<Written<Profile>>,
    /// From which severity on a finding fails the run.
    pub fail_on: Option<Written<Severity>>,
    /// From which severity on a finding is shown.
    pub min_severity: Option<Written<Severity>>,
    /// What becomes of undecided verdicts.
    pub unknown: Option<Written<UnknownMode>>,
    /// Directories with rule files, relative to the file.
    pub rules: Option<Written<Vec<Written<String>>>>,
    /// Severities by rule, category or path; of several that match the last one counts.
    pub severity: Vec<SeverityOverride>,
    /// Options of rules.
    pub options: Vec<RuleOptions>,
    /// What is accepted, by path.
    pub suppress: Vec<Suppress>,
    /// Values of parameters by environment.
    pub environments: Vec<Environment>,
    /// The stacks that are deployed.
    pub stacks: Vec<Stack>,
    /// Globs of names of exports and resources that exist outside of the project.
    pub external: Option<Written<Vec<Written<String>>>>,
    /// Which parameters of one name mean the same in all templates.
    pub shared_parameters: Option<Written<SharedParameters>>,
}

/// A glob over paths relative to the project, with forward slashes.
#[derive(Debug, Clone)]
pub struct Glob {
    /// As it is written.
    pub text: String,
    matcher: GlobMatcher,
}

impl Glob {
    /// Reads a glob: `*` stays within a folder, `**` does not; without a slash it matches names in any folder, and a folder's
    /// name means all that is below it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let pattern = text.trim_start_matches("./");
        let pattern = if pattern.trim_end_matches('/').contains('/') {
            pattern.trim_start_matches('/').to_owned()
        } else {
            format!("**/{pattern}")
        };
        let pattern = format!("{}{{,/**}}", pattern.trim_end_matches('/'));
        let built = globset::GlobBuilder::new(&pattern).literal_separator(true).empty_alternates(true).build();
        let glob = built.map_err(|error| error.kind().to_string())?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }

    /// Whether a path matches.
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

/// A severity for some rules, or for all, in some files, or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityOverride {
    /// Where; everywhere if absent.
    pub path: Option<Glob>,
    /// Which rules, as a selector; all if absent.
    pub rules: Option<Written<String>>,
    /// The severity.
    pub severity: Severity,
    /// The place of the key.
    pub span: Span,
}

/// Options of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOptions {
    /// Id or name of the rule.
    pub rule: Written<String>,
    /// Names and values.
    pub values: Vec<(Written<String>, Written<Vec<String>>)>,
}

/// Findings of some rules in some files that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppress {
    /// Ids or names.
    pub rules: Vec<Written<String>>,
    /// Where.
    pub paths: Vec<Glob>,
    /// Why; empty if it is not said.
    pub reason: String,
    /// Until which day, as `YYYY-MM-DD`.
    pub until: Option<Written<String>>,
    /// The place of the entry.
    pub span: Span,
}

/// Values of parameters in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: Written<String>,
    /// Parameters and their values.
    pub parameters: Vec<Assignment>,
}

/// A parameter with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The parameter.
    pub name: Written<String>,
    /// What it is given.
    pub value: Written<AssignedValue>,
}

/// What a parameter is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignedValue {
    /// A text; a list is joined by commas, as CloudFormation takes it.
    Literal(String),
    /// An output of another stack.
    Output {
        /// The stack.
        stack: String,
        /// Its output.
        output: String,
    },
}

/// A stack that is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its name, with `${environment}` in place of the environment's.
    pub name: Written<String>,
    /// Its template, relative to the project.
    pub template: Written<String>,
    /// Values in every environment.
    pub parameters: Vec<Assignment>,
    /// Values in single environments.
    pub environments: Vec<Environment>,
}

/// Which parameters of one name mean the same in all templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedParameters {
    /// All.
    All,
    /// None.
    None,
    /// These.
    Names(Vec<String>),
}

impl std::fmt::Display for SharedParameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::Names(names) => f.write_str(&names.join(", ")),
        }
    }
}

impl Config {
    /// Reads a file; `path` is how it is shown.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn read(path: &Utf8Path, text: &str) -> Result<Self, Box<RuleFileError>> {
        let file = SourceFile::new(path, Arc::<str>::from(text));
        match read::read(FileId::new(0), file.text()) {
            Ok(config) => Ok(Self { source: Some(file), ..config }),
            Err(error) => Err(Box::new(RuleFileError { file, error })),
        }
    }
}
