//! `mlops-lint completions SHELL` and `mlops-lint man`: made from the definitions of the arguments.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::{Cli, CompletionsArgs};
use super::{Exit, Failure, Stdio, unless_broken_pipe};

pub(super) fn completions(args: &CompletionsArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mlops-lint", &mut script);
    if args.shell == Shell::Bash {
        script = with_one_name(&script);
    }
    print(&script, io)
}

/// `clap_complete` 4.6 spells a program with a hyphen in two ways, so that no command of ours finds its options in bash.
fn with_one_name(script: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(script).replace("mlops__subcmd__lint", "mlops__lint").into_bytes()
}

pub(super) fn man(io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
    rendered.map_err(|error| Failure::new(format!("cannot write the manual page: {error}")))?;
    print(&page, io)
}

fn print(bytes: &[u8], io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    unless_broken_pipe(io.stdout.write_all(bytes).and_then(|()| io.stdout.flush()))?;
    Ok(Exit::Clean)
}
