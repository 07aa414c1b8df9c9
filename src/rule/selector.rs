//! Which rules are meant by a word: an id, a name, a category, a profile, a framework or a control.
//!
//! Turns words such as `ENC017`, `NET`, `strict`, `nist-800-53-r5:SC-7` into predicates over rules. It does not know where
//! the words come from.

use std::collections::BTreeSet;

use super::declarative::nearest;
use super::{Profile, Registered, Registry};

/// What a word stands for; the order is from the widest to the narrowest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    /// Every rule of a profile.
    Profile(Profile),
    /// Every rule that maps to a framework.
    Framework(String),
    /// Every rule of a category.
    Category(String),
    /// Every rule that maps to a control, or to an enhancement of it: `SC-7` also means `SC-7(5)`.
    Control(String, String),
    /// One rule, by its id.
    Rule(String),
}

/// A word that stands for rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    word: String,
    meaning: Meaning,
}

/// A word that stands for no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no rule, category, profile, framework or control")]
pub struct UnknownSelector {
    /// As it was written.
    pub word: String,
    /// What may have been meant.
    pub nearest: Option<String>,
}

impl Selector {
    /// Finds out what a word stands for. Case does not matter.
    ///
    /// # Errors
    /// If no rule of the registry is meant, with the nearest word that means some.
    pub fn parse(word: &str, registry: &Registry) -> Result<Self, UnknownSelector> {
        let meaning = meaning(word, registry)
            .ok_or_else(|| UnknownSelector { word: word.to_owned(), nearest: suggest(word, registry) })?;
        Ok(Self { word: word.to_owned(), meaning })
    }

    /// As it was written.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// True if the rule is meant.
    pub fn matches(&self, rule: &Registered) -> bool {
        match &self.meaning {
            Meaning::Profile(profile) => rule.meta.profile <= *profile,
            Meaning::Category(category) => rule.meta.category() == *category,
            Meaning::Rule(id) => rule.meta.id.as_str() == id,
            Meaning::Framework(framework) => controls(rule, framework).next().is_some(),
            Meaning::Control(framework, control) => {
                controls(rule, framework).any(|known| is_or_enhances(&known, control))
            }
        }
    }
}

/// Which rules run.
#[derive(Debug, Default)]
pub struct Selection {
    /// Rules that run; if there are none, those of the profile.
    pub select: Vec<Selector>,
    /// Rules that do not.
    pub ignore: Vec<Selector>,
}

impl Selection {
    /// Whether a rule runs: what is said most narrowly of it decides, and `ignore` where both are as narrow.
    pub fn runs(&self, rule: &Registered, profile: Profile) -> bool {
        let narrowest = |selectors: &[Selector]| {
            let matching = selectors.iter().filter(|selector| selector.matches(rule));
            matching.map(|selector| breadth(&selector.meaning)).max()
        };
        let selected = match narrowest(&self.select) {
            None if self.select.is_empty() && rule.meta.profile <= profile => Some(0),
            selected => selected,
        };
        selected.is_some_and(|selected| narrowest(&self.ignore).is_none_or(|ignored| ignored < selected))
    }
}

/// How narrow a word is; a category and a control are compared by nothing but this.
fn breadth(meaning: &Meaning) -> u8 {
    match meaning {
        Meaning::Profile(_) => 0,
        Meaning::Framework(_) => 1,
        Meaning::Category(_) => 2,
        Meaning::Control(..) => 3,
        Meaning::Rule(_) => 4,
    }
}

fn meaning(word: &str, registry: &Registry) -> Option<Meaning> {
    if let Some(rule) = registry.find(word) {
        return Some(Meaning::Rule(rule.meta.id.as_str().to_owned()));
    }
    let lower = word.to_ascii_lowercase();
    if let Ok(profile) = lower.parse() {
        return Some(Meaning::Profile(profile));
    }
    let rules = registry.rules();
    if rules.iter().any(|rule| rule.meta.category() == lower) {
        return Some(Meaning::Category(lower));
    }
    let meant = match lower.split_once(':') {
        None => Meaning::Framework(lower),
        Some((framework, control)) => Meaning::Control(framework.to_owned(), control.to_owned()),
    };
    let selector = Selector { word: String::new(), meaning: meant };
    rules.iter().any(|rule| selector.matches(rule)).then_some(selector.meaning)
}

