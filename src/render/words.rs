//! Words that several formats share: what stands before a message, and what stands below it.

use crate::engine::{Report, ReportedRule};
use crate::finding::{Finding, Label, Reason, RuleId, Undecided};

use super::place::Places;
use super::text::{framework_name, one_line};

/// The name of a rule, or its id if the report does not know it.
pub(super) fn rule_name<'a>(report: &'a Report, rule: &'a RuleId) -> &'a str {
    report.rules.get(rule).map_or(rule.as_str(), |rule| &rule.meta.name)
}

/// `high[sagemaker-endpoint-config-kms] ENC001`
pub(super) fn tag(word: &str, report: &Report, rule: &RuleId) -> String {
    format!("{word}[{}] {}", rule_name(report, rule), rule.as_str())
}

/// What an undecided verdict is about, and why it is undecided.
pub(super) fn undecided(undecided: &Undecided) -> String {
    let subject = &undecided.subject;
    let what = if subject.path.is_empty() { subject.resource.as_deref().unwrap_or("it") } else { &subject.path };
    let reasons: Vec<_> = undecided.reasons.iter().map(Reason::text).collect();
    format!("`{what}` is undecided: {}", reasons.join(", "))
}

/// Lines below a message: further places, at most so many, what to do about this instance, and what was assumed.
pub(super) fn details(finding: &Finding, places: &Places<'_>, most: usize) -> Vec<String> {
    let place = |label: &Label| {
        let words = if label.text.is_empty() { "see also" } else { &label.text };
        format!("{}: {}", places.portable_at(label.span), one_line(words))
    };
    let line = |key: &str, text: &Option<String>| text.as_ref().map(|text| format!("{key}: {}", one_line(text)));
    let related = finding.related.iter().take(most).map(place);
    related.chain(line("help", &finding.help)).chain(line("assumed", &finding.assumed)).collect()
}

/// The controls of a rule as a list in Markdown.
pub(super) fn controls(rule: &ReportedRule) -> String {
    let docs = &rule.docs;
    let own = docs.controls.iter().map(|(framework, ids)| (framework, ids, ""));
    let analogies = docs.controls_by_analogy.iter().map(|(framework, ids)| (framework, ids, " (by analogy)"));
    let lines: Vec<_> = own
        .chain(analogies)
        .filter(|(_, ids, _)| !ids.is_empty())
        .map(|(framework, ids, note)| format!("- {}: {}{note}", framework_name(framework), ids.join(", ")))
        .collect();
    lines.join("\n")
}
