//! A rule as SARIF describes it. Depends on the rule alone: equal in every code base.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::engine::ReportedRule;
use crate::finding::{Confidence, Severity};

use super::super::address::page;
use super::super::text::{example, first_paragraph};
use super::super::words::controls;
use super::model::{Configuration, Help, Rule, RuleProperties, Text};
use super::taxonomy::Taxonomies;

/// GitHub's limits. It says "characters"; UTF-16 units are never fewer.
const NAME: usize = 255;
const DESCRIPTION: usize = 1024;
/// It takes twenty tags and keeps ten.
const TAGS: usize = 10;

/// The rule's object.
pub(super) fn lower<'a>(rule: &'a ReportedRule, taxonomies: &Taxonomies<'a>) -> Rule<'a> {
    let meta = &rule.meta;
    let why = first_paragraph(&rule.docs.why);
    let full = if why.is_empty() { meta.summary.clone() } else { why };
    let mut tags = vec![Cow::Borrowed("security"), Cow::Owned(meta.category())];
    tags.extend(rule.docs.controls.keys().map(|framework| Cow::Borrowed(framework.as_str())));
    tags.truncate(TAGS);
    Rule {
        id: meta.id.as_str(),
        name: cut(meta.name.as_str().into(), NAME),
        short_description: Text { text: cut(non_empty(&meta.summary, &meta.name).into(), DESCRIPTION) },
        full_description: Text { text: cut(Cow::Owned(non_empty(&full, &meta.name).to_owned()), DESCRIPTION) },
        default_configuration: Configuration { level: super::level(meta.severity) },
        help_uri: page(rule),
        help: Help { text: help_text(rule), markdown: help_markdown(rule) },
        relationships: taxonomies.of(rule),
        properties: RuleProperties {
            precision: match meta.confidence {
                Confidence::Certain => "very-high",
                Confidence::Likely => "high",
                Confidence::Possible => "medium",
            },
            problem_severity: match meta.severity {
                Severity::Critical | Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low | Severity::Info => "recommendation",
            },
            // A string: GitHub rejects a number. Above 9.0 is critical, from 7.0 high, from 4.0 medium, from 0.1 low.
            security_severity: match meta.severity {
                Severity::Critical => Some("9.5"),
                Severity::High => Some("8.0"),
                Severity::Medium => Some("5.5"),
                Severity::Low => Some("2.0"),
                Severity::Info => None,
            },
            tags,
        },
    }
}

fn non_empty<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.trim().is_empty() { instead } else { text }
}

fn cut(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    // A unit takes at least one byte.
    if text.len() <= most || text.encode_utf16().count() <= most {
        return text;
    }
    let mut left = most - 1;
    let fits = |character: &char| {
        let rest = left.checked_sub(character.len_utf16());
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    Cow::Owned(text.chars().take_while(fits).chain(['…']).collect())
}

fn help_text(rule: &ReportedRule) -> String {
    let docs = &rule.docs;
    let parts: Vec<&str> = [docs.why.trim(), docs.remedy.trim()].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { non_empty(&rule.meta.summary, &rule.meta.name).to_owned() } else { parts.join("\n\n") }
}

fn help_markdown(rule: &ReportedRule) -> String {
    let docs = &rule.docs;
    let mut text = String::new();
    let mut section = |title: &str, body: &str| {
        let body = body.trim();
        if !body.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}## {title}\n\n{body}");
        }
    };
    section("Why it matters", &docs.why);
    section("What to do", &docs.remedy);
    section("Example", &fenced(docs.example_bad.as_deref()));
    section("Passes", &fenced(docs.example_good.as_deref()));
    section("Controls", &controls(rule));
    let references: Vec<_> = docs.references.iter().map(|url| format!("- <{url}>")).collect();
    section("References", &references.join("\n"));
    if text.is_empty() { format!("{}\n", help_text(rule)) } else { text }
}

fn fenced(template: Option<&str>) -> String {
    template.map(|template| format!("```yaml\n{}\n```", example(template))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_units_of_utf_16() {
        for (text, expected) in
            [("abcd", "abcd"), ("abcde", "abc…"), ("😀😀", "😀😀"), ("😀😀a", "😀…"), ("ééééé", "ééé…")]
        {
            assert_eq!(cut(text.into(), 4), expected);
        }
    }
}
