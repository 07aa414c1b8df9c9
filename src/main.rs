//! The program: hands the process's streams to [`mlops_lint::cli::run`].

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use camino::Utf8PathBuf;
use mlops_lint::cli::{Stdio, run};

fn main() -> ExitCode {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let cwd = std::env::current_dir().ok().and_then(|cwd| Utf8PathBuf::from_path_buf(cwd).ok());
    let mut io = Stdio {
        stdin: &mut io::stdin(),
        stdout_is_terminal: stdout.is_terminal(),
        stderr_is_terminal: stderr.is_terminal(),
        stdout: &mut stdout.lock(),
        stderr: &mut stderr.lock(),
        width: terminal_size::terminal_size().map(|(width, _)| width.0.into()),
        // A current directory that cannot be named only costs relative paths.
        cwd: cwd.unwrap_or_else(|| ".".into()),
        env: &|name| std::env::var(name).ok(),
    };
    run(std::env::args_os(), &mut io).into()
}
