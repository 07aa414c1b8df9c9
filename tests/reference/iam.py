"""Policies of IAM, judged as AWS's documentation says: actions, resources, conditions; a refusal wins.

It knows what the templates use. Anything else is an error, so that nothing counts as allowed by accident.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Statement = dict[str, Any]
Context = Mapping[str, "str | list[str]"]


@dataclass(frozen=True)
class Call:
    """One call of an API, with what AWS knows about it when it decides."""

    role: str
    """The name of a role, or a service that calls for itself."""
    action: str
    resource: str
    context: Context = field(default_factory=dict)
    through: str | None = None
    """The service whose VPC endpoint it goes through, if it comes from inside the network."""

    @property
    def by_a_service(self) -> bool:
        """Whether no role calls, but a service for itself."""
        return self.role.endswith(".amazonaws.com")

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {self.resource} {dict(self.context)} through {self.through}"


@dataclass
class World:
    """All policies of an environment: those of roles by name, and what they are attached to by ARN."""

    roles: dict[str, list[Statement]]
    boundary: list[Statement]
    bounded: set[str]
    """The roles that have the boundary."""
    buckets: dict[str, list[Statement]]
    keys: dict[str, list[Statement]]
    endpoints: dict[str, list[Statement]]

    def refusals(self, call: Call) -> dict[str, str]:
        """Which policies refuse a call, and why; nothing if it is allowed."""
        layers = {} if call.by_a_service else {"policies of the role": self.roles[call.role]}
        if call.role in self.bounded:
            layers["boundary"] = self.boundary
        if call.action.startswith("kms:"):
            layers["policy of the key"] = self.keys[call.resource]
        if call.through:
            layers[f"policy of the endpoint for {call.through}"] = self.endpoints[call.through]
        bucket = self.buckets.get(call.resource.partition("/")[0], [])
        if call.by_a_service and call.action.startswith("s3:"):
            layers["policy of the bucket"] = bucket
        judged = {name: _judged(statements, call) for name, statements in layers.items()}
        if not call.by_a_service:
            # Within an account the policy of the role is enough to allow; that of the bucket is asked for refusals.
            judged["policy of the bucket"] = _sids(bucket, "Deny", call)
        return {name: reason for name, reason in judged.items() if reason}


def listed(value: Any) -> list[Any]:
    """A value that may stand alone, as a list."""
    return value if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern with `*` and `?`."""
    assert "${" not in pattern, f"policy variables are not known here: {pattern}"
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL))


def covers(statement: Statement, action: str, resource: str) -> bool:
    """Whether a statement speaks of an action and a resource."""
    assert not {"NotAction", "NotResource", "NotPrincipal"} & set(statement), statement
    actions = any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
    return actions and any(matches(pattern, resource) for pattern in listed(statement["Resource"]))


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether all of a condition is true: all operators, all their keys, any of their values."""
    known = {key.lower(): [str(value) for value in listed(values)] for key, values in context.items()}
    return all(
        _holds(operator, known.get(key.lower()), [_text(value) for value in listed(values)])
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _holds(operator: str, found: list[str] | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return any((found is None) == (value == "true") for value in wanted)
    name = operator.removesuffix("IfExists")
    negated = "Not" in name
    if found is None:
        return negated or name != operator
    assert len(found) == 1, f"{operator} on several values needs ForAnyValue or ForAllValues"
    compare = {
        "StringEquals": lambda value: value == found[0],
        "StringLike": lambda value: matches(value, found[0]),
        # Of the six parts of an ARN only the last is free to hold colons; the templates have no pattern across parts.
        "ArnEquals": lambda value: matches(value, found[0]),
        "ArnLike": lambda value: matches(value, found[0]),
        "Bool": lambda value: value.lower() == found[0].lower(),
        "NumericLessThan": lambda value: float(found[0]) < float(value),
    }[name.replace("Not", "")]
    return negated != any(compare(value) for value in wanted)


def _judged(statements: Iterable[Statement], call: Call) -> str | None:
    """Why a layer of policies does not let a call through."""
    listed_once = list(statements)
    denied = _sids(listed_once, "Deny", call)
    if denied:
        return f"denied by {denied}"
    return None if _sids(listed_once, "Allow", call) else "allowed by no statement"


def _sids(statements: Iterable[Statement], effect: str, call: Call) -> str:
    found = [
        str(statement.get("Sid", "a statement without Sid"))
        for statement in statements
        if statement["Effect"] == effect
        and _is_about(statement.get("Principal", "*"), call)
        and covers(statement, call.action, call.resource)
        and holds(statement.get("Condition", {}), call.context)
    ]
    return ", ".join(found)


def _is_about(principal: Any, call: Call) -> bool:
    """Whether a principal takes in who calls: the account stands for all of its roles."""
    if principal == "*":
        return True
    assert set(principal) <= {"AWS", "Service"}, principal
    if call.by_a_service:
        return call.role in listed(principal.get("Service", []))
    return any(value == "*" or value.endswith(":root") for value in listed(principal.get("AWS", [])))
