//! `mlops-lint explain RULE`: why a rule matters, what to do, examples, controls and where to read more.

use std::fmt::Write as _;

use crate::render::{Paint, example, framework_name, wrap};

use crate::rule::RuleOption;

use super::args::ExplainArgs;
use super::lint::listed;
use super::{Exit, Failure, ListedRule, Stdio, color, did_you_mean, unless_broken_pipe, width};

/// Prose is easier to read in lines that are not too long.
const WIDEST: usize = 100;

pub(super) fn run(args: &ExplainArgs, io: &mut Stdio<'_>) -> Result<Exit, Failure> {
    let directories: Vec<_> = args.rules.iter().map(|directory| io.cwd.join(directory)).collect();
    let rules = listed(&directories)?;
    let typed = args.rule.as_str();
    let matches = |rule: &&ListedRule| {
        let meta = &rule.rule.meta;
        meta.id.as_str().eq_ignore_ascii_case(typed) || meta.name.eq_ignore_ascii_case(typed)
    };
    let Some(rule) = rules.iter().find(matches) else {
        return Err(unknown(typed, &rules));
    };
    let page = Page {
        paint: Paint { color: color(args.color, io.stdout_is_terminal, io.env) },
        width: width(io).min(WIDEST),
        text: String::new(),
    };
    let text = page.rule(rule);
    unless_broken_pipe(io.stdout.write_all(text.as_bytes()).and_then(|()| io.stdout.flush()))?;
    Ok(Exit::Clean)
}

fn unknown(typed: &str, rules: &[ListedRule]) -> Failure {
    let failure = Failure::new(format!("there is no rule `{typed}`"));
    let known = rules.iter().flat_map(|rule| [rule.rule.meta.id.as_str(), rule.rule.meta.name.as_str()]);
    match did_you_mean(typed, known) {
        Some(rule) => failure.with("help", format!("did you mean `{rule}`?")),
        None => failure.with("help", "`mlops-lint rules` lists them all"),
    }
}

struct Page {
    paint: Paint,
    width: usize,
    text: String,
}

impl Page {
    fn rule(mut self, ListedRule { rule, types, options }: &ListedRule) -> String {
        let (meta, docs) = (&rule.meta, &rule.docs);
        let tag = format!("{}[{}]", meta.severity, meta.name);
        let _ =
            writeln!(self.text, "{} {}", self.paint.severity(meta.severity, tag), self.paint.bold(meta.id.as_str()));
        self.prose(&meta.summary);
        let _ = writeln!(self.text);
        self.fact("profile", meta.profile.as_str());
        self.fact("confidence", meta.confidence.as_str());
        for case in &docs.severity_cases {
            self.fact("severity", &case.told());
        }
        self.fact("looks at", &types.join(", "));
        for option in options {
            let RuleOption { name, kind, about, value } = option;
            self.fact("option", &format!("{name} ({}, {}): {about}", kind.as_str(), value.join(", ")));
        }
        self.section("Why it matters", &docs.why);
        self.section("What to do", &docs.remedy);
        self.example("Example", docs.example_bad.as_deref());
        self.example("Passes", docs.example_good.as_deref());
        let own = docs.controls.iter().map(|(framework, ids)| (framework, ids, ""));
        let analogies = docs.controls_by_analogy.iter().map(|(framework, ids)| (framework, ids, " (by analogy)"));
        let controls: Vec<_> = own
            .chain(analogies)
            .filter(|(_, ids, _)| !ids.is_empty())
            .map(|(framework, ids, note)| format!("- {}: {}{note}", framework_name(framework), ids.join(", ")))
            .collect();
        self.section("Controls", &controls.join("\n"));
        self.section("Related rules of other tools", &docs.peers.join(", "));
        let references: Vec<_> = docs.references.iter().map(|url| format!("- {url}")).collect();
        self.section("Read more", &references.join("\n"));
        self.text
    }

    fn fact(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            let indent = key.len() + 2;
            let lines = wrap(text, self.width - indent, self.width - 2).join("\n  ");
            let _ = writeln!(self.text, "{}: {lines}", self.paint.key(key));
        }
    }

    fn section(&mut self, title: &str, markdown: &str) {
        if !markdown.trim().is_empty() {
            let _ = writeln!(self.text, "\n{}", self.paint.bold(title));
            self.prose(markdown.trim());
        }
    }

    fn example(&mut self, title: &str, template: Option<&str>) {
        let Some(template) = template.filter(|template| !template.trim().is_empty()) else {
            return;
        };
        let _ = writeln!(self.text, "\n{}", self.paint.bold(title));
        for line in example(template).lines() {
            let _ = writeln!(self.text, "{}", format_args!("    {line}").to_string().trim_end());
        }
    }

    /// Paragraphs are joined and broken anew; list items and code keep their lines.
    fn prose(&mut self, markdown: &str) {
        let mut paragraph = String::new();
        let mut in_code = false;
        for line in markdown.lines().map(str::trim_end).chain([""]) {
            let fence = line.trim_start().starts_with("```");
            let own_line = fence || in_code || line.is_empty() || line.trim_start().starts_with(['-', '*', '|', '#']);
            if own_line && !paragraph.is_empty() {
                self.broken(&paragraph);
                paragraph.clear();
            }
            in_code ^= fence;
            if in_code || fence {
                let _ = writeln!(self.text, "{line}");
            } else if line.is_empty() {
                if !self.text.ends_with("\n\n") {
                    self.text.push('\n');
                }
            } else {
                let separator = if paragraph.is_empty() { "" } else { " " };
                let _ = write!(paragraph, "{separator}{}", line.trim());
            }
        }
        // One line break at the end, however the text ended.
        let kept = self.text.trim_end_matches('\n').len();
        self.text.truncate(kept);
        self.text.push('\n');
    }

    fn broken(&mut self, paragraph: &str) {
        let indent = if paragraph.starts_with("- ") || paragraph.starts_with("* ") { "  " } else { "" };
        let lines = wrap(paragraph, self.width, self.width - indent.len());
        let _ = writeln!(self.text, "{}", lines.join(&format!("\n{indent}")));
    }
}
