"""Types that moto's CloudFormation makes well enough, through its classes."""

from __future__ import annotations

import copy
import functools
from typing import Any

from moto.apigateway import models as apigateway
from moto.cloudformation import parsing
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource

from localcfn import adapters, kinds
from localcfn.kinds import Resource, Where
from localcfn.template import TemplateError


def apply() -> None:
    """Makes the types known, and closes the gaps of moto's classes."""
    adapters.register()
    kinds.fallback = _of_moto
    # `Ref` of a deployment gives a Python object.
    setattr(apigateway.Deployment, "physical_resource_id", property(lambda self: self.id))  # noqa: B010


@functools.cache
def _of_moto(type_: str) -> Native | None:
    model = parsing.get_model_map().get(type_)
    return Native(type_, model) if model else None


class Native:
    """A type of moto."""

    def __init__(self, type_: str, model: Any) -> None:
        self.type = type_
        self.model = model

    def create(self, stack: Any, name: str, properties: dict[str, Any]) -> Resource:
        """Makes a resource, with the tags of the stack on those of EC2."""
        where: Where = stack.where
        handle = self.model.create_from_cloudformation_json(
            self._name(stack.name, name, properties),
            self._definition(properties),
            where.account,
            where.region,
            LogicalId=name,
            StackId=stack.stack_id,
            ResourceType=self.type,
        )
        if isinstance(handle, TaggedEC2Resource):
            tags = {
                "aws:cloudformation:stack-name": stack.name,
                "aws:cloudformation:stack-id": stack.stack_id,
                "aws:cloudformation:logical-id": name,
            }
            identity = handle.physical_resource_id  # type: ignore[attr-defined]
            ec2_backends[where.account][where.region].create_tags([identity], tags)
        physical_id = getattr(handle, "physical_resource_id", f"{stack.name}-{name}")
        return Resource(name, self.type, physical_id, properties, handle=handle)

    def update(self, stack: Any, old: Resource, properties: dict[str, Any]) -> Resource:
        """Changes a resource in place, if moto can."""
        if hasattr(self.model.update_from_cloudformation_json, "__isabstractmethod__"):
            changed = sorted(
                key for key in {*old.properties, *properties} if old.properties.get(key) != properties.get(key)
            )
            raise TemplateError(f"the local CloudFormation cannot update {', '.join(changed)} of {self.type}")
        handle = self.model.update_from_cloudformation_json(
            original_resource=old.handle,
            new_resource_name=self._name(stack.name, old.logical_resource_id, properties),
            cloudformation_json=self._definition(properties),
            account_id=stack.where.account,
            region_name=stack.where.region,
        )
        return Resource(
            old.logical_resource_id,
            self.type,
            getattr(handle, "physical_resource_id", old.physical_resource_id),
            properties,
            handle=handle,
            number=old.number,
        )

    def delete(self, where: Where, resource: Resource) -> None:
        """Deletes a resource."""
        try:
            resource.handle.delete(where.account, where.region)
        except (TypeError, AttributeError):
            if not hasattr(self.model.delete_from_cloudformation_json, "__isabstractmethod__"):
                definition = self._definition(resource.properties)
                name = resource.physical_resource_id
                self.model.delete_from_cloudformation_json(name, definition, where.account, where.region)

    def _name(self, stack_name: str, logical_id: str, properties: dict[str, Any]) -> str:
        given = parsing.resource_name_property_from_type(self.type)
        if given and given in properties:
            return str(properties[given])
        return parsing.generate_resource_name(self.type, stack_name, logical_id)

    def _definition(self, properties: dict[str, Any]) -> dict[str, Any]:
        # moto keeps and changes what it is given.
        return {"Type": self.type, "Properties": copy.deepcopy(properties)}
