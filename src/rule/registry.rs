//! All rules that may run: bundled ones, read when something they match occurs, and users' own.

use std::sync::{Arc, OnceLock};

use camino::Utf8Path;

use crate::catalog::{self, BundledRule};
use crate::finding::{Confidence, RuleId, Severity};
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax::{self, Node};

use super::declarative::{
    self, Compiled, Condition, Kinds, Message, RuleError, TermPath, bindings, compile_condition, kinds, one_path, only,
    suggestion, text,
};
use super::native::{self, Native};
use super::options::{self, OptionError};
use super::{Case, Profile, RuleMeta, WhenUnknown};

/// A rule, ready to be judged.
#[derive(Debug)]
pub struct Rule {
    /// Id, name, severity.
    pub meta: RuleMeta,
    /// What it is about.
    pub matches: Kinds,
    /// The check in Rust, for a native rule.
    pub native: Option<Native>,
    pub(super) bindings: Vec<declarative::Binding>,
    pub(super) when: Option<Condition>,
    pub(super) require: Condition,
    pub(super) unknown: WhenUnknown,
    covered_by: Vec<RuleId>,
    pub(super) defaults_only: bool,
    pub(super) at: Option<TermPath>,
    pub(crate) message: Message,
    pub(super) related: Vec<TermPath>,
    pub(super) severity_cases: Vec<Case>,
    /// The cases may differ from one failure of a node to the next: they ask for names that `require` binds.
    pub(super) cases_see_failures: bool,
    pub(super) as_of: Option<&'static str>,
}

/// The keys of a rule file that say something about its evaluation or its texts.
pub const KEYS: [&str; 26] = [
    "id",
    "name",
    "summary",
    "severity",
    "confidence",
    "profile",
    "match",
    "let",
    "when",
    "require",
    "native",
    "unknown",
    "covered_by",
    "parameters",
    "at",
    "message",
    "related",
    "options",
    "controls",
    "controls_by_analogy",
    "peers",
    "why",
    "do",
    "references",
    "never_unknown",
    "tests",
];

impl Rule {
    /// Compiles the body of a rule.
    pub fn compile(body: Node<'_>) -> Compiled<Self> {
        only(body, &KEYS)?;
        let get = |name: &str| body.get(name);
        let needed = |name: &'static str| {
            get(name).ok_or_else(|| RuleError {
                message: format!("the rule lacks `{name}`"),
                span: body.entries().next().map_or(body.span(), |(key, _)| key.span()),
                help: None,
            })
        };
        options::check(body)?;
        let matches = kinds(needed("match")?)?;
        let bindings = get("let").map(bindings).transpose()?.unwrap_or_default();
        let native = get("native").map(native_of).transpose()?;
        let when = get("when").map(compile_condition).transpose()?;
        let require = match (get("require"), native) {
            (Some(require), None) => compile_condition(require)?,
            (None, Some(_)) => Condition::All(Vec::new()),
            (Some(node), Some(_)) => {
                return Err(RuleError {
                    message: "a native rule has no `require`".into(),
                    span: node.span(),
                    help: None,
                });
            }
            // What they require is judged when all other rules have spoken.
            (None, None) if about_suppressions(&matches) => Condition::All(Vec::new()),
            (None, None) => {
                needed("require")?;
                Condition::All(Vec::new())
            }
        };
        let (severity, severity_cases) = severity_of(needed("severity")?)?;
        let cases_see_failures = mentions(needed("severity")?, &names(&require));
        let mut bound: Vec<&str> = bindings.iter().map(|binding| &*binding.name).collect();
        bound.extend(when.iter().chain([&require]).flat_map(|condition| names(condition)));
        let message = Message::read(needed("message")?, &bound)?;
        let as_of = when.iter().chain([&require]).find_map(as_of);
        let related = match get("related") {
            Some(list) if list.is_sequence() => list.items().map(related).collect::<Compiled<_>>()?,
            Some(one) => vec![related(one)?],
            None => Vec::new(),
        };
        Ok(Self {
            meta: RuleMeta {
                id: RuleId::new(text(needed("id")?)?),
                name: text(needed("name")?)?.to_owned(),
                summary: get("summary").map(text).transpose()?.unwrap_or_default().to_owned(),
                severity,
                confidence: word(get("confidence"), Confidence::Certain)?,
                profile: word(get("profile"), Profile::Recommended)?,
            },
            matches,
            native,
            unknown: word(get("unknown"), WhenUnknown::Skip)?,
            covered_by: match get("covered_by") {
                Some(list) => list.items().map(|id| text(id).map(RuleId::new)).collect::<Compiled<_>>()?,
                None => Vec::new(),
            },
            defaults_only: get("parameters").and_then(Node::scalar) == Some("default"),
            at: get("at").map(place).transpose()?,
            as_of,
            bindings,
            when,
            require,
            message,
            related,
            severity_cases,
            cases_see_failures,
        })
    }

    /// The rules whose findings say what this rule would say about the same entry.
    pub fn covered_by(&self) -> &[RuleId] {
        &self.covered_by
    }

    /// True if the rule is about the project as a whole.
    pub fn is_about_project(&self) -> bool {
        self.matches.0.iter().any(|kind| &**kind == "Project")
    }

    /// True if the rule is about templates as such.
    pub fn is_about_templates(&self) -> bool {
        self.matches.0.iter().any(|kind| &**kind == "Template")
    }

    /// True if the rule is about what users suppress.
    pub fn is_about_suppressions(&self) -> bool {
        about_suppressions(&self.matches)
    }

    /// The requirement and the condition of application, for the check of its tests by mutation.
    #[doc(hidden)]
    pub fn conditions_mut(&mut self) -> (&mut Condition, &mut Option<Condition>) {
        (&mut self.require, &mut self.when)
    }
}

