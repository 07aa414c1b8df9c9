//! Problems of a document that a resource holds: many of them, each under some scenario, told one by one.

use crate::finding::Label;
use crate::graph::{Definition, definitions};
use crate::source::Span;
use crate::template::Resource;
use crate::value::{Cursor, Dialect, Resolver, Unknown};

use super::report::undecided_definition;
use super::scenario::{Answer, Answers, is_there};
use super::{Context, Sink};

/// Something that is wrong in a document.
#[derive(Clone)]
pub(super) struct Problem<'p> {
    pub(super) cursor: Cursor<'p>,
    pub(super) span: Span,
    pub(super) detail: String,
    pub(super) help: Option<String>,
    pub(super) related: Vec<Label>,
}

impl<'p> Problem<'p> {
    /// A problem at a node.
    pub(super) fn at(cursor: Cursor<'p>, detail: String) -> Self {
        Self { cursor, span: cursor.node.span_with_tag(), detail, help: None, related: Vec::new() }
    }
}

impl PartialEq for Problem<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && self.detail == other.detail
    }
}

/// What is wrong with a definition, and what of it is not known.
type Judged<'p> = (Vec<Problem<'p>>, Unknown<'p>);

/// Asks what is wrong with each definition of a language that the resource in question holds, under every scenario, and
/// tells it. A definition that cannot be read is undecided.
pub(super) fn judge_definitions<'p>(
    context: &Context<'_, 'p>,
    sink: &mut Sink,
    dialect: Dialect,
    judge: &dyn Fn(&Resolver<'_, 'p>, &Definition<'p>) -> Judged<'p>,
) {
    let Some(resource) = context.entity.map(|id| context.graph.entity(id).resource) else { return };
    let definitions = definitions(context.template, resource);
    if definitions.is_empty() {
        undecided_definition(context, sink, dialect, resource);
    }
    for definition in definitions.into_iter().filter(|definition| definition.dialect == dialect) {
        let answers = Answers::ask(context, &|resolver| match is_there(resolver, definition.host) {
            Ok(true) => {
                let (problems, unknown) = judge(resolver, &definition);
                answer(problems, unknown)
            }
            Ok(false) => Answer::Aside,
            Err(why) => Answer::Unknown(why),
        });
        tell(context, resource, &resource.name, &answers, sink);
    }
}

/// The answer that problems make, and what is not known.
pub(super) fn answer<'p>(problems: Vec<Problem<'p>>, unknown: Unknown<'p>) -> Answer<'p, Vec<Problem<'p>>> {
    match (problems.is_empty(), unknown.reasons.is_empty()) {
        (true, true) => Answer::Fine,
        // What a choice would settle is settled first, so that every scenario tells all.
        (_, false) if problems.is_empty() || !unknown.blockers.is_empty() => Answer::Unknown(unknown),
        _ => Answer::Wrong(problems),
    }
}

/// Findings for what is wrong with something of a resource, by its name; undecided if nothing is known to be.
pub(super) fn tell<'p>(
    context: &Context<'_, 'p>,
    resource: &'p Resource,
    name: &str,
    answers: &Answers<'p, Vec<Problem<'p>>>,
    sink: &mut Sink,
) {
    let all = answers.all_wrong();
    for wrong in &all {
        let Problem { cursor, span, detail, help, related } = wrong.what;
        let mut finding = context.finding(context.place(*cursor, *span), name, detail);
        finding.message.push_str(&wrong.when());
        finding.help.clone_from(help);
        finding.related.clone_from(related);
        wrong.explain(context, &mut finding);
        sink.findings.push(finding);
    }
    if let (true, Some(why)) = (all.is_empty(), answers.unknown()) {
        let key = context.template.node(resource.key);
        let place = context.place(context.cursor(context.template.node(resource.body)), key.span());
        sink.undecided.push(context.undecided(place, why));
    }
}
