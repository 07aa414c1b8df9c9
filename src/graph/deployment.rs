//! What a project says about how its templates are deployed: environments, stacks, values of parameters, and what exists
//! elsewhere.
//!
//! [`Deployment`] is plain data that whoever reads a configuration fills. The rest looks up, for one environment, which
//! stacks a template has and what each is given.

use std::borrow::Cow;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::Span;
use crate::template::{Parameter, Template, TemplateId};
use crate::value::pattern::{Automaton, PatternKind};
use crate::value::{Given, Passed, Scalar};

use super::link::normal;

/// What stands for the environment's name in the name of a stack.
pub const ENVIRONMENT_HOLE: &str = "${environment}";

/// How the templates of a project are deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Values of parameters by environment, in every template that has a parameter of that name.
    pub environments: Vec<Environment>,
    /// The stacks that are deployed by themselves.
    pub stacks: Vec<Stack>,
    /// Values for this run, in every environment and before all others.
    pub overrides: Vec<Assignment>,
    /// The one environment that is judged; all if absent.
    pub only: Option<String>,
    /// Globs of the names of exports and resources that exist outside of the project.
    pub external: Vec<Glob>,
    /// Which parameters of one name mean the same in all templates.
    pub shared: SharedParameters,
}

/// Values of parameters in one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub span: Option<Span>,
    /// The values.
    pub parameters: Vec<Assignment>,
}

/// A stack that is deployed by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its name; [`ENVIRONMENT_HOLE`] stands for the environment's.
    pub name: String,
    /// Where it is written.
    pub span: Option<Span>,
    /// Its template, as the paths of the project are.
    pub template: Utf8PathBuf,
    /// Values in every environment.
    pub parameters: Vec<Assignment>,
    /// Values in single environments.
    pub environments: Vec<Environment>,
}

/// A parameter with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: AssignedValue,
    /// Where the value is written.
    pub span: Option<Span>,
}

/// What a parameter is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignedValue {
    /// A text; a list is joined by commas, as CloudFormation takes it.
    Text(String),
    /// The output of another stack.
    Output {
        /// The stack, by its name in the configuration.
        stack: String,
        /// Its output.
        output: String,
    },
}

/// A glob of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    /// As it is written; `*` stands for any text.
    pub text: String,
    /// Where.
    pub span: Option<Span>,
}

/// Which parameters of one name mean the same in all templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SharedParameters {
    /// All that may.
    #[default]
    All,
    /// None.
    None,
    /// Those with these names.
    Names(Vec<String>),
}

impl SharedParameters {
    /// True if parameters of this name may mean the same.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Names(names) => names.iter().any(|known| known == name),
        }
    }
}

impl Deployment {
    /// The environments that are judged, in order; one without a name if there are none.
    pub fn judged(&self) -> Vec<Option<&str>> {
        match &self.only {
            Some(only) => vec![Some(only)],
            None => match self.names() {
                names if names.is_empty() => vec![None],
                names => names.into_iter().map(Some).collect(),
            },
        }
    }

    /// The names of all environments, in order: those that `environments` lists, else those that stacks have values for.
    pub fn names(&self) -> Vec<&str> {
        let own = self.environments.iter();
        let of_stacks = self.stacks.iter().flat_map(|stack| &stack.environments);
        let all: Vec<&Environment> = if self.environments.is_empty() { of_stacks.collect() } else { own.collect() };
        let mut seen = FxHashSet::default();
        all.into_iter().map(|environment| &*environment.name).filter(|name| seen.insert(*name)).collect()
    }
}

impl Stack {
    /// The template among the paths of a project.
    pub fn find(&self, paths: &[Utf8PathBuf]) -> Option<usize> {
        let wanted = normal(&self.template);
        paths.iter().position(|path| normal(path) == wanted)
    }

    /// Its name in an environment; nothing if that is not known.
    pub fn name_in(&self, environment: Option<&str>) -> Option<Cow<'_, str>> {
        if !self.name.contains(ENVIRONMENT_HOLE) {
            return Some(Cow::Borrowed(&self.name));
        }
        environment.map(|environment| Cow::Owned(self.name.replace(ENVIRONMENT_HOLE, environment)))
    }
}

/// The stacks of one environment.
pub(super) struct Deployed<'p> {
    deployment: &'p Deployment,
    environment: Option<&'p str>,
    /// The names of the stacks, in order, where they are known.
    names: Vec<Option<Cow<'p, str>>>,
    /// The stacks of each template.
    of: FxHashMap<TemplateId, Vec<usize>>,
    /// The template of each stack that has one here.
    templates: Vec<Option<TemplateId>>,
    /// One automaton for all names that exist elsewhere.
    external: Option<Automaton>,
}

