//! Compliance frameworks and the titles of their controls (`rules/catalog/frameworks`).

use super::generated::FRAMEWORKS;

/// A framework: a published list of controls that rules are mapped to.
#[derive(Debug, PartialEq, Eq)]
pub struct Framework {
    /// The name of the file and the word in rules: `nist-800-53-r5`.
    pub id: &'static str,
    /// As it is published.
    pub name: &'static str,
    /// As it is published; not always a number.
    pub version: &'static str,
    /// The date of the source, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// Where the facts come from.
    pub source: &'static [&'static str],
    pub(super) controls: &'static [(&'static str, &'static str)],
}

impl Framework {
    /// Its controls with their titles, by id. Only those that rules map to are listed.
    pub fn controls(&self) -> &'static [(&'static str, &'static str)] {
        self.controls
    }

    /// What a control is called. Only controls that rules map to are listed.
    pub fn title(&self, control: &str) -> Option<&'static str> {
        let at = self.controls.binary_search_by(|(id, _)| (*id).cmp(control)).ok()?;
        Some(self.controls[at].1)
    }
}

/// All frameworks, by id.
pub fn frameworks() -> &'static [Framework] {
    FRAMEWORKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_of_a_bundled_rule_has_a_title() {
        let mut seen = 0;
        for rule in super::super::bundled() {
            let docs: serde_json::Value = serde_json::from_str(rule.docs()).unwrap();
            for key in ["controls", "controls_by_analogy"] {
                for (id, controls) in docs[key].as_object().into_iter().flatten() {
                    let framework = frameworks().iter().find(|framework| framework.id == id);
                    let framework = framework.unwrap_or_else(|| panic!("{}: {id}", rule.id));
                    for control in controls.as_array().unwrap() {
                        let control = control.as_str().unwrap();
                        assert!(framework.title(control).is_some(), "{}: {id} {control}", rule.id);
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 100);
    }
}
