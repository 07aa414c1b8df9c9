//! What is measured, and how much it may be.

use std::fs::File;
use std::io;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::corpus::{self, Format, hostile};
use super::measure::{Cost, cost, median, ms, peak};
use super::table::{Bound, Row};

/// A topic and its measurement.
type Gate = (&'static str, fn(&Setup) -> io::Result<Vec<Row>>);

/// All of them, in the order of the table.
pub(crate) const GATES: [Gate; 7] = [
    ("floor", over_floor),
    ("giant", giant),
    ("hostile", hostile),
    ("memory", memory),
    ("start", start),
    ("scaling", scaling),
    ("threads", threads),
];

const SEED: u64 = 7;
const TOOL: &str = env!("CARGO_BIN_EXE_mlops-lint");

/// Projects on disk, and how often to measure.
pub(crate) struct Setup {
    root: Utf8PathBuf,
    /// How many pairs.
    pub(crate) pairs: usize,
    bytes: Vec<(usize, u64)>,
}

impl Setup {
    /// Writes the projects.
    pub(crate) fn new(root: Utf8PathBuf, pairs: usize) -> io::Result<Self> {
        let mut bytes = Vec::new();
        for count in [100, 1000, 10_000] {
            let written =
                corpus::write_project(root.join(format!("yaml{count}")).as_std_path(), count, SEED, Format::Yaml)?;
            bytes.push((count, written));
        }
        corpus::write_project(root.join("json1000").as_std_path(), 1000, SEED, Format::Json)?;
        for format in [Format::Yaml, Format::Json] {
            let name = format!("giant.{}", format.extension());
            corpus::write(root.join(name).as_std_path(), &corpus::giant(SEED, format))?;
        }
        Ok(Self { root, pairs, bytes })
    }

    fn project(&self, count: usize) -> Utf8PathBuf {
        self.root.join(format!("yaml{count}"))
    }

    /// The linter over a path, SARIF written to a file.
    fn lint(&self, path: &Utf8Path, threads: usize) -> io::Result<Cost> {
        cost(&mut self.command(path, threads), Some(File::create(self.root.join("report.sarif"))?), &[0, 1])
    }

    fn command(&self, path: &Utf8Path, threads: usize) -> Command {
        let mut command = Command::new(TOOL);
        command
            .args(["check", "--no-config", "--quiet", "--format", "sarif", "--threads", &threads.to_string()])
            .arg(path);
        command.current_dir(&self.root);
        command
    }

    /// The floor over a directory.
    fn floor(&self, path: &Utf8Path, threads: usize) -> io::Result<Cost> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["floor", &threads.to_string()]).arg(path).current_dir(&self.root);
        cost(&mut command, None, &[0])
    }

    /// Measures two things so many times, in turns of changing order, after a first time that does not count.
    fn paired<T>(
        &self,
        first: impl Fn() -> io::Result<T>,
        second: impl Fn() -> io::Result<T>,
    ) -> io::Result<Vec<(T, T)>> {
        let (_, _) = (first()?, second()?);
        (0..self.pairs)
            .map(|pair| {
                if pair % 2 == 0 {
                    let one = first()?;
                    Ok((one, second()?))
                } else {
                    let other = second()?;
                    Ok((first()?, other))
                }
            })
            .collect()
    }
}

/// Processor time against the floor.
fn over_floor(setup: &Setup) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, path) in [
        ("1,000 templates, YAML", setup.project(1000)),
        ("10,000 templates, YAML", setup.project(10_000)),
        ("1,000 templates, JSON", setup.root.join("json1000")),
    ] {
        let pairs = setup.paired(|| setup.lint(&path, 1), || setup.floor(&path, 1))?;
        let ratio =
            median(pairs.iter().map(|(lint, floor)| lint.cpu.as_secs_f64() / floor.cpu.as_secs_f64()).collect());
        let (lint, floor) = (
            median(pairs.iter().map(|pair| ms(pair.0.cpu)).collect()),
            median(pairs.iter().map(|pair| ms(pair.1.cpu)).collect()),
        );
        // JSON parses about ten times as fast as YAML: the rules weigh more against it, and no gate is set.
        let (bound, aim) = if what.ends_with("JSON") { (Bound::None, "") } else { (Bound::AtMost(3.0), "; aim 2") };
        let note = format!("{lint:.0} ms against {floor:.0} ms, SARIF written{aim}");
        rows.push(Row::new(format!("{what}: processor time over the floor"), ratio, "times", bound, note));
    }
    Ok(rows)
}

