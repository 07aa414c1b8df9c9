//! From the paths of the command line to the templates among them: what is walked, what is taken, what is said about the rest.
//!
//! Directories are walked with `.gitignore` respected (in a git repository or not), hidden files and directories left out,
//! extensions `.yaml .yml .json .template`; symbolic links to files are followed, those to directories only when they are named.
//! Files that are named are read whatever their name and even when ignored. `-` is standard input.
//! A directory with the `manifest.json` of a CDK assembly gives the templates that the manifest names and no others.
//! What a file is, is seen by its text ([`sniff()`]); nothing is parsed here.

mod assembly;
mod paths;
mod read;
mod sniff;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::WalkBuilder;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

pub use paths::{normal_path, path_for_people, portable_path, repository_root};
pub use sniff::{Kind, sniff};

use read::Outcome;

/// Extensions that a walk looks at.
pub const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "template"];

/// Files above this size are not read: CloudFormation takes templates of 1 MB at most.
pub const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// The path that stands for standard input.
pub const STDIN: &str = "<stdin>";

/// The folder that stands for the templates of the program itself.
pub const REFERENCE: &str = "<reference>";

/// From how many files on reading them is spread over threads.
const PARALLEL_FROM: usize = 8;

/// What discovery needs besides the paths.
pub struct Options<'a> {
    /// The current directory, absolute: relative paths are taken from here.
    pub cwd: &'a Utf8Path,
    /// The repository: paths of files in it are shown relative to the current directory, others absolute.
    pub root: &'a Utf8Path,
    /// Read once if `-` is among the paths.
    pub stdin: &'a mut dyn Read,
    /// Whether an absolute path that a walk comes to, or with `filter_named` one that is named, is taken; `true` for a folder
    /// that is to be walked.
    pub filter: Option<Filter>,
    /// Whether files that are named are filtered as well.
    pub filter_named: bool,
    /// Folders that are walked beside the paths, because what is in them matters to what was asked for.
    pub loaded: &'a [Utf8PathBuf],
}

impl<'a> Options<'a> {
    /// Without a filter.
    pub fn new(cwd: &'a Utf8Path, root: &'a Utf8Path, stdin: &'a mut dyn Read) -> Self {
        Self { cwd, root, stdin, filter: None, filter_named: false, loaded: &[] }
    }
}

/// Decides about a path, and is told whether it is a folder.
pub type Filter = Arc<dyn Fn(&Utf8Path, bool) -> bool + Send + Sync>;

/// What was found.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The templates, sorted by path, each once.
    pub templates: Vec<Found>,
    /// How many files were looked at.
    pub looked_at: usize,
    /// What the others are.
    pub others: BTreeMap<Kind, usize>,
    /// Files that someone should hear about: named but no template, too large, not readable. Sorted by path.
    pub skipped: Vec<Skipped>,
    /// How many files that were named the filter left out.
    pub filtered: usize,
    /// True if only single files or standard input were named: then other templates of the project may exist.
    pub explicit_files_only: bool,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As it is shown: relative to the current directory, absolute outside of the repository.
    pub path: Utf8PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// True if the paths that were named lead to it, not only the folders that are loaded beside them.
    pub asked_for: bool,
}

/// A file that is not checked although someone may expect it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// As it is shown.
    pub path: Utf8PathBuf,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// Named on the command line, but it is something else.
    NoTemplate(Kind),
    /// Larger than [`MAX_BYTES`].
    TooLarge(u64),
    /// Its bytes are not UTF-8.
    NotUtf8,
    /// The system says this about it.
    Unreadable(String),
}

impl Skipped {
    /// True if a template may stand there that nobody has checked, which a gate may not let pass.
    pub fn is_unchecked(&self) -> bool {
        matches!(self.reason, SkipReason::Unreadable(_) | SkipReason::NotUtf8)
    }