fn about_suppressions(matches: &Kinds) -> bool {
    matches.0.iter().any(|kind| &**kind == "Suppression")
}

fn native_of(node: Node<'_>) -> Compiled<Native> {
    let name = text(node)?;
    native::find(name).ok_or_else(|| RuleError {
        message: format!("there is no native check `{name}`"),
        span: node.span(),
        help: suggestion(name, native::names()),
    })
}

fn word<T>(node: Option<Node<'_>>, otherwise: T) -> Compiled<T>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let Some(node) = node else { return Ok(otherwise) };
    text(node)?.parse().map_err(|error: T::Err| RuleError { message: error.to_string(), span: node.span(), help: None })
}

/// The path that a finding points at.
fn place(node: Node<'_>) -> Compiled<TermPath> {
    let help = "write the path that matters, or one from a name that `every` binds; without `at` a finding points at the \
                value that failed";
    one_path(node, help)
}

/// A path to a further place.
fn related(node: Node<'_>) -> Compiled<TermPath> {
    one_path(node, "write a list with an item for each path")
}

/// `high`, or `{default: high, cases: [{when, is, because}]}`.
fn severity_of(node: Node<'_>) -> Compiled<(Severity, Vec<Case>)> {
    if node.scalar().is_some() {
        return Ok((word(Some(node), Severity::Medium)?, Vec::new()));
    }
    only(node, &["default", "cases"])?;
    let default: Severity = word(node.get("default"), Severity::Medium)?;
    let cases = node.get("cases").into_iter().flat_map(Node::items).map(|case| {
        only(case, &["when", "is", "because"])?;
        let Some(when) = case.get("when") else {
            return Err(RuleError { message: "a case needs `when`".into(), span: case.span(), help: None });
        };
        let severity = word(case.get("is"), default)?;
        if severity == default {
            return Err(RuleError {
                message: "a case has the severity of the default".into(),
                span: case.span(),
                help: None,
            });
        }
        Ok(Case { when: compile_condition(when)?, severity })
    });
    Ok((default, cases.collect::<Compiled<_>>()?))
}

/// The cases of a severity as people are told of them.
fn severity_cases(node: Node<'_>) -> Vec<super::SeverityCase> {
    let text = |case: Node<'_>, key: &str| case.get(key).and_then(Node::scalar).unwrap_or_default().to_owned();
    let case = |case| super::SeverityCase { is: text(case, "is"), because: text(case, "because") };
    node.get("cases").into_iter().flat_map(Node::items).map(case).collect()
}

/// True if something written below a node starts with one of some names (`$name`).
fn mentions(node: Node<'_>, names: &[&str]) -> bool {
    let is_named = |text: &str| {
        let rest = text.strip_prefix('$').unwrap_or_default();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        names.contains(&&rest[..end])
    };
    node.scalar().is_some_and(is_named)
        || node.items().any(|item| mentions(item, names))
        || node.entries().any(|(_, value)| mentions(value, names))
}

/// The names that a condition binds.
fn names(condition: &Condition) -> Vec<&str> {
    match condition {
        Condition::All(list) | Condition::Any(list) | Condition::None(list) => list.iter().flat_map(names).collect(),
        Condition::Not(one) => names(one),
        Condition::Allows(_) | Condition::Can(_) => Vec::new(),
        Condition::Leaf(leaf) => {
            let mut found: Vec<&str> = leaf.bind.iter().map(|name| &**name).collect();
            if let declarative::Test::Satisfies(condition) = &leaf.test {
                found.extend(names(condition));
            }
            found
        }
    }
}

