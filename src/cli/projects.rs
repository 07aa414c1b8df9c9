//! Which projects a run is about: the configuration of each path, what is loaded, and what of it is reported.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use crate::catalog::{BundledFile, reference};
use crate::config::{Config, FILE_NAME};
use crate::project::discover::{Filter, Found, REFERENCE, STDIN, normal_path, path_for_people, portable_path};
use crate::rule::RuleFileError;

use super::args::{CheckArgs, Reference};
use super::{Failure, lint::rule_error};

/// A configuration with the folder that its paths are relative to.
#[derive(Debug)]
pub(super) struct Configured {
    /// Globs and paths of templates are relative to this; absolute.
    pub(super) folder: Utf8PathBuf,
    /// The folder of the file, to which its directories of rules are relative; absolute.
    pub(super) base: Utf8PathBuf,
    /// What it says.
    pub(super) config: Config,
}

/// Where configurations come from.
#[derive(Debug)]
enum Mode {
    /// The nearest file at or above a path, within its repository.
    Nearest,
    /// One for all paths, or none.
    Fixed(Option<Arc<Configured>>),
}

/// Configurations by folder, each read once.
#[derive(Debug)]
pub(super) struct Configs {
    mode: Mode,
    cwd: Utf8PathBuf,
    known: Mutex<FxHashMap<Utf8PathBuf, Option<Arc<Configured>>>>,
    mistake: Mutex<Option<Box<RuleFileError>>>,
}

impl Configs {
    /// As the options say.
    ///
    /// # Errors
    /// If the file that is named cannot be read, or has a mistake.
    pub(super) fn new(args: &CheckArgs, cwd: &Utf8Path) -> Result<Arc<Self>, Failure> {
        let mode = match &args.config {
            Some(path) => Mode::Fixed(Some(Arc::new(named(path, cwd)?))),
            None if args.no_config => Mode::Fixed(None),
            None => Mode::Nearest,
        };
        Ok(Arc::new(Self { mode, cwd: cwd.to_owned(), known: Mutex::default(), mistake: Mutex::default() }))
    }

    /// True if the file nearest to a path decides, so that its folder is a project.
    pub(super) fn make_projects(&self) -> bool {
        matches!(self.mode, Mode::Nearest)
    }

    /// The configuration of what lies in a folder, which is absolute and without symbolic links.
    pub(super) fn of(&self, folder: &Utf8Path) -> Option<Arc<Configured>> {
        if let Mode::Fixed(fixed) = &self.mode {
            return fixed.clone();
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unknown = Vec::new();
        let mut found = None;
        for ancestor in folder.ancestors() {
            if let Some(known) = known.get(ancestor) {
                found.clone_from(known);
                break;
            }
            unknown.push(ancestor.to_owned());
            let file = ancestor.join(FILE_NAME);
            if file.is_file() {
                found = self.read(ancestor, &file);
                break;
            }
            // What lies above the repository is somebody else's.
            if ancestor.join(".git").exists() {
                break;
            }
        }
        known.extend(unknown.into_iter().map(|folder| (folder, found.clone())));
        found
    }

    fn read(&self, folder: &Utf8Path, file: &Utf8Path) -> Option<Arc<Configured>> {
        let shown = Utf8PathBuf::from(path_for_people(folder, &self.cwd, file));
        let config = std::fs::read_to_string(file)
            .map_err(|error| unreadable(&shown, &error))
            .and_then(|text| Config::read(&shown, &text));
        match config {
            Ok(config) => Some(Arc::new(Configured { folder: folder.to_owned(), base: folder.to_owned(), config })),
            Err(error) => {
                self.mistake.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                None
            }
        }
    }

    /// The first mistake in a file that was read.
    ///
    /// # Errors
    /// That mistake.
    pub(super) fn checked(&self) -> Result<(), Failure> {
        match self.mistake.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(rule_error(*error)),
            None => Ok(()),
        }
    }

    /// What `include` and `exclude` of the configurations say of a path.
    pub(super) fn filter(self: &Arc<Self>) -> Filter {
        let configs = Arc::clone(self);
        Arc::new(move |path, is_folder| {
            let Some(configured) = path.parent().and_then(|folder| configs.of(folder)) else { return true };
            let relative = portable_path(&configured.folder, &configured.folder, path);
            let matches = |globs: &Option<crate::config::Written<Vec<crate::config::Glob>>>| {
                globs.as_ref().map(|globs| globs.value.iter().any(|glob| glob.matches(&relative)))
            };
            if matches(&configured.config.exclude) == Some(true) {
                return false;
            }
            is_folder || matches(&configured.config.include).unwrap_or(true)
        })
    }
}

