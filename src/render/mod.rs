//! Turns a [`Report`] into text: for people, as JSON, as SARIF, and as other programs that show findings read it.
//!
//! The only floor that asks for lines and columns. It does not decide anything: what a report holds is printed, and the exit code is the caller's.
//! Every format writes the same bytes for the same report; only the human one says how long the run took.

mod address;
mod concise;
mod each;
mod excerpt;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod markdown;
mod order;
mod place;
mod sarif;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod summary;
mod text;
mod words;

use std::io::{self, BufWriter, Write};
use std::str::FromStr;
use std::time::Duration;

use camino::Utf8Path;

use crate::engine::Report;
use crate::finding::Label;
pub use crate::finding::UnknownMode;
use crate::source::SourceMap;

pub(crate) use text::{Paint, example, framework_name, plural, wrap};

/// Draws one place of a file as it is drawn below a finding: for mistakes in files of our own formats, such as rules.
pub(crate) fn draw(label: &Label, cx: &RenderContext<'_>) -> String {
    human::draw(label, cx)
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutputFormat {
    /// For people, with excerpts of the source.
    Human,
    /// One line a finding.
    Concise,
    /// Our own JSON, described by `docs/schema/report.schema.json`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Code quality of GitLab.
    Gitlab,
    /// XML of JUnit.
    Junit,
    /// A page in GitHub's Markdown.
    Markdown,
}

impl OutputFormat {
    /// All of them, in the order of the help text.
    pub const ALL: [Self; 8] =
        [Self::Human, Self::Concise, Self::Json, Self::Sarif, Self::Github, Self::Gitlab, Self::Junit, Self::Markdown];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
        }
    }

    /// What it is, for the help text.
    pub fn about(self) -> &'static str {
        match self {
            Self::Human => "for people, with excerpts of the source",
            Self::Concise => "one line a finding",
            Self::Json => "everything, as JSON with a schema",
            Self::Sarif => "SARIF 2.1.0, for code scanning",
            Self::Github => "annotations in GitHub Actions, the worst first",
            Self::Gitlab => "a code quality report of GitLab",
            Self::Junit => "test results of JUnit, as most CI systems show them",
            Self::Markdown => "a page for the summary of a job",
        }
    }
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|format| format.as_str() == word);
        found.ok_or_else(|| format!("`{word}` is none of {}", known()))
    }
}

/// Everything a renderer needs besides the report.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct RenderContext<'a> {
    /// The texts that the report's spans point into.
    pub sources: &'a SourceMap,
    /// Machine formats give paths relative to this: the repository, else the current directory.
    pub root: &'a Utf8Path,
    /// Paths for people are relative to this; relative paths of sources are taken from here.
    pub cwd: &'a Utf8Path,
    /// Whether the human format may use colours.
    pub color: bool,
    /// Columns that the human format may use.
    pub width: usize,
    /// Whether the human format may write hyperlinks (OSC 8).
    pub links: bool,
    /// What becomes of undecided verdicts.
    pub unknown: UnknownMode,
    /// Whether what is suppressed is listed, with its reasons.
    pub show_suppressed: bool,
    /// The folder of the project relative to the repository, with forward slashes; empty for the repository itself, and
    /// where a run covers several projects.
    pub scope: &'a str,
    /// Findings only, no summary; human format.
    pub quiet: bool,
    /// Version of this program.
    pub version: &'a str,
    /// How long the run took; human format.
    pub elapsed: Option<Duration>,
}

/// How many results a format leaves out because its readers take no more. The report says so itself; so should the caller.
pub fn left_out(report: &Report, format: OutputFormat, cx: &RenderContext<'_>) -> usize {
    if format == OutputFormat::Sarif { sarif::left_out(report, cx) } else { 0 }
}

/// The schema of the JSON report, for `docs/schema/report.schema.json`.
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    json::schema()
}

/// Writes a report.
///
/// # Errors
/// What the writer says.
pub fn render(report: &Report, format: OutputFormat, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    // One allocation against one call of the writer for each piece of text.
    let mut out = BufWriter::with_capacity(1 << 16, out);
    match format {
        OutputFormat::Human => human::render(report, cx, &mut out)?,
        OutputFormat::Json => json::render(report, cx, &mut out)?,
        OutputFormat::Sarif => sarif::render(report, cx, &mut out)?,
        OutputFormat::Concise => concise::render(report, cx, &mut out)?,
        OutputFormat::Github => github::render(report, cx, &mut out)?,
        OutputFormat::Gitlab => gitlab::render(report, cx, &mut out)?,
        OutputFormat::Junit => junit::render(report, cx, &mut out)?,
        OutputFormat::Markdown => markdown::render(report, cx, &mut out)?,
    }
    out.flush()
}
