//! TPL024: what a stack passes to a template of the project, and what it reads from it, that the template does not have.

use crate::finding::{Confidence, Label};
use crate::graph::{Dependency, DependencyKind, NamePlaces};
use crate::rule::declarative::nearest;
use crate::source::Span;
use crate::syntax::{Node, canonical_text};
use crate::template::{Parameter, Resource, SECTIONS, Template};
use crate::value::{Cursor, Hole, Map, Part, Resolver, Unknown, Value};

use super::problem::{Problem, answer, tell};
use super::report::hidden;
use super::scenario::{Answer, Answers, is_meant, is_there};
use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    for index in 0..context.template.resources.len() {
        let Some(stack) = Stack::new(context, index) else { continue };
        if stack.is_read_as_a_whole("Parameters", sink) {
            stack.told(sink, Stack::parameters);
        }
    }
    let mut places = NamePlaces::default();
    for dependency in context.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::GetAtt) {
        let index = context.template.resource_index(dependency.name);
        let Some(stack) = index.and_then(|index| Stack::new(context, index)) else { continue };
        let Some((output, span)) = output_of(context.template, dependency, &mut places) else { continue };
        // Names may be made of the variables of loops.
        if output.contains('{') || stack.child.output(output).is_some() {
            continue;
        }
        if stack.is_read_as_a_whole("Outputs", sink) {
            stack.told(sink, |stack, sink| stack.output(output, context.cursor(dependency.node), span, sink));
        }
    }
}

/// What is wrong, or why that is not known.
type Judged<'p> = Result<Option<Problem<'p>>, Unknown<'p>>;

/// A stack resource with the template that it creates.
struct Stack<'c, 'g, 'p> {
    context: &'c Context<'g, 'p>,
    resource: &'p Resource,
    child: &'p Template,
}

impl<'c, 'g, 'p> Stack<'c, 'g, 'p> {
    /// A resource of a template, if it creates a stack of one that is loaded.
    fn new(context: &'c Context<'g, 'p>, index: usize) -> Option<Self> {
        let child = context.graph.child(context.template.id, index)?;
        Some(Self { context, resource: &context.template.resources[index], child })
    }

    /// Runs a check; where the template is known by the end of its address only, findings are less than certain.
    fn told(&self, sink: &mut Sink, check: impl FnOnce(&Self, &mut Sink)) {
        let before = sink.findings.len();
        check(self, sink);
        if !self.is_local() {
            for finding in &mut sink.findings[before..] {
                finding.confidence = finding.confidence.min(Confidence::Likely);
            }
        }
    }

    /// False, which is then said, if a section of the template may hold more than can be read.
    fn is_read_as_a_whole(&self, section: &str, sink: &mut Sink) -> bool {
        let besides: Vec<&str> =
            SECTIONS.into_iter().filter(|name| !matches!(*name, "Transform") && *name != section).collect();
        let Some(why) = hidden(self.context.graph, self.child, &besides) else { return true };
        let cursor = self.cursor(self.context.template.node(self.resource.body));
        let place = self.context.place(cursor, self.context.template.node(self.resource.key).span());
        sink.undecided.push(self.context.undecided(place, why));
        false
    }

    fn cursor(&self, node: Node<'p>) -> Cursor<'p> {
        Cursor::new(self.context.template, &self.resource.bindings, node)
    }

    fn property(&self, name: &str) -> Option<Node<'p>> {
        self.context.template.node(self.resource.properties?).get(name)
    }

