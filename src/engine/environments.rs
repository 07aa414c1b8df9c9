//! Verdicts of several environments to one: what holds in all of them is said as if there were one, what holds in some
//! names them.

use std::collections::BTreeMap;

use crate::finding::{ChoiceNote, Finding, Reason, RuleId, ScenarioNote, Undecided};
use crate::source::Span;

use super::Verdicts;

/// A finding with the environment that it was found in, by number.
type Seen = (usize, Finding);

/// Joins what the rules say in each environment; `names` and `all` are in the same order.
pub(super) fn merge(names: &[&str], all: Vec<Verdicts>) -> Verdicts {
    let mut merged = Verdicts::default();
    let mut findings: BTreeMap<(Span, RuleId), Vec<Seen>> = BTreeMap::new();
    let mut undecided: BTreeMap<(Span, RuleId), Undecided> = BTreeMap::new();
    for (environment, verdicts) in all.into_iter().enumerate() {
        for finding in verdicts.findings {
            let key = (finding.primary.span, finding.rule.clone());
            findings.entry(key).or_default().push((environment, finding));
        }
        for verdict in verdicts.undecided {
            let key = (verdict.span, verdict.rule.clone());
            match undecided.get_mut(&key) {
                Some(known) => add_reasons(&mut known.reasons, verdict.reasons),
                None => drop(undecided.insert(key, verdict)),
            }
        }
        merged.failures.extend(verdicts.failures);
    }
    for seen in findings.into_values() {
        merged.findings.extend(groups(seen).into_iter().map(|group| speak(names, group)));
    }
    merged.undecided.extend(undecided.into_values());
    merged.findings.sort_by(Finding::order);
    merged.undecided.sort();
    merged.failures.sort();
    merged.failures.dedup();
    merged
}

fn add_reasons(known: &mut Vec<Reason>, more: Vec<Reason>) {
    known.extend(more);
    known.sort();
    known.dedup();
}

/// What is one finding, of all that one rule says at one place: those that say the same; of what is left, the first of
/// each environment, then the second.
fn groups(seen: Vec<Seen>) -> Vec<Vec<Seen>> {
    let mut groups: Vec<Vec<Seen>> = Vec::new();
    for (environment, finding) in seen {
        match groups.iter_mut().find(|group| says_the_same(&group[0].1, &finding)) {
            Some(group) => group.push((environment, finding)),
            None => groups.push(vec![(environment, finding)]),
        }
    }
    let (mut whole, alone): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.len() > 1);
    let mut others: Vec<Vec<Seen>> = Vec::new();
    for (environment, finding) in alone.into_iter().flatten() {
        let is_free = |group: &&mut Vec<Seen>| group.iter().all(|&(other, _)| other != environment);
        match others.iter_mut().find(is_free) {
            Some(group) => group.push((environment, finding)),
            None => others.push(vec![(environment, finding)]),
        }
    }
    whole.append(&mut others);
    whole
}

fn says_the_same(a: &Finding, b: &Finding) -> bool {
    a.message == b.message && a.subject == b.subject && a.scenario == b.scenario
}

/// The finding of a group: the worst of its environments speaks, and names those that it holds in unless it holds in all.
fn speak(names: &[&str], group: Vec<Seen>) -> Finding {
    let is_same = group.iter().all(|(_, finding)| says_the_same(finding, &group[0].1));
    let environments: Vec<usize> = group.iter().map(|&(environment, _)| environment).collect();
    let mut speaker = 0;
    for (index, (_, finding)) in group.iter().enumerate() {
        let known = &group[speaker].1;
        if (finding.severity, finding.confidence) > (known.severity, known.confidence) {
            speaker = index;
        }
    }
    let own = environments[speaker];
    let mut related = Vec::new();
    let mut spoken = None;
    for (index, (_, finding)) in group.into_iter().enumerate() {
        if index == speaker {
            spoken = Some(finding);
        } else if is_same {
            related.extend(finding.related);
        }
    }
    // The speaker is one of the group.
    let mut finding = spoken.expect("a group has a finding");
    for label in related {
        if finding.related.iter().all(|known| known.span != label.span) {
            finding.related.push(label);
        }
    }
    if is_same && environments.len() == names.len() {
        return finding;
    }
    let text = if is_same { within(names, &environments) } else { differing(names, own, &environments) };
    note(&mut finding, &text, names, &environments);
    finding
}

/// "in environment `dev`", "in environments `dev` and `test`"
fn within(names: &[&str], environments: &[usize]) -> String {
    let word = if environments.len() == 1 { "environment" } else { "environments" };
    format!("in {word} {}", listed(names, environments))
}

/// What is said holds in one environment; in others it is as wrong, with other values.
fn differing(names: &[&str], own: usize, environments: &[usize]) -> String {
    let others: Vec<usize> = environments.iter().copied().filter(|&environment| environment != own).collect();
    format!("in environment `{}` and, with other values, in {}", names[own], listed(names, &others))
}