/// The configuration that `--config` names. Its globs are relative to the current directory, its own paths to it.
fn named(path: &Utf8Path, cwd: &Utf8Path) -> Result<Configured, Failure> {
    let file = cwd.join(path);
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("cannot read the configuration `{path}`: {error}")))?;
    let config = Config::read(path, &text).map_err(|error| rule_error(*error))?;
    let base = file.parent().unwrap_or(cwd).to_owned();
    Ok(Configured { folder: cwd.to_owned(), base, config })
}

fn unreadable(path: &Utf8Path, error: &std::io::Error) -> Box<RuleFileError> {
    use crate::rule::declarative::RuleError;
    use crate::source::{FileId, SourceFile, Span};
    let message = format!("cannot read the configuration: {error}");
    let span = Span::new(FileId::new(0), 0, 0);
    Box::new(RuleFileError { file: SourceFile::new(path, ""), error: RuleError { message, span, help: None } })
}

/// What was named, and what has to be loaded to judge it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Folders of projects of which only a part was named.
    pub(super) loaded: Vec<Utf8PathBuf>,
    /// True if a folder was named that belongs to no project with a configuration.
    folder_without: bool,
    /// True if there may be more to each project than what was named.
    changed: bool,
}

/// The templates of one project.
#[derive(Debug)]
pub(super) struct Group {
    /// Its configuration.
    pub(super) configured: Option<Arc<Configured>>,
    /// Its templates, sorted by path.
    pub(super) templates: Vec<Found>,
    /// True if other templates of it may exist that were not loaded.
    pub(super) partial: bool,
    /// Which of its templates are reported on; all if absent.
    pub(super) reported: Option<Vec<bool>>,
}

impl Group {
    /// Adds the templates of the reference architecture. They come first, as what others import from.
    pub(super) fn add_reference(&mut self, mode: Reference) {
        let bundled = reference().iter().filter(|file| file.is_template());
        let path = |file: &BundledFile| Utf8Path::new(REFERENCE).join(file.path);
        let templates: Vec<_> = bundled
            .map(|file| Found { path: path(file), text: file.text.into(), asked_for: mode == Reference::Report })
            .collect();
        let reported = self.reported.take().unwrap_or_else(|| vec![true; self.templates.len()]);
        let theirs = vec![mode == Reference::Report; templates.len()];
        self.reported = Some(theirs.into_iter().chain(reported).collect());
        self.templates.splice(0..0, templates);
    }
}

impl Plan {
    /// Plans a run over paths as they were named.
    pub(super) fn new(
        paths: &[Utf8PathBuf],
        changed: bool,
        root: &Utf8Path,
        cwd: &Utf8Path,
        configs: &Configs,
    ) -> Self {
        let mut plan = Self { changed, ..Self::default() };
        for path in paths.iter().filter(|path| *path != "-") {
            // What does not exist is said by discovery.
            let Ok(real) = cwd.join(path).canonicalize_utf8() else { continue };
            let is_folder = real.is_dir();
            let folder = if is_folder { real.as_path() } else { real.parent().unwrap_or(&real) };
            let project = configs.of(folder).filter(|_| configs.make_projects()).map(|found| found.folder.clone());
            let whole = project.or_else(|| (changed && real.starts_with(root)).then(|| root.to_owned()));
            match whole {
                Some(whole) if !whole.starts_with(&real) => plan.loaded.push(whole),
                None if is_folder => plan.folder_without = true,
                _ => {}
            }
        }
        plan.loaded.sort();
        plan.loaded.dedup();
        plan
    }

    /// Sorts the templates that were found by project, in the order of the projects' folders.
    pub(super) fn groups(&self, templates: Vec<Found>, cwd: &Utf8Path, configs: &Configs) -> Vec<Group> {
        let mut groups: BTreeMap<Option<Utf8PathBuf>, Group> = BTreeMap::new();
        for template in templates {
            let absolute = normal_path(&cwd.join(&template.path));
            let is_stdin = template.path == STDIN;
            let folder = if is_stdin { cwd } else { absolute.parent().unwrap_or(cwd) };
            let configured = configs.of(folder);
            let is_project = configured.is_some() && configs.make_projects() && !is_stdin;
            let key = configured.as_ref().map(|configured| configured.folder.clone());
            let group = groups.entry(key).or_insert_with(|| Group {
                partial: !is_project && !self.folder_without && !self.changed,
                configured,
                templates: Vec::new(),
                reported: Some(Vec::new()),
            });
            group.reported.get_or_insert_default().push(template.asked_for);
            group.templates.push(template);
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        // A project that lies within another one is its own; where nothing of it was named, it is not asked for.
        groups.retain(|group| group.reported.iter().flatten().any(|&reported| reported));
        for group in &mut groups {
            group.reported.take_if(|reported| reported.iter().all(|&reported| reported));
        }
        groups
    }
}
