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
    /// True if it says what is wrong with the text itself: it alone judges a file that was read up to a syntax error only.
    pub is_about_syntax: bool,
    /// The check of one target.
    pub check: Check,
}

/// All native checks.
const NATIVES: [Native; 18] = [
    native("circular_resource_dependency", circular_resource_dependency::check),
    native("cross_stack_cycle", cross_stack_cycle::check),
    native("dangling_reference", dangling_reference::check),
    native("duplicate_export_name", duplicate_export_name::check),
    native("embedded_json_invalid", embedded_json_invalid::check),
    native("import_without_producer", import_without_producer::check),
    native("intrinsic_inside_json_string", intrinsic_inside_json_string::check),
    native("isolated_endpoints", isolated_endpoints::check),
    native("isolated_s3", isolated_s3::check),
    native("nested_stack_interface", nested_stack_interface::check),
    native("open_event", open_event::check),
    native("pipeline_hyperparameter", pipeline_hyperparameter::check),
    native("pipeline_step_reference", pipeline_step_reference::check),
    native("quality_gate", quality_gate::check),
    native("sfn_definition_invalid", sfn_definition_invalid::check),
    native("sfn_failure_path", sfn_failure_path::check),
    about_syntax("template_parse_error", template_parse_error::check),
    native("unresolved_placeholder", unresolved_placeholder::check),
];

type Check = fn(&Context<'_, '_>, &mut Sink);

const fn native(name: &'static str, check: Check) -> Native {
    Native { name, is_about_syntax: false, check }
}

const fn about_syntax(name: &'static str, check: Check) -> Native {
    Native { name, is_about_syntax: true, check }
}

/// The check of a name.
pub fn find(name: &str) -> Option<Native> {
    NATIVES.into_iter().find(|native| native.name == name)
}

/// The names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    NATIVES.into_iter().map(|native| native.name)
}
