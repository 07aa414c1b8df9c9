//! The command line: arguments in, text and an exit code out.
//!
//! The only floor that knows streams, the environment and the current directory, and it gets them handed in ([`Stdio`]), so that tests run it in process.

mod args;
mod check;
mod completions;
mod config;
mod explain;
mod init;
mod lint;
mod projects;
mod rules;
mod settings;
mod write;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::Parser as _;

use crate::engine::ReportedRule;
use crate::finding::Label;
use crate::render::{Paint, RenderContext, UnknownMode, draw};
use crate::rule::RuleOption;
use crate::source::{SourceFile, SourceMap, Span};
use args::{Cli, ColorChoice, Command};

/// What surrounds a run.
pub struct Stdio<'a> {
    /// Standard input; read if `-` is named.
    pub stdin: &'a mut dyn Read,
    /// Standard output: the report.
    pub stdout: &'a mut dyn Write,
    /// Standard error: why a run is not possible, warnings, timings.
    pub stderr: &'a mut dyn Write,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal, if there is one.
    pub width: Option<usize>,
    /// The current directory.
    pub cwd: Utf8PathBuf,
    /// The environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// How a run ended; the same for every format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above `--fail-on`.
    Clean,
    /// Findings at or above `--fail-on`, or undecided verdicts under `--unknown deny`.
    Findings,
    /// The run was not possible, or not whole: arguments, rule files, nothing to check, a file that cannot be read or written, a
    /// rule that failed.
    CouldNotRun,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::CouldNotRun => 2,
        })
    }
}

/// Why a run is not possible, as it is told: what, the place if it is in a file of ours, then lines of detail such as `help`.
#[derive(Debug)]
struct Failure {
    message: String,
    place: Option<Box<(SourceMap, Label)>>,
    lines: Vec<(&'static str, String)>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None, lines: Vec::new() }
    }

    /// The place is drawn like that of a finding.
    fn at(mut self, file: SourceFile, span: Span, text: impl Into<String>) -> Self {
        let mut sources = SourceMap::default();
        let span = Span { file: sources.add(file), ..span };
        self.place = Some(Box::new((sources, Label { span, text: text.into() })));
        self
    }

    fn with(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.lines.push((key, text.into()));
        self
    }
}

/// A rule as `rules` and `explain` show it.
struct ListedRule {
    rule: ReportedRule,
    /// Resource types and kinds that it looks at.
    types: Vec<String>,
    /// What a configuration can set.
    options: Vec<RuleOption>,
}

/// The schema of what `rules --format json` writes, for `docs/schema/rules.schema.json`.
#[cfg(feature = "schema")]
pub fn rules_schema() -> serde_json::Value {
    rules::schema()
}

/// Runs the program. The first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, io: &mut Stdio<'_>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, io),
    };
    let result = match cli.command {
        Some(Command::Check(args)) => check::run(&args, io),
        Some(Command::Rules(args)) => rules::run(&args, io),
        Some(Command::Explain(args)) => explain::run(&args, io),
        Some(Command::Config(args)) => config::run(&args.check, io),
        Some(Command::Init(args)) => init::run(&args, io),
        Some(Command::Completions(args)) => completions::completions(&args, io),
        Some(Command::Man) => completions::man(io),
        None => check::run(&cli.check, io),
    };
    result.unwrap_or_else(|failure| {
        // Where even standard error is closed, the exit code has to do.
        let _ = tell("error", "1;31", &failure, io);
        Exit::CouldNotRun
    })
}

/// Help, the version, or what is wrong with the arguments: clap's text, in our streams.
fn usage(error: &clap::Error, io: &mut Stdio<'_>) -> Exit {
    let to_stderr = error.use_stderr();
    let text = error.render();
    let terminal = if to_stderr { io.stderr_is_terminal } else { io.stdout_is_terminal };
    let text = if color(ColorChoice::Auto, terminal, io.env) { text.ansi().to_string() } else { text.to_string() };
    let stream = if to_stderr { &mut *io.stderr } else { &mut *io.stdout };
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    if to_stderr { Exit::CouldNotRun } else { Exit::Clean }
}

/// Writes a message with its lines to standard error.
fn tell(word: &str, style: &'static str, failure: &Failure, io: &mut Stdio<'_>) -> io::Result<()> {
    let paint = Paint { color: color(ColorChoice::Auto, io.stderr_is_terminal, io.env) };
    let mut text = format!("{}: {}\n", paint.style(style, word), failure.message);
    if let Some((sources, label)) = failure.place.as_deref() {
        let cx = RenderContext {
            sources,
            root: &io.cwd,
            cwd: &io.cwd,
            color: paint.color,
            width: width(io),
            links: false,
            unknown: UnknownMode::Hide,
            show_suppressed: false,
            scope: "",
            quiet: false,
            version: "",
            elapsed: None,
        };
        text.push_str(&draw(label, &cx));
    }
    for (key, line) in &failure.lines {
        let _ = writeln!(text, "  {}: {line}", paint.key(key));
    }
    io.stderr.write_all(text.as_bytes())?;
    io.stderr.flush()
}

/// A reader that has gone away (`| head`) is no failure.
fn unless_broken_pipe(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether to colour, by the option, then `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR` and `TERM`, then by who reads.
fn color(choice: ColorChoice, terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    let zero = |name: &str| env(name).is_some_and(|value| value == "0");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR") => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE") && !zero("CLICOLOR_FORCE") => true,
        ColorChoice::Auto => terminal && !zero("CLICOLOR") && env("TERM").as_deref() != Some("dumb"),
    }
}

/// The columns to use: the terminal's, or a width that reads well in a log.
fn width(io: &Stdio<'_>) -> usize {
    let told = || (io.env)("COLUMNS").and_then(|columns| columns.parse().ok());
    io.width.or_else(told).unwrap_or(100).clamp(40, 400)
}

/// The known word that is nearest to what was typed, if it is near.
fn did_you_mean<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let nearest = known.map(|word| (distance(&typed, &word.to_ascii_lowercase()), word)).min()?;
    (nearest.0 <= 1 + typed.len() / 5).then_some(nearest.1)
}

/// Edits of one character (insert, remove, replace, swap neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = || ["ENC001", "ENC010", "sagemaker-endpoint-config-kms"].into_iter();
        assert_eq!(did_you_mean("enc01", known()), Some("ENC001"));
        assert_eq!(did_you_mean("sagemaker-endpont-config-kms", known()), Some("sagemaker-endpoint-config-kms"));
        assert_eq!(did_you_mean("zzz", known()), None);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn colour_follows_the_conventions() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        assert!(color(ColorChoice::Auto, true, &with(&[])));
        assert!(!color(ColorChoice::Auto, false, &with(&[])));
        assert!(!color(ColorChoice::Auto, true, &with(&[("NO_COLOR", "1")])));
        assert!(color(ColorChoice::Auto, true, &with(&[("NO_COLOR", "")])));
        assert!(color(ColorChoice::Auto, false, &with(&[("CLICOLOR_FORCE", "1")])));
        assert!(!color(ColorChoice::Auto, false, &with(&[("CLICOLOR_FORCE", "0")])));
        assert!(!color(ColorChoice::Auto, true, &with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")])));
        assert!(!color(ColorChoice::Auto, true, &with(&[("TERM", "dumb")])));
        assert!(color(ColorChoice::Always, false, &with(&[("NO_COLOR", "1")])));
    }
}
