"""Reads single files out of `model.tar.gz`; nothing is unpacked that was not asked for by name."""

from __future__ import annotations

import tarfile
from pathlib import Path

import schema as sch


def read(archive: Path, name: str) -> bytes:
    """The content of the file `name`, which may also be called `./name`; raises `InputError` if it is not there."""
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None and member.name.removeprefix("./") == name:
                return content.read()
    raise sch.InputError(f"{archive.name} holds no {name}")
