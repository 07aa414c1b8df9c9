//! What one file means as a CloudFormation template: its sections as tables over the syntax tree.
//!
//! There is no second tree: a [`Template`] holds the arena and the numbers of the nodes that matter, and [`Expr`] types a
//! node when someone looks at it. Lowering everything ahead would cost more memory and time than all rules together.

mod condition;
mod embedded;
mod expr;
mod foreach;
mod lookup;
mod parameter;
mod resource;
mod sub;

use crate::source::{FileId, Span};
use crate::syntax::{Document, IssueKind, Node, NodeId, Parsed, SyntaxIssue};

pub use condition::ConditionDefinition;
pub use embedded::{Embedded, HoleExpr};
pub(crate) use embedded::{read_yaml, sub_arguments, visit};
pub use expr::{Call, Expr, literal_hint};
pub use foreach::Binding;
pub(crate) use foreach::substitute;
use lookup::ByName;
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
    /// True if a macro, an include or a loop may stand anywhere in it.
    pub may_expand: bool,
    /// The number of the issue that ended the reading.
    ended_by: Option<usize>,
    mappings: Option<NodeId>,
    globals: Option<NodeId>,
    resources_by_name: ByName,
    outputs_by_name: ByName,
    parameters_by_name: ByName,
    conditions_by_name: ByName,
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
        let may_expand = may_expand(document.text());
        let ended_by = issues.iter().position(|issue| matches!(issue.kind, IssueKind::Syntax | IssueKind::TooDeep));
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
            may_expand,
            ended_by,
            mappings: None,
            globals: None,
            resources_by_name: ByName::default(),
            outputs_by_name: ByName::default(),
            parameters_by_name: ByName::default(),
            conditions_by_name: ByName::default(),
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
        if self.is_broken() {
            self.leave_out_last();
        }
        self.resources_by_name = ByName::new(&self.resources, |resource| &resource.name);
        self.outputs_by_name = ByName::new(&self.outputs, |output| &output.name);
        self.parameters_by_name = ByName::new(&self.parameters, |parameter| &parameter.name);
        self.conditions_by_name = ByName::new(&self.conditions, |condition| &condition.name);
    }

    /// Leaves out the parameter or output that an error may have cut off: other templates take what they say.
    fn leave_out_last(&mut self) {
        let document = &self.document;
        let Some((section, last)) = document.root().and_then(|root| root.entries().last()) else { return };
        let Some(start) = last.entries().last().map(|(key, _)| key.span().start) else { return };
        let stays = |key: NodeId| document.node(key).span().start < start;
        match section.scalar() {
            Some("Parameters") => self.parameters.retain(|parameter| stays(parameter.key)),
            Some("Outputs") => self.outputs.retain(|output| stays(output.key)),
            _ => {}
        }
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
        self.resources_by_name.find(&self.resources, name, |resource| &resource.name)
    }

    /// The resource of a logical id.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resource_index(name).map(|index| &self.resources[index])
    }

    /// The parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameter_index(name).map(|index| &self.parameters[index])
    }

    /// The number of the parameter of a name.
    pub fn parameter_index(&self, name: &str) -> Option<usize> {
        self.parameters_by_name.find(&self.parameters, name, |parameter| &parameter.name)
    }

    /// The condition of a name.
    pub fn condition(&self, name: &str) -> Option<&ConditionDefinition> {
        let index = self.conditions_by_name.find(&self.conditions, name, |condition| &condition.name)?;
        Some(&self.conditions[index])
    }

    /// The mapping of a name.
    pub fn mapping(&self, name: &str) -> Option<Node<'_>> {
        self.node(self.mappings?).get(name)
    }

    /// The output of a name.
    pub fn output(&self, name: &str) -> Option<&Output> {
        let index = self.outputs_by_name.find(&self.outputs, name, |output| &output.name)?;
        Some(&self.outputs[index])
    }

    /// The resource whose body holds a place; of the rounds of a loop the first.
    pub fn resource_around(&self, place: Span) -> Option<usize> {
        self.resources_around(place).next()
    }

    /// The resources whose body holds a place: one, or the rounds of a loop.
    pub fn resources_around(&self, place: Span) -> std::ops::Range<usize> {
        lookup::around(&self.resources, place, |resource| self.node(resource.body).span())
    }

    /// The outputs whose exported name, or else whose value, holds a place: one, or the rounds of a loop.
    pub fn outputs_around(&self, place: Span) -> impl Iterator<Item = &Output> {
        // What an output says stands behind its key, before the key of the next.
        let key = |output: &Output| self.node(output.key).span();
        let end = self.outputs.partition_point(|output| key(output).start <= place.start);
        let last = end.checked_sub(1).map(|last| key(&self.outputs[last]));
        let start =
            self.outputs[..end].iter().rposition(|output| Some(key(output)) != last).map_or(0, |before| before + 1);
        self.outputs[start..end].iter().filter(move |output| {
            let body = output.export.or(output.value).map(|body| self.node(body).span());
            body.is_some_and(|body| body.start <= place.start && place.end <= body.end)
        })
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
        self.ended_by.is_some()
    }

    /// The issue that ended the reading, if the text could not be read to its end.
    pub fn syntax_error(&self) -> Option<&SyntaxIssue> {
        self.issues.get(self.ended_by?)
    }
}

/// Whether a text may hold `Fn::Transform` or `Fn::ForEach`; what is escaped may be a part of anything.
fn may_expand(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut functions = memchr::memmem::find_iter(bytes, "Fn::").map(|at| &bytes[at + "Fn::".len()..]);
    let is_escaped = |mark: &[u8]| memchr::memmem::find(bytes, mark).is_some();
    functions.any(|name| name.starts_with(b"ForEach") || name.starts_with(b"Transform"))
        || (memchr::memchr(b'\\', bytes).is_some() && [b"\\u", b"\\U", b"\\x"].into_iter().any(|mark| is_escaped(mark)))
}
