"""The four handler functions: what they answer, what they refuse, what they load."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sagemaker_inference.transformer import Transformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

import inference
import preprocessing
import train
from pipeline import SETS, Job, prepare


@pytest.fixture(scope="module")
def model_dir(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packed model as SageMaker unpacks it on a host."""
    return job.unpack(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def loaded(model_dir: Path) -> inference.Loaded:
    return inference.model_fn(model_dir)


def answer(loaded: inference.Loaded, body: object, kind: str = "application/json") -> list[dict[str, Any]]:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    output, _ = inference.output_fn(inference.predict_fn(inference.input_fn(text, kind), loaded))
    predictions: list[dict[str, Any]] = json.loads(output)["predictions"]
    return predictions


@pytest.mark.parametrize("name", ["breast_cancer", "wine_with_gaps"])
def test_what_is_served_is_what_was_fitted(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[Pipeline] = []
    dump = skops.io.dump

    def keep(model: Pipeline, path: Path) -> None:
        fitted.append(model)
        dump(model, path)

    monkeypatch.setattr(skops.io, "dump", keep)
    job = prepare(tmp_path, *SETS[name]())
    preprocessing.main(job.preprocessing())
    train.main(job.training("--n-estimators", "20"))
    job.pack()
    served = inference.model_fn(job.model)
    rows, _ = job.test_rows()
    frame = served.schema.frame(served.schema.check_rows(rows))
    before = fitted[0].predict_proba(frame)[:, list(fitted[0].classes_).index("1")]
    answers = answer(served, {"instances": rows})
    assert [row["probability"] for row in answers] == list(before)
    assert [row["prediction"] for row in answers] == list(fitted[0].predict(frame))


def test_one_row_is_answered_as_it_is_among_many(job: Job, loaded: inference.Loaded) -> None:
    rows, _ = job.test_rows()
    assert [answer(loaded, [row])[0] for row in rows[:5]] == answer(loaded, rows)[:5]


def test_objects_arrays_and_csv_are_three_ways_to_say_the_same(job: Job, loaded: inference.Loaded) -> None:
    rows = job.test_rows()[0][:3]
    as_objects = answer(loaded, {"instances": [dict(reversed(row.items())) for row in rows]})
    as_arrays = answer(loaded, [list(row.values()) for row in rows])
    as_csv = answer(loaded, "\n".join(",".join(map(str, row.values())) for row in rows), "text/csv; charset=utf-8")
    assert as_objects == as_arrays == as_csv
    assert set(as_objects[0]) == {"prediction", "probability"}


def test_a_category_that_training_did_not_see_is_answered(tmp_path: Path) -> None:
    job = prepare(tmp_path, *SETS["wine_with_gaps"]())
    preprocessing.main(job.preprocessing())
    train.main(job.training("--n-estimators", "5"))
    row = job.test_rows()[0][0]
    served = inference.model_fn(job.model)
    assert len(answer(served, [{**row, "region": "moon"}, {**row, "region": None, "alcohol": None}])) == 2


def row_with(**changes: Any) -> Callable[[dict[str, Any]], bytes]:
    return lambda row: json.dumps([{**row, **changes}]).encode()


REFUSED: list[tuple[str, int, str, str, Callable[[dict[str, Any]], bytes]]] = [
    ("missing value", 400, "mean_radius: missing value", "application/json", row_with(mean_radius=None)),
    ("text for a number", 400, "mean_radius: not a number", "application/json", row_with(mean_radius="12.5")),
    ("boolean", 400, "mean_radius: not a number", "application/json", row_with(mean_radius=True)),
    ("below the range", 400, "mean_radius: outside the range", "application/json", row_with(mean_radius=-1)),
    ("unknown column", 400, r"row 0: unknown columns \['x'\]", "application/json", row_with(x=1)),
    ("short row", 400, "row 0: a row has 30 values", "application/json", lambda _: b"[[1, 2]]"),
    ("one row without brackets", 400, "row 0: a row has 30 values", "application/json", lambda _: b"[1, 2]"),
    ("NaN", 400, "NaN is not a JSON number", "application/json", lambda _: b"[[NaN]]"),
    ("infinity", 400, "-Infinity is not a JSON number", "application/json", lambda _: b"[[-Infinity]]"),
    ("infinity by exponent", 400, "not a finite number", "application/json", row_with(mean_radius=10**400)),
    ("broken JSON", 400, "the body is not JSON", "application/json", lambda _: b'{"instances": ['),
    ("nested without end", 400, "the body is not JSON", "application/json", lambda _: b"[" * 100_000),
    ("no body", 400, "the body is not JSON", "application/json", lambda _: b""),
    ("no rows", 400, "at least one row", "application/json", lambda _: b"[]"),
    ("no instances", 400, "at least one row", "application/json", lambda _: b'{"rows": [[1]]}'),
    ("a number", 400, "at least one row", "application/json", lambda _: b"1"),
    ("not UTF-8", 400, "not UTF-8", "application/json", lambda _: b"\xff"),
    ("too many rows", 413, "1001 rows", "application/json", lambda _: json.dumps([[1]] * 1001).encode()),
    ("XML", 415, "'text/xml'", "text/xml", lambda _: b"<row/>"),
    ("pickle", 415, "'application/x-npy'", "application/x-npy", lambda _: b""),
    ("no content type", 415, "''", "", lambda _: b"[]"),
    ("CSV with a header", 400, "row 0: mean_radius: not a number", "text/csv", lambda row: ",".join(row).encode()),
    ("CSV with an open quote", 400, "the body is not CSV", "text/csv", lambda _: b'"1,2'),
    ("empty CSV", 400, "at least one row", "text/csv", lambda _: b"\n"),
]


@pytest.mark.parametrize(
    ("status", "message", "kind", "body"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_a_request_that_breaks_the_contract_is_refused_with_its_status(
    status: int, message: str, kind: str, body: Callable[[dict[str, Any]], bytes], job: Job, loaded: inference.Loaded
) -> None:
    with pytest.raises(inference.Rejected, match=message) as refusal:
        inference.predict_fn(inference.input_fn(body(job.test_rows()[0][0]), kind), loaded)
    assert refusal.value.status == status


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/*", None, "", "text/html, */*;q=0.8"])
def test_json_is_what_is_accepted(accept: str | None) -> None:
    assert inference.output_fn({}, accept) == ("{}", "application/json")


@pytest.mark.parametrize("accept", ["text/csv", "image/png", "application/jsonlines"])
def test_another_answer_than_json_is_not_to_be_had(accept: str) -> None:
    with pytest.raises(inference.Rejected) as refusal:
        inference.output_fn({}, accept)
    assert refusal.value.status == 406


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def replaced(model_dir: Path, folder: Path, content: bytes) -> Path:
    shutil.copytree(model_dir, folder, dirs_exist_ok=True)
    (folder / "model.skops").write_bytes(content)
    return folder


def test_a_pickle_is_never_loaded(model_dir: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    content = pickle.dumps(Bomb(marker))
    pickle.loads(content)  # noqa: S301 - shows that the bomb works
    marker.rmdir()
    with pytest.raises(Exception, match="zip"):
        inference.model_fn(replaced(model_dir, tmp_path / "model", content))
    assert not marker.exists()


def test_a_type_that_is_not_on_the_list_is_refused(model_dir: Path, tmp_path: Path) -> None:
    hostile = Pipeline([("run", FunctionTransformer(os.system)), ("predict", FunctionTransformer(np.sin))])
    folder = replaced(model_dir, tmp_path / "model", skops.io.dumps(hostile))
    with pytest.raises(RuntimeError, match=r"types that are not allowed: \['posix\.system'\]"):
        inference.model_fn(folder)


def test_the_list_of_types_is_no_longer_than_it_has_to_be(model_dir: Path, tmp_path: Path) -> None:
    found = set(skops.io.get_untrusted_types(file=model_dir / "model.skops"))
    job = prepare(tmp_path, *SETS["wine_with_gaps"]())
    preprocessing.main(job.preprocessing())
    train.main(job.training("--n-estimators", "2"))
    found |= set(skops.io.get_untrusted_types(file=job.model / "model.skops"))
    assert found == inference.ALLOWED_TYPES


def test_a_model_of_other_classes_than_its_schema_is_refused(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_dir, folder)
    schema = json.loads((folder / "schema.json").read_text())
    schema["target"].update(classes=["no", "yes"], positive="yes")
    (folder / "schema.json").write_text(json.dumps(schema))
    with pytest.raises(RuntimeError, match="does not know the class 'yes'"):
        inference.model_fn(folder)


class Context:
    """What AWS's model server hands to the toolkit with a request."""

    def __init__(self, model_dir: Path, **headers: str) -> None:
        self.system_properties = {"model_dir": str(model_dir)}
        self.request_processor = [self]
        self.headers = headers
        self.status = 200
        self.content_type = ""

    def get_request_properties(self) -> dict[str, str]:
        return self.headers

    def set_response_status(self, code: int, phrase: str = "") -> None:  # noqa: ARG002 - the toolkit names it
        self.status = code

    def set_response_content_type(self, _index: int, value: str) -> None:
        self.content_type = value


def test_the_inference_toolkit_of_sagemaker_drives_the_same_functions(
    job: Job, model_dir: Path, loaded: inference.Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "inference")
    rows = job.test_rows()[0][:4]
    context = Context(model_dir, **{"content-type": "application/json", "accept": "application/json"})
    body = json.dumps({"instances": rows}).encode()
    (response,) = Transformer().transform([{"body": body}], context)
    assert (context.status, context.content_type) == (200, "application/json")
    assert json.loads(response)["predictions"] == answer(loaded, rows)
