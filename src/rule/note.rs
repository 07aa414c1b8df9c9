//! A scenario in words: what was chosen and why it matters, for messages and labels.

use crate::finding::{ChoiceKind, ChoiceNote, Confidence, Label, ScenarioNote};
use crate::graph::StackGraph;
use crate::syntax::Node;
use crate::template::{Parameter, Template};
use crate::value::{Choice, Chosen, Hole, Part, Scenario, Trace, Value, World as _, text_of};

/// Where the choices of a scenario are written, and how sure a finding can be under it; `note` is absent if the finding
/// holds under every scenario.
pub(super) fn scenario_labels(
    graph: &StackGraph<'_>,
    scenario: &Scenario<'_>,
    trace: &Trace<'_>,
    note: Option<&ScenarioNote>,
) -> (Vec<Label>, Confidence) {
    let mut labels = Vec::new();
    let mut limit = Confidence::Certain;
    for chosen in scenario.choices() {
        if let Choice::Hole(Hole::Parameter(_, template, name)) = &chosen.choice {
            let template = graph.template(*template);
            let Some(parameter) = template.parameter(name) else { continue };
            if parameter.allowed.is_empty() {
                limit = Confidence::Likely;
            }
            let is_direct = trace.direct.iter().any(|direct| direct.choice == chosen.choice);
            if is_direct {
                labels.extend(parameter_label(template, parameter, chosen.value.as_deref()));
            }
        }
    }
    for given in &trace.given {
        let Some(span) = given.span else { continue };
        let within = graph.environment().map(|name| format!(" in environment `{name}`")).unwrap_or_default();
        labels.push(Label { span, text: format!("value of `{}`{within}", given.name) });
    }
    let told = |name: &str| {
        note.is_some_and(|note| {
            note.choices.iter().any(|choice| choice.kind == ChoiceKind::Condition && choice.name == name)
        })
    };
    for &(template, name, holds) in trace.conditions.iter().filter(|(_, name, _)| told(name)) {
        let template = graph.template(template);
        if let Some(condition) = template.condition(name) {
            let text = format!("{holds} {}", because(scenario));
            labels.push(Label { span: template.node(condition.key).span(), text });
        }
    }
    (labels, limit)
}

/// "when `Environment` is `dev`": the parameters behind a condition.
fn because(scenario: &Scenario<'_>) -> String {
    let chosen: Vec<String> = scenario
        .choices()
        .iter()
        .filter_map(|chosen| match &chosen.choice {
            Choice::Hole(hole) => Some(is_text(&hole_name(hole), chosen.value.as_deref())),
            Choice::Condition(..) => None,
        })
        .collect();
    if chosen.is_empty() { "here".to_owned() } else { format!("when {}", chosen.join(" and ")) }
}

/// Where a parameter gets the value that was chosen.
fn parameter_label(template: &Template, parameter: &Parameter, value: Option<&str>) -> Option<Label> {
    let name = &parameter.name;
    let is = |node: &Node<'_>| Some(node.text()) == value;
    let default = parameter.default.map(|node| template.node(node)).filter(is);
    if let Some(default) = default {
        return Some(Label { span: default.span(), text: format!("default of `{name}`") });
    }
    let allowed = parameter.allowed.iter().map(|&node| template.node(node)).find(is)?;
    Some(Label { span: allowed.span(), text: format!("a value that `{name}` may have") })
}

/// Names what makes a leaf fail: conditions that were read and differ among leaves, then values chosen directly.
pub(super) fn scenario_note(scenario: &Scenario<'_>, trace: &Trace<'_>, about: &[&Trace<'_>]) -> Option<ScenarioNote> {
    let mut texts = Vec::new();
    let mut choices = Vec::new();
    for &(template, name, holds) in &trace.conditions {
        let differs = about
            .iter()
            .any(|other| other.conditions.iter().all(|&(t, n, value)| (t, n) != (template, name) || value != holds));
        if differs {
            texts.push(format!("`{name}` is {holds}"));
            choices.push(ChoiceNote { kind: ChoiceKind::Condition, name: name.to_owned(), value: holds.to_string() });
        }
    }
    for chosen in &trace.direct {
        let Choice::Hole(hole) = &chosen.choice else { continue };
        if chosen.of < 2 {
            continue;
        }
        texts.push(is_text(&hole_name(hole), chosen.value.as_deref()));
        choices.push(choice_note(chosen, hole));
    }
    if texts.is_empty() {
        // Neither a condition nor a value was read: what was chosen is all there is to say.
        for chosen in scenario.choices().iter().filter(|chosen| chosen.of > 1) {
            if let Choice::Hole(hole) = &chosen.choice {
                texts.push(is_text(&hole_name(hole), chosen.value.as_deref()));
                choices.push(choice_note(chosen, hole));
            }
        }
    }
    (!texts.is_empty()).then(|| ScenarioNote { text: format!("when {}", texts.join(" and ")), choices })
}

fn choice_note(chosen: &Chosen<'_>, hole: &Hole<'_>) -> ChoiceNote {
    let kind = match hole {
        _ if chosen.mapping => ChoiceKind::MappingKey,
        Hole::Pipeline(_) => ChoiceKind::PipelineParameter,
        hole if hole.is_stack() => ChoiceKind::Stack,
        _ => ChoiceKind::Parameter,
    };
    let value = chosen.value.as_deref().unwrap_or("any other value").to_owned();
    ChoiceNote { kind, name: hole_name(hole), value }
}

fn hole_name(hole: &Hole<'_>) -> String {
    match hole {
        Hole::Parameter(_, _, name) => (*name).to_owned(),
        Hole::Pseudo(pseudo, _) => pseudo.name().to_owned(),
        Hole::Pipeline(parameter) => parameter.name.to_owned(),
        Hole::Derived(_, reason) => reason.name.clone(),
        other => text_of(&Value::Symbolic([Part::Hole(other.clone())].into())),
    }
}

fn is_text(name: &str, value: Option<&str>) -> String {
    match value {
        Some("") => format!("`{name}` is empty"),
        Some(value) => format!("`{name}` is `{value}`"),
        None => format!("`{name}` is any other value"),
    }
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn an_empty_value_is_said_in_words() {
        assert_eq!(is_text("KeyId", Some("")), "`KeyId` is empty");
        assert_eq!(is_text("KeyId", Some("alias/a")), "`KeyId` is `alias/a`");
        assert_eq!(is_text("KeyId", None), "`KeyId` is any other value");
    }
}
