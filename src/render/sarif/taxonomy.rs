//! Compliance frameworks as SARIF taxonomies, and how a rule relates to their controls.
//!
//! The list begins with every framework of the catalogue, used or not, so that a rule refers to it by the same number in every report.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Framework, frameworks};
use crate::engine::{Report, ReportedRule};

use super::super::address::is_absolute;
use super::model::{
    DescriptorReference, Relationship, RelationshipProperties, Taxon, Taxonomy, Text, ToolComponentReference,
};

/// The frameworks of a run.
pub(super) struct Taxonomies<'a> {
    /// In the order of the file: those of the catalogue, then others that rules of the user's own name.
    ids: Vec<&'a str>,
    used: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Taxonomies<'a> {
    /// Those of a report's rules.
    pub(super) fn new(report: &'a Report) -> Self {
        let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for rule in report.rules.values() {
            for (framework, control, _) in mappings(rule) {
                used.entry(framework).or_default().insert(control);
            }
        }
        let mut ids: Vec<&str> = frameworks().iter().map(|framework| framework.id).collect();
        let known = ids.len();
        ids.extend(used.keys().filter(|id| !ids[..known].contains(id)).copied().collect::<Vec<_>>());
        Self { ids, used }
    }

    /// References to all of them: what the tool says it supports.
    pub(super) fn references(&self) -> Vec<ToolComponentReference<'a>> {
        self.ids.iter().enumerate().map(|(index, name)| ToolComponentReference { name, index }).collect()
    }

    /// The taxonomies with the controls that rules of the run name.
    pub(super) fn lower(&self) -> Vec<Taxonomy<'a>> {
        self.ids
            .iter()
            .map(|&id| {
                let known = frameworks().iter().find(|framework| framework.id == id);
                let controls = self.used.get(id).into_iter().flatten();
                let taxon = |&control| Taxon { id: control, short_description: title(known, control) };
                Taxonomy {
                    name: id,
                    full_name: known.map(|framework| framework.name),
                    version: known.map(|framework| framework.version),
                    information_uri: known.and_then(|known| known.source.iter().copied().find(|url| is_absolute(url))),
                    is_comprehensive: false,
                    taxa: controls.map(taxon).collect(),
                }
            })
            .collect()
    }

    /// The controls of a rule.
    pub(super) fn of(&self, rule: &'a ReportedRule) -> Vec<Relationship<'a>> {
        mappings(rule)
            .filter_map(|(framework, control, mapping)| {
                let index = self.ids.iter().position(|&id| id == framework)?;
                let tool_component = ToolComponentReference { name: framework, index };
                Some(Relationship {
                    target: DescriptorReference { id: control, tool_component },
                    kinds: [mapping.kind()],
                    properties: RelationshipProperties { mapping: mapping.as_str() },
                })
            })
            .collect()
    }
}

fn title(framework: Option<&Framework>, control: &str) -> Option<Text<'static>> {
    Some(Text { text: framework?.title(control)?.into() })
}

/// How a rule came to a control.
#[derive(Clone, Copy)]
enum Mapping {
    /// A published mapping ties the control to the mistake.
    Published,
    /// It fits, but nobody has published it.
    Analogy,
}

impl Mapping {
    fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Analogy => "analogy",
        }
    }

    /// Readers take a result as one of every control that is a superset of its rule; what is relevant claims nothing (§3.53.3).
    fn kind(self) -> &'static str {
        match self {
            Self::Published => "superset",
            Self::Analogy => "relevant",
        }
    }
}

/// Framework, control and mapping, each control once.
fn mappings(rule: &ReportedRule) -> impl Iterator<Item = (&str, &str, Mapping)> {
    let docs = &rule.docs;
    let published = |framework: &str, control: &String| {
        docs.controls.get(framework).is_some_and(|controls| controls.contains(control))
    };
    let own = docs.controls.iter().flat_map(|(framework, ids)| ids.iter().map(move |id| (framework, id)));
    let analogies = docs
        .controls_by_analogy
        .iter()
        .flat_map(|(framework, ids)| ids.iter().map(move |id| (framework, id)))
        .filter(move |(framework, id)| !published(framework, id));
    own.map(|(framework, id)| (framework.as_str(), id.as_str(), Mapping::Published))
        .chain(analogies.map(|(framework, id)| (framework.as_str(), id.as_str(), Mapping::Analogy)))
}
