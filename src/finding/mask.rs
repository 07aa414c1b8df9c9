//! Texts that no report repeats: secrets that a rule found, wherever they would come up.

use std::ops::Range;

use super::{Finding, Undecided};

/// Stands for what is not shown.
pub const MASK: &str = "****";

impl Finding {
    /// Takes secrets out of everything that it says.
    pub fn hide(&mut self, secrets: &[String]) {
        let Self { message, primary, related, help, scenario, subject, .. } = self;
        hide(message, secrets);
        hide(&mut subject.value, secrets);
        std::iter::once(primary).chain(related).for_each(|label| hide(&mut label.text, secrets));
        if let Some(help) = help {
            hide(help, secrets);
        }
        if let Some(note) = scenario {
            hide(&mut note.text, secrets);
            note.choices.iter_mut().for_each(|choice| hide(&mut choice.value, secrets));
        }
    }
}

/// Takes the secrets that findings found out of all that is said, and gives them, the longest first.
pub fn hide_secrets(findings: &mut [Finding], undecided: &mut [Undecided]) -> Vec<String> {
    let mut secrets: Vec<String> = findings.iter().flat_map(|finding| finding.secrets.iter().cloned()).collect();
    secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    secrets.dedup();
    if !secrets.is_empty() {
        for finding in findings {
            finding.hide(&secrets);
        }
        let reasons = undecided.iter_mut().flat_map(|undecided| &mut undecided.reasons);
        reasons.for_each(|reason| hide(&mut reason.name, &secrets));
    }
    secrets
}

fn hide(text: &mut String, secrets: &[String]) {
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        if text.contains(secret.as_str()) {
            *text = text.replace(secret.as_str(), MASK);
        }
    }
}

/// Where secrets stand in a text.
pub fn hidden_in(text: &str, secrets: &[String]) -> Vec<Range<usize>> {
    let secrets = secrets.iter().filter(|secret| !secret.is_empty());
    secrets.flat_map(|secret| text.match_indices(secret.as_str()).map(|(at, found)| at..at + found.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_hidden() {
        let secrets = ["hunter2!".to_owned(), String::new()];
        let mut text = "a hunter2! b hunter2!".to_owned();
        hide(&mut text, &secrets);
        assert_eq!(text, "a **** b ****");
        assert_eq!(hidden_in("a hunter2! hunter2!", &secrets), [2..10, 11..19]);
        assert!(hidden_in("nothing", &secrets).is_empty());
    }
}
