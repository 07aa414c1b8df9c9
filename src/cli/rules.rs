//! `mlops-lint rules`: every rule, as a table or with all its metadata as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};

#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::{Confidence, Severity};
use crate::render::{OutputFormat, Paint, plural};
use crate::rule::{OptionKind, Profile, RuleOption};

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

fn json(rules: &[ListedRule], out: &mut dyn Write) -> io::Result<()> {
    let rules = rules.iter().map(Rule::from).collect();
    serde_json::to_writer(&mut *out, &Document { version: VERSION, rules })?;
    writeln!(out)
}

/// The schema of what is written as JSON.
#[cfg(feature = "schema")]
pub(super) fn schema() -> serde_json::Value {
    crate::render::schema::of::<Document<'_>>(&format!("Rules of mlops-lint, version {VERSION}"))
}

/// The version of what is written.
const VERSION: u32 = 1;

// Comments of these types and their fields are the descriptions in `docs/schema/rules.schema.json`.

/// What `mlops-lint rules --format json` writes. Within version 1 keys are added but never removed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
struct Document<'a> {
    /// The version of this format, which grows when a key is removed or changes its meaning.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    version: u32,
    /// Sorted by id.
    rules: Vec<Rule<'a>>,
}

/// A rule with its texts, controls and relatives in other tools.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
struct Rule<'a> {
    /// Stable, never reused.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), example = &"ENC001"))]
    id: &'a str,
    /// As people type it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    name: &'a str,
    /// One line, without an instance.
    summary: &'a str,
    /// Without a case.
    severity: Severity,
    /// Of a verdict that rests on nothing but the text.
    confidence: Confidence,
    /// From which profile on it runs.
    profile: Profile,
    /// The letters of the id, in small letters.
    category: String,
    /// Resource types and kinds that it looks at; globs stay globs.
    types: &'a [String],
    /// Control ids by framework.
    controls: &'a BTreeMap<String, Vec<String>>,
    /// Control ids that fit by analogy only.
    controls_by_analogy: &'a BTreeMap<String, Vec<String>>,
    /// What a configuration can set.
    options: Vec<Setting<'a>>,
    /// Ids of rules of other tools, such as `checkov:CKV_AWS_98`; `~` marks a weaker relative.
    peers: &'a [String],
    /// Why it matters, in Markdown.
    why: &'a str,
    /// What to do, in Markdown.
    #[serde(rename = "do")]
    remedy: &'a str,
    /// Pages that the facts come from.
    #[cfg_attr(feature = "schema", schemars(inner(url)))]
    references: &'a [String],
}

/// An option of a rule.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema), schemars(rename = "Option"))]
struct Setting<'a> {
    /// Its name.
    name: &'a str,
    /// What it may be.
    #[serde(rename = "type")]
    kind: OptionKind,
    /// One value, or those of a list.
    default: &'a [String],
    /// What it does.
    about: &'a str,
}

impl<'a> From<&'a ListedRule> for Rule<'a> {
    fn from(ListedRule { rule, types, options }: &'a ListedRule) -> Self {
        let (meta, docs) = (&rule.meta, &rule.docs);
        Self {
            id: meta.id.as_str(),
            name: &meta.name,
            summary: &meta.summary,
            severity: meta.severity,
            confidence: meta.confidence,
            profile: meta.profile,
            category: meta.category(),
            types,
            options: options
                .iter()
                .map(|RuleOption { name, kind, about, value }| Setting { name, kind: *kind, about, default: value })
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
