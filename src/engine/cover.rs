//! Leaves out what another finding says better: an open port of a login needs one line, not a second one that the group
//! is open.
//!
//! A rule names the rules that cover it. Its finding is left out where one of them has a finding that is at least as
//! severe about the same resource and the same entry: the list item that holds the place, or else the property's map. What
//! holds under some choices only covers nothing that holds under others.

use rustc_hash::FxHashMap;

use crate::finding::{Finding, RuleId};
use crate::rule::Registered;
use crate::source::FileId;

/// Which findings stay. What is accepted covers and is covered like everything else: the suppressions have been judged.
pub(super) fn stays(findings: &[Finding], enabled: &[&Registered]) -> Vec<bool> {
    let rules: FxHashMap<&RuleId, &Registered> = enabled.iter().map(|rule| (&rule.meta.id, *rule)).collect();
    let mut of_resource: FxHashMap<(FileId, &str), Vec<&Finding>> = FxHashMap::default();
    for finding in findings {
        if let Some(resource) = &finding.subject.resource {
            of_resource.entry((finding.primary.span.file, resource)).or_default().push(finding);
        }
    }
    let covered = |finding: &Finding| {
        let (Some(rule), Some(resource)) = (rules.get(&finding.rule), &finding.subject.resource) else { return false };
        let covering = rule.rule().covered_by();
        if covering.is_empty() {
            return false;
        }
        let entry = entry(&finding.subject.path);
        of_resource[&(finding.primary.span.file, resource.as_str())].iter().any(|other| {
            covering.contains(&other.rule)
                && other.severity >= finding.severity
                && (other.scenario.is_none() || other.scenario == finding.scenario)
                && is_within(&other.subject.path, entry)
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

/// True if a path is an entry or lies in it.
fn is_within(path: &str, entry: &str) -> bool {
    path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::{entry, is_within};

    #[test]
    fn an_entry_is_the_list_item_or_else_the_map() {
        assert_eq!(entry("Resources.A.Properties.Rules[1].CidrIp"), "Resources.A.Properties.Rules[1]");
        assert_eq!(entry("Resources.A.Properties.Rules[1]"), "Resources.A.Properties.Rules[1]");
        assert_eq!(entry("Resources.A.Properties.CidrIp"), "Resources.A.Properties");
    }

    #[test]
    fn another_item_whose_number_begins_alike_is_not_within() {
        assert!(is_within("P.Rules[1].FromPort", "P.Rules[1]"));
        assert!(is_within("P.Rules[1]", "P.Rules[1]"));
        assert!(!is_within("P.Rules[11].FromPort", "P.Rules[1]"));
        assert!(!is_within("Properties.A", "Prop"));
    }
}
