//! Jobs, models, images, states and steps as nodes of their own, wherever they are written: as a resource, as a step of
//! a pipeline definition, as a task of a state machine. One rule then covers all three.
//!
//! Which step, action or property makes which node is data of the catalogue.

use crate::catalog;
use crate::syntax::{Node, Tag};
use crate::template::{Resource, Template, literal_hint, visit};
use crate::value::{Cursor, Dialect};

use super::definition::definitions;

/// A node that was read out of a resource.
#[derive(Debug, Clone)]
pub struct VirtualNode<'p> {
    /// The number of the resource that it was read from.
    pub owner: usize,
    /// `ML::TrainingJob`, `ASL::Task`, `PD::Step`, …
    pub kind: &'static str,
    /// Where its members are.
    pub cursor: Cursor<'p>,
    /// The state's or step's name, if it is one.
    pub name: Option<&'p str>,
    /// Where a finding goes that has no better place: the state's key, the step's name.
    pub anchor: Option<Node<'p>>,
    /// Conditions of the branches of `Fn::If` that it stands in.
    pub guards: Vec<(&'p str, bool)>,
    /// Of an image the job or model that runs it, by its number among the template's virtual nodes; without one the
    /// resource itself.
    pub holder: Option<usize>,
}

/// Reads all virtual nodes of a template, in the order of its resources.
pub(super) fn collect(template: &Template) -> Vec<VirtualNode<'_>> {
    let mut nodes = Vec::new();
    for (index, resource) in template.resources.iter().enumerate() {
        let mut reader = Reader { template, resource, owner: index, nodes: &mut nodes };
        reader.read();
    }
    nodes
}

struct Reader<'p, 'n> {
    template: &'p Template,
    resource: &'p Resource,
    owner: usize,
    nodes: &'n mut Vec<VirtualNode<'p>>,
}

impl<'p> Reader<'p, '_> {
    fn read(&mut self) {
        let Some(properties) = self.resource.properties else { return };
        let properties = self.template.node(properties);
        let cursor = Cursor::new(self.template, &self.resource.bindings, properties);
        for rule in catalog::virtual_resources(&self.resource.kind) {
            visit(properties, rule.at, &mut |node| self.push(rule.kind, cursor.to(node), None, None));
        }
        self.images(&self.resource.kind, cursor, None, None);
        for definition in definitions(self.template, self.resource) {
            match definition.dialect {
                Dialect::Asl => self.states(definition.root, 0),
                _ => self.steps(definition.root),
            }
        }
    }

    fn states(&mut self, machine: Cursor<'p>, depth: u8) {
        let Some(states) = machine.node.get("States") else { return };
        for (key, state) in states.entries() {
            let state = machine.to(state);
            let name = key.text();
            self.push("ASL::State", state, Some(name), Some(key));
            if state.node.get("Type").and_then(Node::scalar) == Some("Task") {
                self.push("ASL::Task", state, Some(name), Some(key));
                self.task(state, key.text());
            }
            if depth < 32 {
                for path in catalog::nested_states() {
                    // The path leads to `States`; the machine is the map around it.
                    let (last, path) = path.split_last().map_or(("", &[][..]), |(last, path)| (*last, path));
                    debug_assert_eq!(last, "States");
                    let mut inner = Vec::new();
                    visit(state.node, path, &mut |node| inner.push(node));
                    for node in inner {
                        self.states(state.to(node), depth + 1);
                    }
                }
            }
        }
    }

    /// The job that a task starts.
    fn task(&mut self, state: Cursor<'p>, name: &'p str) {
        let Some(resource) = state.node.get("Resource") else { return };
        let hint = literal_hint(resource);
        let Some(action) = sagemaker_action(&hint) else { return };
        let Some((arguments_key, arguments)) = ["Parameters", "Arguments"].iter().find_map(|key| state.node.entry(key))
        else {
            return;
        };
        for rule in catalog::asl_action(action) {
            let mut places = Vec::new();
            visit(arguments, rule.at, &mut |node| places.push(node));
            for node in places {
                self.push(rule.kind, state.to(node), Some(name), Some(arguments_key));
            }
        }
    }

    fn steps(&mut self, definition: Cursor<'p>) {
        if let Some(list) = definition.node.get("Steps") {
            self.step_list(definition.to(list), 0);
        }
    }

    fn step_list(&mut self, list: Cursor<'p>, depth: u8) {
        for step in list.node.items() {
            let step = list.to(step);
            let name = step.node.get("Name").and_then(Node::scalar);
            let name_node = step.node.get("Name");
            self.push("PD::Step", step, name, name_node);
            let Some(kind) = step.node.get("Type").and_then(Node::scalar) else { continue };
            let Some((key, arguments)) = step.node.entry("Arguments") else { continue };
            for rule in catalog::pipeline_step(kind) {
                let mut places = Vec::new();
                visit(arguments, rule.at, &mut |node| places.push(node));
                for node in places {
                    self.push(rule.kind, step.to(node), name, Some(key));
                }
            }
            for (nesting, members) in catalog::nested_steps() {
                if *nesting == kind && depth < 32 {
                    for member in *members {
                        if let Some(inner) = arguments.get(member) {
                            self.step_list(step.to(inner), depth + 1);
                        }
                    }
                }
            }
        }
    }

    fn images(&mut self, kind: &str, at: Cursor<'p>, anchor: Option<(&'p str, Node<'p>)>, holder: Option<usize>) {
        for path in catalog::images(kind) {
            let mut places = Vec::new();
            visit(at.node, path, &mut |node| places.push(node));
            // In a state machine `Image.$` is the image that the input brings.
            if let (Dialect::Asl, Some((last, around))) = (at.dialect, path.split_last()) {
                let key = format!("{last}.$");
                visit(at.node, around, &mut |node| places.extend(node.get(&key)));
            }
            for node in places {
                let (name, anchor) = anchor.map_or((None, None), |(name, node)| (Some(name), Some(node)));
                self.push_one("ML::Image", at.to(node), name, anchor, holder);
            }
        }
    }

    fn push(&mut self, kind: &'static str, cursor: Cursor<'p>, name: Option<&'p str>, anchor: Option<Node<'p>>) {
        self.push_one(kind, cursor, name, anchor, None);
        if kind.starts_with("ML::") {
            let holder = self.nodes.len() - 1;
            self.images(kind, cursor, name.zip(anchor), Some(holder));
        }
    }

    fn push_one(
        &mut self,
        kind: &'static str,
        cursor: Cursor<'p>,
        name: Option<&'p str>,
        anchor: Option<Node<'p>>,
        holder: Option<usize>,
    ) {
        let mut guards = guards(cursor.node);
        if let Some(embedded) = cursor.embedded {
            guards.extend(self::guards(self.template.node(embedded.host)));
        }
        self.nodes.push(VirtualNode { owner: self.owner, kind, cursor, name, anchor, guards, holder });
    }
}

