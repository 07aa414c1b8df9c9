//! Runs the tests that stand in rule files, and says what is wrong.
//!
//! A comment `# <- fail` or `# <- unknown` in a test's template asserts a verdict: on the line of a logical id that of
//! the resource, on any other line also that a finding starts there. What carries no marker must pass. `expect` asserts
//! what comments cannot: paths, places, messages, and places where no comment can stand. A marker may follow another comment.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::finding::{Finding, Undecided};
use crate::graph::{GraphOptions, StackGraph, dependencies};
use crate::project::Project;
use crate::source::{Encoding, FileId, SourceMap, Span};
use crate::syntax::{self, Document, Node, Parsed};

use super::declarative::{Condition, Rights, RuleError, Subject, Test};
use super::native::{Context, Sink};
use super::{Rule, Target, judge};

/// A rule file with its tests.
#[derive(Debug)]
pub struct RuleFile {
    parsed: Parsed,
    /// The rule.
    pub rule: Rule,
    /// Its tests.
    pub tests: Vec<RuleTest>,
}

/// One test.
#[derive(Debug, Clone)]
pub struct RuleTest {
    /// Its name.
    pub name: String,
    /// The day on which it takes place, if that matters: `as-of`.
    pub as_of: Option<String>,
    files: Vec<(Utf8PathBuf, Arc<str>)>,
    expected: Vec<Expected>,
}

/// A verdict of a rule on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is wrong, or the rule does not apply.
    Pass,
    /// It cannot be said.
    Unknown,
    /// Something is wrong.
    Fail,
}

/// What `expect` asserts of one finding or undecided verdict.
#[derive(Debug, Clone)]
struct Expected {
    resource: Option<String>,
    verdict: Verdict,
    path: Option<String>,
    at: Option<String>,
    message: Option<String>,
    severity: Option<String>,
}

/// What a test asserts, counted over a file: a rule has to be tested in every direction.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Asserted {
    /// Resources that fail.
    pub fail: usize,
    /// Resources that pass though the rule matches them.
    pub pass: usize,
    /// Resources that are undecided.
    pub unknown: usize,
    /// Findings whose place is asserted.
    pub places: usize,
    /// Findings whose message is asserted.
    pub messages: usize,
}

impl RuleFile {
    /// Reads a rule file.
    ///
    /// # Errors
    /// With the place, if it is no rule or its tests are malformed.
    pub fn read(text: &str) -> Result<Self, RuleError> {
        let parsed = syntax::parse(FileId::new(0), &Arc::from(text));
        if let Some(issue) = parsed.issues.first() {
            return Err(RuleError { message: issue.message.clone(), span: issue.span, help: issue.help.clone() });
        }
        let empty =
            || RuleError { message: "the file is empty".into(), span: Span::new(FileId::new(0), 0, 0), help: None };
        let root = parsed.document.root().ok_or_else(empty)?;
        let rule = Rule::compile(root)?;
        let tests = root.get("tests").into_iter().flat_map(Node::items).map(read_test).collect::<Result<_, _>>()?;
        Ok(Self { parsed, rule, tests })
    }

    /// The tree of the file.
    pub fn document(&self) -> &Document {
        &self.parsed.document
    }

    /// The rule, compiled anew, with its n-th mutation: part of it taken away. Absent when there is no n-th.
    pub fn mutant(&self, number: usize) -> Option<(Rule, String)> {
        let mut rule = Rule::compile(self.parsed.document.root()?).ok()?;
        if rule.native.is_some() || rule.is_about_suppressions() {
            return None;
        }
        let (require, when) = rule.conditions_mut();
        let description = match number {
            0 => {
                *require = Condition::All(Vec::new());
                "require is true".to_owned()
            }
            1 => {
                *require = Condition::Any(Vec::new());
                "require is false".to_owned()
            }
            2 if when.is_some() => {
                *when = None;
                "when is dropped".to_owned()
            }
            number => {
                let mut left = number - if when.is_some() { 3 } else { 2 };
                let dropped = when.as_mut().and_then(|when| drop_nth(when, &mut left, "when"));
                dropped.or_else(|| drop_nth(require, &mut left, "require"))?
            }
        };
        Some((rule, description))
    }
}

