//! What keeps a promise of the reference architecture is taken away, one by one, and a rule says so at its place.
//!
//! `tests/removals.yaml` lists the removals. Each is applied to the bundled templates in memory, and the whole project is
//! linted under the strict profile. Untouched, the templates have no finding.

use std::fmt::Write as _;

use mlops_lint::catalog::reference;
use mlops_lint::engine::{self, CheckOptions, Report};
use mlops_lint::project::Project;
use mlops_lint::rule::Registry;
use mlops_lint::source::{FileId, SourceMap};
use mlops_lint::syntax::{self, Node};

/// One row of the file.
#[derive(Debug)]
struct Removal {
    what: String,
    file: String,
    edit: Edit,
    rule: String,
    /// The logical id at which the rule fires.
    resource: Option<String>,
    /// The file in which it fires, if it is not the one that was changed.
    found_in: String,
    /// The rule is not built yet. As soon as it is, this row has to say `pending` no more.
    is_pending: bool,
}

#[derive(Debug)]
enum Edit {
    /// The property, resource or list item at a path is gone. `Statement.NAME` is the item with this Sid, Id or Name.
    Remove(String),
    /// The value at a path is another.
    Set(String, String),
    /// A text below a path is another. Which one says `nth`, from 1 on; without it there is one.
    Replace { below: String, from: String, nth: Option<usize>, to: Option<String> },
}

fn rows() -> Vec<Removal> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/removals.yaml");
    let parsed = syntax::parse(FileId::new(0), &std::fs::read_to_string(path).unwrap().into());
    assert!(parsed.issues.is_empty(), "{:?}", parsed.issues);
    parsed.document.root().unwrap().items().map(row).collect()
}

fn row(item: Node<'_>) -> Removal {
    let known = ["what", "file", "remove", "set", "below", "from", "nth", "to", "rule", "at", "in", "pending"];
    for (key, _) in item.entries() {
        assert!(known.contains(&key.text()), "an unknown key in `{}`", item.text());
    }
    let text = |key: &str| item.get(key).and_then(Node::scalar).map(ToOwned::to_owned);
    let needed = |key: &str| text(key).unwrap_or_else(|| panic!("no `{key}` in `{}`", item.text()));
    let edit = match (text("remove"), text("set")) {
        (Some(path), None) => Edit::Remove(path),
        (None, Some(path)) => Edit::Set(path, needed("to")),
        _ => Edit::Replace {
            below: needed("below"),
            from: needed("from"),
            nth: text("nth").map(|number| number.parse().unwrap()),
            to: text("to"),
        },
    };
    let file = needed("file");
    Removal {
        what: needed("what"),
        edit,
        rule: needed("rule"),
        resource: text("at"),
        found_in: text("in").unwrap_or_else(|| file.clone()),
        is_pending: text("pending").is_some_and(|value| value == "true"),
        file,
    }
}

/// The bundled templates, one of them perhaps with another text.
fn lint(registry: &Registry, changed: Option<(&str, &str)>) -> (SourceMap, Report) {
    let files = reference()
        .iter()
        .filter(|file| file.is_template())
        .map(|file| {
            let text = changed.filter(|(name, _)| *name == file.path).map_or(file.text, |(_, text)| text);
            (file.path.into(), text.into())
        })
        .collect();
    let project = Project::load(files, false);
    let graph = engine::link(&project);
    let report = engine::check(&project, &graph, registry, CheckOptions::everything(), |file| {
        project.sources.file(file).path().as_str()
    });
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    drop(graph);
    (project.sources, report)
}

/// The findings, one a line.
fn list(sources: &SourceMap, report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let file = sources.file(finding.primary.span.file).path();
        let resource = finding.subject.resource.as_deref().unwrap_or_default();
        writeln!(text, "    {} {file} {resource}: {}", finding.rule.as_str(), finding.message).unwrap();
    }
    text
}

