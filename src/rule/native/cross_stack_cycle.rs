//! TPL007: stacks that need each other in a circle, so that none can be deployed first.

use crate::finding::{Confidence, Label};
use crate::graph::{Arrow, shortest, within_groups};
use crate::source::Span;
use crate::syntax::Tag;
use crate::template::{Expr, TemplateId};
use crate::value::{Cursor, Hole, Part, Resolver, Unknown, World as _};

use super::import_without_producer::name_span;
use super::report::in_metadata;
use super::scenario::{Answer, Answers, is_there};
use super::{Context, Sink};

/// That one stack is deployed after another.
pub(super) struct Edge<'p> {
    pub(super) from: TemplateId,
    pub(super) to: TemplateId,
    /// Where that is written: an import, or a nested stack.
    at: Cursor<'p>,
    span: Span,
    /// The output that is imported.
    output: Option<Cursor<'p>>,
    /// True if parameters of one name have to mean the same.
    shared: bool,
}

impl Arrow for Edge<'_> {
    fn ends(&self) -> (usize, usize) {
        (self.from.index(), self.to.index())
    }
}

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    let mut all = edges(context);
    // A stack is done when the stacks in it are.
    all.extend(context.graph.nestings().map(|(parent, index, child)| {
        let template = context.graph.template(parent);
        let resource = &template.resources[index];
        let at = Cursor::new(template, &resource.bindings, template.node(resource.body));
        Edge { from: parent, to: child, at, span: template.node(resource.key).span(), output: None, shared: false }
    }));
    let mut groups = within_groups(context.graph.templates().len(), all);
    groups.sort_by_key(|group| group.iter().map(|edge| edge.span).min());
    for group in groups {
        let answers = Answers::ask(context, &|resolver| match circle(resolver, &group) {
            Ok(Some(circle)) => Answer::Wrong(circle),
            Ok(None) => Answer::Fine,
            Err(why) => Answer::Unknown(why),
        });
        let Some(wrong) = answers.wrong(Vec::len) else { continue };
        let mut circle: Vec<&Edge<'_>> = wrong.what.iter().map(|&index| &group[index]).collect();
        // An import can be changed; that a stack is nested is meant.
        let import = circle.iter().position(|edge| edge.output.is_some()).unwrap_or_default();
        circle.rotate_left(import);
        let [first, others @ ..] = &circle[..] else { continue };
        let name = |id: TemplateId| format!("`{}`", context.graph.file_name(id));
        let through: Vec<String> = others.iter().map(|edge| name(edge.from)).collect();
        let detail = format!("{}{}", listed(&through), wrong.when());
        let context = context.in_template(first.at.frame.template);
        let mut place = context.place(first.at, first.span);
        place.label = said(first, &name);
        let mut finding = context.finding(place, context.graph.file_name(first.from), &detail);
        for edge in &circle {
            if edge.span != first.span {
                finding.related.push(Label { span: edge.span, text: said(edge, &name) });
            }
            let export = edge.output.map(|output| Label {
                span: output.node.span_with_tag(),
                text: format!("{} exports it here", name(edge.to)),
            });
            finding.related.extend(export);
        }
        wrong.explain(&context, &mut finding);
        if circle.iter().any(|edge| edge.shared) {
            finding.confidence = finding.confidence.min(Confidence::Likely);
            finding.assumed = Some("parameters of one name mean the same in all these stacks".to_owned());
        }
        sink.findings.push(finding);
    }
}

fn said(edge: &Edge<'_>, name: &impl Fn(TemplateId) -> String) -> String {
    let (from, to) = (name(edge.from), name(edge.to));
    if edge.output.is_some() { format!("{from} imports from {to}") } else { format!("{from} holds {to}") }
}

/// "`b.yaml` and `c.yaml`"
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] => format!("{} and {last}", many.join(", ")),
    }
}

/// The imports of which it is certain which template exports what they name.
pub(super) fn edges<'p>(context: &Context<'_, 'p>) -> Vec<Edge<'p>> {
    let mut edges = Vec::new();
    if context.graph.exports().is_empty() {
        return edges;
    }
    for template in context.graph.templates() {
        let context = context.in_template(template);
        let resolver = context.graph.unchosen();
        let nodes = template.document.nodes();
        for node in nodes.filter(|node| node.tag() == Tag::ImportValue && !node.is_alias() && !in_metadata(*node)) {
            let Some(call) = Expr::of(node).call() else { continue };
            let at = context.cursor(node);
            let argument = if call.is_short() { at.untagged() } else { at.to(call.argument) };
            let value = resolver.found(argument).value;
            let shared = resolver.parts(&value).unwrap_or_default();
            let shared = shared.iter().any(|part| matches!(part, Part::Hole(Hole::Parameter(..))));
            let certain = context.graph.producers(&resolver, &value).unwrap_or_default().certain;
            for export in certain.into_iter().map(|index| &context.graph.exports()[index]) {
                if export.template == template.id {
                    continue;
                }
                let producer = context.graph.template_of(export);
                let output = export.output.export.unwrap_or(export.output.key);
                edges.push(Edge {
                    from: template.id,
                    to: export.template,
                    at,
                    span: name_span(call.argument, call.is_short()),
                    output: Some(Cursor::new(producer, &export.output.bindings, producer.node(output))),
                    shared,
                });
            }
        }
    }
    edges
}

/// The shortest circle of what is there in a scenario.
fn circle<'p>(resolver: &Resolver<'_, 'p>, edges: &[Edge<'p>]) -> Result<Option<Vec<usize>>, Unknown<'p>> {
    let mut dead = vec![false; edges.len()];
    while let Some(circle) = shortest(edges, &dead) {
        // Only what this circle hangs on is to be told.
        resolver.clear_trace();
        let mut broken = None;
        for &index in &circle {
            let Edge { at, output, .. } = &edges[index];
            if !is_there(resolver, *at)? || !output.map_or(Ok(true), |output| is_there(resolver, output))? {
                broken = Some(index);
                break;
            }
        }
        match broken {
            Some(index) => dead[index] = true,
            None => return Ok(Some(circle)),
        }
    }
    Ok(None)
}