/// Drops the n-th element of the lists of a condition.
fn drop_nth(condition: &mut Condition, left: &mut usize, path: &str) -> Option<String> {
    match condition {
        Condition::All(list) | Condition::Any(list) | Condition::None(list) => {
            if *left < list.len() {
                list.remove(*left);
                return Some(format!("{path}[{left}] is dropped"));
            }
            *left -= list.len();
            list.iter_mut().enumerate().find_map(|(index, one)| drop_nth(one, left, &format!("{path}[{index}]")))
        }
        Condition::Not(one) => drop_nth(one, left, &format!("{path}.not")),
        Condition::Allows(allows) => {
            if *left < allows.actions.len() {
                allows.actions.remove(*left);
                return Some(format!("{path}.allows.do[{left}] is dropped"));
            }
            *left -= allows.actions.len();
            None
        }
        Condition::Can(can) => {
            let (number, what) = match &mut can.rights {
                Rights::Actions(actions) => (actions.len(), "do"),
                Rights::Rows { rows, .. } => (rows.len(), "do.table"),
            };
            if *left < number {
                match &mut can.rights {
                    Rights::Actions(actions) => drop(actions.remove(*left)),
                    Rights::Rows { rows, .. } => drop(rows.remove(*left)),
                }
                return Some(format!("{path}.can.{what}[{left}] is dropped"));
            }
            *left -= number;
            let parts = [("on", can.on.is_some()), ("given", !can.given.is_empty()), ("certainly", can.certainly)];
            for (part, _) in parts.into_iter().filter(|(_, is_there)| *is_there) {
                if *left == 0 {
                    match part {
                        "on" => can.on = None,
                        "given" => can.given.clear(),
                        _ => can.certainly = false,
                    }
                    return Some(format!("{path}.can.{part} is dropped"));
                }
                *left -= 1;
            }
            None
        }
        Condition::Leaf(leaf) => {
            // A lookup that is made from the conditions must not outlive one of them.
            leaf.joins.clear();
            match &mut leaf.test {
                Test::Satisfies(condition) => drop_nth(condition, left, &format!("{path}.satisfies")),
                Test::Operator(_) => None,
            }
        }
    }
}

fn read_test(node: Node<'_>) -> Result<RuleTest, RuleError> {
    let error = |node: Node<'_>, message: &str| RuleError { message: message.into(), span: node.span(), help: None };
    super::declarative::only(node, &["name", "as-of", "template", "project", "expect"])?;
    let name = node.get("name").and_then(Node::scalar).unwrap_or("unnamed").to_owned();
    let file = |path: &str, node: Node<'_>| match node.scalar() {
        Some(text) => Ok((Utf8PathBuf::from(path), Arc::from(text))),
        None => Err(error(node, "the template is a text, written as a block with `|`")),
    };
    let mut files = match (node.get("template"), node.get("project")) {
        (Some(template), None) => vec![file("template.yaml", template)?],
        (None, Some(project)) => {
            project.entries().map(|(path, text)| file(path.text(), text)).collect::<Result<Vec<_>, _>>()?
        }
        _ => return Err(error(node, "a test has a `template` or a `project`")),
    };
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = node.get("expect").into_iter().flat_map(Node::items).map(read_expected).collect::<Result<_, _>>()?;
    let as_of = node.get("as-of").and_then(Node::scalar).map(ToOwned::to_owned);
    Ok(RuleTest { name, as_of, files, expected })
}

fn read_expected(node: Node<'_>) -> Result<Expected, RuleError> {
    super::declarative::only(node, &["resource", "verdict", "path", "at", "message", "severity"])?;
    let text = |key: &str| node.get(key).and_then(Node::scalar).map(ToOwned::to_owned);
    let verdict = match text("verdict").as_deref() {
        None | Some("fail") => Verdict::Fail,
        Some("unknown") => Verdict::Unknown,
        Some("pass") => Verdict::Pass,
        Some(other) => {
            let message = format!("`{other}` is none of fail, unknown, pass");
            return Err(RuleError { message, span: node.span(), help: None });
        }
    };
    Ok(Expected {
        resource: text("resource"),
        verdict,
        path: text("path"),
        at: text("at"),
        message: text("message"),
        severity: text("severity"),
    })
}

