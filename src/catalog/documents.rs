//! Which properties hold documents (`embedded.yaml`), and which virtual nodes are read out of them (`virtual.yaml`).
//!
//! Paths are segments: a key, `[*]` for every item of a list (a single value is its own item), `*` for every member.

use super::generated::{ASL_ACTIONS, EMBEDDED, IMAGES, NESTED_STATES, NESTED_STEPS, PIPELINE_STEPS, VIRTUAL_RESOURCES};
use super::run;

/// The language of an embedded document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Amazon States Language.
    Asl,
    /// The definition of a pipeline of `SageMaker`.
    SageMakerPipeline,
    /// A policy, or a statement alone.
    Policy,
    /// A pattern of `EventBridge`, or a filter in the same language.
    EventPattern,
    /// The body of a dashboard of `CloudWatch`.
    Dashboard,
    /// `OpenAPI` 2 or 3 with the extensions of API Gateway.
    OpenApi,
    /// Any other JSON.
    Json,
}

/// A property that holds a document.
#[derive(Debug, PartialEq, Eq)]
pub struct EmbeddedProperty {
    /// The resource type.
    pub resource_type: &'static str,
    /// The way to the document below `Properties`.
    pub path: &'static [&'static str],
    /// The language of the document.
    pub format: Format,
    /// The property with the values of the document's `${name}` placeholders.
    pub substitutions: Option<&'static str>,
}

/// Where a virtual node is read from.
#[derive(Debug, PartialEq, Eq)]
pub struct VirtualRule {
    /// A resource type, the type of a pipeline step, or the action of a state machine's task.
    pub source: &'static str,
    /// The kind of the node, such as `ML::TrainingJob`.
    pub kind: &'static str,
    /// The way to the node's members: below `Properties`, the step's `Arguments`, the task's parameters. What is not
    /// written makes no node.
    pub at: &'static [&'static str],
}

/// The properties of a resource type that hold documents.
pub fn embedded(resource_type: &str) -> &'static [EmbeddedProperty] {
    run(EMBEDDED, |row| row.resource_type, resource_type)
}

/// The virtual nodes that a resource is, or holds.
pub fn virtual_resources(resource_type: &str) -> &'static [VirtualRule] {
    run(VIRTUAL_RESOURCES, |row| row.source, resource_type)
}

/// The virtual nodes of a pipeline step, by the `Type` of the step.
pub fn pipeline_step(step_type: &str) -> &'static [VirtualRule] {
    run(PIPELINE_STEPS, |row| row.source, step_type)
}

/// The virtual nodes of a task, by its action (`createTrainingJob`).
pub fn asl_action(action: &str) -> &'static [VirtualRule] {
    run(ASL_ACTIONS, |row| row.source, action)
}

/// Step types whose `Arguments` hold further steps, with the members that do.
pub fn nested_steps() -> &'static [(&'static str, &'static [&'static str])] {
    NESTED_STEPS
}

/// Where a state holds further states.
pub fn nested_states() -> &'static [&'static [&'static str]] {
    NESTED_STATES
}

/// The members that name a container image, of a virtual kind or of a resource type that is none.
pub fn images(kind: &str) -> &'static [&'static [&'static str]] {
    IMAGES.binary_search_by(|row| row.0.cmp(kind)).map_or(&[], |at| IMAGES[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_all_its_documents() {
        let paths: Vec<_> = embedded("AWS::IAM::Role").iter().map(|row| (row.path, row.format)).collect();
        assert!(paths.contains(&(&["AssumeRolePolicyDocument"][..], Format::Policy)));
        assert!(paths.contains(&(&["Policies", "[*]", "PolicyDocument"][..], Format::Policy)));
        assert!(embedded("AWS::IAM::Rol").is_empty());
        assert!(embedded("").is_empty() && embedded("zzz").is_empty());
    }

    #[test]
    fn state_machines_take_their_substitutions_from_a_property() {
        let machine = embedded("AWS::StepFunctions::StateMachine");
        assert!(machine.iter().all(|row| row.format == Format::Asl));
        assert!(machine.iter().all(|row| row.substitutions == Some("DefinitionSubstitutions")));
    }

    #[test]
    fn a_tuning_step_holds_training_jobs() {
        let found: Vec<_> = pipeline_step("Tuning").iter().map(|rule| (rule.kind, rule.at)).collect();
        assert_eq!(
            found,
            [
                ("ML::TuningJob", &[][..]),
                ("ML::TrainingJob", &["TrainingJobDefinition"]),
                ("ML::TrainingJob", &["TrainingJobDefinitions", "[*]"]),
            ]
        );
    }

    #[test]
    fn resources_and_tasks_are_nodes_as_well() {
        assert_eq!(virtual_resources("AWS::SageMaker::Model")[0].kind, "ML::Model");
        assert_eq!(asl_action("createTransformJob")[0].kind, "ML::TransformJob");
        assert!(asl_action("updateEndpoint").is_empty());
    }

    #[test]
    fn steps_and_states_nest() {
        assert!(nested_steps().contains(&("Condition", &["IfSteps", "ElseSteps"][..])));
        assert!(nested_states().contains(&&["Branches", "[*]", "States"][..]));
    }

    #[test]
    fn images_of_a_model_stand_in_one_container_or_in_many() {
        assert_eq!(images("ML::Model"), [&["PrimaryContainer", "Image"][..], &["Containers", "[*]", "Image"]]);
        assert!(images("ML::Endpoint").is_empty());
    }
}
