//! Which rule takes how much: `cargo bench --bench cost -- DIR`. Rules run one after the other, in one thread.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use mlops_lint::engine;
use mlops_lint::graph::dependencies;
use mlops_lint::project::Project;
use mlops_lint::project::discover::{Options, discover};
use mlops_lint::rule::native::{Context, Sink};
use mlops_lint::rule::{Registry, Target, judge};

fn main() -> ExitCode {
    // Cargo hands `--bench` to every bench.
    let Some(directory) = std::env::args().skip(1).find(|argument| argument != "--bench") else {
        println!("usage: DIR");
        return ExitCode::SUCCESS;
    };
    let Ok(cwd) = Utf8PathBuf::from(directory).canonicalize_utf8() else { return ExitCode::from(2) };
    let mut stdin = std::io::empty();
    let options = Options::new(&cwd, &cwd, &mut stdin);
    let mut last = Instant::now();
    let mut lap = |what: &str| {
        println!("{:>9.3} ms  {what}", last.elapsed().as_secs_f64() * 1000.0);
        last = Instant::now();
    };
    let found = match discover(std::slice::from_ref(&cwd), options) {
        Ok(found) => found,
        Err(error) => {
            println!("{error}");
            return ExitCode::from(2);
        }
    };
    lap("list and read");
    let files = found.templates.into_iter().map(|template| (template.path, template.text)).collect();
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build() else {
        return ExitCode::from(2);
    };
    let project = pool.install(|| Project::load(files, found.explicit_files_only));
    lap("parse");
    let graph = engine::link(&project).remove(0);
    lap("link");
    for template in &project.templates {
        std::hint::black_box(dependencies(template));
    }
    lap("names that templates use");
    let registry = Registry::bundled();
    let mut costs: Vec<(Duration, usize, usize, String)> = Vec::new();
    for registered in registry.rules() {
        let started = Instant::now();
        let rule = registered.rule();
        let (mut nodes, mut findings) = (0, 0);
        if let Some(native) = rule.native.filter(|_| rule.is_about_templates()) {
            for template in &project.templates {
                let names = dependencies(template);
                let context = Context { rule, graph: &graph, template, dependencies: &names, entity: None };
                let mut sink = Sink::default();
                (native.check)(&context, &mut sink);
                nodes += 1;
                findings += sink.findings.len();
            }
        } else if rule.is_about_project() {
            nodes = 1;
            findings = judge(rule, &graph, Target::Project).findings.len();
        } else {
            for (id, _) in graph.entities().filter(|(_, entity)| registered.kinds.contains(entity.kind)) {
                nodes += 1;
                findings += judge(rule, &graph, Target::Node(id)).findings.len();
            }
        }
        costs.push((started.elapsed(), nodes, findings, format!("{} {}", rule.meta.id.as_str(), rule.meta.name)));
    }
    costs.sort_by(|a, b| b.cmp(a));
    for (time, nodes, findings, rule) in costs {
        println!("{:>9.3} ms  {nodes:>6} nodes {findings:>6} findings  {rule}", time.as_secs_f64() * 1000.0);
    }
    ExitCode::SUCCESS
}
