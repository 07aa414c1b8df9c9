//! The offline proof of the reference architecture: `templates/`, deployed, trained, signed and judged by `pytest`.
//!
//! Makes its Python environments from the locks in `tests/reference/` below `target/reference/`, once. What a machine
//! lacks is said and skipped, and is a failure where `CI` is `true`: there nothing may be left unproven by accident.

#![allow(clippy::print_stderr, reason = "what was skipped, and why, is said also when all passes")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};

/// Set to 1, nothing here runs.
const SKIP: &str = "MLOPS_LINT_SKIP_REFERENCE";

/// The Python from which on the locks hold a version of everything.
const OLDEST_PYTHON: (u32, u32) = (3, 9);

/// What may be skipped in CI as well: rules for cfn-guard, beside those that come with it, that no package index has.
const MAY_BE_SKIPPED: &str = "the rules of aws-guard-rules-registry are not in target/reference/guard-rules";

/// One run of `pytest`, in a process of its own.
#[derive(Clone, Copy)]
struct Suite {
    /// The folder below `tests/reference/` that it runs.
    name: &'static str,
    environment: &'static Environment,
}

const SUITES: [Suite; 4] = [
    Suite { name: "scripts", environment: &PROOF },
    Suite { name: "static", environment: &PROOF },
    Suite { name: "checkov", environment: &CHECKOV },
    Suite { name: "deployment", environment: &PROOF },
];

static PROOF: Environment = Environment::new("python", &["requirements.lock", "guard.lock"]);
/// checkov pins libraries that nothing else can live with.
static CHECKOV: Environment = Environment::new("checkov", &["checkov.lock"]);

fn main() {
    let arguments = Arguments::from_args();
    let base = base_interpreter();
    let skipped = reason_to_skip(&base);
    if let Some(reason) = &skipped
        && !arguments.list
    {
        eprintln!("the proof of the reference architecture is skipped, nothing of it is proven: {reason}");
    }
    let trials = SUITES.map(|suite| {
        let base = base.clone();
        Trial::test(suite.name, move || suite.run(base?)).with_ignored_flag(skipped.is_some())
    });
    libtest_mimic::run(&arguments, trials.into()).exit();
}

/// Why nothing runs. That there is no Python is no reason in CI.
fn reason_to_skip(base: &Result<&'static str, String>) -> Option<String> {
    if env::var_os(SKIP).is_some_and(|value| value == "1") {
        return Some(format!("{SKIP}=1"));
    }
    if !cfg!(unix) {
        return Some("templates/deploy.sh needs a POSIX shell".to_owned());
    }
    base.as_ref().err().filter(|_| !in_ci()).cloned()
}

impl Suite {
    fn run(self, base: &str) -> Result<(), Failed> {
        let python = self.environment.python(base)?;
        let tests = proof().join(self.name);
        let mut pytest = Command::new(python);
        pytest.args(["-m", "pytest", "-q", "-rs", "--no-header"]).arg(tests);
        let said = run(pytest.env("MLOPS_LINT", env!("CARGO_BIN_EXE_mlops-lint")))?;
        let skips: Vec<&str> = said.lines().filter(|line| line.starts_with("SKIPPED")).collect();
        let summary = said.lines().rev().find(|line| line.contains(" passed")).unwrap_or_default();
        eprintln!("{}: {summary}", self.name);
        for skip in &skips {
            eprintln!("{}: {skip}", self.name);
        }
        if in_ci() && skips.iter().any(|skip| !skip.contains(MAY_BE_SKIPPED)) {
            return Err(format!("skipped, and CI has to prove it:\n{}", skips.join("\n")).into());
        }
        Ok(())
    }
}

/// A virtual environment below `target/reference/`.
struct Environment {
    folder: &'static str,
    locks: &'static [&'static str],
    made: OnceLock<Result<PathBuf, String>>,
}

impl Environment {
    const fn new(folder: &'static str, locks: &'static [&'static str]) -> Self {
        Self { folder, locks, made: OnceLock::new() }
    }

    /// Its interpreter. Makes it if it is not there, or if a lock has changed.
    fn python(&self, base: &str) -> Result<PathBuf, String> {
        self.made.get_or_init(|| self.make(base)).clone()
    }

    fn make(&self, base: &str) -> Result<PathBuf, String> {
        // CARGO_TARGET_TMPDIR is target/tmp, wherever the target directory lies.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("reference").join(self.folder);
        let python = folder.join("bin/python");
        let mut wanted = String::new();
        for lock in self.locks {
            wanted += &fs::read_to_string(proof().join(lock)).map_err(|error| format!("{lock}: {error}"))?;
        }
        // Written last, so that an interrupted installation is not taken for a whole one.
        let stamp = folder.join("lock");
        if python.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
            return Ok(python);
        }
        eprintln!("making {}, from locks in tests/reference/: this takes minutes, once", folder.display());
        run(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder))?;
        // A lock names all that is wanted. pip would resolve it again, and that of Python 3.9 stumbles over extras.
        let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--compile"];
        let mut install = Command::new(&python);
        install.args(options).args(["--no-deps", "--require-hashes"]);
        for lock in self.locks {
            install.arg("--requirement").arg(proof().join(lock));
        }
        run(&mut install)?;
        #[expect(clippy::disallowed_methods, reason = "half a stamp is no stamp: the environment is made again")]
        fs::write(&stamp, &wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
        Ok(python)
    }
}

/// The Python to make environments with, or what is wrong with those that there are.
fn base_interpreter() -> Result<&'static str, String> {
    let (major, minor) = OLDEST_PYTHON;
    let mut reason = format!("the proof needs Python {major}.{minor} or newer, and there is no python3");
    let print = "import sys; print(*sys.version_info[:2])";
    for python in ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9"] {
        let Ok(said) = run(Command::new(python).args(["-c", print])) else { continue };
        let mut numbers = said.split_whitespace().map(str::parse);
        if let (Some(Ok(found_major)), Some(Ok(found_minor))) = (numbers.next(), numbers.next()) {
            if (found_major, found_minor) >= OLDEST_PYTHON {
                return Ok(python);
            }
            reason =
                format!("the proof needs Python {major}.{minor} or newer; {python} is {found_major}.{found_minor}");
        }
    }
    Err(reason)
}

/// `tests/reference/`.
fn proof() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true")
}

/// What a program printed, or, if it failed, the same as an error.
fn run(command: &mut Command) -> Result<String, String> {
    // Nothing is written beside sources: the templates are embedded in the program as they are. Installed packages are
    // compiled by pip itself.
    command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    let program = command.get_program().to_string_lossy().into_owned();
    let Output { status, stdout, stderr } = command.output().map_err(|error| format!("{program}: {error}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let said = said.trim().to_owned();
    if status.success() { Ok(said) } else { Err(format!("{program}: {status}\n{said}")) }
}
