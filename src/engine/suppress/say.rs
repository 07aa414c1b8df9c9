//! What is said of suppressions: SUP001 to SUP004, with the messages of their rule files.

use std::collections::BTreeMap;

use crate::finding::{Finding, Label, Subject};
use crate::rule::declarative::suggestion;
use crate::rule::{Registered, Registry, place};
use crate::source::Span;
use crate::syntax::Node;
use crate::template::Template;
use crate::value::Cursor;

use super::date::Date;
use super::{Accepted, Cover, Problem, Run, Word};

/// A longer text is cut where a message quotes it.
const QUOTED: usize = 60;

/// Findings about suppressions, as far as their rules run.
pub(super) struct Said<'a, 'p, 'f> {
    run: &'a Run<'a, 'p, 'f>,
    pub(super) findings: Vec<Finding>,
    /// Words that are no rules, which tend to be repeated.
    meant: BTreeMap<String, Meant>,
}

/// What is wrong with a word, and what to do.
type Meant = (&'static str, Option<String>);

impl<'a, 'p, 'f> Said<'a, 'p, 'f> {
    pub(super) fn new(run: &'a Run<'a, 'p, 'f>) -> Self {
        Self { run, findings: Vec::new(), meant: BTreeMap::new() }
    }

    /// SUP001.
    pub(super) fn without_reason(&mut self, place: Span, rules: &str, cover: &Cover) {
        self.say("SUP001", place, rules, "", cover.subject(self.run));
    }

    /// SUP002.
    pub(super) fn expired(&mut self, place: Span, rules: &str, day: Date, cover: &Cover) {
        self.say("SUP002", place, rules, &day.to_string(), cover.subject(self.run));
    }

    /// SUP003; what the rule found close by may be what was meant.
    pub(super) fn unused(&mut self, unused: &Accepted, found: &[(Finding, Option<usize>)]) {
        let (subject, is_section) = (unused.cover.subject(self.run), unused.cover.is_section(self.run));
        let id = unused.rule.as_str();
        let Some(finding) = self.say("SUP003", unused.word, id, "", subject) else { return };
        let near = found.iter().map(|(found, _)| found).find(|found| {
            found.rule == unused.rule
                && found.primary.span.file == unused.place.file
                && (found.subject.resource.is_some() && found.subject.resource == finding.subject.resource)
        });
        if let Some(near) = near {
            let text = format!("{id} is found here, outside of what the suppression covers");
            finding.related.push(Label { span: near.primary.span, text });
            finding.help = Some("put the suppression beside or above the key that is marked".to_owned());
        } else if is_section {
            finding.help = Some(
                "it covers the section that it stands at; for a whole file there is `Metadata` at the top level of the \
                 template"
                    .to_owned(),
            );
        }
    }

    /// SUP004: a word that is no rule, or one whose findings cannot be accepted.
    pub(super) fn no_rule(&mut self, word: &Word, found: Option<&Registered>, cover: &Cover) {
        let (detail, help) = match found {
            Some(_) => (
                "what is said of suppressions cannot be suppressed",
                Some("`ignore` it in the configuration".to_owned()),
            ),
            None => self.meant.entry(word.text.clone()).or_insert_with(|| meant(&word.text, self.run.registry)).clone(),
        };
        let subject = cover.subject(self.run);
        if let Some(finding) = self.say("SUP004", word.span, &word.text, detail, subject) {
            finding.help = help;
        }
    }

    /// SUP004: an expiry that is no day.
    pub(super) fn no_day(&mut self, place: Span, cover: &Cover) {
        let sources = &self.run.project.sources;
        let value = sources.slice(place).to_owned();
        let detail = "it is no day, which is written `YYYY-MM-DD`";
        self.say("SUP004", place, &value, detail, cover.subject(self.run));
    }

    /// SUP004: what is written in a way that is not understood.
    pub(super) fn problem(&mut self, problem: Problem) {
        let Problem { span, cover, value, detail, help } = problem;
        let subject = cover.map_or_else(Subject::default, |cover| cover.subject(self.run));
        if let Some(finding) = self.say("SUP004", span, &value, &detail, subject) {
            finding.help = help;
        }
    }

    fn say(&mut self, id: &str, span: Span, value: &str, detail: &str, subject: Subject) -> Option<&mut Finding> {
        let rule = self.run.enabled.iter().find(|rule| rule.meta.id.as_str() == id)?.rule();
        let mut quoted: String = value.chars().take(QUOTED).collect();
        if quoted.len() < value.len() {
            quoted.push_str("...");
        }
        let message = rule.message.fill(|gap| match gap {
            "value" => &quoted,
            "detail" => detail,
            _ => "",
        });
        self.findings.push(Finding {
            secrets: Vec::new(),
            rule: rule.meta.id.clone(),
            severity: rule.meta.severity,
            confidence: rule.meta.confidence,
            message,
            primary: Label { span, text: String::new() },
            related: Vec::new(),
            help: None,
            assumed: None,
            scenario: None,
            subject: Subject { value: value.to_owned(), ..subject },
        });
        self.findings.last_mut()
    }
}

/// What may be meant by a word that is no rule.
fn meant(word: &str, registry: &Registry) -> Meant {
    let lower = word.to_ascii_lowercase();
    let mut rules = registry.rules().iter();
    if lower == "all"
        || word.contains('*')
        || rules.any(|rule| rule.meta.category() == lower || rule.meta.profile.as_str() == lower)
    {
        let help = "name each rule, so that nothing is hidden that no one has looked at";
        return ("it stands for more than one rule", Some(help.to_owned()));
    }
    let known = || registry.rules().iter().flat_map(|rule| [rule.meta.id.as_str(), rule.meta.name.as_str()]);
    let upper = word.to_ascii_uppercase();
    ("there is no such rule", suggestion(word, known()).or_else(|| suggestion(&upper, known())))
}

impl Cover {
    /// What is covered, for the identity of findings about it.
    fn subject(&self, run: &Run<'_, '_, '_>) -> Subject {
        let Some((template, node)) = self.node(run) else { return Subject::default() };
        let owner = template.resource_around(node.span()).map(|index| &template.resources[index]);
        let bindings = owner.map(|owner| &*owner.bindings).unwrap_or_default();
        place::of_part(template, owner, Cursor::new(template, bindings, node), node.span()).subject
    }

    /// True for a section of a template.
    fn is_section(&self, run: &Run<'_, '_, '_>) -> bool {
        let parent = self.node(run).and_then(|(_, node)| node.parent());
        parent.is_some_and(|parent| parent.parent().is_none())
    }

    fn node<'p>(&self, run: &Run<'_, 'p, '_>) -> Option<(&'p Template, Node<'p>)> {
        let Self::Tree { template, node, .. } = self else { return None };
        let template = &run.project.templates[template.index()];
        Some((template, template.node(*node)))
    }
}
