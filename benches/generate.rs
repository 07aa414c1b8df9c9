//! Writes a project to measure with: `cargo bench --bench generate -- DIR [--templates N] [--format yaml|json] [--seed N]`,
//! or `-- DIR --giant`, or `-- DIR --hostile [--bytes N]`.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod corpus;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use corpus::Format;

const USAGE: &str =
    "usage: DIR [--templates N] [--format yaml|json] [--seed N] | DIR --giant | DIR --hostile [--bytes N]";

fn main() -> ExitCode {
    // Cargo hands `--bench` to every bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.is_empty() {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match generate(&arguments) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            println!("{message}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn generate(arguments: &[String]) -> Result<String, String> {
    let mut arguments = arguments.iter();
    let directory = PathBuf::from(arguments.next().ok_or("a directory is missing")?);
    let (mut templates, mut seed, mut bytes, mut format) = (1000, 7, 1 << 20, Format::Yaml);
    let (mut giant, mut hostile) = (false, false);
    while let Some(option) = arguments.next() {
        let mut number = || {
            let text = arguments.next().ok_or_else(|| format!("{option} needs a number"))?;
            text.parse::<usize>().map_err(|_| format!("`{text}` is no number"))
        };
        match option.as_str() {
            "--templates" => templates = number()?,
            "--seed" => seed = number()? as u64,
            "--bytes" => bytes = number()?,
            "--giant" => giant = true,
            "--hostile" => hostile = true,
            "--format" => {
                format = match arguments.next().map(String::as_str) {
                    Some("yaml") => Format::Yaml,
                    Some("json") => Format::Json,
                    _ => return Err("--format needs yaml or json".to_owned()),
                }
            }
            other => return Err(format!("`{other}` is not known")),
        }
    }
    let failed = |error: std::io::Error| format!("cannot write: {error}");
    std::fs::create_dir_all(&directory).map_err(failed)?;
    if giant {
        for format in [Format::Yaml, Format::Json] {
            let file = directory.join(format!("giant.{}", format.extension()));
            corpus::write(&file, &corpus::giant(seed, format)).map_err(failed)?;
        }
        return Ok("giant.yaml and giant.json".to_owned());
    }
    if hostile {
        return write_hostile(&directory, bytes).map_err(failed);
    }
    let bytes = corpus::write_project(&directory, templates, seed, format).map_err(failed)?;
    Ok(format!("{templates} templates, {bytes} bytes"))
}

fn write_hostile(directory: &Path, bytes: usize) -> std::io::Result<String> {
    let shapes = corpus::hostile::TEXTS.iter().chain(&corpus::hostile::TEMPLATES);
    let mut count = 0;
    for (name, shape) in shapes {
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        corpus::write(&directory.join(format!("{name}.yaml")), &shape(bytes))?;
        count += 1;
    }
    Ok(format!("{count} templates"))
}
