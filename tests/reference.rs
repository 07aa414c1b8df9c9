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

/// The Python that the locked versions need: pandas 3 and scikit-learn 1.9 are made from it on.
const OLDEST_PYTHON: (u32, u32) = (3, 11);

/// What may be skipped in CI as well: a Rust program of its own, whose rules are not part of this repository.
const MAY_BE_SKIPPED: &str = "cfn-guard is not installed";

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

static PROOF: Environment = Environment::new("python", "requirements.lock");
/// checkov pins libraries that nothing else can live with.
static CHECKOV: Environment = Environment::new("checkov", "checkov.lock");

fn main() {
    let arguments = Arguments::from_args();
    let skipped = env::var_os(SKIP).is_some_and(|value| value == "1");
    let trial = |suite: Suite| Trial::test(suite.name, move || suite.run()).with_ignored_flag(skipped);
    if skipped && !arguments.list {
        eprintln!("the proof of the reference architecture is skipped: {SKIP}=1");
    }
    libtest_mimic::run(&arguments, SUITES.map(trial).into()).exit();
}

impl Suite {
    fn run(self) -> Result<(), Failed> {
        let Some(base) = base_interpreter()? else { return Ok(()) };
        let python = self.environment.python(base)?;
        let tests = proof().join(self.name);
        let said = run(Command::new(python).args(["-m", "pytest", "-q", "-rs", "--no-header"]).arg(tests))?;
        let skips: Vec<&str> = said.lines().filter(|line| line.starts_with("SKIPPED")).collect();
        eprintln!("{}: {}", self.name, said.lines().last().unwrap_or_default());
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
    lock: &'static str,
    made: OnceLock<Result<PathBuf, String>>,
}

impl Environment {
    const fn new(folder: &'static str, lock: &'static str) -> Self {
        Self { folder, lock, made: OnceLock::new() }
    }

    /// Its interpreter. Makes it if it is not there, or if the lock has changed.
    fn python(&self, base: &str) -> Result<PathBuf, String> {
        self.made.get_or_init(|| self.make(base)).clone()
    }

    fn make(&self, base: &str) -> Result<PathBuf, String> {
        // CARGO_TARGET_TMPDIR is target/tmp, wherever the target directory lies.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("reference").join(self.folder);
        let python = folder.join("bin/python");
        let lock = proof().join(self.lock);
        let wanted = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
        // Copied last, so that an interrupted installation is not taken for a whole one.
        let stamp = folder.join("lock");
        if python.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
            return Ok(python);
        }
        eprintln!("making {} from tests/reference/{}: this takes minutes, once", folder.display(), self.lock);
        run(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder))?;
        let options =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--compile", "--require-hashes"];
        run(Command::new(&python).args(options).arg("--requirement").arg(&lock))?;
        fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
        Ok(python)
    }
}

/// The Python to make environments with. None if there is none that can be used, which has been said then; in CI that
/// is an error.
fn base_interpreter() -> Result<Option<&'static str>, Failed> {
    static FOUND: OnceLock<Result<&'static str, String>> = OnceLock::new();
    if !cfg!(unix) {
        eprintln!("skipped, here and in CI: templates/deploy.sh needs a POSIX shell");
        return Ok(None);
    }
    match FOUND.get_or_init(find_interpreter) {
        Ok(python) => Ok(Some(python)),
        Err(reason) if in_ci() => Err(reason.into()),
        Err(reason) => {
            eprintln!("skipped, and nothing is proven: {reason}");
            Ok(None)
        }
    }
}

fn find_interpreter() -> Result<&'static str, String> {
    let (major, minor) = OLDEST_PYTHON;
    let mut reason = format!("the proof needs Python {major}.{minor} or newer, and there is no python3");
    let print = "import sys; print(*sys.version_info[:2])";
    for python in ["python3", "python3.14", "python3.13", "python3.12", "python3.11"] {
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