    fn location(&self) -> Option<Node<'p>> {
        self.property("TemplateURL").or_else(|| self.property("Location"))
    }

    /// True if the template is named by its path.
    fn is_local(&self) -> bool {
        self.location().is_some_and(|location| location.scalar().is_some())
    }

    /// The name of the template's file.
    fn file(&self) -> &str {
        self.context.graph.file_name(self.child.id)
    }

    /// What is passed, and what is not; each parameter by itself, since they hang on conditions of their own.
    fn parameters(&self, sink: &mut Sink) {
        let passed = self.property("Parameters");
        let written = passed.filter(|node| node.is_mapping()).into_iter().flat_map(Node::entries);
        let unknown = written.filter_map(|(key, _)| key.scalar()).filter(|name| {
            // Functions, and the variables of loops.
            !name.starts_with("Fn::") && !name.contains('{') && self.child.parameter(name).is_none()
        });
        let known = self.child.parameters.iter().map(|parameter| &*parameter.name);
        for name in known.chain(unknown) {
            self.tell(&|resolver, passed| self.passed(resolver, passed, name), sink);
        }
        self.tell(&|resolver, passed| self.missing(resolver, passed), sink);
    }

    /// Asks what is wrong with the parameters that are passed, wherever the stack is there.
    fn tell(&self, judge: &dyn Fn(&Resolver<'_, 'p>, Option<Cursor<'p>>) -> Judged<'p>, sink: &mut Sink) {
        let context = self.context;
        let written = self.property("Parameters").map(|node| self.cursor(node));
        let body = self.cursor(context.template.node(self.resource.body));
        let answers = Answers::ask(context, &|resolver| {
            match is_there(resolver, written.unwrap_or(body)) {
                Ok(true) => {}
                Ok(false) => return Answer::Aside,
                Err(why) => return Answer::Unknown(why),
            }
            let passed = match written.map(|cursor| resolver.found(cursor).value) {
                Some(Value::Map(Map::Node(map))) => Some(map),
                Some(Value::Unknown(why)) => return Answer::Unknown((*why).clone()),
                _ => None,
            };
            match judge(resolver, passed) {
                Ok(Some(_)) if !is_meant(context, resolver) => Answer::Fine,
                Ok(problem) => answer(problem.into_iter().collect(), Unknown::default()),
                Err(why) => Answer::Unknown(why),
            }
        });
        tell(context, self.resource, &self.resource.name, &answers, sink);
    }

    /// A parameter that the template does not have, or that cannot have the value.
    fn passed(&self, resolver: &Resolver<'_, 'p>, passed: Option<Cursor<'p>>, name: &str) -> Judged<'p> {
        let Some(map) = passed else { return Ok(None) };
        let found = resolver.member_of(map, name, &[]);
        if found.value.is_absent() {
            return Ok(None);
        }
        let Some(parameter) = self.child.parameter(name) else {
            let mut problem = Problem::at(found.cursor, format!("`{}` has no parameter `{name}`", self.file()));
            // The name is wrong, not the value.
            problem.span = found.cursor.node.key().map_or(problem.span, Node::span);
            problem.help = meant(name, self.child.parameters.iter().map(|parameter| &*parameter.name));
            return Ok(Some(problem));
        };
        let problem = self.refused(resolver, &found.value, parameter)?.map(|detail| {
            let mut problem = Problem::at(found.cursor, detail);
            problem.related.push(self.declared(parameter));
            problem
        });
        Ok(problem)
    }

    /// Parameters without a default for which nothing is passed.
    fn missing(&self, resolver: &Resolver<'_, 'p>, passed: Option<Cursor<'p>>) -> Judged<'p> {
        let mut missing = Vec::new();
        let mut unknown = Unknown::default();
        for parameter in self.child.parameters.iter().filter(|parameter| parameter.default.is_none()) {
            match passed.map(|map| resolver.member_of(map, &parameter.name, &[]).value) {
                Some(Value::Unknown(why)) => unknown.merge(&why),
                None | Some(Value::Absent) => missing.push(parameter),
                Some(_) => {}
            }
        }
        if !unknown.blockers.is_empty() || (missing.is_empty() && !unknown.reasons.is_empty()) {
            return Err(unknown);
        }
        let names: Vec<String> = missing.iter().map(|parameter| format!("`{}`", parameter.name)).collect();
        let detail = match &names[..] {
            [] => return Ok(None),
            [one] => format!("it passes nothing for the parameter {one} of `{}`, which has no default", self.file()),
            several => {
                let names = several.join(", ");
                format!("it passes nothing for the parameters {names} of `{}`, which have no defaults", self.file())
            }
        };
        let node = self.property("Parameters").or_else(|| self.location());
        let node = node.unwrap_or(self.context.template.node(self.resource.body));
        let mut problem = Problem::at(self.cursor(node), detail);
        problem.span = node.key().unwrap_or(node).span();
        problem.related.extend(missing.first().map(|parameter| self.declared(parameter)));
        Ok(Some(problem))
    }

    fn declared(&self, parameter: &Parameter) -> Label {
        Label { span: self.child.node(parameter.key).span(), text: "the parameter".to_owned() }
    }

    /// Why a parameter cannot have a value, if it cannot.
    fn refused(
        &self,
        resolver: &Resolver<'_, 'p>,
        value: &Value<'p>,
        parameter: &Parameter,
    ) -> Result<Option<String>, Unknown<'p>> {
        let name = &parameter.name;
        if is_list(self.context.template, value) {
            return Ok(Some(format!(
                "it passes a list for `{name}`, and a nested stack takes text only (`Fn::Join` makes it one)"
            )));
        }
        // The value of an SSM parameter, or one item of several, is not the text that is passed.
        let is_number = &*parameter.kind == "Number";
        if parameter.is_ssm() || parameter.is_list() || (!is_number && parameter.allowed.is_empty()) {
            return match value {
                Value::Unknown(why) if !why.blockers.is_empty() => Err((**why).clone()),
                _ => Ok(None),
            };
        }
        let text = match value {
            Value::Scalar(scalar) => &*scalar.text,
            Value::Symbolic(parts) => return Err(resolver.why(parts)),
            Value::Unknown(why) => return Err((**why).clone()),
            _ => return Ok(None),
        };
        if is_number && text.trim().parse::<f64>().is_err() {
            return Ok(Some(format!("the parameter `{name}` of `{}` is a number, and `{text}` is none", self.file())));
        }
        let mut allowed = parameter.allowed.iter().map(|&node| self.child.node(node));
        let is_allowed = parameter.allowed.is_empty()
            || allowed.any(|node| {
                let canonical = node.scalar_type().map(|kind| canonical_text(node.text(), kind));
                node.text() == text || canonical.as_deref() == Some(text)
            });
        Ok((!is_allowed).then(|| format!("the parameter `{name}` of `{}` does not allow `{text}`", self.file())))
    }

    /// An output that the template around the stack reads, and that is not there.
    fn output(&self, output: &str, at: Cursor<'p>, span: Span, sink: &mut Sink) {
        let answers = Answers::ask(self.context, &|resolver| match is_there(resolver, at) {
            Ok(true) => {
                let mut problem = Problem::at(at, format!("`{}` has no output `{output}`", self.file()));
                problem.span = span;
                problem.help = meant(output, self.child.outputs.iter().map(|output| &*output.name));
                answer(vec![problem], Unknown::default())
            }
            Ok(false) => Answer::Aside,
            Err(why) => Answer::Unknown(why),
        });
        tell(self.context, self.resource, &self.resource.name, &answers, sink);
    }
}

fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|near| format!("did you mean `{near}`?"))
}

