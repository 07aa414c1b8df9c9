//! `mlops-lint init`: the reference architecture, a configuration, a hook and a workflow in a user's repository.
//!
//! Writes files that are not there and never touches one that is.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::catalog::{BundledFile, reference};
use crate::config::FILE_NAME;
use crate::render::{Paint, plural};
use crate::source::FileId;
use crate::syntax;

use super::args::InitArgs;
use super::{Exit, Failure, Stdio, color, unless_broken_pipe, write};

/// The name that the bundled templates have as their default.
const BUNDLED_NAME: &str = "mlops";

/// A file to write.
struct Planned {
    /// Relative to the repository, with forward slashes.
    path: Utf8PathBuf,
    text: String,
    executable: bool,
}

pub(super) fn run(args: &InitArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    check_name(&args.name)?;
    let directory = io.cwd.join(args.directory.as_deref().unwrap_or(Utf8Path::new(".")));
    if !directory.is_dir() {
        return Err(Failure::new(format!("there is no directory `{directory}`"))
            .with("help", "make it first: it is your repository"));
    }
    let paint = Paint { color: color(args.color, io.stdout_is_terminal, io.env) };
    let mut text = String::new();
    let (mut written, mut kept) = (0, 0);
    for file in planned(args) {
        let path = directory.join(&file.path);
        // Also a link that leads nowhere is somebody's.
        let is_there = path.symlink_metadata().is_ok();
        if is_there {
            kept += 1;
            let _ = writeln!(text, "{}  {} is there and stays as it is", paint.dim("keep "), file.path);
            continue;
        }
        if !args.dry_run {
            save(&path, &file).map_err(|error| Failure::new(format!("cannot write `{}`: {error}", file.path)))?;
        }
        written += 1;
        let _ = writeln!(text, "{}  {}", paint.bold("write"), file.path);
    }
    let what = if args.dry_run { "would be written" } else { "written" };
    let _ = writeln!(text, "{} {what}, {} kept", plural(written, "file"), plural(kept, "file"));
    let _ = writeln!(text, "next: read templates/README.md, then run `mlops-lint` here");
    unless_broken_pipe(io.stdout.write_all(text.as_bytes()).and_then(|()| io.stdout.flush()))?;
    Ok(Exit::Clean)
}

/// What `ProjectName` of the templates takes.
fn check_name(name: &str) -> Result<(), Failure> {
    let bytes = name.as_bytes();
    let fits = (2..=12).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
        && !name.ends_with('-');
    if fits {
        return Ok(());
    }
    Err(Failure::new(format!("`{name}` cannot be the name of a project")).with(
        "help",
        "2 to 12 small letters, digits and hyphens, a letter first and no hyphen last: names of buckets begin with it",
    ))
}

/// All files, in the order in which they are told.
fn planned(args: &InitArgs) -> Vec<Planned> {
    let mut files = vec![
        Planned { path: FILE_NAME.into(), text: configuration(args), executable: false },
        Planned { path: ".pre-commit-config.yaml".into(), text: HOOK.to_owned(), executable: false },
    ];
    files.extend(reference().iter().map(|file| bundled(file, args)));
    files
}

fn bundled(file: &BundledFile, args: &InitArgs) -> Planned {
    // A workflow has to lie where GitHub looks for it.
    let path = match file.path.strip_prefix(".github/") {
        Some(_) => Utf8PathBuf::from(file.path),
        None => Utf8Path::new("templates").join(file.path),
    };
    let mut text = file.text.to_owned();
    if file.is_template() {
        text = named(&text, &args.name);
    } else if args.name != BUNDLED_NAME {
        text = text.replace(&format!("PROJECT_NAME:-{BUNDLED_NAME}"), &format!("PROJECT_NAME:-{}", args.name));
    }
    if path.starts_with(".github") {
        text = only_environments(&text, &args.environments);
    }
    Planned { path, text, executable: file.executable }
}

