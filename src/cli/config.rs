//! `mlops-lint config`: the settings that hold for some paths, and where each of them comes from.

use std::fmt::Write as _;

use camino::Utf8Path;
use serde::Serialize;

use crate::config::Config;
use crate::project::discover::path_for_people;
use crate::render::{OutputFormat, Paint};
use crate::source::Span;

use super::args::CheckArgs;
use super::check::Ground;
use super::lint::{registry, set_options};
use super::projects::Configured;
use super::settings::{Settings, place};
use super::{Exit, Failure, Stdio, color, unless_broken_pipe};

/// The settings of one project, as they are shown.
#[derive(Debug, Serialize)]
struct Shown {
    /// The project's folder, relative to the current directory.
    project: String,
    /// The configuration file, if there is one.
    file: Option<String>,
    settings: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    /// As it could stand in a configuration.
    value: String,
    origin: String,
}

pub(super) fn run(args: &CheckArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    let ground = Ground::new(args, &io.cwd)?;
    let mut projects = Vec::new();
    for path in &ground.paths {
        let real = ground.cwd.join(path).canonicalize_utf8();
        let real = real.map_err(|error| Failure::new(format!("`{path}` cannot be read: {error}")))?;
        let folder = if real.is_dir() { real.as_path() } else { real.parent().unwrap_or(&real) };
        let configured = ground.configs.of(folder);
        ground.configs.checked()?;
        let shown = shown(args, configured.as_deref(), &ground)?;
        if !projects.iter().any(|known: &Shown| known.project == shown.project) {
            projects.push(shown);
        }
    }
    let mut text = String::new();
    if args.format == OutputFormat::Json {
        text = serde_json::to_string(&Document { version: 1, projects })
            .map_err(|error| Failure::new(error.to_string()))?;
        text.push('\n');
    } else {
        let paint = Paint { color: color(args.color, io.stdout_is_terminal, io.env) };
        for (index, project) in projects.iter().enumerate() {
            write_project(project, index > 0, paint, &mut text);
        }
    }
    unless_broken_pipe(io.stdout.write_all(text.as_bytes()).and_then(|()| io.stdout.flush()))?;
    Ok(Exit::Clean)
}

#[derive(Serialize)]
struct Document {
    version: u32,
    projects: Vec<Shown>,
}

fn write_project(project: &Shown, is_next: bool, paint: Paint, text: &mut String) {
    if is_next {
        text.push('\n');
    }
    let file = project.file.as_deref().map_or_else(|| "no configuration file".to_owned(), ToOwned::to_owned);
    let _ = writeln!(text, "{} ({file})", paint.bold(&project.project));
    let names = project.settings.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let values =
        project.settings.iter().map(|row| row.value.chars().count()).filter(|&width| width <= 40).max().unwrap_or(0);
    for Row { name, value, origin } in &project.settings {
        let _ = writeln!(text, "  {name:<names$}  {value:<values$}  {}", paint.dim(origin));
    }
}

fn shown(args: &CheckArgs, configured: Option<&Configured>, ground: &Ground) -> Result<Shown, Failure> {
    let settings = Settings::new(args, configured, &ground.cwd);
    // Words that mean nothing are told here as they are by a run.
    let mut registry = registry(&settings.rules.value)?;
    set_options(configured, &mut registry)?;
    settings.selection(configured, &registry)?;
    let relative = |path: &Utf8Path| match path_for_people(&ground.root, &ground.cwd, path) {
        here if here.is_empty() => ".".to_owned(),
        path => path,
    };
    let mut rows = Vec::new();
    let mut row = |name, value: String, origin: &super::settings::Origin| {
        rows.push(Row { name, value, origin: origin.to_string() });
    };
    row("profile", settings.profile.value.as_str().to_owned(), &settings.profile.origin);
    row("select", list(settings.select.value.iter().map(String::as_str)), &settings.select.origin);
    row("ignore", list(settings.ignore.value.iter().map(String::as_str)), &settings.ignore.origin);
    row("fail-on", settings.fail_on.value.as_str().to_owned(), &settings.fail_on.origin);
    row("min-severity", settings.min_severity.value.as_str().to_owned(), &settings.min_severity.origin);
    row("unknown", settings.unknown.value.as_str().to_owned(), &settings.unknown.origin);
    row("rules", list(settings.rules.value.iter().map(|path| relative(path))), &settings.rules.origin);
    let none = Config::default();
    let config = configured.map_or(&none, |configured| &configured.config);
    for (name, value, span) in in_file_only(config) {
        row(name, value, &place(config.source.as_ref(), span));
    }
    let folder = configured.map_or(&ground.root, |configured| &configured.folder);
    Ok(Shown {
        project: relative(folder),
        file: config.source.as_ref().map(|file| file.path().to_string()),
        settings: rows,
    })
}

/// What only a configuration can say, where it says it.
fn in_file_only(config: &Config) -> Vec<(&'static str, String, Span)> {
    let globs = |name, globs: &Option<crate::config::Written<Vec<crate::config::Glob>>>| {
        globs.as_ref().map(|globs| (name, list(globs.value.iter().map(|glob| glob.text.as_str())), globs.span))
    };
    let mut rows: Vec<_> = [globs("include", &config.include), globs("exclude", &config.exclude)].into();
    rows.push(
        config
            .external
            .as_ref()
            .map(|external| ("external", list(external.value.iter().map(|name| name.value.as_str())), external.span)),
    );
    let mut rows: Vec<_> = rows.into_iter().flatten().collect();
    for written in &config.severity {
        let path = written.path.iter().map(|path| path.text.as_str());
        let rules = written.rules.iter().map(|rules| rules.value.as_str());
        let who = path.chain(rules).collect::<Vec<_>>().join(" ");
        rows.push(("severity", format!("{who}: {}", written.severity.as_str()), written.span));
    }
    for options in &config.options {
        for (name, value) in &options.values {
            rows.push((
                "options",
                format!("{} {}: {}", options.rule.value, name.value, value.value.join(", ")),
                name.span,
            ));
        }
    }
    for suppress in &config.suppress {
        let rules = suppress.rules.iter().map(|rule| rule.value.as_str()).collect::<Vec<_>>().join(", ");
        let paths = suppress.paths.iter().map(|path| path.text.as_str()).collect::<Vec<_>>().join(", ");
        rows.push(("suppress", format!("{rules} in {paths}: {}", suppress.reason), suppress.span));
    }
    for environment in &config.environments {
        rows.push(("environments", environment.name.value.clone(), environment.name.span));
    }
    for stack in &config.stacks {
        rows.push(("stacks", format!("{}: {}", stack.name.value, stack.template.value), stack.name.span));
    }
    if let Some(shared) = &config.shared_parameters {
        rows.push(("shared-parameters", shared.value.to_string(), shared.span));
    }
    rows
}

fn list(items: impl Iterator<Item = impl AsRef<str>>) -> String {
    let items: Vec<_> = items.map(|item| item.as_ref().to_owned()).collect();
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}