    /// "`deploy.yaml` is no CloudFormation template: it looks like a Kubernetes manifest"
    pub fn text(&self) -> String {
        let path = &self.path;
        match &self.reason {
            SkipReason::NoTemplate(Kind::Empty) => {
                format!("`{path}` is no CloudFormation template: it is empty")
            }
            SkipReason::NoTemplate(Kind::Other) => format!(
                "`{path}` is no CloudFormation template: it has neither `Resources` with types nor `AWSTemplateFormatVersion` at its top level"
            ),
            SkipReason::NoTemplate(kind) => {
                format!("`{path}` is no CloudFormation template: it looks like {}", kind.described())
            }
            SkipReason::TooLarge(bytes) => format!(
                "`{path}` has {} MB and is not read: more than {} MB are no template",
                bytes.div_ceil(1024 * 1024),
                MAX_BYTES / 1024 / 1024
            ),
            SkipReason::NotUtf8 => format!("`{path}` is not UTF-8 text and is not read"),
            SkipReason::Unreadable(message) => format!("`{path}` cannot be read: {message}"),
        }
    }
}

/// Why there is nothing to check. Always something on the command line or in the file system.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A path that was named does not exist.
    #[error("`{0}` does not exist")]
    Missing(Utf8PathBuf),
    /// A path that was named cannot be looked at.
    #[error("`{path}` cannot be read: {message}")]
    Unreadable {
        /// As it was named.
        path: Utf8PathBuf,
        /// What the system says.
        message: String,
    },
    /// No template was found.
    #[error("nothing to check in {}", in_backquotes(paths))]
    Nothing {
        /// As they were named.
        paths: Vec<Utf8PathBuf>,
        /// What there was instead.
        found: Box<Discovered>,
    },
}

fn in_backquotes(paths: &[Utf8PathBuf]) -> String {
    let shown: Vec<_> = paths.iter().take(3).map(|path| format!("`{path}`")).collect();
    let more = if paths.len() > 3 { format!(" and {} more", paths.len() - 3) } else { String::new() };
    shown.join(", ") + &more
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Absolute, without symbolic links.
    path: Utf8PathBuf,
    /// `false` sorts first, so that of two equal paths the named one is kept.
    walked: bool,
}

/// Finds and reads the templates.
///
/// # Errors
/// A path that does not exist or cannot be read, or no template at all.
pub fn discover(paths: &[Utf8PathBuf], options: Options<'_>) -> Result<Discovered, DiscoverError> {
    let mut found = Discovered { explicit_files_only: true, ..Discovered::default() };
    let mut candidates = Vec::new();
    let mut outcomes = Vec::new();
    let mut stdin = Some(options.stdin);
    for path in paths {
        if path == "-" {
            outcomes.extend(stdin.take().map(read::stdin));
            continue;
        }
        let unreadable = |error: &std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => DiscoverError::Missing(path.clone()),
            _ => DiscoverError::Unreadable { path: path.clone(), message: plain_message(error) },
        };
        let real = options.cwd.join(path).canonicalize_utf8().map_err(|error| unreadable(&error))?;
        if real.is_dir() {
            found.explicit_files_only = false;
            walk(&real, options.filter.as_ref(), &mut candidates, &mut found.skipped);
        } else if let Some(named) = assembly::of_manifest(&real) {
            found.explicit_files_only = false;
            candidates.extend(named);
        } else if options.filter_named && options.filter.as_ref().is_some_and(|filter| !filter(&real, false)) {
            found.filtered += 1;
        } else {
            candidates.push(Candidate { path: real, walked: false });
        }
    }
    // Without anything loaded beside it, all that is found was asked for.
    let asked_for: Option<FxHashSet<Utf8PathBuf>> =
        (!options.loaded.is_empty()).then(|| candidates.iter().map(|candidate| candidate.path.clone()).collect());
    for folder in options.loaded {
        walk(folder, options.filter.as_ref(), &mut candidates, &mut found.skipped);
    }
    candidates.sort_unstable();
    candidates.dedup_by(|later, earlier| later.path == earlier.path);
    read_all(&candidates, &mut outcomes);
    let asked_for = |path: &Utf8Path| path == STDIN || asked_for.as_ref().is_none_or(|known| known.contains(path));
    sort_out(outcomes, options.root, options.cwd, asked_for, &mut found);
    if found.templates.is_empty() {
        return Err(DiscoverError::Nothing { paths: paths.to_vec(), found: Box::new(found) });
    }
    Ok(found)
}

