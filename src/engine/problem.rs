//! What a project's configuration says about deployments that cannot be so: stacks, templates, parameters and values that
//! do not exist.

use crate::graph::{
    AssignedValue, Assignment, Deployment, ENVIRONMENT_HOLE, Environment, Stack, StackGraph, admits, is_glob,
};
use crate::project::Project;
use crate::rule::declarative::suggestion;
use crate::source::Span;
use crate::template::Template;

/// Something in the configuration that the templates contradict. What it says is not taken into account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// Where it is written.
    pub span: Option<Span>,
    /// What may have been meant.
    pub help: Option<String>,
}

/// Everything that cannot be so, in the order of the configuration; `graphs` are those of [`super::link`].
pub fn problems(project: &Project, graphs: &[StackGraph<'_>]) -> Vec<Problem> {
    let Some(deployment) = &project.deployment else { return Vec::new() };
    let mut problems = Problems { project, deployment, found: Vec::new() };
    problems.environments();
    problems.stacks();
    for glob in &deployment.external {
        if let Err(why) = is_glob(&glob.text) {
            problems.add(glob.span, format!("`{}` is no glob: {why}", glob.text), None);
        }
    }
    for graph in graphs {
        problems.assertions(graph);
    }
    problems.found
}

struct Problems<'p> {
    project: &'p Project,
    deployment: &'p Deployment,
    found: Vec<Problem>,
}

impl<'p> Problems<'p> {
    fn add(&mut self, span: Option<Span>, message: String, help: Option<String>) {
        self.found.push(Problem { message, span, help });
    }

    fn environments(&mut self) {
        if let Some(only) = &self.deployment.only {
            self.known_environment(only, None);
        }
        let everywhere = self.deployment.environments.iter().flat_map(|environment| &environment.parameters);
        for assignment in everywhere.chain(&self.deployment.overrides) {
            self.anywhere(assignment);
        }
    }

    /// A value that holds in every template which has the parameter.
    fn anywhere(&mut self, assignment: &'p Assignment) {
        let templates = &self.project.templates;
        let having: Vec<&Template> =
            templates.iter().filter(|template| template.parameter(&assignment.name).is_some()).collect();
        if having.is_empty() {
            // A file that was named alone has no say in what the other templates have, nor has one that was not read to its end.
            if !self.project.partial && !templates.iter().any(Template::is_broken) {
                let known = templates.iter().flat_map(|template| &template.parameters).map(|known| &*known.name);
                let help = suggestion(&assignment.name, known);
                self.add(assignment.span, format!("no template has a parameter `{}`", assignment.name), help);
            }
            return;
        }
        for template in having {
            self.value(template, assignment);
        }
    }

    /// Values that each may be, and that the `Rules` of their template do not let be together.
    fn assertions(&mut self, graph: &StackGraph<'_>) {
        let broken = graph.templates().iter().filter(|&template| !graph.unchosen().is_admitted(template));
        for template in broken {
            let path = self.project.sources.file(template.file).path();
            let within = graph.environment().map(|name| format!(" of environment `{name}`")).unwrap_or_default();
            let message = format!("the values{within} break an assertion in the `Rules` of `{path}`");
            let environment =
                self.deployment.environments.iter().find(|known| Some(&*known.name) == graph.environment());
            self.add(environment.and_then(|environment| environment.span), message, None);
        }
    }

    fn stacks(&mut self) {
        let paths = self.project.paths();
        for stack in &self.deployment.stacks {
            if stack.name.contains(ENVIRONMENT_HOLE) && self.deployment.names().is_empty() {
                let message = format!("`{}` names an environment, and there are none", stack.name);
                self.add(stack.span, message, Some("list them under `environments`".to_owned()));
            }
            for environment in &stack.environments {
                self.known_environment(&environment.name, environment.span);
            }
            let Some(index) = stack.find(&paths) else {
                // Of a project that was loaded in part the others have their templates elsewhere.
                if !self.project.partial {
                    let message =
                        format!("stack `{}` has the template `{}`, which was not loaded", stack.name, stack.template);
                    let help = suggestion(stack.template.as_str(), paths.iter().map(|path| path.as_str()));
                    self.add(stack.span, message, help);
                }
                continue;
            };
            self.parameters(stack, &self.project.templates[index]);
        }
    }

    fn parameters(&mut self, stack: &'p Stack, template: &'p Template) {
        let by_environment = stack.environments.iter().flat_map(|environment: &Environment| &environment.parameters);
        for assignment in stack.parameters.iter().chain(by_environment) {
            if template.parameter(&assignment.name).is_none() && template.is_broken() {
                continue;
            }
            if template.parameter(&assignment.name).is_none() {
                let known = template.parameters.iter().map(|known| &*known.name);
                let help = suggestion(&assignment.name, known);
                let message = format!("the template of stack `{}` has no parameter `{}`", stack.name, assignment.name);
                self.add(assignment.span, message, help);
                continue;
            }
            self.value(template, assignment);
        }
    }

    fn known_environment(&mut self, name: &str, span: Option<Span>) {
        let known = self.deployment.names();
        if !known.contains(&name) {
            let help = suggestion(name, known.into_iter());
            self.add(span, format!("there is no environment `{name}`"), help);
        }
    }

    /// A value of a parameter that the template has.
    fn value(&mut self, template: &Template, assignment: &'p Assignment) {
        match &assignment.value {
            AssignedValue::Text(text) => {
                let Some(parameter) = template.parameter(&assignment.name) else { return };
                if !admits(template, parameter, text) {
                    let path = self.project.sources.file(template.file).path();
                    let message = format!("parameter `{}` of `{path}` cannot be `{text}`", assignment.name);
                    let allowed = parameter.allowed.iter().map(|&node| template.node(node).text());
                    self.add(assignment.span, message, suggestion(text, allowed));
                }
            }
            AssignedValue::Output { stack, output } => self.output(stack, output, assignment.span),
        }
    }

    fn output(&mut self, name: &str, output: &str, span: Option<Span>) {
        let stacks = &self.deployment.stacks;
        let is_named = |stack: &&Stack| {
            let environments = self.deployment.judged();
            stack.name == name || environments.iter().any(|&one| stack.name_in(one).as_deref() == Some(name))
        };
        let Some(stack) = stacks.iter().find(is_named) else {
            let help = suggestion(name, stacks.iter().map(|stack| &*stack.name));
            self.add(span, format!("there is no stack `{name}`"), help);
            return;
        };
        // That its template is missing is told of the stack.
        let Some(index) = stack.find(&self.project.paths()) else { return };
        let template = &self.project.templates[index];
        if template.output(output).is_none() && !template.is_broken() {
            let help = suggestion(output, template.outputs.iter().map(|known| &*known.name));
            self.add(span, format!("the template of stack `{name}` has no output `{output}`"), help);
        }
    }
}
