//! What can be typed. The doc comments are the help texts.
#![allow(clippy::doc_markdown, reason = "the doc comments are help texts, which are not Markdown")]

use std::str::FromStr;

use camino::Utf8PathBuf;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use crate::engine::Date;
use crate::finding::Severity;
use crate::render::{OutputFormat, UnknownMode};
use crate::rule::Profile;

const AFTER_HELP: &str = "\
Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 the run was not possible, or not for every file.
`mlops-lint explain RULE` says why a rule matters and what to do.";

/// Checks CloudFormation templates of machine learning platforms: security, compliance, and mistakes across stacks.
#[derive(Debug, Parser)]
#[command(
    name = "mlops-lint",
    version,
    args_conflicts_with_subcommands = true,
    after_help = AFTER_HELP,
    override_usage = "mlops-lint [check] [OPTIONS] [PATH]...\n       mlops-lint rules [OPTIONS]\n       mlops-lint explain [OPTIONS] RULE\n       mlops-lint config [OPTIONS] [PATH]...\n       mlops-lint init [OPTIONS] [DIR]\n       mlops-lint completions SHELL\n       mlops-lint man"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) check: CheckArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check templates (what happens without a command)
    #[command(after_help = AFTER_HELP)]
    Check(CheckArgs),
    /// List every rule
    Rules(RulesArgs),
    /// Say why a rule matters and what to do
    Explain(ExplainArgs),
    /// Show the settings that hold for paths, and where each comes from
    Config(ConfigArgs),
    /// Write the reference architecture, a configuration, a hook and a workflow into a repository
    Init(InitArgs),
    /// Print a script that completes commands and options in a shell
    Completions(CompletionsArgs),
    /// Print the manual page, in roff
    Man,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct CheckArgs {
    /// Files and directories to check, `-` for standard input [default: .]
    ///
    /// Directories are walked: .gitignore is respected, hidden files are left out, and templates among *.yaml, *.yml, *.json
    /// and *.template are recognised by their content. Files that are named are read whatever they are called, even when
    /// ignored. A directory with the manifest.json of a CDK assembly gives the templates that the manifest names.
    #[arg(value_name = "PATH", help_heading = "Input")]
    pub(super) paths: Vec<Utf8PathBuf>,

    /// The named files are what changed: read the whole project around them, report on them only
    ///
    /// For hooks that get a list of files. The project is the folder of the nearest .mlops-lint.yaml, else the repository.
    /// Files that are no templates, or that the configuration excludes, are passed over; if none is left, that is fine.
    #[arg(long, help_heading = "Input")]
    pub(super) changed: bool,

    /// Load the templates of the reference architecture beside your own, so that imports of its exports are judged
    ///
    /// Nothing is reported on them, unless `--reference=report` asks for it.
    #[arg(long, value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "load", value_parser = words::<Reference>(&["load", "report"]), hide_possible_values = true, help_heading = "Input")]
    pub(super) reference: Option<Reference>,

    /// Leave out what the configuration excludes also where it is named
    #[arg(long, help_heading = "Input")]
    pub(super) force_exclude: bool,

    /// The configuration for every path, instead of the nearest .mlops-lint.yaml; its globs are relative to the current directory
    #[arg(long, value_name = "FILE", conflicts_with = "no_config", help_heading = "Configuration")]
    pub(super) config: Option<Utf8PathBuf>,

    /// Read no configuration file
    #[arg(long, help_heading = "Configuration")]
    pub(super) no_config: bool,

    /// Judge one environment of the configuration only
    #[arg(long, value_name = "NAME", help_heading = "Configuration")]
    pub(super) environment: Option<String>,

    /// Values of parameters, before those of the configuration: a file, or KEY=VALUE; may be repeated
    ///
    /// Files are read as `aws cloudformation` takes them (`ParameterKey`, `ParameterValue`; or KEY=VALUE), and as CodePipeline does.
    #[arg(long, value_name = "FILE|KEY=VALUE", help_heading = "Configuration")]
    pub(super) parameters: Vec<String>,

    /// Rules that run, instead of the profile's: ids, names, categories, profiles, frameworks, controls
    ///
    /// Such as ENC017, training-job-volume-kms, NET, strict, fsbp, nist-800-53-r5:SC-7. What is said most narrowly of a rule decides.
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    pub(super) select: Vec<String>,

    /// Rules that do not run, in the same words
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    pub(super) ignore: Vec<String>,

    /// How much to report: `recommended` is what a review would block a change for, `strict` is everything [default: recommended]
    #[arg(long, value_name = "PROFILE", value_parser = words::<Profile>(&["recommended", "strict"]), hide_possible_values = true, help_heading = "Rules")]
    pub(super) profile: Option<Profile>,

    /// A directory with rule files of your own; may be repeated
    #[arg(long, value_name = "DIR", help_heading = "Rules")]
    pub(super) rules: Vec<Utf8PathBuf>,

    /// Findings from this severity on make the exit code 1: info, low, medium, high, critical [default: medium]
    #[arg(long, value_name = "SEVERITY", value_parser = severity(), hide_possible_values = true, help_heading = "Verdict")]
    pub(super) fail_on: Option<Severity>,

    /// Findings below this severity are counted but not shown, in every format [default: medium]
    #[arg(long, value_name = "SEVERITY", value_parser = severity(), hide_possible_values = true, help_heading = "Verdict")]
    pub(super) min_severity: Option<Severity>,

    /// The day on which suppressions are judged, as YYYY-MM-DD [default: today, in UTC]
    #[arg(long, value_name = "DAY", help_heading = "Verdict")]
    pub(super) as_of: Option<Date>,

    /// What becomes of checks that cannot be decided: `hide` counts them, `show` lists them, `deny` also makes the exit code 1 [default: hide]
    #[arg(long, value_name = "MODE", value_parser = words::<UnknownMode>(&["hide", "show", "deny"]), hide_possible_values = true, help_heading = "Verdict")]
    pub(super) unknown: Option<UnknownMode>,

    /// List what is suppressed, with its reasons
    #[arg(long, help_heading = "Output")]
    pub(super) show_suppressed: bool,

    /// Findings do not change the exit code
    #[arg(long, help_heading = "Verdict")]
    pub(super) exit_zero: bool,

    /// What is written to standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", value_parser = format(), help_heading = "Output")]
    pub(super) format: OutputFormat,

    /// A report to write to a file beside standard output, such as sarif=report.sarif; may be repeated
    ///
    /// The file is written beside its place and then moved, so that nobody reads half a report.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output, help_heading = "Output")]
    pub(super) output: Vec<(OutputFormat, Utf8PathBuf)>,

    /// When to use colours; `auto` asks the terminal, NO_COLOR and CLICOLOR_FORCE
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = words::<ColorChoice>(&["auto", "always", "never"]), help_heading = "Output")]
    pub(super) color: ColorChoice,

    /// Print findings and errors only: no summary, no warnings
    #[arg(short, long, help_heading = "Output")]
    pub(super) quiet: bool,

    /// Print how long each phase took, on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,

    /// Threads to use [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), hide_short_help = true, help_heading = "Output")]
    pub(super) threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// What is written to standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", value_parser = words::<OutputFormat>(&["human", "json"]))]
    pub(super) format: OutputFormat,

    /// A directory with rule files of your own; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<Utf8PathBuf>,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = words::<ColorChoice>(&["auto", "always", "never"]))]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Id or name of a rule: ENC001, sagemaker-endpoint-config-kms
    #[arg(value_name = "RULE")]
    pub(super) rule: String,

    /// A directory with rule files of your own; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<Utf8PathBuf>,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = words::<ColorChoice>(&["auto", "always", "never"]))]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// The paths and options of a run
    #[command(flatten)]
    pub(super) check: CheckArgs,
}