/// The date of the first table that a condition asks.
fn as_of(condition: &Condition) -> Option<&'static str> {
    fn of_operator(operator: &declarative::Operator) -> Option<&'static str> {
        match operator {
            declarative::Operator::In(declarative::Set::Table(table, _)) => Some(table.as_of),
            declarative::Operator::Matches(patterns) => patterns.table.map(|table| table.as_of),
            declarative::Operator::Not(inner) => of_operator(inner),
            _ => None,
        }
    }
    match condition {
        Condition::All(list) | Condition::Any(list) | Condition::None(list) => list.iter().find_map(as_of),
        Condition::Not(one) => as_of(one),
        Condition::Allows(_) => None,
        Condition::Can(can) => match &can.rights {
            declarative::Rights::Actions(_) => None,
            declarative::Rights::Rows { table, .. } => Some(table.as_of),
        },
        Condition::Leaf(leaf) => match &leaf.test {
            declarative::Test::Satisfies(condition) => as_of(condition),
            declarative::Test::Operator(operator) => of_operator(operator),
        },
    }
}

/// A rule of the registry, compiled on first use.
#[derive(Debug)]
pub struct Registered {
    /// Id, name, severity; known without compiling.
    pub meta: RuleMeta,
    /// The types and kinds that it matches.
    pub kinds: Kinds,
    source: RuleText,
    /// The text to compile where that is not the bundled one: a user's rule, or one whose options are set.
    text: Option<Arc<str>>,
    compiled: OnceLock<Box<Rule>>,
}

#[derive(Debug)]
enum RuleText {
    Bundled(&'static BundledRule),
    Own { docs: super::LazyDocs },
}

impl Registered {
    fn bundled(rule: &'static BundledRule) -> Self {
        let meta = RuleMeta {
            id: RuleId::new(rule.id),
            name: rule.name.to_owned(),
            summary: rule.summary.to_owned(),
            severity: rule.severity.parse().expect("the build checks severities"),
            confidence: rule.confidence.parse().expect("the build checks confidences"),
            profile: rule.profile.parse().expect("the build checks profiles"),
        };
        let kinds = Kinds(rule.types.iter().map(|kind| (*kind).into()).collect());
        Self { meta, kinds, source: RuleText::Bundled(rule), text: None, compiled: OnceLock::new() }
    }

    /// True if the rule is about what users suppress.
    pub fn is_about_suppressions(&self) -> bool {
        about_suppressions(&self.kinds)
    }

    /// The rule, compiled.
    ///
    /// # Panics
    /// If a bundled rule does not compile, which a test rules out.
    pub fn rule(&self) -> &Rule {
        self.compiled.get_or_init(|| {
            let parsed = syntax::parse(FileId::new(0), &self.body());
            let root = parsed.document.root().expect("a rule has a body");
            Box::new(
                Rule::compile(root).expect("a test compiles every bundled rule, and others were when they were read"),
            )
        })
    }

    /// The text that is compiled.
    fn body(&self) -> Arc<str> {
        match (&self.text, &self.source) {
            (Some(text), _) => Arc::clone(text),
            (None, RuleText::Bundled(bundled)) => Arc::from(bundled.body()),
            (None, RuleText::Own { .. }) => Arc::from(""),
        }
    }

    fn is_called(&self, id_or_name: &str) -> bool {
        self.meta.id.as_str().eq_ignore_ascii_case(id_or_name) || self.meta.name == id_or_name
    }

    /// The options that the rule has, with what they are set to.
    pub fn options(&self) -> Vec<options::RuleOption> {
        options::read(&self.body())
    }

    /// Sets an option.
    ///
    /// # Errors
    /// If the rule has no such option, or the option does not take the value.
    pub fn set_option(&mut self, name: &str, values: &[String]) -> Result<(), OptionError> {
        let text: Arc<str> = options::set(&self.body(), name, values)?.into();
        let parsed = syntax::parse(FileId::new(0), &text);
        let compiled = parsed.document.root().map(Rule::compile);
        match compiled {
            Some(Ok(rule)) => {
                self.compiled = OnceLock::from(Box::new(rule));
                self.text = Some(text);
                Ok(())
            }
            Some(Err(error)) => Err(OptionError { message: error.message, help: error.help }),
            None => Err(OptionError { message: "the rule is empty".to_owned(), help: None }),
        }
    }

