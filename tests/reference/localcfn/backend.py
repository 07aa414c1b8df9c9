"""Puts the engine behind moto's API of CloudFormation: change sets, updates, deletions, descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import Export
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id

from localcfn import engine
from localcfn.kinds import Where
from localcfn.template import TemplateError, load

_NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


def apply() -> None:
    """Replaces moto's methods."""
    backend = models.CloudFormationBackend
    for method in (create_stack, create_change_set, execute_change_set, update_stack, delete_stack):
        setattr(backend, method.__name__, method)
    # A change set without changes is made and fails; moto would refuse to make it.
    response: Any = responses.CloudFormationResponse
    setattr(response, "_validate_different_update", lambda *_: None)  # noqa: B010
    original = response.create_change_set

    def create_change_set_with_capabilities(self: Any) -> Any:
        check_capabilities(self._get_param("TemplateBody") or "", self._get_param("Capabilities", []))
        return original(self)

    response.create_change_set = create_change_set_with_capabilities


class LocalStack(models.Stack):
    """What moto's answers read, from a stack of the engine."""

    def __init__(self, backend: models.CloudFormationBackend, name: str, stack_id: str, tags: dict[str, str]) -> None:
        super().__init__(
            stack_id=stack_id,
            name=name,
            template={},
            parameters={},
            account_id=backend.account_id,
            region_name=backend.region_name,
            tags=tags,
        )

        def others() -> Iterable[LocalStack]:
            stacks: dict[str, Any] = backend.stacks
            return (stack for stack in stacks.values() if stack.stack_id != stack_id)

        self.local = engine.Stack(
            name,
            stack_id,
            Where(backend.account_id, backend.region_name),
            lambda: {name: value for stack in others() for name, value in stack.local.exports.items()},
            lambda export: [stack.name for stack in others() if export in stack.local.imports],
        )

    @property
    def parameter_list(self) -> list[dict[str, str]]:
        """The parameters with their values."""
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in self.stack_parameters.items()]

    @property
    def stack_parameters(self) -> dict[str, str]:
        """The parameters with their values, defaults among them."""
        declared = self.local.template.get("Parameters") or {}
        return {name: str(self.local.given.get(name, item.get("Default"))) for name, item in declared.items()}

    @property
    def stack_resources(self) -> Iterable[Any]:
        """All resources."""
        return list(self.local.resources.values())

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The outputs."""
        return [
            {
                "OutputKey": key,
                "OutputValue": str(output["Value"]),
                "Description": output["Description"],
                "ExportName": output.get("Export"),
            }
            for key, output in self.local.outputs.items()
        ]

    @property
    def exports(self) -> list[Export]:
        """The exports."""
        return [Export(self.stack_id, name, value) for name, value in self.local.exports.items()]

    def ended(self, status: str, reason: str | None = None) -> None:
        """Notes how an operation ended."""
        self.status = status
        self._add_stack_event(status, resource_status_reason=reason)


class LocalChangeSet(models.ChangeSet):
    """A change set, planned by the engine."""

    def _parse_template(self) -> None:
        self.template_dict = load(self.template)

    def diff(self) -> list[models.Change]:
        """The changes."""
        stack: Any = self.stack
        changes = stack.local.plan(self.template, self.parameters)
        return [models.Change(change.action, change.logical_id, change.type) for change in changes]


def check_capabilities(text: str, given: Iterable[str]) -> None:
    """Refuses a template with IAM resources that nobody has acknowledged."""
    try:
        resources = load(text)["Resources"]
    except TemplateError as error:
        raise ValidationError(message=f"Template format error: {error}") from error
    iam = {name: item for name, item in resources.items() if item["Type"].startswith("AWS::IAM::")}
    names = {"RoleName", "ManagedPolicyName", "UserName", "GroupName", "PolicyName", "InstanceProfileName"}
    named = any(
        item["Type"] not in {"AWS::IAM::Policy", "AWS::IAM::RolePolicy"} and names & set(item.get("Properties", {}))
        for item in iam.values()
    )
    enough = {"CAPABILITY_NAMED_IAM"} if named else {"CAPABILITY_NAMED_IAM", "CAPABILITY_IAM"}
    if iam and not enough & set(given):
        # Its code on the wire is InsufficientCapabilitiesException; the text is what people see.
        raise ValidationError(message=f"Requires capabilities : [{', '.join(sorted(enough))}]")


def create_stack(self: Any, **_: Any) -> None:
    """Refuses: templates are deployed with change sets here."""
    raise ValidationError(message="the local CloudFormation makes stacks by change sets: aws cloudformation deploy")


def create_change_set(
    self: Any,
    stack_name: str,
    change_set_name: str,
    template: str,
    parameters: dict[str, str],
    description: str,
    change_set_type: str,
    notification_arns: list[str] | None = None,
    tags: dict[str, str] | None = None,
    role_arn: str | None = None,
) -> tuple[str, str]:
    """Plans a change, for a stack that is there or for one that is to come."""
    stack = _by_name(self, stack_name)
    if stack is None:
        stack = LocalStack(  # type: ignore[abstract]
            self, stack_name, generate_stack_id(stack_name, self.region_name, self.account_id), tags or {}
        )
        stack.ended("REVIEW_IN_PROGRESS")
        self.stacks[stack.stack_id] = stack
    elif change_set_type == "CREATE" and stack.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(message=f"Stack [{stack_name}] already exists and cannot be created again")
    if stack.status == "ROLLBACK_COMPLETE":
        raise ValidationError(message=f"Stack:{stack.stack_id} is in ROLLBACK_COMPLETE state and can not be updated.")
    identity = generate_changeset_id(change_set_name, self.region_name, self.account_id)
    try:
        change_set = LocalChangeSet(
            change_set_type=change_set_type,
            change_set_id=identity,
            change_set_name=change_set_name,
            stack=stack,
            template=template,
            parameters=parameters,
            description=description,
            notification_arns=notification_arns,
            tags=tags,
            role_arn=role_arn,
        )
    except TemplateError as error:
        if change_set_type == "CREATE":
            del self.stacks[stack.stack_id]
        raise ValidationError(message=str(error)) from error
    same = change_set_type == "UPDATE" and not change_set.changes and _outputs(change_set) == stack.local.outputs
    change_set.status = "FAILED" if same else "CREATE_COMPLETE"
    change_set.execution_status = "UNAVAILABLE" if same else "AVAILABLE"
    change_set.status_reason = _NO_CHANGES if same else None
    self.change_sets[identity] = change_set
    return identity, stack.stack_id


def _outputs(change_set: LocalChangeSet) -> dict[str, Any]:
    """The outputs that a change set without changed resources would give."""
    stack: Any = change_set.stack
    local = stack.local
    scope = local.scope(change_set.template_dict, change_set.parameters)
    outputs = {}
    for key, output in (change_set.template_dict.get("Outputs") or {}).items():
        if scope.holds(output):
            outputs[key] = {"Value": scope.resolve(output["Value"]), "Description": output.get("Description")}
            if "Export" in output:
                outputs[key]["Export"] = scope.resolve(output["Export"]["Name"])
    return outputs


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """Carries a change out. What fails is told by the status of the stack and its events, as on AWS."""
    change_set = self.describe_change_set(change_set_name)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(message=f"ChangeSet [{change_set_name}] cannot be executed in its current state")
    _bring(change_set.stack, change_set.template, change_set.parameters, change_set.change_set_type)
    change_set.execution_status = "EXECUTE_COMPLETE"


def _bring(stack: LocalStack, template: str, parameters: dict[str, str], kind: str) -> None:
    stack.ended(f"{kind}_IN_PROGRESS", "User Initiated")
    try:
        stack.local.deploy(template, parameters)
    except TemplateError as error:
        stack.ended("ROLLBACK_COMPLETE" if kind == "CREATE" else "UPDATE_ROLLBACK_FAILED", str(error))
        return
    stack.template, stack.parameters = template, parameters
    stack.description = stack.local.template.get("Description")
    stack.ended(f"{kind}_COMPLETE")
    _publish(stack)


def _publish(stack: LocalStack) -> None:
    exports = models.cloudformation_backends[stack.account_id][stack.region_name].exports
    for name in [name for name, export in exports.items() if export.exporting_stack_id == stack.stack_id]:
        del exports[name]
    exports.update({export.name: export for export in stack.exports})


def update_stack(
    self: Any, name: str, template: str, role_arn: str | None, parameters: list[dict[str, str]], tags: Any
) -> LocalStack:
    """An update without a change set, as the deployer makes it."""
    stack = _by_name(self, name)
    if stack is None:
        raise ValidationError(message=f"Stack [{name}] does not exist")
    previous = stack.stack_parameters
    values = {
        item["ParameterKey"]: item["ParameterValue"] if "ParameterValue" in item else previous[item["ParameterKey"]]
        for item in parameters
    }
    if missing := sorted(set(previous) - set(values)):
        raise ValidationError(message=f"Parameters: {missing} would fall back to their defaults")
    try:
        changes = stack.local.plan(template, values)
    except TemplateError as error:
        raise ValidationError(message=str(error)) from error
    if not changes:
        raise ValidationError(message="No updates are to be performed.")
    _bring(stack, template, values, "UPDATE")
    return stack


def delete_stack(self: Any, name_or_stack_id: str) -> None:
    """Deletes a stack; what was retained stays known to the engine's stack, for tests."""
    stack = next((s for s in self.stacks.values() if name_or_stack_id in (s.name, s.stack_id)), None)
    if stack is None:
        return
    try:
        stack.local.delete()
    except TemplateError as error:
        stack.ended("DELETE_FAILED", str(error))
        return
    stack.ended("DELETE_COMPLETE")
    _publish(stack)
    self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)


def _by_name(self: Any, name: str) -> LocalStack | None:
    return next((stack for stack in self.stacks.values() if name in (stack.name, stack.stack_id)), None)
