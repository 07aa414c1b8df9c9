//! Verdicts of several environments to one: what holds in all of them is said as if there were one, what holds in some
//! names them.

use std::collections::BTreeMap;

use crate::finding::{ChoiceKind, ChoiceNote, Finding, Reason, RuleId, ScenarioNote, Undecided};
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

/// What is one finding, of all that one rule says at one place: what is said in the same words; and what is said in other
/// words in other environments, for it is one mistake with the values of each.
fn groups(seen: Vec<Seen>) -> Vec<Vec<Seen>> {
    let mut same: Vec<Vec<Seen>> = Vec::new();
    for (environment, finding) in seen {
        match same.iter_mut().find(|group| says_the_same(&group[0].1, &finding)) {
            Some(group) => group.push((environment, finding)),
            None => same.push(vec![(environment, finding)]),
        }
    }
    let mut groups: Vec<Vec<Seen>> = Vec::new();
    for group in same {
        let is_apart = |known: &&mut Vec<Seen>| known.iter().all(|(a, _)| group.iter().all(|(b, _)| a != b));
        match groups.iter_mut().find(is_apart) {
            Some(known) => known.extend(group),
            None => groups.push(group),
        }
    }
    groups
}

fn says_the_same(a: &Finding, b: &Finding) -> bool {
    a.message == b.message && a.subject == b.subject && a.scenario == b.scenario
}

/// The finding of a group: the worst of its environments speaks, and names those that it holds in unless it holds in all.
fn speak(names: &[&str], mut group: Vec<Seen>) -> Finding {
    let mut speaker = 0;
    for (index, (_, finding)) in group.iter().enumerate() {
        let known = &group[speaker].1;
        if (finding.severity, finding.confidence) > (known.severity, known.confidence) {
            speaker = index;
        }
    }
    let (own, mut finding) = group.remove(speaker);
    let mut same = vec![own];
    let mut others = Vec::new();
    for (environment, mut other) in group {
        // What one of them must not repeat, the source shows for all.
        other.secrets.retain(|secret| !finding.secrets.contains(secret));
        finding.secrets.append(&mut other.secrets);
        if !says_the_same(&finding, &other) {
            others.push(environment);
            continue;
        }
        same.push(environment);
        for label in other.related {
            if finding.related.iter().all(|known| known.span != label.span) {
                finding.related.push(label);
            }
        }
    }
    same.sort_unstable();
    others.sort_unstable();
    if same.len() < names.len() {
        note(&mut finding, &within(names, &same, &others), same.iter().chain(&others).map(|&index| names[index]));
    }
    finding
}

/// "in environment `dev`", "in environments `dev` and `test`"; where others have other values, them too.
fn within(names: &[&str], same: &[usize], others: &[usize]) -> String {
    let word = if same.len() == 1 { "environment" } else { "environments" };
    let own = format!("in {word} {}", listed(names, same));
    if others.is_empty() { own } else { format!("{own} and, with other values, in {}", listed(names, others)) }
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
fn note<'a>(finding: &mut Finding, text: &str, environments: impl Iterator<Item = &'a str>) {
    let choices = environments.map(|environment| ChoiceNote {
        kind: ChoiceKind::Environment,
        name: "environment".to_owned(),
        value: environment.to_owned(),
    });
    match &mut finding.scenario {
        Some(known) => {
            // A message that tells the scenario tells the environment with it; else it comes last.
            match finding.message.find(&known.text) {
                Some(at) => finding.message.insert_str(at + known.text.len(), &format!(", {text}")),
                None => finding.message.extend([" ", text]),
            }
            known.text.extend([", ", text]);
            known.choices.extend(choices);
        }
        None => {
            finding.message.extend([" ", text]);
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
            secrets: Vec::new(),
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
        assert_eq!(
            merged(vec![one("1 instance"), one("2 instances"), one("1 instance")]),
            ["high: 1 instance in environments `dev` and `prod` and, with other values, in `test`"]
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
