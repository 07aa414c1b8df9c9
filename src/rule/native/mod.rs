//! Checks in Rust, for rules that judge the parse, the reference graph or the scenario solver itself.
//!
//! Each has its rule file like every other rule; the file's `native:` names the check here.

mod circular_resource_dependency;
mod cross_stack_cycle;
mod dangling_reference;
mod defined;
mod duplicate_export_name;
mod embedded_json_invalid;
mod import_without_producer;
mod intrinsic_inside_json_string;
mod isolated_endpoints;
mod isolated_s3;
mod isolation;
mod nested_stack_interface;
mod open_event;
mod pipeline_hyperparameter;
mod pipeline_step_reference;
mod problem;
mod quality_gate;
mod report;
mod scenario;
mod sfn_definition_invalid;
mod sfn_failure_path;
mod template_parse_error;
#[cfg(test)]
mod tests;
mod unresolved_placeholder;

use crate::finding::{Finding, Undecided};
use crate::graph::{Dependency, StackGraph};
use crate::template::Template;
use crate::value::EntityId;

use super::Rule;

/// What a native check looks at: one template of the project, one node of it, or (with the first template) the project.
pub struct Context<'c, 'p> {
    /// The rule, for its message and severity.
    pub rule: &'p Rule,
    /// The project.
    pub graph: &'c StackGraph<'p>,
    /// The template.
    pub template: &'p Template,
    /// The names that the template uses; read once for all checks of templates, empty for checks of nodes.
    pub dependencies: &'c [Dependency<'p>],
    /// The node, for checks that match resources.
    pub entity: Option<EntityId>,
}

impl<'p> Context<'_, 'p> {
    /// The same for another template of the project.
    fn in_template(&self, template: &'p Template) -> Self {
        Self { rule: self.rule, graph: self.graph, template, dependencies: &[], entity: None }
    }
}

/// Where a native check says what it found.
#[derive(Debug, Default)]
pub struct Sink {
    /// Findings.
    pub findings: Vec<Finding>,
    /// Verdicts that cannot be reached.
    pub undecided: Vec<Undecided>,
}

/// A native check.
#[derive(Debug, Clone, Copy)]
pub struct Native {
    /// The name in rule files.
    pub name: &'static str,
    /// The check of one target.
    pub check: fn(&Context<'_, '_>, &mut Sink),
}

/// All native checks.
const NATIVES: [Native; 18] = [
    Native { name: "circular_resource_dependency", check: circular_resource_dependency::check },
    Native { name: "cross_stack_cycle", check: cross_stack_cycle::check },
    Native { name: "dangling_reference", check: dangling_reference::check },
    Native { name: "duplicate_export_name", check: duplicate_export_name::check },
    Native { name: "embedded_json_invalid", check: embedded_json_invalid::check },
    Native { name: "import_without_producer", check: import_without_producer::check },
    Native { name: "intrinsic_inside_json_string", check: intrinsic_inside_json_string::check },
    Native { name: "isolated_endpoints", check: isolated_endpoints::check },
    Native { name: "isolated_s3", check: isolated_s3::check },
    Native { name: "nested_stack_interface", check: nested_stack_interface::check },
    Native { name: "open_event", check: open_event::check },
    Native { name: "pipeline_hyperparameter", check: pipeline_hyperparameter::check },
    Native { name: "pipeline_step_reference", check: pipeline_step_reference::check },
    Native { name: "quality_gate", check: quality_gate::check },
    Native { name: "sfn_definition_invalid", check: sfn_definition_invalid::check },
    Native { name: "sfn_failure_path", check: sfn_failure_path::check },
    Native { name: "template_parse_error", check: template_parse_error::check },
    Native { name: "unresolved_placeholder", check: unresolved_placeholder::check },
];

/// The check of a name.
pub fn find(name: &str) -> Option<Native> {
    NATIVES.into_iter().find(|native| native.name == name)
}

/// The names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    NATIVES.into_iter().map(|native| native.name)
}
