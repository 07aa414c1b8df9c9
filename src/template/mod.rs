//! What one file means as a CloudFormation template: its sections as tables over the syntax tree.
//!
//! There is no second tree: a [`Template`] holds the arena and the numbers of the nodes that matter, and [`Expr`] types a
//! node when someone looks at it. Lowering everything ahead would cost more memory and time than all rules together.

mod condition;
mod embedded;
mod expr;
mod foreach;
mod parameter;
mod resource;
mod sub;

use crate::source::FileId;
use crate::syntax::{Document, IssueKind, Node, NodeId, Parsed, SyntaxIssue};

pub use condition::ConditionDefinition;
pub use embedded::{Embedded, HoleExpr};
pub(crate) use embedded::{read_yaml, sub_arguments, visit};
pub use expr::{Call, Expr, literal_hint};
pub use foreach::Binding;
pub(crate) use foreach::substitute;
pub use parameter::Parameter;
pub use resource::{Output, Resource};
pub use sub::{SubPart, SubParts, sub_parts};

/// The number of a template in its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateId(pub u32);

impl TemplateId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One template: the tree and its sections.
#[derive(Debug)]
pub struct Template {
    /// Its number in the project.
    pub id: TemplateId,
    /// Its file.
    pub file: FileId,
    /// The tree.
    pub document: Document,
    /// What is wrong with the text.
    pub issues: Vec<SyntaxIssue>,
    /// The resources, loops expanded, in the order of the text.
    pub resources: Vec<Resource>,
    /// The outputs, loops expanded, in the order of the text.
    pub outputs: Vec<Output>,
    /// The parameters, in the order of the text.
    pub parameters: Vec<Parameter>,
    /// The named conditions, in the order of the text.
    pub conditions: Vec<ConditionDefinition>,
    /// Documents inside strings, by the node that holds them.
    pub embedded: Vec<Embedded>,
    /// What may add resources that cannot be seen: macros, includes, loops over unknown lists.
    pub unseen: Vec<NodeId>,
    mappings: Option<NodeId>,
    globals: Option<NodeId>,
    /// Resource numbers ordered by name.
    by_name: Vec<u32>,
}

/// The sections that a template may have (AWS documentation, "Template anatomy"; `Globals` by AWS SAM, `Hooks` by blue/green deployments).
pub const SECTIONS: [&str; 12] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Globals",
    "Hooks",
    "Resources",
    "Outputs",
];

impl Template {
    /// Reads the sections of a parsed file.
    pub fn new(id: TemplateId, parsed: Parsed) -> Self {
        let Parsed { document, issues } = parsed;
        let mut template = Self {
            id,
            file: document.file(),
            document,
            issues,
            resources: Vec::new(),
            outputs: Vec::new(),
            parameters: Vec::new(),
            conditions: Vec::new(),
            embedded: Vec::new(),
            unseen: Vec::new(),
            mappings: None,
            globals: None,
            by_name: Vec::new(),
        };
        template.read_sections();
        template.read_embedded();
        template
    }

    fn read_sections(&mut self) {
        let document = &self.document;
        let Some(root) = document.root() else { return };
        self.mappings = root.get("Mappings").map(Node::id);
        self.globals = root.get("Globals").map(Node::id);
        self.parameters = root.get("Parameters").map(parameter::read).unwrap_or_default();
        if let Some(section) = root.get("Conditions") {
            self.conditions = condition::read(section, &self.parameters, &mut self.unseen);
        }
        if let Some(section) = root.get("Resources") {
            self.resources = resource::read_resources(section, &self.parameters, &mut self.unseen);
        }
        for section in [Some(root), root.get("Parameters"), root.get("Mappings")].into_iter().flatten() {
            self.unseen.extend(section.get("Fn::Transform").map(Node::id));
        }
        // Rain puts the resources of modules in their place.
        self.unseen.extend(["Modules", "Rain"].iter().filter_map(|name| root.get(name)).map(Node::id));
        if let Some(section) = root.get("Outputs") {
            self.outputs = resource::read_outputs(section, &self.parameters, &mut self.unseen);
        }
        if let Some(transform) = root.get("Transform") {
            let names = if transform.is_sequence() { transform.items().collect() } else { vec![transform] };
            for name in names {
                // Only these are understood here; any other macro may rewrite the whole template.
                let known = name.scalar().is_some_and(|name| {
                    name == "AWS::LanguageExtensions"
                        || name.starts_with("AWS::SecretsManager-")
                        || name.starts_with("AWS::Serverless-")
                });
                if !known {
                    self.unseen.push(name.id());
                }
            }
        }
        self.by_name = (0..u32::try_from(self.resources.len()).unwrap_or(u32::MAX)).collect();
        let resources = &self.resources;
        self.by_name.sort_by(|&a, &b| resources[a as usize].name.cmp(&resources[b as usize].name));
    }

    fn read_embedded(&mut self) {
        let mut found = Vec::new();
        for (index, resource) in self.resources.iter().enumerate() {
            embedded::read(self, index, resource, &mut found);
        }
        found.sort_by_key(|embedded| embedded.host);
        self.embedded = found;
    }

    /// The node of a number of this template's own tree.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.document.node(id)
    }

    /// The number of the resource of a logical id.
    pub fn resource_index(&self, name: &str) -> Option<usize> {
        let position =
            self.by_name.binary_search_by(|&index| self.resources[index as usize].name.as_ref().cmp(name)).ok()?;
        Some(self.by_name[position] as usize)
    }

    /// The resource of a logical id.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resource_index(name).map(|index| &self.resources[index])
    }

    /// The parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| &*parameter.name == name)
    }

    /// The condition of a name.
    pub fn condition(&self, name: &str) -> Option<&ConditionDefinition> {
        self.conditions.iter().find(|condition| &*condition.name == name)
    }

    /// The mapping of a name.
    pub fn mapping(&self, name: &str) -> Option<Node<'_>> {
        self.node(self.mappings?).get(name)
    }

    /// The output of a name.
    pub fn output(&self, name: &str) -> Option<&Output> {
        self.outputs.iter().find(|output| &*output.name == name)
    }

    /// What AWS SAM's `Globals` section says for a type, such as `Function` for `AWS::Serverless::Function`.
    pub fn globals(&self, resource_type: &str) -> Option<Node<'_>> {
        self.node(self.globals?).get(resource_type.strip_prefix("AWS::Serverless::")?)
    }

    /// The document inside the string of a node.
    pub fn embedded_at(&self, host: NodeId) -> Option<&Embedded> {
        let index = self.embedded.binary_search_by_key(&host, |embedded| embedded.host).ok()?;
        Some(&self.embedded[index])
    }

    /// True if the text could not be read to its end.
    pub fn is_broken(&self) -> bool {
        self.issues.iter().any(|issue| matches!(issue.kind, IssueKind::Syntax | IssueKind::TooDeep))
    }
}
