"""Gaps of moto 5.2 that the proofs of the reference architecture need closed, each with how AWS behaves.

`apply()` changes moto in this process. A new moto without a name used here fails loudly, with an AttributeError or
an assertion, instead of leaving a gap open.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import utils as asymmetric
from moto.core.exceptions import JsonRESTError
from moto.kms import models, responses, utils

_applied = False
_digest: contextvars.ContextVar[bool] = contextvars.ContextVar("digest", default=False)


def apply() -> None:
    """Closes the gaps, once."""
    global _applied
    if not _applied:
        sign_digests()
        refuse_signatures()
        _applied = True


def sign_digests() -> None:
    """KMS Sign and Verify with MessageType DIGEST take the message as the hash; moto would hash it again."""
    for name in ("sign", "verify"):
        setattr(responses.KmsResponse, name, _noting_the_message_type(getattr(responses.KmsResponse, name)))
    attribute = "_ECDSAPrivateKey__hash_algorithm"
    original = getattr(utils.ECDSAPrivateKey, attribute)

    def hash_algorithm(self: Any, signing_algorithm: str) -> Any:
        algorithm = original(self, signing_algorithm)
        return asymmetric.Prehashed(algorithm) if _digest.get() else algorithm

    setattr(utils.ECDSAPrivateKey, attribute, hash_algorithm)


def _noting_the_message_type(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def noting(self: Any) -> Any:
        token = _digest.set(self._get_param("MessageType") == "DIGEST")
        try:
            return method(self)
        finally:
            _digest.reset(token)

    return noting


def refuse_signatures() -> None:
    """KMS Verify answers a wrong signature with KMSInvalidSignatureException; moto says SignatureValid false."""
    original = models.KmsBackend.verify

    def verify(self: Any, **arguments: Any) -> Any:
        answer = original(self, **arguments)
        if not answer[1]:
            raise JsonRESTError("KMSInvalidSignatureException", "")
        return answer

    setattr(models.KmsBackend, "verify", verify)  # noqa: B010 - a type checker would refuse the assignment
