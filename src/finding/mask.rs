//! Texts that no report repeats: secrets that a rule found, wherever they would come up.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::{Finding, Undecided};

/// Stands for what is not shown.
pub const MASK: &str = "****";

/// So many bytes of a secret are looked up; nothing shorter is one.
const START: usize = 4;

/// Secrets, found in a text in one go however many there are.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// By their first bytes, the longest first.
    by_start: FxHashMap<[u8; START], Vec<Box<str>>>,
}

impl Secrets {
    /// The secrets with these texts.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sorted: Vec<&str> = texts.into_iter().collect();
        sorted.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        sorted.dedup();
        let mut secrets = Self::default();
        for text in sorted {
            if let Some(start) = text.as_bytes().first_chunk() {
                secrets.by_start.entry(*start).or_default().push(text.into());
            }
        }
        secrets
    }

    /// Adds those of another run.
    pub fn join(&mut self, other: &Self) {
        let all = self.by_start.values().chain(other.by_start.values()).flatten().map(|secret| &**secret);
        *self = Self::new(all);
    }

    /// Where secrets stand in a text, in order.
    pub fn within(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(start) =
            text.as_bytes().get(at..).filter(|_| !self.by_start.is_empty()).and_then(<[u8]>::first_chunk)
        {
            let known = self.by_start.get(start).into_iter().flatten();
            let secret = known.into_iter().find(|secret| text.as_bytes()[at..].starts_with(secret.as_bytes()));
            match secret {
                Some(secret) => {
                    found.push(at..at + secret.len());
                    at += secret.len();
                }
                None => at += 1,
            }
        }
        found
    }

    /// Takes them out of a text.
    fn hide(&self, text: &mut String) {
        for range in self.within(text).into_iter().rev() {
            text.replace_range(range, MASK);
        }
    }
}

impl Finding {
    /// Takes secrets out of everything that it says.
    pub fn hide(&mut self, secrets: &Secrets) {
        let Self { message, primary, related, help, scenario, subject, .. } = self;
        secrets.hide(message);
        secrets.hide(&mut subject.value);
        for label in std::iter::once(primary).chain(related) {
            secrets.hide(&mut label.text);
        }
        if let Some(help) = help {
            secrets.hide(help);
        }
        if let Some(note) = scenario {
            secrets.hide(&mut note.text);
            for choice in &mut note.choices {
                secrets.hide(&mut choice.value);
            }
        }
    }
}

/// Takes the secrets that findings found out of all that is said, and gives them.
pub fn hide_secrets(findings: &mut [Finding], undecided: &mut [Undecided]) -> Secrets {
    let secrets = Secrets::new(findings.iter().flat_map(|finding| finding.secrets.iter().map(String::as_str)));
    if !secrets.by_start.is_empty() {
        for finding in findings {
            finding.hide(&secrets);
        }
        for reason in undecided.iter_mut().flat_map(|undecided| &mut undecided.reasons) {
            secrets.hide(&mut reason.name);
        }
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_hidden() {
        let secrets = Secrets::new(["hunter2!", "hunter2!more", "é2é4", "abc"]);
        for (text, hidden) in [
            ("a hunter2! b hunter2!", "a **** b ****"),
            ("hunter2!more", "****"),
            ("xé2é4x", "x****x"),
            ("hunter2", "hunter2"),
            ("abc", "abc"),
        ] {
            let mut shown = text.to_owned();
            secrets.hide(&mut shown);
            assert_eq!(shown, hidden);
        }
        assert_eq!(secrets.within("a hunter2! hunter2!"), [2..10, 11..19]);
        assert!(Secrets::default().within("hunter2!").is_empty());
    }
}
