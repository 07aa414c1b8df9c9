//! The program in process: arguments and files in, both streams and the exit code out.

mod config;
mod discover;
mod init;
mod options;
mod sarif;
mod secrets;
mod verdict;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use mlops_lint::cli::{Exit, Stdio, run};

const TEMPLATE: &str = "Resources:\n  Handle:\n    Type: AWS::CloudFormation::WaitConditionHandle\n";

/// A directory of its own, removed at the end.
pub(crate) struct Sandbox {
    directory: tempfile::TempDir,
}

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let sandbox = Self { directory: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            sandbox.file(path, text);
        }
        sandbox
    }

    fn root(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.directory.path().canonicalize().unwrap()).unwrap()
    }

    fn file(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        io::Write::write_all(&mut std::fs::File::create(path).unwrap(), text.as_ref()).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in("", arguments, "", &[])
    }

    fn run_in(&self, directory: &str, arguments: &[&str], stdin: &str, env: &[(&str, &str)]) -> Ran {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut stdin = stdin.as_bytes();
        let mut io = Stdio {
            stdin: &mut stdin,
            stdout: &mut stdout,
            stderr: &mut stderr,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            width: Some(100),
            cwd: self.root().join(directory),
            env: &|name| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
        };
        let arguments = std::iter::once("mlops-lint").chain(arguments.iter().copied()).map(OsString::from);
        let exit = run(arguments, &mut io);
        Ran { exit, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
    }

    /// The templates that a run looked at, by the artifacts of a report: found through `discover` itself.
    fn templates(&self, directory: &str, paths: &[&str]) -> Vec<String> {
        let cwd = self.root().join(directory);
        let paths: Vec<Utf8PathBuf> = paths.iter().map(Utf8PathBuf::from).collect();
        found(&self.root(), &cwd, &paths, "").templates.into_iter().map(|found| found.path.into_string()).collect()
    }
}

fn found(
    root: &Utf8Path,
    cwd: &Utf8Path,
    paths: &[Utf8PathBuf],
    stdin: &str,
) -> mlops_lint::project::discover::Discovered {
    use mlops_lint::project::discover::{Options, discover};
    discover(paths, Options::new(cwd, root, &mut stdin.as_bytes())).unwrap()
}

/// A reader that goes away at once.
struct Closed<'a>(&'a RefCell<usize>);

impl io::Write for Closed<'_> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        *self.0.borrow_mut() += 1;
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
