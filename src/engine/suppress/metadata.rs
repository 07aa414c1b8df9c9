//! `Metadata: { mlops-lint: { ignore: [{rule, reason, until}] } }` of a template or of a resource.

use std::collections::BTreeSet;

use crate::rule::declarative::suggestion;
use crate::source::Span;
use crate::syntax::Node;
use crate::template::Template;

use super::{Cover, MARKER, Problem, Suppression, SuppressionOrigin, Until, Word};

const SHAPE: &str = "the shape is `mlops-lint: {ignore: [{rule: name, reason: text, until: 2027-03-31}]}`";
const KEYS: [&str; 3] = ["rule", "reason", "until"];

/// Reads the metadata of a template and of its resources.
pub(super) fn read(template: &Template, suppressions: &mut Vec<Suppression>, problems: &mut Vec<Problem>) {
    let mut reader = Reader { suppressions, problems };
    if let Some(root) = template.document.root() {
        reader.metadata(root, || Cover::file(template, root));
    }
    // The rounds of a loop share one body.
    let mut seen = BTreeSet::new();
    for resource in template.resources.iter().filter(|resource| seen.insert(resource.body)) {
        let (key, body) = (template.node(resource.key).span(), template.node(resource.body));
        let whole = Span::new(key.file, key.start, body.span_with_tag().end.max(key.end));
        reader.metadata(body, || Cover::tree(template, body, vec![whole]));
    }
}

struct Reader<'r> {
    suppressions: &'r mut Vec<Suppression>,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn metadata(&mut self, owner: Node<'_>, cover: impl FnOnce() -> Cover) {
        let Some((key, ours)) = owner.get("Metadata").and_then(|metadata| metadata.entry(MARKER)) else { return };
        let cover = &cover();
        if !is_map(ours) {
            return self.problem(key, cover, "it is no map", SHAPE);
        }
        for (key, value) in ours.entries() {
            if key.scalar() != Some("ignore") {
                self.unknown(key, cover, &["ignore"]);
            } else if value.is_sequence() && !value.tag().is_function() {
                value.items().for_each(|item| self.item(key, item, cover));
            } else if is_map(value) {
                self.item(key, value, cover);
            } else {
                self.problem(key, cover, "it is no list", SHAPE);
            }
        }
    }

    /// One `{rule, reason, until}`; a bare name is a rule without a reason.
    fn item(&mut self, ignore: Node<'_>, item: Node<'_>, cover: &Cover) {
        if item.scalar().is_some() && !item.tag().is_function() {
            return self.push(vec![word(item)], String::new(), Until::Open, item, cover);
        }
        if !is_map(item) {
            return self.problem(ignore, cover, "an entry of it is no map", SHAPE);
        }
        let Some((first, _)) = item.entries().next() else {
            return self.problem(ignore, cover, "an entry of it is empty", SHAPE);
        };
        for (key, _) in item.entries().filter(|(key, _)| !key.scalar().is_some_and(|key| KEYS.contains(&key))) {
            self.unknown(key, cover, &KEYS);
        }
        let Some((rule_key, rule)) = item.entry("rule") else {
            return self.problem(first, cover, "the entry names no `rule`", SHAPE);
        };
        let names: Vec<Node<'_>> = if rule.is_sequence() { rule.items().collect() } else { vec![rule] };
        if names.is_empty() || names.iter().any(|name| text(*name).is_none_or(str::is_empty)) {
            return self.problem(rule_key, cover, "it is no name of a rule", SHAPE);
        }
        let reason = match item.entry("reason") {
            None => "",
            Some((key, reason)) => match text(reason) {
                Some(reason) => reason.trim(),
                None => return self.problem(key, cover, "it is no text", SHAPE),
            },
        };
        let until = match item.entry("until") {
            None => Until::Open,
            Some((key, day)) => match text(day) {
                Some(written) => Until::read(written.trim(), day.span()),
                None => return self.problem(key, cover, "it is no day, which is written `YYYY-MM-DD`", SHAPE),
            },
        };
        self.push(names.into_iter().map(word).collect(), reason.to_owned(), until, rule_key, cover);
    }

    fn push(&mut self, words: Vec<Word>, reason: String, until: Until<Span>, at: Node<'_>, cover: &Cover) {
        let origin = SuppressionOrigin::Metadata;
        self.suppressions.push(Suppression { origin, place: at.span(), cover: cover.clone(), words, reason, until });
    }

    fn unknown(&mut self, key: Node<'_>, cover: &Cover, known: &[&str]) {
        let help = suggestion(key.text(), known.iter().copied());
        self.problem(key, cover, "a suppression has no such key", help.as_deref().unwrap_or(SHAPE));
    }

    fn problem(&mut self, at: Node<'_>, cover: &Cover, detail: &str, help: &str) {
        self.problems.push(Problem {
            span: at.span(),
            cover: Some(cover.clone()),
            value: at.scalar().unwrap_or_default().to_owned(),
            detail: detail.to_owned(),
            help: Some(help.to_owned()),
        });
    }
}

fn is_map(node: Node<'_>) -> bool {
    node.is_mapping() && !node.tag().is_function()
}

/// A text that is written out.
fn text(node: Node<'_>) -> Option<&str> {
    node.scalar().filter(|_| !node.tag().is_function())
}

fn word(node: Node<'_>) -> Word {
    Word { span: node.span(), text: node.text().trim().to_owned() }
}