impl RuleTest {
    /// Runs the test against a rule.
    ///
    /// # Errors
    /// With every assertion that does not hold, a line each.
    pub fn run(&self, rule: &Rule) -> Result<Asserted, String> {
        let project = self.project();
        let graph = StackGraph::new(&project.templates, &project.paths(), GraphOptions::default());
        let (findings, undecided) = verdicts(rule, &project, &graph);
        self.judge(rule, &project, &graph, findings, undecided)
    }

    /// The templates of the test.
    pub fn project(&self) -> Project {
        Project::load(self.files.clone(), false)
    }

    /// Compares what a rule says of the test's templates with what the test asserts.
    ///
    /// # Errors
    /// With every assertion that does not hold, a line each.
    pub fn judge(
        &self,
        rule: &Rule,
        project: &Project,
        graph: &StackGraph<'_>,
        findings: Vec<Finding>,
        undecided: Vec<Undecided>,
    ) -> Result<Asserted, String> {
        let mut run =
            Run { test: self, project, findings, undecided, problems: Vec::new(), asserted: Asserted::default() };
        run.check(graph, rule);
        if run.problems.is_empty() { Ok(run.asserted) } else { Err(run.problems.join("\n")) }
    }
}

/// Everything that one rule says of a project.
fn verdicts<'p>(rule: &'p Rule, project: &'p Project, graph: &StackGraph<'p>) -> (Vec<Finding>, Vec<Undecided>) {
    let mut findings = Vec::new();
    let mut undecided = Vec::new();
    let mut sink = Sink::default();
    if let Some(native) = rule.native.filter(|_| rule.is_about_templates()) {
        for template in &project.templates {
            let dependencies = dependencies(template);
            let context = Context { rule, graph, template, dependencies: &dependencies, entity: None };
            (native.check)(&context, &mut sink);
        }
    } else if rule.is_about_templates() {
        for template in project.templates.iter().filter(|template| template.document.root().is_some()) {
            let verdict = judge(rule, graph, Target::Template(template.id));
            findings.extend(verdict.findings);
            undecided.extend(verdict.undecided);
        }
    } else if let Some(native) = rule.native.filter(|_| rule.is_about_project()) {
        if let Some(template) = project.templates.iter().find(|template| template.document.root().is_some()) {
            (native.check)(&Context { rule, graph, template, dependencies: &[], entity: None }, &mut sink);
        }
    } else if rule.is_about_project() {
        let verdict = judge(rule, graph, Target::Project);
        findings.extend(verdict.findings);
        undecided.extend(verdict.undecided);
    } else {
        for (id, entity) in graph.entities().filter(|(_, entity)| rule.matches.contains(entity.kind)) {
            if let Some(native) = rule.native {
                let template = &project.templates[entity.template.index()];
                let context = Context { rule, graph, template, dependencies: &[], entity: Some(id) };
                (native.check)(&context, &mut sink);
                continue;
            }
            let verdict = judge(rule, graph, Target::Node(id));
            findings.extend(verdict.findings);
            undecided.extend(verdict.undecided);
        }
    }
    findings.extend(sink.findings);
    undecided.extend(sink.undecided);
    findings.sort_by(Finding::order);
    findings.dedup();
    undecided.sort();
    (findings, undecided)
}

struct Run<'t> {
    test: &'t RuleTest,
    project: &'t Project,
    findings: Vec<Finding>,
    undecided: Vec<Undecided>,
    problems: Vec<String>,
    asserted: Asserted,
}

