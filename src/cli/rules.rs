//! `mlops-lint rules`: every rule, as a table or with all its metadata as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::render::{OutputFormat, Paint, plural};
use crate::rule::RuleOption;

use super::args::RulesArgs;
use super::lint::listed;
use super::{Exit, Failure, ListedRule, Stdio, color, unless_broken_pipe};

pub(super) fn run(args: &RulesArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    let directories: Vec<_> = args.rules.iter().map(|directory| io.cwd.join(directory)).collect();
    let rules = listed(&directories)?;
    let mut text = Vec::new();
    let written = match args.format {
        OutputFormat::Json => json(&rules, &mut text),
        _ => table(&rules, Paint { color: color(args.color, io.stdout_is_terminal, io.env) }, &mut text),
    };
    unless_broken_pipe(written.and_then(|()| io.stdout.write_all(&text)).and_then(|()| io.stdout.flush()))?;
    Ok(Exit::Clean)
}

fn table(rules: &[ListedRule], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let name_width = rules.iter().map(|rule| rule.rule.meta.name.len()).max().unwrap_or(0);
    for ListedRule { rule, .. } in rules {
        let meta = &rule.meta;
        writeln!(
            out,
            "{}  {}  {}  {:name_width$}  {}",
            meta.id.as_str(),
            paint.severity(meta.severity, format_args!("{:<8}", meta.severity.as_str())),
            paint.dim(format_args!("{:<11}", meta.profile.as_str())),
            meta.name,
            meta.summary,
        )?;
    }
    writeln!(out, "{}", paint.bold(plural(rules.len(), "rule")))
}

/// Keys are never removed within a version.
fn json(rules: &[ListedRule], out: &mut dyn Write) -> io::Result<()> {
    let rules = rules.iter().map(RuleOut::from).collect();
    serde_json::to_writer(&mut *out, &Document { version: 1, rules })?;
    writeln!(out)
}

#[derive(serde::Serialize)]
struct Document<'a> {
    version: u32,
    rules: Vec<RuleOut<'a>>,
}

#[derive(serde::Serialize)]
struct RuleOut<'a> {
    id: &'a str,
    name: &'a str,
    summary: &'a str,
    severity: &'static str,
    confidence: &'static str,
    profile: &'static str,
    category: String,
    types: &'a [String],
    controls: &'a BTreeMap<String, Vec<String>>,
    controls_by_analogy: &'a BTreeMap<String, Vec<String>>,
    options: Vec<OptionOut<'a>>,
    peers: &'a [String],
    why: &'a str,
    #[serde(rename = "do")]
    remedy: &'a str,
    references: &'a [String],
}

#[derive(serde::Serialize)]
struct OptionOut<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    default: &'a [String],
    about: &'a str,
}

impl<'a> From<&'a ListedRule> for RuleOut<'a> {
    fn from(ListedRule { rule, types, options }: &'a ListedRule) -> Self {
        let (meta, docs) = (&rule.meta, &rule.docs);
        Self {
            id: meta.id.as_str(),
            name: &meta.name,
            summary: &meta.summary,
            severity: meta.severity.as_str(),
            confidence: meta.confidence.as_str(),
            profile: meta.profile.as_str(),
            category: meta.category(),
            types,
            options: options
                .iter()
                .map(|RuleOption { name, kind, about, value }| OptionOut { name, kind, about, default: value })
                .collect(),
            controls: &docs.controls,
            controls_by_analogy: &docs.controls_by_analogy,
            peers: &docs.peers,
            why: &docs.why,
            remedy: &docs.remedy,
            references: &docs.references,
        }
    }
}