/// One template of a megabyte, whole process.
fn giant(setup: &Setup) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (format, bound, aim) in [(Format::Yaml, 60.0, 30), (Format::Json, 20.0, 10)] {
        let path = setup.root.join(format!("giant.{}", format.extension()));
        setup.lint(&path, 1)?;
        let times: Vec<f64> =
            (0..setup.pairs * 3).map(|_| Ok(ms(setup.lint(&path, 1)?.wall))).collect::<io::Result<_>>()?;
        let note = format!("500 resources, one thread, SARIF written; aim {aim}");
        let what = format!("1 MB template in {}", format.extension().to_ascii_uppercase());
        rows.push(Row::new(what, median(times), "ms", Bound::AtMost(bound), note));
    }
    Ok(rows)
}

/// Each hostile shape at a megabyte, and how its time grows.
fn hostile(setup: &Setup) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, shapes) in [("text", &hostile::TEXTS[..]), ("template", &hostile::TEMPLATES[..])] {
        let mut slowest = (0.0, "");
        let mut steepest = (0.0, "");
        for &(name, shape) in shapes {
            let (small, large) = (setup.root.join("small.yaml"), setup.root.join("large.yaml"));
            corpus::write(small.as_std_path(), &shape(1 << 18))?;
            corpus::write(large.as_std_path(), &shape(1 << 20))?;
            let time = |path: &Utf8Path| -> io::Result<f64> {
                let times = (0..3).map(|_| Ok(ms(setup.lint(path, 1)?.cpu))).collect::<io::Result<Vec<_>>>()?;
                Ok(median(times))
            };
            let (small, large) = (time(&small)?, time(&large)?);
            // Start-up is no part of the growth, and what takes a few milliseconds has no exponent.
            let exponent = if large < 30.0 { 1.0 } else { ((large - 2.0) / (small - 2.0).max(0.5)).log2() / 2.0 };
            if large > slowest.0 {
                slowest = (large, name);
            }
            if exponent > steepest.0 {
                steepest = (exponent, name);
            }
        }
        let count = shapes.len();
        rows.push(Row::new(
            format!("hostile {what}s of 1 MB: the slowest of {count}"),
            slowest.0,
            "ms",
            Bound::AtMost(500.0),
            slowest.1.to_owned(),
        ));
        rows.push(Row::new(
            format!("hostile {what}s: exponent from 256 KB to 1 MB"),
            steepest.0,
            "",
            Bound::AtMost(1.25),
            steepest.1.to_owned(),
        ));
    }
    Ok(rows)
}

/// The largest resident memory.
fn memory(setup: &Setup) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &(count, bytes) in &setup.bytes {
        for threads in [1, 2] {
            let peaks = (0..3)
                .map(|_| Ok(peak(&setup.command(&setup.project(count), threads))? as f64))
                .collect::<io::Result<Vec<_>>>()?;
            let used = median(peaks) / 1e6;
            let text = bytes as f64 / 1e6;
            let bound = 10.0 + 5.0 * text;
            let note = format!("{text:.1} MB of templates; {:.1} times their bytes", used / text);
            let what =
                format!("{count} templates, {threads} thread{}: peak memory", if threads == 1 { "" } else { "s" });
            rows.push(Row::new(what, used, "MB", Bound::AtMost(bound), note));
        }
    }
    Ok(rows)
}

