"""A local CloudFormation, as strict as AWS's: what `templates/` is deployed against without an account.

moto keeps the resources and answers for the services. Its own CloudFormation skips what it does not know, ignores
conditions on updates and checks hardly anything, so that a deployment against it proves little. Here stacks are made by
an engine of our own (`engine`), which resolves templates (`template`) and creates every resource through moto's
classes (`native`) or through the API of the service (`adapters`), where botocore checks each parameter. What it cannot
do, it refuses: a resource type, a function, a reference or an update that it does not know fails the stack.

`start()` gives a server on the loopback interface.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

import moto_fixes
from localcfn import backend, native


@contextmanager
def start() -> Iterator[str]:
    """The address of a local AWS, also in AWS_ENDPOINT_URL, until the end of the block."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # those of AWS
    moto_fixes.apply()
    native.apply()
    backend.apply()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    try:
        yield os.environ["AWS_ENDPOINT_URL"]
    finally:
        del os.environ["AWS_ENDPOINT_URL"]
        server.stop()
