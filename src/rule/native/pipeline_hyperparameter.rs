//! REL030: hyperparameters of training and tuning steps that are no texts.

use crate::syntax::{Node, Style};
use crate::value::{Cursor, Dialect, Hole, List, Map, Part, Resolver, Unknown, Value, text_of};

use super::pipeline_step_reference::{Step, steps};
use super::problem::{Problem, judge_definitions};
use super::{Context, Sink};

/// Types of pipeline parameters whose values are no texts.
const NO_TEXTS: [&str; 3] = ["Integer", "Float", "Boolean"];

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    judge_definitions(context, sink, Dialect::Pipeline, &|resolver, definition| {
        let (steps, unknown) = steps(resolver, definition.root);
        let mut reader = Reader { resolver, root: definition.root, problems: Vec::new(), unknown };
        for step in &steps {
            reader.step(step);
        }
        (reader.problems, reader.unknown)
    });
}

struct Reader<'r, 'w, 'p> {
    resolver: &'r Resolver<'w, 'p>,
    /// The definition.
    root: Cursor<'p>,
    problems: Vec<Problem<'p>>,
    unknown: Unknown<'p>,
}

impl<'p> Reader<'_, '_, 'p> {
    fn step(&mut self, step: &Step<'p>) {
        let Some(arguments) = self.map(step.at, "Arguments") else { return };
        match &*step.kind {
            "Training" => self.hyperparameters(step, arguments, "HyperParameters"),
            "Tuning" => {
                let mut jobs: Vec<_> = self.map(arguments, "TrainingJobDefinition").into_iter().collect();
                jobs.extend(self.items(arguments, "TrainingJobDefinitions"));
                for job in jobs {
                    self.hyperparameters(step, job, "StaticHyperParameters");
                }
            }
            _ => {}
        }
    }

    fn hyperparameters(&mut self, step: &Step<'p>, job: Cursor<'p>, member: &str) {
        let Some(map) = self.map(job, member) else { return };
        for (key, value) in map.node.entries() {
            let Some(name) = key.scalar() else { continue };
            let Some(given) = self.no_text(map.to(value)) else { continue };
            let detail = format!("step `{}` gives the hyperparameter `{name}` {given}, and not a text", step.name);
            self.problems.push(Problem::at(map.to(value), detail));
        }
    }

    /// What a value is that is no text.
    fn no_text(&mut self, value: Cursor<'p>) -> Option<String> {
        if let Some(parameter) = parameter_of(value.node) {
            let kind = self.type_of(parameter).filter(|kind| NO_TEXTS.contains(&&**kind))?;
            return Some(format!("the pipeline parameter `{parameter}`, of type {kind}"));
        }
        // A text stands in quotes; of anything else the value says what it is.
        if value.node.style() != Style::Plain {
            return None;
        }
        match self.resolver.found(value).value {
            Value::Scalar(scalar) if matches!(&*scalar.text, "true" | "false") => {
                Some(format!("the Boolean `{}`", scalar.text))
            }
            Value::Scalar(scalar) => {
                scalar.text.parse::<f64>().is_ok().then(|| format!("the number `{}`", scalar.text))
            }
            Value::Symbolic(parts) if is_number(value, &parts) => {
                Some(format!("the number `{}`", text_of(&Value::Symbolic(parts))))
            }
            Value::Unknown(why) => {
                self.unknown.merge(&why);
                None
            }
            _ => None,
        }
    }

    /// The type of a parameter of the pipeline, if it is declared.
    fn type_of(&mut self, name: &str) -> Option<String> {
        let declared = self.items(self.root, "Parameters");
        let member = |of: Cursor<'p>, key: &str| text_of(&self.resolver.member_of(of, key, &[]).value);
        declared.into_iter().find(|parameter| member(*parameter, "Name") == name).map(|found| member(found, "Type"))
    }

    /// A member that is a map; one that is not known is noted.
    fn map(&mut self, of: Cursor<'p>, member: &str) -> Option<Cursor<'p>> {
        match self.resolver.member_of(of, member, &[]).value {
            Value::Map(Map::Node(map)) => Some(map),
            Value::Unknown(why) => {
                self.unknown.merge(&why);
                None
            }
            _ => None,
        }
    }

    /// The maps of a list.
    fn items(&mut self, of: Cursor<'p>, member: &str) -> Vec<Cursor<'p>> {
        match self.resolver.member_of(of, member, &[]).value {
            Value::List(list @ List::Node(_)) => {
                let items = self.resolver.items(&list).into_iter().map(|item| item.cursor);
                items.filter(|item| item.node.is_mapping()).collect()
            }
            Value::Unknown(why) => {
                self.unknown.merge(&why);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

/// The name of the pipeline parameter that `{"Get": "Parameters.X"}` reads.
fn parameter_of(value: Node<'_>) -> Option<&str> {
    value.get("Get").and_then(Node::scalar)?.strip_prefix("Parameters.")
}

/// True for a parameter of the template that is a number, whichever.
fn is_number(at: Cursor<'_>, parts: &[Part<'_>]) -> bool {
    let template = at.frame.template;
    match parts {
        [Part::Hole(Hole::Parameter(_, owner, name))] if *owner == template.id => {
            template.parameter(name).is_some_and(|parameter| &*parameter.kind == "Number")
        }
        _ => false,
    }
}
