"""The four functions of SageMaker's inference contract, used by `serve`, by `evaluate` and by AWS's toolkit.

A request holds 1 to `MAX_ROWS` rows. JSON: `{"instances": [...]}` or an array, each row an object by column name
or an array in the order of the schema. CSV: one row a line, without a header. The answer is
`{"predictions": [{"prediction": "<class>", "probability": <of the positive class>}]}`, in the order of the rows.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
from pathlib import Path
from typing import Any, NoReturn

import skops.io
from sklearn.pipeline import Pipeline

import schema as sch

MAX_ROWS = int(os.environ.get("MAX_ROWS", "1000"))

# What skops reports for the pipeline that train.py builds, and nothing else. A pickle cannot be loaded at all;
# a skops file with any other type is refused before one byte of it is turned into an object.
ALLOWED_TYPES = frozenset({"numpy.dtype", "sklearn.tree._tree.Tree"})


class Rejected(ValueError):
    """A request that cannot be answered, with the HTTP status that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A fitted pipeline and the schema that it was trained with."""

    model: Pipeline
    schema: sch.Schema


@dataclasses.dataclass(frozen=True)
class Request:
    """Rows as they came, not checked yet; `text` if they came as CSV."""

    rows: list[Any]
    text: bool


def model_fn(model_dir: str | Path) -> Loaded:
    """Loads the model; raises `RuntimeError` if it holds a type that is not on the list."""
    folder = Path(model_dir)
    path = folder / "model.skops"
    found = set(skops.io.get_untrusted_types(file=path))
    if not found <= ALLOWED_TYPES:
        raise RuntimeError(f"the model holds types that are not allowed: {sorted(found - ALLOWED_TYPES)}")
    loaded = Loaded(skops.io.load(path, trusted=sorted(found)), sch.load(folder / "schema.json"))
    if loaded.schema.target.positive not in loaded.model.classes_:
        raise RuntimeError(f"the model does not know the class {loaded.schema.target.positive!r}")
    return loaded


def input_fn(body: bytes | str, content_type: str | None = "application/json") -> Request:
    """Parses a request body; raises `Rejected` with 400, 413 or 415."""
    kind = media_type(content_type)
    if kind not in ("application/json", "text/csv"):
        raise Rejected(415, f"the content type {kind!r} is neither application/json nor text/csv")
    try:
        text = body.decode("utf-8") if isinstance(body, (bytes, bytearray)) else body
    except UnicodeDecodeError:
        raise Rejected(400, "the body is not UTF-8") from None
    rows = parse_json(text) if kind == "application/json" else parse_csv(text)
    if not isinstance(rows, list) or not rows:
        raise Rejected(400, "instances must be an array with at least one row")
    if len(rows) > MAX_ROWS:
        raise Rejected(413, f"{len(rows)} rows; at most {MAX_ROWS} are answered at once")
    return Request(rows, text=kind == "text/csv")


def parse_json(text: str) -> Any:
    """The value of `instances`, or the whole document; NaN and Infinity are not JSON."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not a JSON number")

    try:
        document = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Rejected(400, f"the body is not JSON: {error}") from None
    return document.get("instances") if isinstance(document, dict) else document


def parse_csv(text: str) -> list[list[str]]:
    """The lines as lists of fields; empty lines are skipped."""
    try:
        return [fields for fields in csv.reader(io.StringIO(text), strict=True) if fields]
    except csv.Error as error:
        raise Rejected(400, f"the body is not CSV: {error}") from None


def predict_fn(request: Request, loaded: Loaded) -> dict[str, list[dict[str, str | float]]]:
    """Predicts every row; raises `Rejected` with 400 if one breaks the schema."""
    try:
        rows = loaded.schema.check_rows(request.rows, text=request.text)
    except sch.InputError as error:
        raise Rejected(400, str(error)) from None
    probabilities = loaded.model.predict_proba(loaded.schema.frame(rows))
    classes = [str(name) for name in loaded.model.classes_]
    positive = classes.index(loaded.schema.target.positive)
    return {
        "predictions": [
            {"prediction": classes[row.argmax()], "probability": float(row[positive])} for row in probabilities
        ]
    }


def output_fn(prediction: object, accept: str | None = "application/json") -> tuple[str, str]:
    """The body and its content type; raises `Rejected` with 406 if JSON is not accepted."""
    accepted = {media_type(part) for part in (accept or "*/*").split(",")}
    if not accepted & {"application/json", "application/*", "*/*"}:
        raise Rejected(406, f"answers are application/json, {accept!r} was asked for")
    return json.dumps(prediction), "application/json"


def media_type(header: str | None) -> str:
    """`application/json` of `Application/JSON; charset=utf-8`."""
    return (header or "").split(";")[0].strip().lower()
