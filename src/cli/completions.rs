//! `mlops-lint completions SHELL` and `mlops-lint man`: made from the definitions of the arguments.

use clap::CommandFactory as _;

use super::args::{Cli, CompletionsArgs};
use super::{Exit, Failure, Stdio, unless_broken_pipe};

pub(super) fn completions(args: &CompletionsArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mlops-lint", &mut script);
    print(&script, io)
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
