"""Kinds of resources: how each type is created, updated and deleted, and what may not change."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from localcfn.template import TemplateError

if TYPE_CHECKING:
    from localcfn.engine import Stack

_numbers = itertools.count()


@dataclass(frozen=True)
class Where:
    """The account and region of a stack."""

    account: str
    region: str

    def client(self, service: str) -> Any:
        """A client of the local AWS, whose parameters botocore checks against AWS's own model."""
        return _client(service, self.region)

    def arn(self, service: str, rest: str) -> str:
        """An ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"


@functools.cache
def _client(service: str, region: str) -> Any:
    return boto3.client(service, region_name=region)


@dataclass
class Resource:
    """A resource of a stack. The long names are those that moto's answers read."""

    logical_resource_id: str
    cf_resource_type: str
    physical_resource_id: Any
    properties: dict[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    handle: Any = None
    """What moto keeps of it."""
    deletion_policy: str = "Delete"
    """What becomes of it when it leaves the stack."""
    replacement_policy: str = "Delete"
    """What becomes of it when another takes its place."""
    number: int = field(default_factory=lambda: next(_numbers))
    """Later ones have higher numbers."""

    @property
    def type(self) -> str:
        """The type of the resource."""
        return self.cf_resource_type

    def attribute(self, name: str) -> Any:
        """What GetAtt gives."""
        if self.handle is not None:
            return self.handle.get_cfn_attribute(name)
        if name not in self.attributes:
            raise TemplateError(f"Requested attribute {name} does not exist in schema for {self.type}")
        return self.attributes[name]


class Kind(Protocol):
    """How resources of one type are made."""

    def create(self, stack: Stack, name: str, properties: dict[str, Any]) -> Resource:
        """Makes a resource."""

    def update(self, stack: Stack, old: Resource, properties: dict[str, Any]) -> Resource:
        """Changes a resource in place."""

    def delete(self, where: Where, resource: Resource) -> None:
        """Deletes a resource."""


KINDS: dict[str, Kind] = {}
fallback: Callable[[str], Kind | None] = lambda _type: None  # noqa: E731 - set by `native`


def of_type(type_: str) -> Kind:
    """The kind of a type. A type that is not known fails the stack, instead of being skipped."""
    kind = KINDS.get(type_) or fallback(type_)
    if kind is None:
        raise TemplateError(f"Unrecognized resource types: [{type_}]")
    return kind


@functools.cache
def _schema(type_: str, region: str) -> dict[str, Any]:
    """The provider schema that cfn-lint carries."""
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, type_).schema
    return schema


def create_only(old: Resource, new: Mapping[str, Any], region: str) -> list[str]:
    """The properties that differ and cannot be changed on an existing resource."""
    paths = _schema(old.type, region).get("createOnlyProperties", [])
    names = {path.split("/")[2] for path in paths}
    return sorted(name for name in names if old.properties.get(name) != new.get(name))


def is_named(resource: Resource) -> bool:
    """Whether a template gives the name by which AWS knows the resource."""
    kind = resource.type.rsplit("::", 1)[1]
    return any(
        key == "Name" or (key.endswith("Name") and kind.endswith(key.removesuffix("Name")))
        for key in resource.properties
    )