/// True for a list, also one that only the deployment gives.
fn is_list(template: &Template, value: &Value<'_>) -> bool {
    match value {
        Value::List(_) => true,
        Value::Symbolic(parts) => match &parts[..] {
            [Part::Hole(Hole::Parameter(_, owner, name))] if *owner == template.id => {
                template.parameter(name).is_some_and(Parameter::is_list)
            }
            _ => false,
        },
        _ => false,
    }
}

/// The output of a nested stack that a name is about, and where it is written.
fn output_of<'p>(
    template: &'p Template,
    dependency: &Dependency<'p>,
    places: &mut NamePlaces<'p>,
) -> Option<(&'p str, Span)> {
    let (node, name) = (dependency.node, dependency.name);
    let text = node.scalar()?;
    if text == name {
        let mut arguments = node.parent()?.items().skip(1);
        let attribute = arguments.next()?;
        let output = match (attribute.scalar()?, arguments.next()) {
            ("Outputs", Some(output)) => output.scalar()?,
            (attribute, _) => attribute.strip_prefix("Outputs.")?,
        };
        return Some((output, attribute.span()));
    }
    let of = |text: &'p str| text.strip_prefix(name)?.strip_prefix(".Outputs.");
    if let Some(output) = of(text) {
        return Some((output, node.span()));
    }
    // A name in the text of `Fn::Sub`.
    let span = places.span(dependency);
    let written = template.document.text().get(span.range())?;
    Some((of(written.trim_start_matches("${").trim_end_matches('}'))?, span))
}
