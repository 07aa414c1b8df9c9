//! What a configuration says of deployments, as the graph takes it.

use camino::Utf8PathBuf;

use crate::config::{self, Config, Written};
use crate::graph::{AssignedValue, Assignment, Deployment, Environment, Glob, SharedParameters, Stack};
use crate::source::{FileId, Span};

/// The deployment of a configuration; nothing if it says nothing about one.
///
/// `file` is the number of the configuration among the project's sources; `path` makes the path of a template, which is
/// relative to the project's folder, one of those of the project.
pub fn deployment(config: &Config, file: FileId, path: impl Fn(&str) -> Utf8PathBuf) -> Option<Deployment> {
    let reader = Reader { file };
    let external = config.external.as_ref().map(|external| &external.value[..]).unwrap_or_default();
    let deployment = Deployment {
        environments: config.environments.iter().map(|environment| reader.environment(environment)).collect(),
        stacks: config.stacks.iter().map(|stack| reader.stack(stack, &path)).collect(),
        overrides: Vec::new(),
        only: None,
        external: external
            .iter()
            .map(|glob| Glob { text: glob.value.clone(), span: Some(reader.span(glob)) })
            .collect(),
        shared: match config.shared_parameters.as_ref().map(|shared| &shared.value) {
            None | Some(config::SharedParameters::All) => SharedParameters::All,
            Some(config::SharedParameters::None) => SharedParameters::None,
            Some(config::SharedParameters::Names(names)) => SharedParameters::Names(names.clone()),
        },
    };
    (deployment != Deployment::default()).then_some(deployment)
}

struct Reader {
    file: FileId,
}

impl Reader {
    fn span<T>(&self, written: &Written<T>) -> Span {
        Span { file: self.file, ..written.span }
    }

    fn environment(&self, environment: &config::Environment) -> Environment {
        Environment {
            name: environment.name.value.clone(),
            span: Some(self.span(&environment.name)),
            parameters: self.assignments(&environment.parameters),
        }
    }

    fn stack(&self, stack: &config::Stack, path: &impl Fn(&str) -> Utf8PathBuf) -> Stack {
        Stack {
            name: stack.name.value.clone(),
            span: Some(self.span(&stack.name)),
            template: path(&stack.template.value),
            parameters: self.assignments(&stack.parameters),
            environments: stack.environments.iter().map(|environment| self.environment(environment)).collect(),
        }
    }

    fn assignments(&self, assignments: &[config::Assignment]) -> Vec<Assignment> {
        let assignment = |assignment: &config::Assignment| Assignment {
            name: assignment.name.value.clone(),
            value: match &assignment.value.value {
                config::AssignedValue::Literal(text) => AssignedValue::Text(text.clone()),
                config::AssignedValue::Output { stack, output } => {
                    AssignedValue::Output { stack: stack.clone(), output: output.clone() }
                }
            },
            span: Some(self.span(&assignment.value)),
        };
        assignments.iter().map(assignment).collect()
    }
}
