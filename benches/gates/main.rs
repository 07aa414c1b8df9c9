//! The gates of performance: `cargo bench --bench gates [-- --only WORD] [--pairs N] [--write]`.
//!
//! Runs the release binary as users do, in pairs with a program that only lists, reads and parses, prints a table and fails
//! if a gate does not hold. `--write` puts the table into `docs/performance.md`.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]
#![allow(clippy::cast_precision_loss, reason = "counts of bytes and milliseconds are far below 2^52")]

#[path = "../corpus/mod.rs"]
mod corpus;
mod floor;
mod gate;
mod machine;
mod measure;
mod table;

use std::process::ExitCode;

use camino::Utf8PathBuf;

use gate::{GATES, Setup};

/// What was asked for.
struct Options {
    only: Option<String>,
    pairs: usize,
    write: bool,
}

fn main() -> ExitCode {
    // `cargo bench` hands `--bench` to every bench, `cargo test` does not: minutes of measuring are no test.
    let (bench, arguments): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument == "--bench");
    // This binary is also the programs that it measures against and with.
    match arguments.first().map(String::as_str) {
        Some("floor") => return floor::run(&arguments[1..]),
        Some("measure") => return measure::run(&arguments[1..]),
        None if bench.is_empty() => return ExitCode::SUCCESS,
        _ => {}
    }
    match options(&arguments).and_then(|options| gates(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            println!("{message}");
            ExitCode::from(2)
        }
    }
}

fn options(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options { only: None, pairs: 7, write: false };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => options.only = Some(arguments.next().ok_or("--only needs a word")?.clone()),
            "--pairs" => {
                let number = arguments.next().and_then(|text| text.parse().ok()).filter(|number| *number >= 1);
                options.pairs = number.ok_or("--pairs needs a number from 1 on")?;
            }
            "--write" => options.write = true,
            other => return Err(format!("`{other}` is not known: --only WORD, --pairs N, --write")),
        }
    }
    Ok(options)
}

/// Measures; true if every gate holds.
fn gates(options: &Options) -> Result<bool, String> {
    let directory = tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
    let root = Utf8PathBuf::from_path_buf(directory.path().canonicalize().map_err(|error| error.to_string())?)
        .map_err(|path| format!("{} is not UTF-8", path.display()))?;
    let setup = Setup::new(root, options.pairs).map_err(|error| format!("cannot prepare: {error}"))?;
    let mut rows = Vec::new();
    for (topic, gate) in GATES {
        if options.only.as_ref().is_none_or(|word| topic.contains(word.as_str())) {
            let measured = gate(&setup).map_err(|error| format!("{topic}: {error}"))?;
            for row in &measured {
                println!("{}", row.line());
            }
            rows.extend(measured);
        }
    }
    if options.write {
        if options.only.is_some() {
            return Err("--write needs all gates".to_owned());
        }
        let document = table::document(&rows, &setup);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
        corpus::write(path.as_ref(), &document).map_err(|error| format!("cannot write: {error}"))?;
    }
    let failed = rows.iter().filter(|row| row.holds() == Some(false)).count();
    println!(
        "{} of {} gates hold",
        rows.iter().filter(|row| row.holds() == Some(true)).count(),
        rows.iter().filter(|row| row.holds().is_some()).count()
    );
    Ok(failed == 0)
}