/// The SageMaker action of a task's resource: of `…:states:::sagemaker:createTrainingJob.sync` and of
/// `…:states:::aws-sdk:sagemaker:createTrainingJob` it is `createTrainingJob`.
fn sagemaker_action(resource: &str) -> Option<&str> {
    let (_, integration) = resource.split_once(":states:::")?;
    let integration = integration.strip_prefix("aws-sdk:").unwrap_or(integration);
    let action = integration.strip_prefix("sagemaker:")?;
    action.split(['.', ':']).next()
}

/// The branches of `Fn::If` that a node stands in.
fn guards(node: Node<'_>) -> Vec<(&str, bool)> {
    let mut guards = Vec::new();
    let mut node = node;
    while let Some(parent) = node.parent() {
        if parent.is_sequence() {
            let is_if = (parent.tag() == Tag::If && !parent.is_long_form())
                || parent.parent().is_some_and(|around| around.tag() == Tag::If && around.is_long_form());
            if is_if {
                let mut items = parent.items();
                let name = items.next().and_then(Node::scalar);
                let branch = items.take(2).position(|item| item == node);
                if let (Some(name), Some(branch)) = (name, branch) {
                    guards.push((name, branch == 0));
                }
            }
        }
        node = parent;
    }
    guards
}

#[cfg(test)]
mod tests {
    use super::sagemaker_action;

    #[test]
    fn actions_are_read_out_of_integrations() {
        for (resource, action) in [
            ("arn:aws:states:::sagemaker:createTrainingJob.sync", Some("createTrainingJob")),
            ("arn:${AWS::Partition}:states:::aws-sdk:sagemaker:createModelPackage", Some("createModelPackage")),
            ("arn:aws:states:::lambda:invoke", None),
            ("arn:aws:lambda:eu-west-1:1:function:f", None),
        ] {
            assert_eq!(sagemaker_action(resource), action, "{resource}");
        }
    }
}
