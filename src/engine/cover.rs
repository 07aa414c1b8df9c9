//! Leaves out what another finding says better: an open port of a login needs one line, not a second one that the group
//! is open.
//!
//! A rule names the rules that cover it. Its finding is left out where one of them has a finding that is at least as
//! severe about the same resource and the same entry: the list item that holds the place, or else the property's map. What
//! holds under some choices only covers nothing that holds under others.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::{Finding, RuleId};
use crate::rule::Registered;
use crate::source::FileId;

/// Which findings stay. What is accepted covers and is covered like everything else: the suppressions have been judged.
pub(super) fn stays(findings: &[Finding], enabled: &[&Registered]) -> Vec<bool> {
    let rules: FxHashMap<&RuleId, &Registered> = enabled.iter().map(|rule| (&rule.meta.id, *rule)).collect();
    let coverers: FxHashSet<&RuleId> = enabled.iter().flat_map(|rule| rule.rule().covered_by()).collect();
    // By each map and list item that they lie in: a list may be long, and each of its items have findings.
    let mut within: FxHashMap<(FileId, &str, &str), Vec<&Finding>> = FxHashMap::default();
    for finding in findings.iter().filter(|finding| coverers.contains(&finding.rule)) {
        if let Some(resource) = &finding.subject.resource {
            for entry in entries(&finding.subject.path) {
                within.entry((finding.primary.span.file, resource, entry)).or_default().push(finding);
            }
        }
    }
    let covered = |finding: &Finding| {
        let (Some(rule), Some(resource)) = (rules.get(&finding.rule), &finding.subject.resource) else { return false };
        let covering = rule.rule().covered_by();
        if covering.is_empty() {
            return false;
        }
        let entry = (finding.primary.span.file, resource.as_str(), entry(&finding.subject.path));
        within.get(&entry).into_iter().flatten().any(|other| {
            covering.contains(&other.rule)
                && other.severity >= finding.severity
                && (other.scenario.is_none() || other.scenario == finding.scenario)
        })
    };
    findings.iter().map(|finding| !covered(finding)).collect()
}

/// The list item that holds a path, or else the map.
fn entry(path: &str) -> &str {
    match path.rfind(']') {
        Some(end) => &path[..=end],
        None => path.rsplit_once('.').map_or(path, |(map, _)| map),
    }
}

/// A path, and all that it lies in.
fn entries(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.char_indices().filter(|&(at, c)| at > 0 && matches!(c, '.' | '[')).map(|(at, _)| at);
    ends.chain([path.len()]).map(|end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::{entries, entry};

    #[test]
    fn an_entry_is_the_list_item_or_else_the_map() {
        assert_eq!(entry("Resources.A.Properties.Rules[1].CidrIp"), "Resources.A.Properties.Rules[1]");
        assert_eq!(entry("Resources.A.Properties.Rules[1]"), "Resources.A.Properties.Rules[1]");
        assert_eq!(entry("Resources.A.Properties.CidrIp"), "Resources.A.Properties");
    }

    #[test]
    fn another_item_whose_number_begins_alike_holds_nothing_of_it() {
        assert!(entries("P.Rules[1].FromPort").any(|entry| entry == "P.Rules[1]"));
        assert!(entries("P.Rules[1]").any(|entry| entry == "P.Rules[1]"));
        assert!(!entries("P.Rules[11].FromPort").any(|entry| entry == "P.Rules[1]"));
        assert!(!entries("Properties.A").any(|entry| entry == "Prop"));
    }
}
