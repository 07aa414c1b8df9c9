"""Types that moto's CloudFormation does not know, or makes too loosely: created through the API of the service.

botocore checks every parameter against AWS's own model of the service, and moto keeps what was created, so that a test
can ask the service for it.
"""

from __future__ import annotations

from localcfn.adapters import api, identity, messages, network, observation, registry, security, storage


def register() -> None:
    """Makes the types known."""
    for module in (api, identity, messages, network, observation, registry, security, storage):
        module.register()