/// A template with another default for the name of the project.
fn named(text: &str, name: &str) -> String {
    let parsed = syntax::parse(FileId::new(0), &Arc::from(text));
    let default = parsed.document.root().and_then(|root| root.get_path(&["Parameters", "ProjectName", "Default"]));
    match default {
        Some(default) => {
            let place = default.span().range();
            format!("{}{name}{}", &text[..place.start], &text[place.end..])
        }
        None => text.to_owned(),
    }
}

/// A workflow without the parts that are marked as those of other environments: `# environment NAME` before a part, at
/// its indentation, and `# end environment` behind it. A part may hold parts.
fn only_environments(text: &str, environments: &[String]) -> String {
    let mut kept = String::new();
    let mut inside: Vec<bool> = Vec::new();
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        if let Some(name) = words.strip_prefix("# environment ") {
            inside.push(environments.iter().any(|environment| environment == name));
        } else if words == "# end environment" {
            inside.pop();
        } else if !inside.contains(&false) {
            kept.push_str(line);
        }
    }
    kept
}

fn configuration(args: &InitArgs) -> String {
    let mut text = String::from(
        "# How mlops-lint checks this repository. Every key: `mlops-lint config` shows what holds and where it comes from.\n\
         profile: strict\n\n\
         # The project is judged once for each environment that is deployed.\nenvironments:\n",
    );
    for environment in &args.environments {
        let _ = writeln!(text, "  {environment}: {{ ProjectName: {}, Environment: {environment} }}", args.name);
    }
    text
}

/// The program has to be installed; what it is built from stays the user's choice.
const HOOK: &str = "\
# Checks the templates of a commit: `pre-commit install` once, and mlops-lint on the path.
repos:
  - repo: local
    hooks:
      - id: mlops-lint
        name: mlops-lint (changed templates)
        entry: mlops-lint --changed
        language: system
        files: \\.(ya?ml|json|template)$
        require_serial: true
";

fn save(path: &Utf8Path, file: &Planned) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    write::atomically(path, |out| out.write_all(file.text.as_bytes()))?;
    if file.executable {
        make_executable(path)?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Utf8Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_mode(permissions.mode() | 0o111);
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn make_executable(_: &Utf8Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_buckets_can_begin_with_are_taken() {
        for good in ["mlops", "ab", "churn-model1"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "1a", "Churn", "a-", "churn_model", "thirteen-long", "ä-model"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_name_of_the_project_becomes_the_default() {
        let text = "Parameters:\n  ProjectName:\n    Type: String\n    Default: mlops # short\n";
        assert_eq!(named(text, "churn"), text.replace("mlops", "churn"));
        assert_eq!(named("Resources: {}\n", "churn"), "Resources: {}\n");
    }

    #[test]
    fn parts_of_other_environments_are_left_out() {
        let text = "jobs:\n  # environment dev\n  dev: 1\n  # end environment\n  # environment staging\n  staging: 1\n  # end environment\nend: 1\n";
        assert_eq!(only_environments(text, &["dev".to_owned()]), "jobs:\n  dev: 1\nend: 1\n");
    }

    #[test]
    fn a_part_within_a_part_needs_both() {
        let text = "# environment staging\nneeds:\n  # environment dev\n  - dev\n  # end environment\nstaging: 1\n# end environment\nend: 1\n";
        let kept = |names: &[&str]| only_environments(text, &names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(kept(&["staging"]), "needs:\nstaging: 1\nend: 1\n");
        assert_eq!(kept(&["dev"]), "end: 1\n");
        assert_eq!(kept(&["dev", "staging"]), "needs:\n  - dev\nstaging: 1\nend: 1\n");
    }

    #[test]
    fn the_workflow_builds_the_linter_from_a_commit_that_its_user_names() {
        let workflow = reference().iter().find(|file| file.path.ends_with("deploy-pipeline.yml")).map(|file| file.text);
        let installs: Vec<&str> =
            workflow.unwrap_or_default().lines().filter(|line| line.contains("cargo install")).map(str::trim).collect();
        // Whoever registers a name in a registry decides what code it stands for.
        assert_eq!(
            installs,
            [r#"cargo install --locked --git "$MLOPS_LINT_REPOSITORY" --rev "$MLOPS_LINT_COMMIT" mlops-lint"#]
        );
    }
}
