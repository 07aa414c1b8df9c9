"""Stacks: what a template and its parameters become, and how one state turns into the next.

Like AWS: everything is checked before anything is made, a failed creation is rolled back, a deletion keeps what the
policy says, an export that another stack imports can be neither changed nor removed, and a resource with a name of its
own is never replaced. Unlike AWS, an update that fails stays where it failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcfn import kinds
from localcfn.kinds import Resource, Where
from localcfn.template import Scope, TemplateError, in_order, load, parameter_values


@dataclass(frozen=True)
class Change:
    """What a change set says about one resource."""

    action: str
    logical_id: str
    type: str


@dataclass
class Stack:
    """A stack, empty until it is deployed."""

    name: str
    stack_id: str
    where: Where
    exports_of_others: Callable[[], Mapping[str, str]]
    importers_of: Callable[[str], list[str]]
    """The stacks that import an export."""
    text: str = ""
    given: dict[str, str] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=lambda: {"Resources": {}})
    resources: dict[str, Resource] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    outputs: dict[str, Any] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    retained: list[Resource] = field(default_factory=list)
    """What stayed when the stack was deleted, or when it was taken out of the template."""

    def scope(self, template: Mapping[str, Any], given: Mapping[str, str]) -> Scope:
        """What a template can refer to, with the resources that are there now."""
        return Scope(
            template=template,
            parameters=parameter_values(template, given),
            pseudo={
                "AWS::AccountId": self.where.account,
                "AWS::Region": self.where.region,
                "AWS::StackId": self.stack_id,
                "AWS::StackName": self.name,
                "AWS::URLSuffix": "amazonaws.com",
                "AWS::Partition": "aws",
            },
            export=self._import,
            reference=lambda name: self._resource(name).physical_resource_id,
            attribute=lambda name, attribute: self._resource(name).attribute(attribute),
        )

    def _resource(self, name: str) -> Resource:
        if name not in self.resources:
            raise TemplateError(f"Unresolved resource dependencies [{name}] in the template")
        return self.resources[name]

    def _import(self, name: str) -> str:
        exports = self.exports_of_others()
        if name not in exports:
            raise TemplateError(f"No export named {name} found.")
        self.imports.add(name)
        return exports[name]

    def plan(self, text: str, given: Mapping[str, str]) -> list[Change]:
        """What a deployment would do, as far as can be said before it is done."""
        template = load(text)
        scope = self.scope(template, given)
        wanted = _wanted(template, scope)
        changes = [Change("Remove", name, old.type) for name, old in self.resources.items() if name not in wanted]
        for name in in_order(template["Resources"]):
            if name not in wanted:
                continue
            if name not in self.resources:
                changes.append(Change("Add", name, wanted[name]["Type"]))
            elif self._differs(name, wanted[name], scope):
                changes.append(Change("Modify", name, wanted[name]["Type"]))
        return changes

    def _differs(self, name: str, definition: Mapping[str, Any], scope: Scope) -> bool:
        try:
            return bool(scope.resolve(definition.get("Properties", {})) != self.resources[name].properties)
        except TemplateError:
            return True  # it refers to what is not there yet

    def deploy(self, text: str, given: Mapping[str, str]) -> None:
        """Brings the stack to what a template says."""
        template = load(text)
        self.imports = set()
        scope = self.scope(template, given)
        wanted = _wanted(template, scope)
        order = [name for name in in_order(template["Resources"]) if name in wanted]
        for name in order:
            kinds.of_type(wanted[name]["Type"])
        is_new = not self.resources
        replaced: list[Resource] = []
        try:
            for name in order:
                self._bring(name, wanted[name], scope, replaced)
            self._publish(template, scope)
        except Exception:
            if is_new:
                self._remove(list(self.resources.values()), creating=True)
            raise
        gone = [resource for name, resource in self.resources.items() if name not in wanted]
        for resource in replaced:
            resource.deletion_policy = resource.replacement_policy
        self._remove([*gone, *replaced], creating=False)
        self.text, self.given, self.template = text, dict(given), template

    def _bring(self, name: str, definition: Mapping[str, Any], scope: Scope, replaced: list[Resource]) -> None:
        kind = kinds.of_type(definition["Type"])
        properties = scope.resolve(definition.get("Properties", {}))
        old = self.resources.get(name)
        try:
            if old is None:
                new = kind.create(self, name, properties)
            elif old.properties == properties:
                new = old
            elif changed := kinds.create_only(old, properties, self.where.region):
                if kinds.is_named(old):
                    raise TemplateError(
                        "CloudFormation cannot update a stack when a custom-named resource requires replacing "
                        f"({', '.join(changed)} changed)"
                    )
                new = kind.create(self, name, properties)
                replaced.append(old)
            else:
                new = kind.update(self, old, properties)
        except Exception as error:
            raise TemplateError(f"{name} ({definition['Type']}): {error}") from error
        new.deletion_policy = definition.get("DeletionPolicy", "Delete")
        new.replacement_policy = definition.get("UpdateReplacePolicy", "Delete")
        self.resources[name] = new

    def _publish(self, template: Mapping[str, Any], scope: Scope) -> None:
        outputs, exports = {}, {}
        for key, output in (template.get("Outputs") or {}).items():
            if not scope.holds(output):
                continue
            outputs[key] = {"Value": scope.resolve(output["Value"]), "Description": output.get("Description")}
            if "Export" in output:
                name = scope.resolve(output["Export"]["Name"])
                if not outputs[key]["Value"]:
                    raise TemplateError(f"Export {name} has no value")
                if name in self.exports_of_others():
                    raise TemplateError(f"Export with name {name} is already exported by another stack")
                outputs[key]["Export"] = name
                exports[name] = str(outputs[key]["Value"])
        for name, value in self.exports.items():
            if exports.get(name) != value:
                self._refuse_if_imported(name, "updated")
        self.outputs, self.exports = outputs, exports

    def _refuse_if_imported(self, export: str, what: str) -> None:
        if importers := self.importers_of(export):
            raise TemplateError(f"Export {export} cannot be {what} as it is in use by {', '.join(importers)}")

    def delete(self) -> None:
        """Deletes all resources that no policy keeps."""
        for export in self.exports:
            self._refuse_if_imported(export, "deleted")
        self._remove(list(self.resources.values()), creating=False)
        self.outputs, self.exports, self.imports = {}, {}, set()

    def _remove(self, resources: list[Resource], *, creating: bool) -> None:
        """Deletes in the reverse order of creation. `RetainExceptOnCreate` keeps nothing of a failed creation."""
        for resource in sorted(resources, key=lambda resource: resource.number, reverse=True):
            policy = resource.deletion_policy
            if policy == "Retain" or (policy == "RetainExceptOnCreate" and not creating):
                self.retained.append(resource)
            else:
                try:
                    kinds.of_type(resource.type).delete(self.where, resource)
                except Exception as error:
                    raise TemplateError(f"{resource.logical_resource_id} was not deleted: {error}") from error
            if self.resources.get(resource.logical_resource_id) is resource:
                del self.resources[resource.logical_resource_id]


def _wanted(template: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    return {name: resource for name, resource in template["Resources"].items() if scope.holds(resource)}
