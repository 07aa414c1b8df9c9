//! Which rule takes how much: `cargo bench --bench cost -- DIR`. Rules run one after the other, in one thread.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use mlops_lint::engine;
use mlops_lint::graph::dependencies;
use mlops_lint::project::Project;
use mlops_lint::project::discover::{Options, discover};
use mlops_lint::rule::native::{Context, Native, Sink};
use mlops_lint::rule::{Memo, Registry, Target, judge_with};

/// How much a native check finds.
fn findings(native: Native, context: &Context<'_, '_>) -> usize {
    let mut sink = Sink::default();
    (native.check)(context, &mut sink);
    sink.findings.len()
}

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
    let rules = registry.rules();
    let mut costs: Vec<(Duration, usize, usize)> = vec![Default::default(); rules.len()];
    let mut add = |number: usize, check: &dyn Fn() -> usize| {
        let started = Instant::now();
        let findings = check();
        let (time, nodes, found) = &mut costs[number];
        *time += started.elapsed();
        *nodes += 1;
        *found += findings;
    };
    // As the engine does: template by template, with what rules share.
    for template in &project.templates {
        let (memo, names) = (Memo::default(), dependencies(template));
        for (number, registered) in rules.iter().enumerate() {
            let rule = registered.rule();
            if let Some(check) = rule.native.filter(|_| rule.is_about_templates()) {
                let context = Context { rule, graph: &graph, template, dependencies: &names, entity: None };
                add(number, &|| findings(check, &context));
            }
        }
        for (id, entity) in graph.entities().filter(|(_, entity)| entity.template == template.id) {
            for (number, registered) in rules.iter().enumerate() {
                if !registered.kinds.contains(entity.kind) {
                    continue;
                }
                let rule = registered.rule();
                let context = Context { rule, graph: &graph, template, dependencies: &[], entity: Some(id) };
                add(number, &|| match rule.native {
                    Some(check) => findings(check, &context),
                    None => judge_with(rule, &graph, Target::Node(id), &memo).findings.len(),
                });
            }
        }
    }
    for (number, registered) in rules.iter().enumerate() {
        if registered.rule().is_about_project() {
            add(number, &|| judge_with(registered.rule(), &graph, Target::Project, &Memo::default()).findings.len());
        }
    }
    let mut costs: Vec<_> = costs.into_iter().zip(rules).collect();
    costs.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
    for ((time, nodes, findings), rule) in costs {
        let (ms, meta) = (time.as_secs_f64() * 1000.0, &rule.meta);
        let (id, name, profile) = (meta.id.as_str(), &meta.name, meta.profile);
        println!("{ms:>9.3} ms  {nodes:>6} nodes {findings:>6} findings  {profile:?} {id} {name}");
    }
    ExitCode::SUCCESS
}
