//! The linter in one process, under criterion: `cargo bench --bench lint`.

mod corpus;

use std::hint::black_box;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mlops_lint::cli::{Exit, Stdio, run};
use mlops_lint::source::FileId;
use mlops_lint::syntax;

use corpus::Format;

/// Runs the program over a path, its report thrown away.
fn check(cwd: &Utf8Path, path: &str, format: &str) -> Exit {
    let arguments = ["mlops-lint", "check", "--no-config", "--quiet", "--format", format, path];
    let mut io = Stdio {
        stdin: &mut std::io::empty(),
        stdout: &mut std::io::sink(),
        stderr: &mut std::io::sink(),
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        width: None,
        cwd: cwd.to_owned(),
        env: &|_| None,
    };
    let exit = run(arguments.map(Into::into), &mut io);
    assert_ne!(exit, Exit::CouldNotRun, "{path}");
    exit
}

/// Text to tree.
fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (name, format) in [("yaml", Format::Yaml), ("json", Format::Json)] {
        let texts: Vec<Arc<str>> = (0..100).map(|number| corpus::template(number, 7, format).into()).collect();
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    black_box(syntax::parse(FileId::new(0), text));
                }
            });
        });
    }
    group.finish();
}

/// One small template: what every run costs.
fn start(criterion: &mut Criterion, root: &Utf8Path) {
    let small = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n";
    corpus::write(root.join("small.yaml").as_std_path(), small).expect("the directory is ours");
    let mut group = criterion.benchmark_group("start");
    group.bench_function("one small template", |bencher| bencher.iter(|| check(root, "small.yaml", "human")));
    group.finish();
}

/// Whole projects, with all processors, SARIF written.
fn project(criterion: &mut Criterion, root: &Utf8Path) {
    let mut group = criterion.benchmark_group("project");
    for count in [100, 1000] {
        let name = format!("project{count}");
        let bytes = corpus::write_project(root.join(&name).as_std_path(), count, 7, Format::Yaml);
        group.throughput(Throughput::Bytes(bytes.expect("the directory is ours")));
        group.sample_size(if count > 100 { 10 } else { 50 });
        group.bench_function(format!("{count} templates"), |bencher| bencher.iter(|| check(root, &name, "sarif")));
    }
    group.finish();
}

fn on_disk(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("there is a directory for temporary files");
    let root = directory.path().canonicalize().expect("it was just made");
    let root = Utf8PathBuf::from_path_buf(root).expect("its name is UTF-8");
    start(criterion, &root);
    project(criterion, &root);
}

criterion_group!(benches, parse, on_disk);
criterion_main!(benches);
