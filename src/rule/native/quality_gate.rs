//! GOV002: a pipeline that registers or deploys a model whatever its evaluation says.
//!
//! A step is behind a gate if it stands in a branch of a condition step that compares what another step has worked out.
//! Whether the comparison is the right way round is not judged: of some metrics more is better, of others less.

use crate::syntax::Node;
use crate::value::{Dialect, Value};

use super::pipeline_step_reference::{Step, steps};
use super::problem::{Problem, judge_definitions};
use super::{Context, Sink};

/// What such a step does with the model.
const OF_A_MODEL: [(&str, &str); 3] = [
    ("RegisterModel", "registers its model"),
    ("EndpointConfig", "deploys its model"),
    ("Endpoint", "deploys its model"),
];

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    judge_definitions(context, sink, Dialect::Pipeline, &|resolver, definition| {
        let (steps, mut unknown) = steps(resolver, definition.root);
        let mut problems = Vec::new();
        for step in &steps {
            let Some((_, does)) = OF_A_MODEL.iter().find(|(kind, _)| *kind == step.kind) else { continue };
            let mut around = step.around;
            let mut gated = false;
            while let Some(index) = around {
                let gate = &steps[index];
                around = gate.around;
                gated |= asks_a_step(gate);
                if let Value::Unknown(why) = &resolver.member_of(gate.at, "Arguments", &[]).value {
                    unknown.merge(why);
                }
            }
            if !gated {
                let detail = format!("step `{}` {does} whatever the evaluation says", step.name);
                problems.push(Problem::at(step.name_at, detail));
            }
        }
        (problems, unknown)
    });
}

/// True if the conditions of a condition step read what another step has worked out.
fn asks_a_step(gate: &Step<'_>) -> bool {
    gate.at.node.get_path(&["Arguments", "Conditions"]).is_some_and(reads_a_step)
}

fn reads_a_step(node: Node<'_>) -> bool {
    if node.is_sequence() {
        return node.items().any(reads_a_step);
    }
    node.entries().any(|(key, value)| match key.scalar() {
        Some("Std:JsonGet") => true,
        Some("Get") => value.scalar().is_some_and(|path| path.starts_with("Steps.")),
        _ => reads_a_step(value),
    })
}
