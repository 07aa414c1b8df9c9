//! The settings of a project: the command line over the configuration over the defaults, each with where it comes from.

use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::{Config, Written};
use crate::finding::{Severity, UnknownMode};
use crate::rule::declarative::RuleError;
use crate::rule::{Profile, Registry, RuleFileError, Selection, Selector, UnknownSelector};
use crate::source::{Encoding, SourceFile, Span};

use super::args::CheckArgs;
use super::projects::Configured;
use super::{Failure, lint::rule_error};

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nobody said anything.
    Default,
    /// An option of the command line.
    Option(&'static str),
    /// A place in a configuration, `path:line`.
    File(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Option(name) => f.write_str(name),
            Self::File(place) => f.write_str(place),
        }
    }
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting<T> {
    /// What holds.
    pub(super) value: T,
    /// Why.
    pub(super) origin: Origin,
}

/// What holds for one project, beside what only the configuration can say.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) profile: Setting<Profile>,
    pub(super) fail_on: Setting<Severity>,
    pub(super) min_severity: Setting<Severity>,
    pub(super) unknown: Setting<UnknownMode>,
    pub(super) select: Setting<Vec<String>>,
    pub(super) ignore: Setting<Vec<String>>,
    /// Absolute.
    pub(super) rules: Setting<Vec<Utf8PathBuf>>,
}

impl Settings {
    /// What holds under some options and a configuration.
    pub(super) fn new(args: &CheckArgs, configured: Option<&Configured>, cwd: &Utf8Path) -> Self {
        let none = Config::default();
        let config = configured.map_or(&none, |configured| &configured.config);
        let file = config.source.as_ref();
        let list = |option, given: &[String], written: &Option<Written<Vec<Written<String>>>>| {
            let given = (!given.is_empty()).then(|| given.to_vec());
            let written = written.as_ref().map(|list| Written {
                value: list.value.iter().map(|word| word.value.clone()).collect(),
                span: list.span,
            });
            pick(option, given, written.as_ref(), file, Vec::new())
        };
        let own_rules = args.rules.iter().map(|directory| cwd.join(directory)).collect::<Vec<_>>();
        let base = configured.map_or(cwd, |configured| &configured.base);
        let their_rules = config.rules.as_ref().map(|list| Written {
            value: list.value.iter().map(|directory| base.join(&directory.value)).collect(),
            span: list.span,
        });
        let own_rules = (!own_rules.is_empty()).then_some(own_rules);
        Self {
            profile: pick("--profile", args.profile, config.profile.as_ref(), file, Profile::default()),
            fail_on: pick("--fail-on", args.fail_on, config.fail_on.as_ref(), file, Severity::default()),
            min_severity: pick(
                "--min-severity",
                args.min_severity,
                config.min_severity.as_ref(),
                file,
                Severity::default(),
            ),
            unknown: pick("--unknown", args.unknown, config.unknown.as_ref(), file, UnknownMode::default()),
            select: list("--select", &args.select, &config.select),
            ignore: list("--ignore", &args.ignore, &config.ignore),
            rules: pick("--rules", own_rules, their_rules.as_ref(), file, Vec::new()),
        }
    }

    /// The rules that run.
    ///
    /// # Errors
    /// If a word stands for no rule.
    pub(super) fn selection(&self, configured: Option<&Configured>, registry: &Registry) -> Result<Selection, Failure> {
        let config = configured.map(|configured| &configured.config);
        let read = |setting: &Setting<Vec<String>>, written: Option<&Written<Vec<Written<String>>>>| {
            let selector = |(index, word): (usize, &String)| {
                Selector::parse(word.trim(), registry).map_err(|error| match &setting.origin {
                    Origin::File(_) => misnamed(error, config, written.map(|list| list.value[index].span)),
                    origin => misnamed_option(error, origin),
                })
            };
            setting.value.iter().enumerate().map(selector).collect::<Result<Vec<_>, _>>()
        };
        Ok(Selection {
            select: read(&self.select, config.and_then(|config| config.select.as_ref()))?,
            ignore: read(&self.ignore, config.and_then(|config| config.ignore.as_ref()))?,
        })
    }
}

/// What the command line says, else the file, else the default.
fn pick<T: Clone>(
    option: &'static str,
    given: Option<T>,
    written: Option<&Written<T>>,
    file: Option<&SourceFile>,
    default: T,
) -> Setting<T> {
    match (given, written) {
        (Some(value), _) => Setting { value, origin: Origin::Option(option) },
        (None, Some(written)) => Setting { value: written.value.clone(), origin: place(file, written.span) },
        (None, None) => Setting { value: default, origin: Origin::Default },
    }
}

/// `path:line` of a place in a configuration.
pub(super) fn place(file: Option<&SourceFile>, span: Span) -> Origin {
    file.map_or(Origin::Default, |file| {
        let line = file.lines().position(file.text(), span.start, Encoding::Utf8).line;
        Origin::File(format!("{}:{line}", file.path()))
    })
}

/// A mistake in a configuration, at its place.
pub(super) fn mistake(message: String, help: Option<String>, config: Option<&Config>, span: Span) -> Failure {
    match config.and_then(|config| config.source.as_ref()) {
        Some(file) => {
            let file = SourceFile::new(file.path(), Arc::clone(file.text()));
            rule_error(RuleFileError { file, error: RuleError { message, span, help } })
        }
        None => Failure::new(message),
    }
}

/// A word of a configuration that stands for nothing, with its place.
pub(super) fn misnamed(error: UnknownSelector, config: Option<&Config>, span: Option<Span>) -> Failure {
    match span {
        Some(span) => {
            let help = error.nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"));
            mistake(error.to_string(), help, config, span)
        }
        None => misnamed_option(error, &Origin::Default),
    }
}

fn misnamed_option(error: UnknownSelector, origin: &Origin) -> Failure {
    let failure = match origin {
        Origin::Option(option) => Failure::new(format!("{option}: {error}")),
        _ => Failure::new(error.to_string()),
    };
    match error.nearest {
        Some(nearest) => failure.with("help", format!("did you mean `{nearest}`?")),
        None => failure.with("help", "`mlops-lint rules` lists them all"),
    }
}