/// The ids of the controls of a framework that a rule maps to, by mapping or by analogy, in small letters.
fn controls<'r>(rule: &'r Registered, framework: &str) -> impl Iterator<Item = String> + use<'r> {
    let docs = rule.docs();
    let of = |map: &std::collections::BTreeMap<String, Vec<String>>| map.get(framework).cloned().unwrap_or_default();
    let (own, by_analogy) = (of(&docs.controls), of(&docs.controls_by_analogy));
    own.into_iter().chain(by_analogy).map(|control| control.to_ascii_lowercase())
}

/// `sc-7(5)` enhances `sc-7`; `sc-70` does not.
fn is_or_enhances(control: &str, wanted: &str) -> bool {
    control.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
}

/// The word that is nearest among all that mean something.
fn suggest(word: &str, registry: &Registry) -> Option<String> {
    let mut known: BTreeSet<String> = [Profile::Recommended, Profile::Strict].map(|p| p.as_str().to_owned()).into();
    for rule in registry.rules() {
        known.extend([rule.meta.id.as_str().to_owned(), rule.meta.name.clone()]);
        known.insert(rule.meta.category().to_ascii_uppercase());
        let docs = rule.docs();
        for (framework, controls) in docs.controls.iter().chain(&docs.controls_by_analogy) {
            known.insert(framework.clone());
            known.extend(controls.iter().map(|control| format!("{framework}:{control}")));
        }
    }
    let upper = word.to_ascii_uppercase();
    let near = nearest(word, known.iter().map(String::as_str));
    near.or_else(|| nearest(&upper, known.iter().map(String::as_str))).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(selection: &Selection, profile: Profile) -> Vec<String> {
        let registry = Registry::bundled();
        let runs = registry.rules().iter().filter(|rule| selection.runs(rule, profile));
        runs.map(|rule| rule.meta.id.as_str().to_owned()).collect()
    }

    fn selection(select: &[&str], ignore: &[&str]) -> Selection {
        let registry = Registry::bundled();
        let read = |words: &[&str]| words.iter().map(|word| Selector::parse(word, &registry).unwrap()).collect();
        Selection { select: read(select), ignore: read(ignore) }
    }

    #[test]
    fn each_kind_of_word_means_its_rules() {
        let strict = |select: &[&str]| ids(&selection(select, &[]), Profile::Recommended);
        assert_eq!(strict(&["enc017"]), ["ENC017"]);
        assert_eq!(strict(&["training-job-volume-kms"]), ["ENC017"]);
        assert!(strict(&["enc"]).iter().all(|id| id.starts_with("ENC")));
        assert_eq!(strict(&["strict"]), ids(&selection(&[], &[]), Profile::Strict));
        assert!(strict(&["fsbp"]).contains(&"NET001".to_owned()));
        assert!(strict(&["fsbp:SageMaker.1"]).len() < strict(&["fsbp"]).len());
        let boundary = strict(&["NIST-800-53-r5:sc-7"]);
        assert!(boundary.contains(&"NET001".to_owned()), "{boundary:?}");
        assert!(!boundary.contains(&"ENC017".to_owned()), "{boundary:?}");
    }

    #[test]
    fn the_narrower_word_decides() {
        let with = |select: &[&str], ignore: &[&str]| ids(&selection(select, ignore), Profile::Recommended);
        assert_eq!(with(&["ENC017"], &["ENC"]), ["ENC017"]);
        assert!(with(&["ENC017"], &["ENC017"]).is_empty());
        assert!(!with(&["ENC"], &["ENC017"]).contains(&"ENC017".to_owned()));
        assert!(!with(&[], &["ENC"]).iter().any(|id| id.starts_with("ENC")));
        assert!(with(&[], &["recommended"]).is_empty());
    }

    #[test]
    fn enhancements_belong_to_their_control() {
        assert!(is_or_enhances("sc-7(5)", "sc-7"));
        assert!(is_or_enhances("sc-7", "sc-7"));
        assert!(!is_or_enhances("sc-70", "sc-7"));
        assert!(!is_or_enhances("sc-7", "sc-7(5)"));
    }

    #[test]
    fn a_word_that_means_nothing_gets_a_suggestion() {
        let registry = Registry::bundled();
        let nearest = |word: &str| Selector::parse(word, &registry).unwrap_err().nearest;
        assert_eq!(nearest("ENC0177").as_deref(), Some("ENC017"));
        assert_eq!(nearest("training-job-volume-kmss").as_deref(), Some("training-job-volume-kms"));
        assert_eq!(nearest("nist-800-53-r6").as_deref(), Some("nist-800-53-r5"));
        assert_eq!(nearest("strickt").as_deref(), Some("strict"));
        assert_eq!(nearest("nist-800-53-r5:SC-77").map(|word| word.starts_with("nist-800-53-r5:SC-")), Some(true));
    }
}
