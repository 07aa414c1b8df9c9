//! The index of the bundled rules, and the automata of their patterns.

use super::generated::{AUTOMATA, GLOBS, REGEXES, RULES, RULES_BY_NAME, TEXTS};

/// A rule of this program: what is needed to choose it, and where the rest of it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct BundledRule {
    /// `ENC001`: stable, never reused.
    pub id: &'static str,
    /// `sagemaker-endpoint-config-kms`: what people type.
    pub name: &'static str,
    /// One line, without an instance.
    pub summary: &'static str,
    /// The severity without a case.
    pub severity: &'static str,
    /// `certain`, `likely` or `possible`.
    pub confidence: &'static str,
    /// `recommended` or `strict`.
    pub profile: &'static str,
    /// The letters of the id in small letters, which is also the folder.
    pub category: &'static str,
    /// The resource types and kinds that the rule looks at. Tables are replaced by their rows; globs stay globs.
    pub types: &'static [&'static str],
    /// The name of the native check, if the rule is one.
    pub native: Option<&'static str>,
    /// The file in the project: `rules/enc/x.yaml`.
    pub file: &'static str,
    pub(super) body: (usize, usize),
    pub(super) docs: (usize, usize),
}

impl BundledRule {
    /// What the engine evaluates, and the message, as JSON: the rule file without documentation and tests.
    pub fn body(&self) -> &'static str {
        &TEXTS[self.body.0..self.body.1]
    }

    /// What people read, as JSON: `why`, `do`, `references`, `controls`, `peers` and short examples.
    pub fn docs(&self) -> &'static str {
        &TEXTS[self.docs.0..self.docs.1]
    }
}

/// What a pattern is written in. A glob and a regular expression of one text are two patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatternKind {
    /// A regular expression, searched for anywhere.
    Regex,
    /// A glob over the whole value.
    Glob,
}

/// All bundled rules, by id.
pub fn bundled() -> &'static [BundledRule] {
    RULES
}

/// The rule of an id or a name.
pub fn rule(id_or_name: &str) -> Option<&'static BundledRule> {
    let by_id = RULES.binary_search_by(|rule| rule.id.cmp(id_or_name)).ok();
    let by_name = || RULES_BY_NAME.binary_search_by(|(name, _)| name.cmp(&id_or_name)).ok();
    by_id.or_else(|| Some(RULES_BY_NAME[by_name()?].1)).map(|at| &RULES[at])
}

/// The automaton of a pattern that a bundled rule uses, as bytes of a sparse DFA. A list or table of patterns is one
/// automaton, found by their texts joined by line feeds.
pub fn automaton(kind: PatternKind, pattern: &str) -> Option<&'static [u8]> {
    let index = match kind {
        PatternKind::Regex => REGEXES,
        PatternKind::Glob => GLOBS,
    };
    let (_, start, end) = index[index.binary_search_by(|(text, ..)| text.cmp(&pattern)).ok()?];
    Some(&AUTOMATA[start..end])
}

/// All patterns of the bundled rules, as [`automaton`] finds them.
pub fn patterns() -> impl Iterator<Item = (PatternKind, &'static str)> {
    let of = |kind, index: &'static [(&'static str, usize, usize)]| index.iter().map(move |&(text, ..)| (kind, text));
    of(PatternKind::Regex, REGEXES).chain(of(PatternKind::Glob, GLOBS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_by_id_and_by_name() {
        for known in bundled() {
            assert_eq!(rule(known.id), Some(known));
            assert_eq!(rule(known.name), Some(known));
        }
        assert_eq!(rule("no-such-rule"), None);
    }

    #[test]
    fn body_and_docs_are_the_rules_own() {
        for rule in bundled() {
            let body: serde_json::Value = serde_json::from_str(rule.body()).expect("build.rs wrote JSON");
            let docs: serde_json::Value = serde_json::from_str(rule.docs()).expect("build.rs wrote JSON");
            assert_eq!(body["id"], rule.id);
            assert!(body.get("tests").is_none() && body.get("why").is_none(), "{}", rule.id);
            assert_eq!(docs["summary"], rule.summary);
            assert!(docs.get("tests").is_none() && docs.get("require").is_none(), "{}", rule.id);
            assert_eq!(rule.file, format!("rules/{}/{}.yaml", rule.category, rule.name));
            assert!(!rule.types.is_empty(), "{} looks at nothing", rule.id);
        }
    }
}
