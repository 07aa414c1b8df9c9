"""What an adapter is: two functions for one type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from localcfn.kinds import KINDS, Resource, Where
from localcfn.template import TemplateError

Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]
"""The physical id, and the attributes for GetAtt."""


def nothing(where: Where, resource: Resource) -> None:
    """Deletion of something that goes away with what it belongs to, or that moto does not keep."""


@dataclass(frozen=True)
class Adapter:
    """A type. What can change in place is deleted and made again: for a service that only keeps it, it is the same."""

    type: str
    make: Callable[[Where, str, Properties], Made]
    remove: Callable[[Where, Resource], Any]

    def create(self, stack: Any, name: str, properties: Properties) -> Resource:
        """Makes a resource."""
        made_name = f"{stack.name}-{name}"
        physical_id, attributes = self.make(stack.where, made_name, properties)
        return Resource(name, self.type, physical_id, properties, attributes)

    def update(self, stack: Any, old: Resource, properties: Properties) -> Resource:
        """Changes a resource in place."""
        self.remove(stack.where, old)
        new = self.create(stack, old.logical_resource_id, properties)
        new.number = old.number
        return new

    def delete(self, where: Where, resource: Resource) -> None:
        """Deletes a resource."""
        self.remove(where, resource)


def adapt(
    type_: str, make: Callable[[Where, str, Properties], Made], remove: Callable[[Where, Resource], Any] = nothing
) -> None:
    """Makes a type known."""
    KINDS[type_] = Adapter(type_, make, remove)


def validate(service: str, operation: str, parameters: Properties) -> None:
    """Checks the parameters of a call that moto does not have."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        raise TemplateError(f"{operation}: {report.generate_report()}")


def demand(holds: object, message: str) -> None:
    """What AWS refuses at run time and no schema says."""
    if not holds:
        raise TemplateError(message)


def only(properties: Properties, *names: str) -> Properties:
    """Some properties, those that are there."""
    return {name: properties[name] for name in names if name in properties}


def without(properties: Properties, *names: str) -> Properties:
    """All properties but some."""
    return {name: value for name, value in properties.items() if name not in names}


def text(document: Any) -> str:
    """A document as APIs want it."""
    return document if isinstance(document, str) else json.dumps(document)


def small(properties: Properties) -> Properties:
    """Names as APIs write them that begin with a small letter."""
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}


def short(name: str, length: int) -> str:
    """A generated name within a limit, without what AWS would not take at an end."""
    return re.sub(r"^[^A-Za-z0-9]+", "", name[-length:]).rstrip("-")
