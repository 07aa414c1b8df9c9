"""Staging is what production is, but smaller: what protects it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conftest import SUFFIXES, Environment

SMALLER = {
    "SubnetIds",  # two zones
    "ThrottlingBurstLimit",
    "ThrottlingRateLimit",
    "Limit",  # requests of one address
    "NoncurrentDays",
    "ExpirationInDays",
    "Days",  # of object lock
}
"""The properties that Env gives a smaller value in staging. Those of the endpoint come with the first model."""
ONLY_IN_PRODUCTION = {
    "network PrivateSubnetC",
    "network PrivateSubnetCRoutes",
    # Nobody expects traffic elsewhere.
    "alarms EndpointSilent",
    "alarms MonitorSilent",
}
MADE_UP = {"ParentId"}
"""Ids of resources that no template has: the root of an API."""


def differences(one: Any, other: Any, key: str = "") -> Iterator[str]:
    """The names of the properties that differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            yield from differences(one.get(name), other.get(name), name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for first, second in zip(one, other):
            yield from differences(first, second, key)
    elif one != other:
        yield key


def test_all_stacks_are_there(staging: Environment) -> None:
    assert list(staging.stacks()) == SUFFIXES


def test_what_protects_is_that_of_production(staging: Environment, production: Environment) -> None:
    ours, theirs = staging.properties(), production.properties()
    assert len(ours) > 100
    assert set(theirs) - set(ours) == ONLY_IN_PRODUCTION
    assert set(ours) <= set(theirs)
    found = {place: set(differences(ours[place], theirs[place])) - MADE_UP for place in ours}
    assert {place: names for place, names in found.items() if not names <= SMALLER} == {}
    assert set().union(*found.values()) == SMALLER
