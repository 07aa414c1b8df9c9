//! TPL011: resources that depend on each other in a circle, in a scenario that the template allows.

use crate::finding::{Confidence, Label};
use crate::graph::{Edge, NamePlaces, circles, shortest};
use crate::value::{Resolver, Unknown};

use super::report::hidden;
use super::scenario::{Answer, Answers, is_there};
use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    for edges in circles(context.template, context.dependencies) {
        let answers = Answers::ask(context, &|resolver| match circle(context, resolver, &edges) {
            Ok(Some(circle)) => Answer::Wrong(circle),
            Ok(None) => Answer::Fine,
            Err(why) => Answer::Unknown(why),
        });
        let Some(wrong) = answers.wrong(Vec::len) else { continue };
        let circle: Vec<&Edge<'_, '_>> = wrong.what.iter().map(|&index| &edges[index]).collect();
        let Some(first) = circle.first() else { continue };
        let name = |index: usize| &*context.template.resources[index].name;
        let others: Vec<&str> = circle[1..].iter().map(|edge| name(edge.from)).collect();
        let detail = format!("{}{}", through(&others), wrong.when());
        let mut places = NamePlaces::default();
        let mut place = context.place(context.cursor(first.dependency.node), places.span(first.dependency));
        place.label = format!("needs `{}`", name(first.to));
        let mut finding = context.finding(place, name(first.from), &detail);
        finding.related.extend(circle[1..].iter().map(|edge| Label {
            span: places.span(edge.dependency),
            text: format!("`{}` needs `{}`", name(edge.from), name(edge.to)),
        }));
        wrong.explain(context, &mut finding);
        if hidden(context.graph, context.template, &["Outputs"]).is_some() {
            // What a macro makes of the resources cannot be seen.
            finding.confidence = finding.confidence.min(Confidence::Likely);
        }
        sink.findings.push(finding);
    }
}

/// " through `B` and `C`"
fn through(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &quoted[..] {
        [] => String::new(),
        [one] => format!(" through {one}"),
        [first @ .., last] => format!(" through {} and {last}", first.join(", ")),
    }
}

/// The shortest circle of dependencies that are there in a scenario.
fn circle<'p>(
    context: &Context<'_, 'p>,
    resolver: &Resolver<'_, 'p>,
    edges: &[Edge<'_, 'p>],
) -> Result<Option<Vec<usize>>, Unknown<'p>> {
    let mut dead = vec![false; edges.len()];
    while let Some(circle) = shortest(edges, &dead) {
        // Only what this circle hangs on is to be told.
        resolver.clear_trace();
        let mut broken = None;
        for &index in &circle {
            if !exists(context, resolver, &edges[index])? {
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

/// Whether a reference is there, and both of its ends.
fn exists<'p>(
    context: &Context<'_, 'p>,
    resolver: &Resolver<'_, 'p>,
    edge: &Edge<'_, 'p>,
) -> Result<bool, Unknown<'p>> {
    let template = context.template;
    let target = template.node(template.resources[edge.to].body);
    // The guards of the body are the condition of the resource.
    Ok(is_there(resolver, context.cursor(edge.dependency.node))? && is_there(resolver, context.cursor(target))?)
}