/// Wall time over that of a program that does nothing, of processes started in turns.
fn start(setup: &Setup) -> io::Result<Vec<Row>> {
    let empty = empty_program(setup)?;
    let small = setup.root.join("small-template.yaml");
    corpus::write(small.as_std_path(), "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")?;
    let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let check = ["check", "--no-config"];
    // A stack of eight, as small teams have; the reference architecture is about five times as much text.
    let stack = setup.project(8);
    corpus::write_project(stack.as_std_path(), 8, SEED, Format::Yaml)?;
    let programs: [(&str, &str, Vec<&str>, f64); 6] = [
        ("an empty program", empty.as_str(), vec![], 0.0),
        ("`--version`", TOOL, vec!["--version"], 1.0),
        ("`--help`", TOOL, vec!["--help"], 1.0),
        ("one small template", TOOL, [&check[..], &[small.as_str()]].concat(), 4.0),
        ("eight templates", TOOL, [&check[..], &[stack.as_str()]].concat(), 6.0),
        ("the templates of `templates/`", TOOL, [&check[..], &[templates]].concat(), 6.0),
    ];
    let mut times = vec![Vec::new(); programs.len()];
    for round in 0..=setup.pairs * 15 {
        for (index, (_, program, arguments, _)) in programs.iter().enumerate() {
            let mut command = Command::new(program);
            let cost = cost(command.args(arguments).current_dir(&setup.root), None, &[0, 1])?;
            if round > 0 {
                times[index].push(ms(cost.wall));
            }
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    let row = |(index, (what, _, _, bound)): (usize, &(&str, &str, Vec<&str>, f64))| {
        let note = format!("{:.2} ms against {:.2} ms", medians[index], medians[0]);
        Row::new(
            format!("{what}: wall time over an empty program"),
            medians[index] - medians[0],
            "ms",
            Bound::AtMost(*bound),
            note,
        )
    };
    Ok(programs.iter().enumerate().skip(1).map(row).collect())
}

fn empty_program(setup: &Setup) -> io::Result<Utf8PathBuf> {
    let (source, program) = (setup.root.join("empty.rs"), setup.root.join("empty"));
    corpus::write(source.as_std_path(), "fn main() {}\n")?;
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let status = Command::new(compiler).args(["-O", "-o"]).args([&program, &source]).status()?;
    if status.success() { Ok(program) } else { Err(io::Error::other("the empty program does not compile")) }
}

/// How processor time grows with the number of templates.
fn scaling(setup: &Setup) -> io::Result<Vec<Row>> {
    // The small project is measured as often as takes about a tenth of the time of the large one.
    let small =
        || (0..10).try_fold(0.0, |sum, _| Ok(sum + setup.lint(&setup.project(100), 1)?.cpu.as_secs_f64() / 10.0));
    let large = || Ok(setup.lint(&setup.project(10_000), 1)?.cpu.as_secs_f64());
    let pairs = setup.paired(small, large)?;
    let exponent = median(pairs.iter().map(|(small, large)| (large / small).log10() / 2.0).collect());
    let (small, large) =
        (median(pairs.iter().map(|pair| pair.0).collect()), median(pairs.iter().map(|pair| pair.1).collect()));
    let note = format!("{:.1} ms, {:.0} ms", small * 1000.0, large * 1000.0);
    Ok(vec![Row::new(
        "100 to 10,000 templates: exponent of processor time",
        exponent,
        "",
        Bound::Within(0.90, 1.05),
        note,
    )])
}

/// What a second thread brings.
fn threads(setup: &Setup) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (count, bound) in [(1000, Bound::AtLeast(1.55)), (10_000, Bound::None)] {
        let path = setup.project(count);
        let pairs = setup.paired(|| setup.lint(&path, 1), || setup.lint(&path, 2))?;
        let faster = median(pairs.iter().map(|(one, two)| one.wall.as_secs_f64() / two.wall.as_secs_f64()).collect());
        let more = median(
            pairs.iter().map(|(one, two)| 100.0 * (two.cpu.as_secs_f64() / one.cpu.as_secs_f64() - 1.0)).collect(),
        );
        let note = format!("{more:+.0} % processor time");
        rows.push(Row::new(
            format!("{count} templates: two threads against one"),
            faster,
            "times as fast",
            bound,
            note,
        ));
    }
    Ok(rows)
}