/// The node at a path of keys and of names of list items.
fn at<'d>(root: Node<'d>, path: &str) -> Node<'d> {
    path.split('.').fold(root, |node, part| {
        let found = if node.is_sequence() {
            node.items().enumerate().find(|(place, item)| {
                part == place.to_string()
                    || ["Sid", "Id", "Name", "Key"].iter().any(|key| item.get(key).and_then(Node::scalar) == Some(part))
            })
        } else {
            node.get(part).map(|value| (0, value))
        };
        found.unwrap_or_else(|| panic!("there is no `{part}` of `{path}`")).1
    })
}

/// The whole lines that an entry of a block mapping or an item of a block sequence takes.
fn lines(text: &str, node: Node<'_>) -> std::ops::Range<usize> {
    let start = node.key().unwrap_or(node).span().range().start;
    let end = node.span_with_tag().range().end;
    let first = text[..start].rfind('\n').map_or(0, |place| place + 1);
    let last = text[..end].trim_end().len();
    let last = text[last..].find('\n').map_or(text.len(), |place| last + place + 1);
    first..last
}

fn apply(text: &str, edit: &Edit) -> String {
    let parsed = syntax::parse(FileId::new(0), &text.into());
    let root = parsed.document.root().unwrap();
    match edit {
        Edit::Remove(path) => {
            let place = lines(text, at(root, path));
            format!("{}{}", &text[..place.start], &text[place.end..])
        }
        Edit::Set(path, to) => {
            let place = at(root, path).span_with_tag().range();
            format!("{}{to}{}", &text[..place.start], &text[place.end..])
        }
        Edit::Replace { below, from, nth, to } => {
            let part = lines(text, at(root, below));
            let mut places = text[part.clone()].match_indices(from.as_str()).map(|(place, _)| part.start + place);
            let count = places.clone().count();
            assert!(nth.is_some() || count == 1, "`{from}` is there {count} times below `{below}`");
            let start = places.nth(nth.unwrap_or(1) - 1).unwrap();
            match to {
                Some(to) => format!("{}{to}{}", &text[..start], &text[start + from.len()..]),
                None => without_member(text, start, start + from.len()),
            }
        }
    }
}

/// A text without a member of a JSON object, and without the comma beside it. A member that ends with an opening
/// bracket goes to the closing one.
fn without_member(text: &str, start: usize, end: usize) -> String {
    let mut end = end;
    let mut depth = i32::from(text[..end].ends_with(['{', '[']));
    while depth > 0 {
        match text.as_bytes()[end] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        end += 1;
    }
    let before = text[..start].trim_end();
    if let Some(before) = before.strip_suffix(',') {
        return format!("{before}{}", &text[end..]);
    }
    let after = text[end..].trim_start();
    format!("{}{}", &text[..start], after.strip_prefix(',').unwrap_or(after))
}

#[test]
fn the_reference_architecture_has_no_finding() {
    let (sources, report) = lint(&Registry::bundled(), None);
    assert!(report.findings.is_empty(), "{}", list(&sources, &report));
}

#[test]
fn whatever_keeps_a_promise_is_missed_when_it_is_gone() {
    let rows = rows();
    let registry = Registry::bundled();
    let mut problems = String::new();
    let mut seen = 0;
    for row in &rows {
        let is_built = registry.rules().iter().any(|rule| rule.meta.id.as_str() == row.rule);
        if row.is_pending {
            if is_built {
                writeln!(problems, "{}: {} is built now: remove `pending`", row.what, row.rule).unwrap();
            }
            continue;
        }
        let file = reference().iter().find(|file| file.path == row.file).unwrap();
        let text = apply(file.text, &row.edit);
        assert_ne!(text, file.text, "{row:?} changes nothing");
        let (sources, report) = lint(&registry, Some((&row.file, &text)));
        let met = report.findings.iter().any(|finding| {
            finding.rule.as_str() == row.rule
                && sources.file(finding.primary.span.file).path() == row.found_in.as_str()
                && (row.resource.is_none() || row.resource == finding.subject.resource)
        });
        if met {
            seen += 1;
        } else {
            let found = list(&sources, &report);
            writeln!(problems, "{}: {} does not fire at {:?}; found:\n{found}", row.what, row.rule, row.resource)
                .unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
    assert!(seen >= 40, "{seen} removals that are seen are too few");
}