fn listed(names: &[&str], environments: &[usize]) -> String {
    let names: Vec<String> = environments.iter().map(|&environment| format!("`{}`", names[environment])).collect();
    match &names[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Puts the environments into a finding's message and scenario.
fn note(finding: &mut Finding, text: &str, names: &[&str], environments: &[usize]) {
    let choices = environments.iter().map(|&environment| ChoiceNote {
        kind: "environment",
        name: "environment".to_owned(),
        value: names[environment].to_owned(),
    });
    match &mut finding.scenario {
        Some(known) => {
            // A message that tells the scenario tells the environment with it; else it comes last.
            match finding.message.find(&known.text) {
                Some(at) => finding.message.insert_str(at + known.text.len(), &format!(", {text}")),
                None => finding.message.push_str(&format!(" {text}")),
            }
            known.text.push_str(&format!(", {text}"));
            known.choices.extend(choices);
        }
        None => {
            finding.message.push_str(&format!(" {text}"));
            finding.scenario = Some(ScenarioNote { text: text.to_owned(), choices: choices.collect() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Label, ReasonKind, Severity, Subject};
    use crate::source::FileId;

    fn finding(start: u32, message: &str, severity: Severity) -> Finding {
        Finding {
            rule: RuleId::new("ENC001"),
            severity,
            confidence: Confidence::Certain,
            message: message.to_owned(),
            primary: Label { span: Span::new(FileId::new(0), start, start + 1), text: String::new() },
            related: Vec::new(),
            help: None,
            assumed: None,
            scenario: None,
            subject: Subject::default(),
        }
    }

    fn merged(all: Vec<Vec<Finding>>) -> Vec<String> {
        let names = ["dev", "test", "prod"];
        let verdicts = all.into_iter().map(|findings| Verdicts { findings, ..Verdicts::default() }).collect();
        let merged = merge(&names, verdicts);
        merged.findings.iter().map(|finding| format!("{}: {}", finding.severity.as_str(), finding.message)).collect()
    }

    #[test]
    fn what_holds_everywhere_names_no_environment() {
        let open = || vec![finding(0, "open", Severity::High)];
        assert_eq!(merged(vec![open(), open(), open()]), ["high: open"]);
    }

    #[test]
    fn what_holds_somewhere_names_where() {
        let open = || vec![finding(0, "open", Severity::High)];
        assert_eq!(merged(vec![open(), vec![], vec![]]), ["high: open in environment `dev`"]);
        assert_eq!(merged(vec![open(), vec![], open()]), ["high: open in environments `dev` and `prod`"]);
    }

    #[test]
    fn the_environment_follows_the_scenario() {
        let mut open = finding(0, "open when `A` is true, always", Severity::High);
        open.scenario = Some(ScenarioNote { text: "when `A` is true".to_owned(), choices: Vec::new() });
        assert_eq!(
            merged(vec![vec![], vec![open], vec![]]),
            ["high: open when `A` is true, in environment `test`, always"]
        );
    }

    #[test]
    fn the_worst_severity_speaks() {
        let open = |severity| vec![finding(0, "open", severity)];
        let all = vec![open(Severity::Low), open(Severity::High), open(Severity::Medium)];
        assert_eq!(merged(all), ["high: open"]);
    }

    #[test]
    fn other_values_at_one_place_are_one_finding() {
        let one = |text: &str| vec![finding(0, text, Severity::High)];
        assert_eq!(
            merged(vec![one("1 instance"), one("2 instances"), vec![]]),
            ["high: 1 instance in environment `dev` and, with other values, in `test`"]
        );
        assert_eq!(
            merged(vec![one("1 instance"), one("2 instances"), one("0 instances")]),
            ["high: 1 instance in environment `dev` and, with other values, in `test` and `prod`"]
        );
    }

    #[test]
    fn two_findings_at_one_place_stay_two() {
        let two = || vec![finding(0, "a", Severity::High), finding(0, "b", Severity::High)];
        assert_eq!(merged(vec![two(), two(), two()]), ["high: a", "high: b"]);
    }

    #[test]
    fn reasons_of_all_environments_are_told_once() {
        let undecided = |name: &str| Undecided {
            span: Span::new(FileId::new(0), 0, 1),
            rule: RuleId::new("ENC001"),
            subject: Subject::default(),
            reasons: vec![Reason { kind: ReasonKind::ExternalImport, name: name.to_owned() }],
        };
        let verdicts = |name: &str| Verdicts { undecided: vec![undecided(name)], ..Verdicts::default() };
        let merged = merge(&["dev", "test"], vec![verdicts("b"), verdicts("a")]);
        let reasons: Vec<&str> = merged.undecided[0].reasons.iter().map(|reason| &*reason.name).collect();
        assert_eq!((merged.undecided.len(), reasons), (1, vec!["a", "b"]));
    }
}
