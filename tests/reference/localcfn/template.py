"""Templates: from text to a tree, and from a tree with intrinsic functions to values.

Whatever would stay unresolved is an error, as it is for AWS.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]

NO_VALUE = object()
"""What `Ref: AWS::NoValue` gives: the property or list item that holds it is left out."""

_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")


class TemplateError(Exception):
    """What CloudFormation would answer with ValidationError, or give as the reason of a failure."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short forms. A key that is there twice is an error."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = _mapping(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            raise TemplateError(f"line {key_node.start_mark.line + 1}: the key {key} is there twice")
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_Loader.add_multi_constructor("!", _short_form)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load(text: str) -> dict[str, Any]:
    """The tree of a template, with the long forms of functions."""
    tree = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    if not isinstance(tree, dict) or not tree.get("Resources"):
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    return tree


def parameter_values(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Every parameter with its value, checked as CloudFormation checks it."""
    declared = template.get("Parameters") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise TemplateError(f"Parameters: {unknown} do not exist in the template")
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        if name not in given and "Default" not in parameter:
            raise TemplateError(f"Parameters: [{name}] must have values")
        text = str(given.get(name, parameter.get("Default")))
        is_list = parameter["Type"] == "CommaDelimitedList" or parameter["Type"].startswith("List<")
        for part in text.split(",") if is_list else [text]:
            _check_parameter(name, parameter, part)
        values[name] = text.split(",") if is_list else _number(text) if parameter["Type"] == "Number" else text
    return values


def _check_parameter(name: str, parameter: Mapping[str, Any], value: str) -> None:
    if "AllowedValues" in parameter and value not in [str(allowed) for allowed in parameter["AllowedValues"]]:
        raise TemplateError(f"Parameter '{name}' must be one of AllowedValues; it is {value!r}")
    if "AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], value):
        reason = parameter.get("ConstraintDescription", f"must match pattern {parameter['AllowedPattern']}")
        raise TemplateError(f"Parameter {name} failed to satisfy constraint: {reason}; it is {value!r}")
    if parameter["Type"] == "Number":
        number = _number(value)
        if number < float(parameter.get("MinValue", "-inf")) or number > float(parameter.get("MaxValue", "inf")):
            raise TemplateError(f"Parameter '{name}' must be within MinValue and MaxValue; it is {value}")


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


@dataclass
class Scope:
    """What a template can refer to while it is resolved."""

    template: Mapping[str, Any]
    parameters: Mapping[str, Any]
    pseudo: Mapping[str, str]
    export: Callable[[str], str]
    """The value of an export; fails if there is none."""
    reference: Callable[[str], Any]
    """The physical id of a resource; fails if it does not exist."""
    attribute: Callable[[str, str], Any]
    """An attribute of a resource."""
    _conditions: dict[str, bool] = field(default_factory=dict)

    def condition(self, name: str) -> bool:
        """Whether a condition holds."""
        if name not in self._conditions:
            conditions = self.template.get("Conditions") or {}
            if name not in conditions:
                raise TemplateError(f"Template format error: Unresolved condition {name}")
            self._conditions[name] = self._holds(conditions[name])
        return self._conditions[name]

    def holds(self, element: Mapping[str, Any]) -> bool:
        """Whether a resource or an output exists as far as its condition goes."""
        return "Condition" not in element or self.condition(element["Condition"])

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        ((function, operands),) = condition.items()
        if function == "Condition":
            return self.condition(operands)
        if function == "Fn::Equals":
            left, right = (self.resolve(operand) for operand in operands)
            return _text(left) == _text(right)
        if function == "Fn::Not":
            return not self._holds(operands[0])
        if function == "Fn::And":
            return all(self._holds(operand) for operand in operands)
        if function == "Fn::Or":
            return any(self._holds(operand) for operand in operands)
        raise TemplateError(f"{function} is no function of a condition")

    def resolve(self, node: Any) -> Any:
        """A part of a template without functions."""
        if isinstance(node, dict):
            if len(node) == 1:
                ((key, argument),) = node.items()
                if key == "Ref" or key.startswith("Fn::"):
                    return self._call(key, argument)
            resolved = {key: self.resolve(value) for key, value in node.items()}
            return {key: value for key, value in resolved.items() if value is not NO_VALUE}
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not NO_VALUE]
        return node

    def _call(self, function: str, argument: Any) -> Any:
        if function == "Ref":
            return self._ref(argument)
        if function == "Fn::GetAtt":
            name, attribute = argument
            return self.attribute(name, self.resolve(attribute))
        if function == "Fn::Sub":
            text, variables = argument if isinstance(argument, list) else (argument, {})
            return self._substitute(text, {name: self.resolve(value) for name, value in variables.items()})
        if function == "Fn::If":
            name, then, otherwise = argument
            return self.resolve(then if self.condition(name) else otherwise)
        if function == "Fn::FindInMap":
            table, first, second = (self.resolve(part) for part in argument)
            try:
                return self.template["Mappings"][table][first][second]
            except KeyError:
                raise TemplateError(f"Unable to get mapping for {table}::{first}::{second}") from None
        if function == "Fn::ImportValue":
            return self.export(self.resolve(argument))
        if function == "Fn::GetAZs":
            region = self.resolve(argument) or self.pseudo["AWS::Region"]
            return [f"{region}{zone}" for zone in "abc"]
        if function == "Fn::Base64":
            return base64.b64encode(self.resolve(argument).encode()).decode()
        return self._of_list(function, self.resolve(argument))

    @staticmethod
    def _of_list(function: str, argument: Any) -> Any:
        if function == "Fn::Join":
            separator, parts = argument
            return separator.join(_text(part) for part in parts)
        if function == "Fn::Select":
            index, parts = argument
            return parts[int(index)]
        if function == "Fn::Split":
            separator, text = argument
            return text.split(separator)
        if function == "Fn::Cidr":
            block, count, bits = argument[0], int(argument[1]), int(argument[2])
            subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - bits)
            return [str(next(subnets)) for _ in range(count)]
        raise TemplateError(f"{function} is not known to the local CloudFormation")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        return self.reference(name)

    def _substitute(self, text: str, variables: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return "${" + name + "}"
            if name in variables:
                return _text(variables[name])
            if "." in name:
                return _text(self.attribute(*name.split(".", 1)))
            return _text(self._ref(name))

        return _SUBSTITUTION.sub(value, text)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)) or value is None or value is NO_VALUE:
        raise TemplateError(f"a text was wanted, and there is {value!r}")
    return str(value)


def references(node: Any) -> Iterator[str]:
    """The names that a part of a template refers to, by Ref, GetAtt and Sub."""
    if isinstance(node, dict):
        for key, argument in node.items():
            if key == "Ref":
                yield argument
            elif key == "Fn::GetAtt":
                yield argument[0]
            elif key == "Fn::Sub":
                text, variables = argument if isinstance(argument, list) else (argument, {})
                names = [match[2].strip().split(".")[0] for match in _SUBSTITUTION.finditer(text) if not match[1]]
                yield from (name for name in names if name not in variables)
                yield from references(variables)
            else:
                yield from references(argument)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def in_order(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Logical ids so that each comes after what it refers to or depends on."""
    needs = {
        name: {*references(resource), *_names(resource.get("DependsOn", []))} & set(resources)
        for name, resource in resources.items()
    }
    done: list[str] = []
    while len(done) < len(needs):
        ready = [name for name in needs if name not in done and needs[name] <= set(done)]
        if not ready:
            left = sorted(set(needs) - set(done))
            raise TemplateError(f"Circular dependency between resources: {left}")
        done += ready
    return done


def _names(depends_on: str | list[str]) -> list[str]:
    return [depends_on] if isinstance(depends_on, str) else depends_on