impl Run<'_> {
    fn check(&mut self, graph: &StackGraph<'_>, rule: &Rule) {
        let mut expected = self.markers();
        self.expectations(&mut expected);
        let matched: Vec<(FileId, String)> = graph
            .entities()
            .filter(|(_, entity)| rule.matches.contains(entity.kind))
            .map(|(_, entity)| (self.project.templates[entity.template.index()].file, entity.resource.name.to_string()))
            .collect();
        for template in &self.project.templates {
            for resource in &template.resources {
                let key = (template.file, resource.name.to_string());
                let wanted = expected.remove(&key).unwrap_or(Verdict::Pass);
                let got = self.verdict(&key);
                match wanted {
                    Verdict::Fail => self.asserted.fail += 1,
                    Verdict::Unknown => self.asserted.unknown += 1,
                    Verdict::Pass
                        if matched.contains(&key)
                            || rule.is_about_templates()
                            || rule.is_about_project()
                            || rule.is_about_suppressions() =>
                    {
                        self.asserted.pass += 1;
                    }
                    Verdict::Pass => {}
                }
                if wanted != got {
                    let said = self.said(&key);
                    self.problems.push(format!("{}: `{}` is {got:?}, not {wanted:?}{said}", self.path(key.0), key.1));
                }
            }
        }
        for ((file, resource), _) in expected {
            self.problems.push(format!("{}: there is no resource `{resource}`", self.path(file)));
        }
        let loose: Vec<String> = self
            .findings
            .iter()
            .filter(|finding| finding.subject.resource.is_none())
            .filter(|finding| !self.test.expected.iter().any(|one| one.resource.is_none() && self.meets(one, finding)))
            .map(|finding| format!("an unexpected finding outside of resources: {}", self.shown(finding)))
            .collect();
        self.problems.extend(loose);
    }

    /// Verdicts by comment; places that comments assert are checked here.
    fn markers(&mut self) -> BTreeMap<(FileId, String), Verdict> {
        let mut expected = BTreeMap::new();
        for template in &self.project.templates {
            let file = self.project.sources.file(template.file);
            for comment in template.document.comments() {
                let text = template.document.comment_text(*comment);
                let marker = text.rsplit_once("# <-").map(|(_, word)| word).or_else(|| text.strip_prefix("<-"));
                let Some(word) = marker.map(str::trim) else { continue };
                let verdict = match word.split_whitespace().next() {
                    Some("fail") => Verdict::Fail,
                    Some("unknown") => Verdict::Unknown,
                    _ => {
                        self.problems.push(format!("`{text}` is no marker"));
                        continue;
                    }
                };
                let line = |offset: u32| file.lines().position(file.text(), offset, Encoding::Utf8).line;
                let at = line(comment.start);
                let owner = template.resources.iter().find(|resource| {
                    let start = template.node(resource.key).span().start;
                    let end = template.node(resource.body).span().end;
                    (line(start)..=line(end.saturating_sub(1).max(start))).contains(&at)
                });
                if let Some(resource) = owner {
                    let key = (template.file, resource.name.to_string());
                    let known = expected.entry(key).or_insert(verdict);
                    *known = (*known).max(verdict);
                    if line(template.node(resource.key).span().start) == at {
                        continue;
                    }
                }
                let spans: Vec<Span> = match verdict {
                    Verdict::Fail => self.findings.iter().map(|finding| finding.primary.span).collect(),
                    _ => continue,
                };
                self.asserted.places += 1;
                if !spans.iter().any(|span| span.file == template.file && line(span.start) == at) {
                    let said: Vec<String> = self.findings.iter().map(|finding| self.shown(finding)).collect();
                    self.problems.push(format!("{}:{at}: no finding starts here: {}", file.path(), said.join("; ")));
                }
            }
        }
        expected
    }

    fn expectations(&mut self, expected: &mut BTreeMap<(FileId, String), Verdict>) {
        for one in &self.test.expected {
            if let Some(resource) = &one.resource {
                let template = self.project.templates.iter().find(|template| template.resource(resource).is_some());
                let Some(template) = template else {
                    self.problems.push(format!("there is no resource `{resource}`"));
                    continue;
                };
                let key = (template.file, resource.clone());
                let known = expected.entry(key).or_insert(one.verdict);
                *known = (*known).max(one.verdict);
            }
            if one.verdict == Verdict::Fail {
                self.asserted.places += usize::from(one.at.is_some() || one.path.is_some());
                self.asserted.messages += usize::from(one.message.is_some());
                self.asserted.fail += usize::from(one.resource.is_none());
                if !self.findings.iter().any(|finding| self.meets(one, finding)) {
                    let said: Vec<String> = self.findings.iter().map(|finding| self.shown(finding)).collect();
                    self.problems
                        .push(format!("no finding is as expected {one:?}\n    said: {}", said.join("\n          ")));
                }
            }
        }
    }

    fn meets(&self, expected: &Expected, finding: &Finding) -> bool {
        let is = |wanted: &Option<String>, got: &str| wanted.as_deref().is_none_or(|wanted| wanted == got);
        expected.verdict == Verdict::Fail
            && (expected.resource.is_none() || expected.resource == finding.subject.resource)
            && is(&expected.path, &finding.subject.path)
            && is(&expected.at, self.project.sources.slice(finding.primary.span))
            && is(&expected.message, &finding.message)
            && is(&expected.severity, finding.severity.as_str())
    }

    fn verdict(&self, (file, resource): &(FileId, String)) -> Verdict {
        let about = |name: &Option<String>, span: Span| span.file == *file && name.as_ref() == Some(resource);
        if self.findings.iter().any(|finding| about(&finding.subject.resource, finding.primary.span)) {
            Verdict::Fail
        } else if self.undecided.iter().any(|one| about(&one.subject.resource, one.span)) {
            Verdict::Unknown
        } else {
            Verdict::Pass
        }
    }

    /// What was said of a resource, for the report of a failed test.
    fn said(&self, (file, resource): &(FileId, String)) -> String {
        let findings = self
            .findings
            .iter()
            .filter(|finding| finding.primary.span.file == *file && finding.subject.resource.as_ref() == Some(resource))
            .map(|finding| format!("\n    {}", self.shown(finding)));
        let undecided = self
            .undecided
            .iter()
            .filter(|one| one.span.file == *file && one.subject.resource.as_ref() == Some(resource))
            .map(|one| format!("\n    undecided: {:?}", one.reasons));
        findings.chain(undecided).collect()
    }

    fn shown(&self, finding: &Finding) -> String {
        let sources: &SourceMap = &self.project.sources;
        let place = sources.file(finding.primary.span.file);
        let at = place.lines().position(place.text(), finding.primary.span.start, Encoding::Utf8);
        format!(
            "{} {}:{} path {:?} at {:?} message {:?} ({})",
            place.path(),
            at.line,
            at.column,
            finding.subject.path,
            sources.slice(finding.primary.span),
            finding.message,
            finding.severity
        )
    }

    fn path(&self, file: FileId) -> String {
        self.project.sources.file(file).path().to_string()
    }
}

/// The names that a rule's conditions bind, and those that something uses: in paths, joins, messages or `at`.
pub fn bound_and_used(file: &RuleFile) -> (Vec<String>, String) {
    fn names(condition: &Condition, found: &mut Vec<String>) {
        match condition {
            Condition::All(list) | Condition::Any(list) | Condition::None(list) => {
                for one in list {
                    names(one, found);
                }
            }
            Condition::Not(one) => names(one, found),
            Condition::Allows(_) | Condition::Can(_) => {}
            Condition::Leaf(leaf) => {
                if let (Some(name), false) =
                    (&leaf.bind, matches!(leaf.subject, Subject::Path(_)) && matches!(leaf.test, Test::Operator(_)))
                {
                    found.push(name.to_string());
                }
                if let Test::Satisfies(condition) = &leaf.test {
                    names(condition, found);
                }
            }
        }
    }
    let mut found = Vec::new();
    names(&file.rule.require, &mut found);
    file.rule.when.iter().for_each(|when| names(when, &mut found));
    found.extend(file.rule.bindings.iter().map(|binding| binding.name.to_string()));
    (found, file.document().text().to_string())
}
