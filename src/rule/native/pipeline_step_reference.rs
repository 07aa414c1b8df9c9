//! REL028: steps of a pipeline that refer to steps, or to outputs of steps, that do not exist; steps that wait for each
//! other in a circle.

use std::collections::BTreeMap;

use crate::catalog::{self, Rows};
use crate::finding::{Label, ReasonKind};
use crate::graph::{Arrow, shortest};
use crate::rule::declarative::nearest;
use crate::syntax::Node;
use crate::value::{Cursor, Dialect, Found, List, Resolver, Unknown, Value, text_of};

use super::problem::{Problem, judge_definitions};
use super::{Context, Sink};

/// Steps deeper in each other than this are not looked at.
const DEEPEST: u8 = 32;

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    judge_definitions(context, sink, Dialect::Pipeline, &|resolver, definition| {
        let (steps, unknown) = steps(resolver, definition.root);
        let mut reader = Reader { resolver, steps, problems: Vec::new(), unknown };
        reader.judge();
        (reader.problems, reader.unknown)
    });
}

/// A step.
pub(super) struct Step<'p> {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) at: Cursor<'p>,
    pub(super) name_at: Cursor<'p>,
    /// The condition step whose branch it stands in.
    pub(super) around: Option<usize>,
}

/// The steps of a definition, those in branches of condition steps after these, and what of them is not known.
pub(super) fn steps<'p>(resolver: &Resolver<'_, 'p>, root: Cursor<'p>) -> (Vec<Step<'p>>, Unknown<'p>) {
    let mut reader = Reader { resolver, steps: Vec::new(), problems: Vec::new(), unknown: Unknown::default() };
    reader.list(root, "Steps", None, 0);
    (reader.steps, reader.unknown)
}

/// That one step waits for another.
struct Wait<'p> {
    from: usize,
    to: usize,
    at: Cursor<'p>,
}

impl Arrow for Wait<'_> {
    fn ends(&self) -> (usize, usize) {
        (self.from, self.to)
    }
}

struct Reader<'r, 'w, 'p> {
    resolver: &'r Resolver<'w, 'p>,
    steps: Vec<Step<'p>>,
    problems: Vec<Problem<'p>>,
    unknown: Unknown<'p>,
}

impl<'p> Reader<'_, '_, 'p> {
    /// The steps of a list and, in them, those of the branches of condition steps.
    fn list(&mut self, map: Cursor<'p>, member: &str, around: Option<usize>, depth: u8) {
        let list = self.resolver.member_of(map, member, &[]);
        match &list.value {
            Value::Unknown(why) => self.unknown.merge(why),
            Value::Symbolic(parts) => self.unknown.merge(&self.resolver.why(parts)),
            _ => {}
        }
        for item in self.items(&list) {
            let at = item.cursor;
            if !at.node.is_mapping() {
                continue;
            }
            let name = self.resolver.member_of(at, "Name", &[]);
            let text = text_of(&name.value);
            let kind = text_of(&self.resolver.member_of(at, "Type", &[]).value);
            let index = self.steps.len();
            self.steps.push(Step { name: text, kind, at, name_at: name.cursor, around });
            if let Some(arguments) = at.node.get("Arguments").filter(|_| depth < DEEPEST) {
                for branch in branches(&self.steps[index].kind) {
                    self.list(at.to(arguments), branch, Some(index), depth + 1);
                }
            }
        }
    }

    fn items(&self, found: &Found<'p>) -> Vec<Found<'p>> {
        match &found.value {
            Value::List(list @ List::Node(_)) => self.resolver.items(list),
            _ => Vec::new(),
        }
    }

    fn judge(&mut self) {
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            by_name.entry(step.name.clone()).or_insert(index);
        }
        let mut waits = Vec::new();
        for from in 0..self.steps.len() {
            let Step { at, around, name_at, .. } = self.steps[from];
            waits.extend(around.map(|to| Wait { from, to, at: name_at }));
            for item in self.items(&self.resolver.member_of(at, "DependsOn", &[])) {
                let name = text_of(&item.value);
                if let Some(to) = self.known(&by_name, from, &name, &item, "depends on") {
                    waits.push(Wait { from, to, at: item.cursor });
                }
            }
            let mut gets = Vec::new();
            gets_in(at.node, &branches(&self.steps[from].kind), &mut gets);
            for node in gets {
                let found = self.resolver.found(at.to(node));
                let text = text_of(&found.value);
                let Some(path) = text.strip_prefix("Steps.") else { continue };
                let (name, member) = path.split_once(['.', '[']).unwrap_or((path, ""));
                if let Some(to) = self.known(&by_name, from, name, &found, "reads from") {
                    waits.push(Wait { from, to, at: found.cursor });
                    self.output(from, to, member, found.cursor);
                }
            }
        }
        self.circle(&waits);
    }

