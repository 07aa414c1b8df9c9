//! The least that a linter has to do: list, read, parse into the arena, drop. With the product's own discovery and parser.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use mlops_lint::project::discover::{Options, discover};
use mlops_lint::source::FileId;
use mlops_lint::syntax;
use rayon::prelude::*;

/// `THREADS DIRECTORY`
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let [threads, directory] = arguments else { return ExitCode::from(2) };
    let (Ok(threads), Ok(cwd)) = (threads.parse(), Utf8PathBuf::from(directory).canonicalize_utf8()) else {
        return ExitCode::from(2);
    };
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build() else {
        return ExitCode::from(2);
    };
    let nodes = pool.install(|| nodes(&cwd));
    // A number that depends on every file, so that nothing can be left out.
    if nodes == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn nodes(cwd: &Utf8PathBuf) -> usize {
    let mut stdin = std::io::empty();
    let options = Options::new(cwd, cwd, &mut stdin);
    let Ok(found) = discover(std::slice::from_ref(cwd), options) else { return 0 };
    let count = |template: &mlops_lint::project::discover::Found| {
        syntax::parse(FileId::new(0), &template.text).document.nodes().len()
    };
    if found.templates.len() > 8 {
        found.templates.par_iter().map(count).sum()
    } else {
        found.templates.iter().map(count).sum()
    }
}
