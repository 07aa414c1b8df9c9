//! `mlops-lint check`: finds templates, has them checked, writes the reports.

use camino::{Utf8Path, Utf8PathBuf};

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::engine::{Date, Report};
use crate::finding::UnknownMode;
use crate::project::discover::{
    DiscoverError, Discovered, Kind, Options, SkipReason, discover, normal_path, portable_path, repository_root,
};
use crate::render::{OutputFormat, RenderContext, left_out, plural, render};
use crate::source::SourceMap;

use super::args::CheckArgs;
use super::lint::{Timings, lint};
use super::projects::{Configs, Group, Plan};
use super::settings::Settings;
use super::{Exit, Failure, Stdio, color, did_you_mean, tell, unless_broken_pipe, width, write};

pub(super) fn run(args: &CheckArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    match args.threads {
        None => check(args, io),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).use_current_thread().build();
            // The pool lives as long as this thread and is what everything below runs in.
            let _pool = pool.map_err(|error| Failure::new(format!("cannot start {threads} threads: {error}")))?;
            check(args, io)
        }
    }
}

fn check(args: &CheckArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    let mut timings = Timings::start();
    let ground = Ground::new(args, &io.cwd)?;
    one_report_a_file(args, &ground.cwd)?;
    let options = Options {
        cwd: &ground.cwd,
        root: &ground.root,
        stdin: &mut *io.stdin,
        filter: Some(ground.configs.filter()),
        filter_named: args.force_exclude || args.changed,
        loaded: &ground.plan.loaded,
    };
    let found = discover(&ground.paths, options);
    ground.configs.checked()?;
    let found = match found {
        Err(DiscoverError::Nothing { found, .. }) if args.changed || found.filtered > 0 => return Ok(Exit::Clean),
        found => found.map_err(nothing_to_check)?,
    };
    timings.lap("discover");
    let mut is_whole = true;
    for skipped in &found.skipped {
        let failure = Failure::new(skipped.text());
        // Among what changed may be anything, pictures too.
        let is_text = !(args.changed && matches!(skipped.reason, SkipReason::NotUtf8));
        let is_expected = args.changed && matches!(skipped.reason, SkipReason::NoTemplate(_));
        if skipped.is_unchecked() && is_text {
            is_whole = false;
            let _ = tell("error", "1;31", &failure.with("help", "it was not checked; the other files were"), io);
        } else if !args.quiet && !is_expected {
            let _ = tell("warning", "1;33", &failure, io);
        }
    }
    let looked_at = found.looked_at;
    let mut groups = ground.plan.groups(found.templates, &ground.cwd, &ground.configs);
    if let Some(mode) = args.reference {
        for group in &mut groups {
            group.add_reference(mode);
        }
    }
    let Some(mut outcome) = lint_all(args, groups, &ground, &mut timings)? else { return Ok(Exit::Clean) };
    outcome.report.counts.files = looked_at;
    let color = color(args.color, io.stdout_is_terminal, io.env);
    let term = (io.env)("TERM");
    let cx = RenderContext {
        sources: &outcome.sources,
        root: &ground.root,
        cwd: &ground.cwd,
        color,
        width: width(io),
        links: color && io.stdout_is_terminal && !matches!(term.as_deref(), Some("dumb" | "linux")),
        unknown: outcome.unknown,
        show_suppressed: args.show_suppressed,
        scope: &outcome.scope,
        quiet: args.quiet,
        version: env!("CARGO_PKG_VERSION"),
        elapsed: Some(timings.total()),
    };
    write_reports(args, &outcome.report, &cx, io)?;
    timings.lap("render");
    if args.verbose {
        tell_timings(&timings, io);
    }
    tell_failures(&outcome.report, io);
    Ok(if !is_whole || !outcome.report.failures.is_empty() {
        Exit::CouldNotRun
    } else if outcome.fails && !args.exit_zero {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

/// What a run stands on: where it is, what was named, and the configurations.
pub(super) struct Ground {
    pub(super) cwd: Utf8PathBuf,
    pub(super) paths: Vec<Utf8PathBuf>,
    pub(super) root: Utf8PathBuf,
    pub(super) configs: Arc<Configs>,
    pub(super) plan: Plan,
    /// The day on which suppressions expire.
    pub(super) today: Date,
}

impl Ground {
    pub(super) fn new(args: &CheckArgs, cwd: &Utf8Path) -> Result<Self, Failure> {
        // Paths are compared without symbolic links, so the current directory has to be without them too.
        let cwd = cwd.canonicalize_utf8().unwrap_or_else(|_| cwd.to_owned());
        let paths = paths(args, &cwd);
        let root = root(&paths, &cwd);
        let configs = Configs::new(args, &cwd)?;
        let plan = Plan::new(&paths, args.changed, &root, &cwd, &configs);
        configs.checked()?;
        let today = args.as_of.unwrap_or_else(today);
        Ok(Self { cwd, paths, root, configs, plan, today })
    }
}

/// The day in UTC. Nothing but an expiry that someone wrote depends on it.
fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Date::from_unix_seconds(since.as_secs())
}

/// What all projects of a run give together.
struct Outcome {
    sources: SourceMap,
    report: Report,
    /// The folder of the project relative to the repository, if there is one project with a folder of its own.
    scope: String,
    unknown: UnknownMode,
    fails: bool,
}

/// Checks each project by itself; nothing if there is none.
fn lint_all(
    args: &CheckArgs,
    groups: Vec<Group>,
    ground: &Ground,
    timings: &mut Timings,
) -> Result<Option<Outcome>, Failure> {
    let scopes: Vec<String> = groups.iter().map(|group| scope(group, ground)).collect();
    let mut all: Option<Outcome> = None;
    for group in groups {
        let settings = Settings::new(args, group.configured.as_deref(), &ground.cwd);
        let unknown = settings.unknown.value;
        let (sources, report) = lint(args, group, &settings, ground, timings)?;
        let fails = fails(&report, &settings);
        match &mut all {
            None => all = Some(Outcome { sources, report, scope: String::new(), unknown, fails }),
            Some(all) => {
                all.report.join(report, all.sources.len());
                all.sources.join(sources);
                all.unknown = all.unknown.max(unknown);
                all.fails |= fails;
            }
        }
    }
    if let (Some(all), [scope]) = (&mut all, &scopes[..]) {
        all.scope.clone_from(scope);
    }
    Ok(all)
}

fn scope(group: &Group, ground: &Ground) -> String {
    match &group.configured {
        Some(configured) if ground.configs.make_projects() && configured.folder != ground.root => {
            portable_path(&ground.root, &ground.cwd, &configured.folder)
        }
        _ => String::new(),
    }
}

/// What was named, or the current directory. `check` behind an option is the command, unless there is such a path.
fn paths(args: &CheckArgs, cwd: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut paths = args.paths.clone();
    if paths.first().is_some_and(|first| first == "check") && !cwd.join("check").exists() {
        paths.remove(0);
    }
    if paths.is_empty() {
        paths.push(".".into());
    }
    paths
}

/// The repository of the current directory if a named path is in it; else the one that all named paths are in; else the current directory.
fn root(paths: &[Utf8PathBuf], cwd: &Utf8Path) -> Utf8PathBuf {
    let here = repository_root(cwd);
    let named: Vec<_> =
        paths.iter().filter(|path| *path != "-").filter_map(|path| cwd.join(path).canonicalize_utf8().ok()).collect();
    let holds = |root: &Utf8PathBuf| named.iter().any(|path| path.starts_with(root));
    if named.is_empty() || here.as_ref().is_some_and(holds) {
        return here.unwrap_or_else(|| cwd.to_owned());
    }
    let first = repository_root(&named[0]).filter(|root| named.iter().all(|path| path.starts_with(root)));
    first.or(here).unwrap_or_else(|| cwd.to_owned())
}

fn write_reports(args: &CheckArgs, report: &Report, cx: &RenderContext<'_>, io: &mut Stdio<'_>) -> Result<(), Failure> {
    let formats = args.output.iter().map(|(format, _)| *format).chain([args.format]);
    if let Some(warning) = left_out_of(formats, report, cx).filter(|_| !args.quiet) {
        let _ = tell("warning", "1;33", &warning, io);
    }
    // Files first: a reader of standard output that goes away must not cost them.
    for (format, file) in &args.output {
        // A file is no terminal, whatever standard output is.
        let cx = RenderContext { color: false, links: false, ..cx.clone() };
        write::atomically(&cx.cwd.join(file), |out| render(report, *format, &cx, out))
            .map_err(|error| Failure::new(format!("cannot write `{file}`: {error}")))?;
    }
    unless_broken_pipe(render(report, args.format, cx, io.stdout).and_then(|()| io.stdout.flush()))
}

/// What to say if one of the reports cannot hold everything.
fn left_out_of(
    formats: impl Iterator<Item = OutputFormat>,
    report: &Report,
    cx: &RenderContext<'_>,
) -> Option<Failure> {
    let count = formats.map(|format| left_out(report, format, cx)).max().filter(|&count| count > 0)?;
    let text = format!("the SARIF report leaves out {}, the least severe", plural(count, "result"));
    Some(Failure::new(text).with("help", "code scanning of GitHub takes no more in a file; JSON has all of them"))
}

fn fails(report: &Report, settings: &Settings) -> bool {
    let shown = report.findings.iter().map(|finding| finding.severity);
    // What is hidden from view still counts for the verdict.
    let hidden = report.hidden.iter().filter(|&(_, &count)| count > 0).map(|(&severity, _)| severity);
    let denied = settings.unknown.value == UnknownMode::Deny && !report.undecided.is_empty();
    denied || shown.chain(hidden).any(|severity| severity >= settings.fail_on.value)
}

fn tell_timings(timings: &Timings, io: &mut Stdio<'_>) {
    let total = ("total", timings.total());
    for (phase, time) in timings.phases.iter().chain([&total]) {
        let _ = writeln!(io.stderr, "{phase:<10} {:>9.3} ms", time.as_secs_f64() * 1000.0);
    }
}

/// The later of two reports in one file would take the place of the earlier.
fn one_report_a_file(args: &CheckArgs, cwd: &Utf8Path) -> Result<(), Failure> {
    let mut known = BTreeSet::new();
    match args.output.iter().find(|(_, file)| !known.insert(normal_path(&cwd.join(file)))) {
        Some((_, file)) => Err(Failure::new(format!("`{file}` is named for two reports"))
            .with("help", "name another file with one of the two `--output`")),
        None => Ok(()),
    }
}

fn tell_failures(report: &Report, io: &mut Stdio<'_>) {
    for failed in &report.failures {
        let message = format!("rule {} failed on {}: {}", failed.rule.as_str(), failed.target, failed.message);
        let failure = Failure::new(message)
            .with("help", "this is a defect of mlops-lint, not of the template; the other rules were run");
        let _ = tell("error", "1;31", &failure, io);
    }
}

fn nothing_to_check(error: DiscoverError) -> Failure {
    let message = error.to_string();
    match error {
        DiscoverError::Missing(path) => {
            let failure = Failure::new(message);
            match did_you_mean(
                path.as_str(),
                ["check", "rules", "explain", "config", "init", "completions", "man"].into_iter(),
            ) {
                Some(command) => failure.with("help", format!("there is a command `mlops-lint {command}`")),
                None => failure,
            }
        }
        DiscoverError::Unreadable { .. } => Failure::new(message),
        DiscoverError::Nothing { found, .. } => nothing(&found, message),
    }
}

fn nothing(found: &Discovered, message: String) -> Failure {
    // One file that was named: its own sentence says it all.
    if let [skipped] = found.skipped.as_slice()
        && found.explicit_files_only
    {
        let failure = Failure::new(skipped.text());
        return match skipped.reason {
            SkipReason::NoTemplate(_) => failure
                .with("help", "a template has `Resources` at its top level, and each resource in it has a `Type`"),
            SkipReason::NotUtf8 => failure.with("help", "save it as UTF-8, which is what CloudFormation takes"),
            SkipReason::TooLarge(_) | SkipReason::Unreadable(_) => failure,
        };
    }
    let others: Vec<_> =
        [Kind::Kubernetes, Kind::GithubWorkflow, Kind::OpenApi, Kind::Compose, Kind::Package, Kind::Empty, Kind::Other]
            .into_iter()
            .filter_map(|kind| Some(format!("{} {}", found.others.get(&kind)?, kind.counted())))
            .collect();
    let seen = match found.looked_at {
        0 => "no such file seen".to_owned(),
        1 => format!("1 file seen, which is no template ({})", others.join(", ")),
        count => format!("{} seen, none is a template ({})", plural(count, "file"), others.join(", ")),
    };
    let mut failure = Failure::new(message)
        .with("looked for", format!("*.yaml, *.yml, *.json, *.template with CloudFormation resources; {seen}"));
    for skipped in &found.skipped {
        failure = failure.with("skipped", skipped.text());
    }
    if !found.explicit_files_only {
        failure = failure.with("help", "name a file to see why it is not taken");
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Finding, Label, RuleId, Severity, Subject};
    use crate::source::{FileId, SourceMap, Span};

    #[test]
    fn a_report_that_code_scanning_would_refuse_is_cut_and_the_user_is_told() {
        let finding = Finding {
            secrets: Vec::new(),
            rule: RuleId::new("TST001"),
            severity: Severity::High,
            confidence: Confidence::Certain,
            message: String::new(),
            primary: Label { span: Span::new(FileId::new(0), 0, 0), text: String::new() },
            related: Vec::new(),
            help: None,
            assumed: None,
            scenario: None,
            subject: Subject::default(),
        };
        let sources = SourceMap::default();
        let cx = RenderContext {
            sources: &sources,
            root: Utf8Path::new("/"),
            cwd: Utf8Path::new("/"),
            color: false,
            width: 80,
            links: false,
            unknown: UnknownMode::Hide,
            show_suppressed: false,
            scope: "",
            quiet: false,
            version: "",
            elapsed: None,
        };
        let said = |count: usize, formats: &[OutputFormat]| {
            let report = Report { findings: vec![finding.clone(); count], ..Report::default() };
            left_out_of(formats.iter().copied(), &report, &cx).map(|failure| failure.message)
        };
        let both = [OutputFormat::Human, OutputFormat::Sarif];
        assert_eq!(said(25_000, &both), None);
        assert_eq!(said(25_001, &[OutputFormat::Json]), None);
        assert_eq!(said(25_001, &both).as_deref(), Some("the SARIF report leaves out 1 result, the least severe"));
    }
}