    /// The step of a name; a name that no step has is a problem.
    fn known(
        &mut self,
        by_name: &BTreeMap<String, usize>,
        from: usize,
        name: &str,
        found: &Found<'p>,
        how: &str,
    ) -> Option<usize> {
        if let Some(&to) = by_name.get(name) {
            return Some(to);
        }
        if name.is_empty() {
            return None;
        }
        let open = |text: &str| text.contains("${");
        if open(name) || by_name.keys().any(|known| open(known)) {
            let unknown = match &found.value {
                Value::Symbolic(parts) => self.resolver.why(parts),
                _ => Unknown::because(ReasonKind::RunTime, name),
            };
            self.unknown.merge(&unknown);
            return None;
        }
        let help = nearest(name, by_name.keys().map(|known| &**known)).map(|near| format!("did you mean `{near}`?"));
        let detail = format!("step `{}` {how} `{name}`, which is no step", self.steps[from].name);
        self.problems.push(Problem { help, ..Problem::at(found.cursor, detail) });
        None
    }

    /// Whether a step returns what another one reads.
    fn output(&mut self, from: usize, to: usize, path: &str, at: Cursor<'p>) {
        let (member, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        let Step { name, kind, at: step, .. } = &self.steps[to];
        let declared = |list: &str, key: &str| -> Option<Vec<&'p str>> {
            let list = step.node.get(list)?;
            Some(list.items().filter_map(|item| item.get(key).and_then(Node::scalar)).collect())
        };
        let wanted = rest.trim_start_matches(['.', '[']).trim_end_matches(']').trim_matches(['\'', '"']);
        let (known, what): (Vec<&str>, _) = match (member, &**kind) {
            ("PropertyFiles", _) => {
                (declared("PropertyFiles", "PropertyFileName").unwrap_or_default(), "property file")
            }
            ("OutputParameters", "Lambda" | "Callback") => {
                (declared("OutputParameters", "OutputName").unwrap_or_default(), "output parameter")
            }
            _ => (returned(kind).to_vec(), "output"),
        };
        let is_declared = what != "output";
        let wanted = if is_declared { wanted } else { member };
        if known.contains(&wanted) || wanted.is_empty() || wanted.contains("${") || (known.is_empty() && !is_declared) {
            return;
        }
        let near = nearest(wanted, known.iter().copied());
        if near.is_none() && !is_declared {
            // The API may have a new member.
            self.unknown.merge(&Unknown::because(ReasonKind::OpenTable, wanted));
            return;
        }
        let detail = format!(
            "step `{}` reads the {what} `{wanted}` of step `{name}`, which has none of this name",
            self.steps[from].name
        );
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.problems.push(Problem { help, ..Problem::at(at, detail) });
    }

    /// The shortest circle; when it is broken, the next one is told.
    fn circle(&mut self, waits: &[Wait<'p>]) {
        let Some(circle) = shortest(waits, &vec![false; waits.len()]) else { return };
        let [first, others @ ..] = &circle[..] else { return };
        let name = |index: usize| &*self.steps[index].name;
        let through: Vec<String> = others.iter().map(|&index| format!("`{}`", name(waits[index].from))).collect();
        let through = match &through[..] {
            [] => String::new(),
            [one] => format!(" through {one}"),
            [many @ .., last] => format!(" through {} and {last}", many.join(", ")),
        };
        let detail = format!("step `{}` waits for itself{through}", name(waits[*first].from));
        let related = others.iter().map(|&index| {
            let Wait { from, to, at } = &waits[index];
            Label { span: at.node.span(), text: format!("`{}` waits for `{}`", name(*from), name(*to)) }
        });
        let related = related.collect();
        self.problems.push(Problem { related, ..Problem::at(waits[*first].at, detail) });
    }
}

/// The members of a step's arguments that hold further steps.
fn branches(kind: &str) -> Vec<&'static str> {
    let nested = catalog::nested_steps().iter().filter(|(known, _)| *known == kind);
    nested.flat_map(|(_, members)| members.iter().copied()).collect()
}

/// What a type of step returns; nothing if that is not listed.
fn returned(kind: &str) -> &'static [&'static str] {
    let Some(Rows::Keyed(rows)) = catalog::table("pipeline-step-outputs").map(|table| &table.rows) else { return &[] };
    rows.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, members)| members)
}

/// The values of `{"Get": …}` below a node, those of steps inside left out.
fn gets_in<'p>(node: Node<'p>, branches: &[&str], found: &mut Vec<Node<'p>>) {
    if node.is_sequence() {
        node.items().for_each(|item| gets_in(item, branches, found));
        return;
    }
    for (key, value) in node.entries() {
        if key.scalar() == Some("Get") && value.scalar().is_some() {
            found.push(value);
        } else if !key.scalar().is_some_and(|key| branches.contains(&key)) {
            gets_in(value, branches, found);
        }
    }
}