/// In the order of the candidates, on however many threads.
fn read_all(candidates: &[Candidate], outcomes: &mut Vec<Outcome>) {
    if candidates.len() > PARALLEL_FROM {
        let read = candidates.par_iter().map_init(Vec::new, |buffer, file| read::file(file, buffer));
        outcomes.par_extend(read);
    } else {
        let mut buffer = Vec::new();
        outcomes.extend(candidates.iter().map(|file| read::file(file, &mut buffer)));
    }
}

fn sort_out(
    outcomes: Vec<Outcome>,
    root: &Utf8Path,
    cwd: &Utf8Path,
    asked_for: impl Fn(&Utf8Path) -> bool,
    found: &mut Discovered,
) {
    let shown = |path: &Utf8Path| Utf8PathBuf::from(path_for_people(root, cwd, path));
    found.looked_at = outcomes.len();
    for outcome in outcomes {
        match outcome {
            Outcome::Template(path, text) => {
                found.templates.push(Found { path: shown(&path), text, asked_for: asked_for(&path) });
            }
            Outcome::Other(kind) => *found.others.entry(kind).or_default() += 1,
            Outcome::Skipped(path, reason) => {
                if let SkipReason::NoTemplate(kind) = reason {
                    *found.others.entry(kind).or_default() += 1;
                }
                found.skipped.push(Skipped { path, reason });
            }
        }
    }
    for skipped in &mut found.skipped {
        skipped.path = shown(&skipped.path);
    }
    found.templates.sort_by(|a, b| a.path.cmp(&b.path));
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
}

/// "Permission denied" without "(os error 13)".
fn plain_message(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

fn walk(directory: &Utf8Path, filter: Option<&Filter>, candidates: &mut Vec<Candidate>, skipped: &mut Vec<Skipped>) {
    let first = candidates.len();
    let mut assemblies: Vec<(Utf8PathBuf, Vec<Candidate>)> = Vec::new();
    let mut walk = WalkBuilder::new(directory);
    walk.require_git(false)
        // What a run finds should depend on the project, not on its user's settings.
        .git_global(false)
        .ignore(false);
    if let Some(filter) = filter.cloned() {
        walk.filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0 || Utf8Path::from_path(entry.path()).is_none_or(|path| filter(path, is_folder))
        });
    }
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                skipped.extend(walk_error(&error, directory));
                continue;
            }
        };
        let Some(kind) = entry.file_type().filter(|kind| kind.is_file() || kind.is_symlink()) else {
            continue;
        };
        let Some(path) = Utf8Path::from_path(entry.path()) else {
            if has_extension(entry.path().extension().and_then(|extension| extension.to_str())) {
                let path = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
                skipped.push(Skipped { path, reason: SkipReason::Unreadable("its name is not UTF-8".to_owned()) });
            }
            continue;
        };
        if !has_extension(path.extension()) {
            continue;
        }
        if path.file_name() == Some("manifest.json")
            && let Some(named) = assembly::of_manifest(path)
        {
            assemblies.push((path.parent().unwrap_or(directory).to_owned(), named));
        } else if kind.is_file() {
            candidates.push(Candidate { path: path.to_owned(), walked: true });
        } else if let Ok(target) = path.canonicalize_utf8()
            && target.is_file()
        {
            candidates.push(Candidate { path: target, walked: true });
        }
    }
    if !assemblies.is_empty() {
        let walked = candidates.split_off(first);
        let outside = |file: &Candidate| !assemblies.iter().any(|(directory, _)| file.path.starts_with(directory));
        candidates.extend(walked.into_iter().filter(outside));
        candidates.extend(assemblies.iter().flat_map(|(_, named)| named).cloned());
    }
}

fn has_extension(extension: Option<&str>) -> bool {
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

/// A directory that cannot be listed; what else the walk reports (a bad pattern in an ignore file) is not about templates.
fn walk_error(error: &ignore::Error, directory: &Utf8Path) -> Option<Skipped> {
    let message = plain_message(error.io_error()?);
    let mut path = directory.to_owned();
    let mut inner = error;
    loop {
        match inner {
            ignore::Error::WithPath { path: at, .. } => {
                path = Utf8PathBuf::from_path_buf(at.clone()).ok()?;
                break;
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                inner = err;
            }
            _ => break,
        }
    }
    Some(Skipped { path, reason: SkipReason::Unreadable(message) })
}