impl<'p> Deployed<'p> {
    pub(super) fn new(
        deployment: &'p Deployment,
        environment: Option<&'p str>,
        templates: &[Template],
        paths: &[Utf8PathBuf],
    ) -> Self {
        let by_path: FxHashMap<Utf8PathBuf, TemplateId> = match deployment.stacks[..] {
            [] => FxHashMap::default(),
            _ => paths.iter().map(|path: &Utf8PathBuf| normal(path)).zip(templates.iter().map(|t| t.id)).collect(),
        };
        let template = |stack: &Stack| by_path.get(&normal(Utf8Path::new(&stack.template))).copied();
        let found: Vec<Option<TemplateId>> = deployment.stacks.iter().map(template).collect();
        let mut of: FxHashMap<TemplateId, Vec<usize>> = FxHashMap::default();
        for (index, template) in found.iter().enumerate() {
            if let Some(template) = template {
                of.entry(*template).or_default().push(index);
            }
        }
        // What is no glob is told by `problems` and matches nothing.
        let globs: Vec<&str> =
            deployment.external.iter().map(|glob| &*glob.text).filter(|text| is_glob(text).is_ok()).collect();
        let external = if globs.is_empty() { None } else { Automaton::any(PatternKind::Glob, &globs).ok() };
        let names = deployment.stacks.iter().map(|stack| stack.name_in(environment)).collect();
        Self { deployment, environment, names, of, templates: found, external }
    }

    pub(super) fn environment(&self) -> Option<&'p str> {
        self.environment
    }

    pub(super) fn external(&self) -> Option<&Automaton> {
        self.external.as_ref()
    }

    /// The stacks of a template, in order.
    pub(super) fn of(&self, template: TemplateId) -> &[usize] {
        self.of.get(&template).map(Vec::as_slice).unwrap_or_default()
    }

    /// The name of a stack, where it is known.
    pub(super) fn name(&self, stack: usize) -> Option<Cow<'p, str>> {
        self.names[stack].clone()
    }

    /// What a stack is called in every environment: its name as it is written.
    pub(super) fn written(&self, stack: usize) -> &'p str {
        &self.deployment.stacks[stack].name
    }

    /// The stack with a name, as it is written or as it is in this environment, and its template.
    pub(super) fn find(&self, name: &str) -> Option<(usize, TemplateId)> {
        let written = self.deployment.stacks.iter().position(|stack| stack.name == name);
        let index = written.or_else(|| self.names.iter().position(|known| known.as_deref() == Some(name)))?;
        Some((index, self.templates[index]?))
    }

    /// What a template that no stack deploys is given for a parameter.
    pub(super) fn anywhere(&self, template: &Template, parameter: &Parameter) -> Option<Passed<'p>> {
        let environment = environment_of(&self.deployment.environments, self.environment);
        first([&self.deployment.overrides, environment], template, parameter)
    }

    /// What a stack is given for a parameter.
    pub(super) fn given(&self, stack: usize, template: &Template, parameter: &Parameter) -> Option<Passed<'p>> {
        let Deployment { environments, stacks, overrides, .. } = self.deployment;
        let stack = &stacks[stack];
        let own = environment_of(&stack.environments, self.environment);
        let everywhere = environment_of(environments, self.environment);
        first([overrides, own, &stack.parameters, everywhere], template, parameter)
    }
}

fn environment_of<'p>(environments: &'p [Environment], name: Option<&str>) -> &'p [Assignment] {
    let known = environments.iter().find(|environment| Some(&*environment.name) == name);
    known.map(|environment| &environment.parameters[..]).unwrap_or_default()
}

/// The first value of a parameter that its template admits.
fn first<'p, const N: usize>(
    sources: [&'p [Assignment]; N],
    template: &Template,
    parameter: &Parameter,
) -> Option<Passed<'p>> {
    let named = sources.into_iter().flatten().filter(|assignment| assignment.name == *parameter.name);
    let mut admitted = named.filter_map(|assignment| match &assignment.value {
        AssignedValue::Output { stack, output } => Some(Passed::Output { stack, output }),
        AssignedValue::Text(text) => {
            let given = Given { name: &assignment.name, text, span: assignment.span };
            admits(template, parameter, text).then_some(Passed::Given(given))
        }
    });
    admitted.next()
}

/// True if CloudFormation takes a text for a parameter, as far as `AllowedValues` and `AllowedPattern` say.
pub fn admits(template: &Template, parameter: &Parameter, text: &str) -> bool {
    // Of an SSM parameter the text is the name, and the value is what is limited.
    if parameter.is_ssm() {
        return true;
    }
    let items: Vec<&str> = if parameter.is_list() { text.split(',').map(str::trim).collect() } else { vec![text] };
    let is_allowed = |item: &&str| {
        parameter.allowed.is_empty()
            || parameter.allowed.iter().any(|&node| {
                let node = template.node(node);
                node.text() == *item || Scalar::of(node).is_some_and(|scalar| scalar.text == *item)
            })
    };
    let pattern = parameter.pattern.and_then(|node| template.node(node).scalar());
    let pattern = pattern.and_then(Automaton::allowed_pattern);
    items.iter().all(is_allowed) && pattern.is_none_or(|pattern| items.iter().all(|item| pattern.is_match(item)))
}

/// Whether a text is a glob; if not, why.
///
/// # Errors
/// One line for its author.
pub fn is_glob(text: &str) -> Result<(), String> {
    Automaton::compile(PatternKind::Glob, text).map(drop)
}