/// What becomes of the templates of the program itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// They are in the graph.
    Load,
    /// They are in the graph, and are reported on.
    Report,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "load" => Ok(Self::Load),
            "report" => Ok(Self::Report),
            other => Err(format!("`{other}` is neither load nor report")),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The repository to write into [default: .]
    #[arg(value_name = "DIR")]
    pub(super) directory: Option<Utf8PathBuf>,

    /// The name of the project, which every resource's name begins with: at most 12 small letters, digits and hyphens
    #[arg(long, value_name = "NAME", default_value = "mlops")]
    pub(super) name: String,

    /// The environments that the workflow deploys and the configuration checks
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "dev,staging,production", value_parser = ["dev", "staging", "production"])]
    pub(super) environments: Vec<String>,

    /// Say what would be written, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = words::<ColorChoice>(&["auto", "always", "never"]))]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColorChoice {
    /// Where they are understood.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl FromStr for ColorChoice {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            other => Err(format!("`{other}` is none of auto, always, never")),
        }
    }
}

fn words<T>(words: &'static [&'static str]) -> impl clap::builder::TypedValueParser<Value = T>
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).map(|word| word.parse::<T>().expect("each listed word is known"))
}

fn format() -> impl clap::builder::TypedValueParser<Value = OutputFormat> {
    PossibleValuesParser::new(OutputFormat::ALL.map(|format| PossibleValue::new(format.as_str()).help(format.about())))
        .map(|word| word.parse().expect("each listed word is a format"))
}

fn severity() -> impl clap::builder::TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(["info", "low", "medium", "high", "critical"])
        .map(|word| word.parse().expect("each listed word is a severity"))
}

fn output(text: &str) -> Result<(OutputFormat, Utf8PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("a format and a file are expected, such as sarif=report.sarif")?;
    match file {
        "" => Err(format!("`{text}` names no file")),
        "-" => Err(format!("use --format {format} to write to standard output")),
        _ => Ok((format.parse()?, file.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn check_is_what_happens_without_a_command() {
        for arguments in [&["mlops-lint", "a", "b"][..], &["mlops-lint", "check", "a", "b"]] {
            let cli = Cli::try_parse_from(arguments).unwrap();
            let check = match cli.command {
                Some(Command::Check(check)) => check,
                None => cli.check,
                other => panic!("{other:?}"),
            };
            assert_eq!(check.paths, ["a", "b"]);
            assert_eq!(check.fail_on, None);
        }
    }

    #[test]
    fn outputs_name_a_format_and_a_file() {
        assert_eq!(output("sarif=a=b.sarif"), Ok((OutputFormat::Sarif, "a=b.sarif".into())));
        for wrong in ["sarif", "sarif=", "xml=a", "json=-"] {
            assert!(output(wrong).is_err(), "{wrong}");
        }
    }
}
