//! TPL004: one name that two outputs export, in stacks that are deployed side by side.

use std::collections::BTreeSet;

use crate::finding::{Confidence, Label, Severity};
use crate::graph::Export;
use crate::template::TemplateId;
use crate::value::{Cursor, Hole, Part};

use super::cross_stack_cycle::{Edge, edges};
use super::scenario::{Answer, Answers, is_there};
use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    let groups = context.graph.same_exports();
    if groups.is_empty() {
        return;
    }
    let joined = joined(context);
    for (name, group) in groups {
        let depends = name.iter().any(|part| matches!(part, Part::Hole(Hole::Parameter(..) | Hole::Import(_))));
        let exports: Vec<&Export<'_>> = group.iter().map(|&index| &context.graph.exports()[index]).collect();
        for (at, second) in exports.iter().enumerate() {
            let is_near = |first: &&&Export<'_>| are_joined(&joined, first.template, second.template);
            // With the one that is certain to be deployed beside it, else with the first.
            let earlier = &exports[..at];
            let near = earlier.iter().find(is_near);
            let Some(first) = near.or(earlier.first().filter(|_| !depends)) else { continue };
            pair(context, first, second, near.is_some(), sink);
        }
    }
}

fn pair<'p>(context: &Context<'_, 'p>, first: &Export<'p>, second: &Export<'p>, near: bool, sink: &mut Sink) {
    let (Some(one), Some(other)) = (cursor(context, first), cursor(context, second)) else { return };
    let answers = Answers::ask(context, &|resolver| match is_there(resolver, one)
        .and_then(|there| Ok(there && is_there(resolver, other)?))
    {
        Ok(true) => Answer::Wrong(()),
        Ok(false) => Answer::Fine,
        Err(why) => Answer::Unknown(why),
    });
    let Some(wrong) = answers.wrong(|()| ()) else { return };
    let context = context.in_template(other.frame.template);
    let effect = if first.template == second.template {
        ", so the stack cannot be created".to_owned()
    } else {
        format!(
            ", here and in `{}`: one account and region takes only one of these stacks",
            context.graph.file_name(first.template)
        )
    };
    let place = context.place(other, other.node.span_with_tag());
    let mut finding = context.finding(place, &second.shown, &(wrong.when() + &effect));
    let span = one.node.span_with_tag();
    finding.related.push(Label { span, text: "exported here first".to_owned() });
    wrong.explain(&context, &mut finding);
    if !near {
        // They may be alternatives to each other.
        finding.severity = Severity::Low;
        finding.confidence = Confidence::Possible;
    }
    sink.findings.push(finding);
}

/// The name that an output exports its value by.
fn cursor<'p>(context: &Context<'_, 'p>, export: &Export<'p>) -> Option<Cursor<'p>> {
    let template = context.graph.template_of(export);
    Some(Cursor::new(template, &export.output.bindings, template.node(export.output.export?)))
}

/// Templates that are deployed side by side for certain: one imports from the other, or a stack nests both or one.
fn joined(context: &Context<'_, '_>) -> BTreeSet<(TemplateId, TemplateId)> {
    let imports = edges(context).into_iter().map(|Edge { from, to, .. }| (from, to));
    let mut joined: BTreeSet<_> = imports.collect();
    let nestings: Vec<_> = context.graph.nestings().collect();
    for &(parent, _, child) in &nestings {
        joined.insert((parent, child));
        joined.extend(nestings.iter().filter(|(other, ..)| *other == parent).map(|&(.., sibling)| (child, sibling)));
    }
    joined
}

fn are_joined(joined: &BTreeSet<(TemplateId, TemplateId)>, a: TemplateId, b: TemplateId) -> bool {
    a == b || joined.contains(&(a, b)) || joined.contains(&(b, a))
}