    /// Why, what to do, controls and references.
    pub fn docs(&self) -> super::LazyDocs {
        match &self.source {
            RuleText::Bundled(bundled) => {
                let bundled: &'static BundledRule = bundled;
                super::LazyDocs::new(|| serde_json::from_str(bundled.docs()).unwrap_or_default())
            }
            RuleText::Own { docs } => docs.clone(),
        }
    }
}

/// All rules of a run.
#[derive(Debug, Default)]
pub struct Registry {
    rules: Vec<Registered>,
}

/// A rule file that cannot be used, with the text for the report of the error.
#[derive(Debug)]
pub struct RuleFileError {
    /// The file.
    pub file: SourceFile,
    /// What is wrong, and where.
    pub error: RuleError,
}

impl Registry {
    /// The bundled rules.
    pub fn bundled() -> Self {
        Self { rules: catalog::bundled().iter().map(Registered::bundled).collect() }
    }

    /// Adds a user's rule file.
    ///
    /// # Errors
    /// If the file is no rule, or its id or name is taken.
    pub fn add(&mut self, path: &Utf8Path, content: &str) -> Result<(), Box<RuleFileError>> {
        let file = SourceFile::new(path, content);
        let mut sources = SourceMap::default();
        let id = sources.add(SourceFile::new(path, Arc::clone(file.text())));
        match self.read(id, file.text()) {
            Ok(rule) => {
                self.rules.push(rule);
                self.rules.sort_by(|a, b| a.meta.id.cmp(&b.meta.id));
                Ok(())
            }
            Err(error) => Err(Box::new(RuleFileError { file, error })),
        }
    }

    fn read(&self, file: FileId, content: &Arc<str>) -> Compiled<Registered> {
        let parsed = syntax::parse(file, content);
        if let Some(issue) = parsed.issues.first() {
            return Err(RuleError { message: issue.message.clone(), span: issue.span, help: issue.help.clone() });
        }
        let Some(root) = parsed.document.root() else {
            return Err(RuleError {
                message: "the file is empty".into(),
                span: crate::source::Span::new(file, 0, 0),
                help: None,
            });
        };
        let rule = Rule::compile(root)?;
        if let Some(matches) = root.get("match").filter(|_| rule.is_about_suppressions()) {
            let message = "suppressions are judged by rules of this program only".to_owned();
            return Err(RuleError { message, span: matches.span(), help: None });
        }
        for known in &self.rules {
            let clash = if known.meta.id == rule.meta.id {
                Some("id")
            } else if known.meta.name == rule.meta.name {
                Some("name")
            } else {
                None
            };
            if let Some(key) = clash {
                let span = root.get(key).map_or(root.span(), Node::span);
                let message =
                    format!("the {key} is taken by the rule {} ({})", known.meta.id.as_str(), known.meta.name);
                return Err(RuleError { message, span, help: None });
            }
        }
        let text = |name: &str| root.get(name).and_then(Node::scalar).unwrap_or_default().to_owned();
        let texts = |node: Node<'_>| node.items().filter_map(Node::scalar).map(ToOwned::to_owned).collect::<Vec<_>>();
        let lists = |name: &str| {
            root.get(name)
                .into_iter()
                .flat_map(Node::entries)
                .map(|(key, value)| (key.text().to_owned(), texts(value)))
                .collect()
        };
        let docs = super::RuleDocs {
            why: text("why"),
            remedy: text("do"),
            references: root.get("references").map(texts).unwrap_or_default(),
            controls: lists("controls"),
            controls_by_analogy: lists("controls_by_analogy"),
            peers: root.get("peers").map(texts).unwrap_or_default(),
            severity_cases: root.get("severity").map(severity_cases).unwrap_or_default(),
            example_bad: None,
            example_good: None,
        };
        let compiled = OnceLock::new();
        let meta = rule.meta.clone();
        let kinds = rule.matches.clone();
        let _ = compiled.set(Box::new(rule));
        Ok(Registered {
            meta,
            kinds,
            source: RuleText::Own { docs: docs.into() },
            text: Some(Arc::clone(content)),
            compiled,
        })
    }

    /// All rules, by id.
    pub fn rules(&self) -> &[Registered] {
        &self.rules
    }

    /// The rule of an id or name, to set its options.
    pub fn find_mut(&mut self, id_or_name: &str) -> Option<&mut Registered> {
        let at = self.rules.iter().position(|rule| rule.is_called(id_or_name))?;
        Some(&mut self.rules[at])
    }

    /// The rule of an id or name.
    pub fn find(&self, id_or_name: &str) -> Option<&Registered> {
        self.rules.iter().find(|rule| rule.is_called(id_or_name))
    }
}
