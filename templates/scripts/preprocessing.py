"""Processing job: checks raw CSV files against the schema and splits them, before anything is learnt.

Reads every CSV file at any depth below `input/` and `schema/schema.json`. Writes below `output/`:

- `train/`, `validation/`, `test/`: `data.csv`, stratified, 60, 20 and 20 percent; `train/` also holds `schema.json`
- `baseline/data.csv`: the features of the train split, that is what requests look like. The data-quality
  baseline is made from it: a baseline with the target would report a missing column at every run
- `metadata/`: `schema.json` and `metadata.json` with rows, classes and the SHA-256 of every file

Nothing is scaled, clipped or imputed: what is learnt is learnt from the train split, inside the model.
"""

from __future__ import annotations

import argparse
import collections
import csv
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.model_selection import train_test_split

import schema as sch

# Below this a split could hold one row of a class, and a metric of it would say nothing.
MINIMUM_ROWS_OF_A_CLASS = 10

Labelled = tuple[sch.Row, str]


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; the defaults are the folders of a processing job."""
    base = Path(os.environ.get("SM_PROCESSING_DIR", "/opt/ml/processing"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--input", type=Path, default=base / "input")
    parser.add_argument("--output", type=Path, default=base / "output")
    parser.add_argument("--schema", type=Path, default=base / "schema" / "schema.json")
    parser.add_argument("--target", required=True)
    parser.add_argument("--validation-size", type=float, default=0.2, help="fraction of all rows")
    parser.add_argument("--test-size", type=float, default=0.2, help="fraction of all rows")
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args(argv)
    if min(args.validation_size, args.test_size) <= 0 or args.validation_size + args.test_size >= 1:
        raise sch.InputError("validation-size and test-size are fractions above 0 whose sum is below 1")
    return args


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the job; raises `InputError` at the first thing that breaks the schema."""
    args = arguments(argv)
    schema = sch.load(args.schema)
    if schema.target.name != args.target:
        raise sch.InputError(f"the schema's target is {schema.target.name!r}, not {args.target!r}")
    # Deliveries are folders below raw/. Sorted, because file systems list in an order of their own.
    files = sorted(args.input.rglob("*.csv"))
    if not files:
        raise sch.InputError(f"no CSV file below {args.input}")
    rows = [row for path in files for row in zip(*schema.read_csv(path))]
    # The same row in two splits would be a question whose answer was seen in training.
    unique = list({(tuple(row), label): (row, label) for row, label in rows}.values())
    counts = classes(unique)
    few = {name: counts.get(name, 0) for name in schema.target.classes if counts.get(name, 0) < MINIMUM_ROWS_OF_A_CLASS}
    if few:
        raise sch.InputError(f"fewer than {MINIMUM_ROWS_OF_A_CLASS} rows of a class: {few}")

    splits = split(unique, args.validation_size, args.test_size, args.seed)
    metadata: dict[str, Any] = {
        "target": args.target,
        "seed": args.seed,
        "rows": len(rows),
        "duplicates": len(rows) - len(unique),
        "inputs": {path.relative_to(args.input).as_posix(): sha256(path) for path in files},
        "splits": {},
    }
    for name, part in splits.items():
        path = write(args.output / name / "data.csv", schema, part, with_target=True)
        metadata["splits"][name] = {"rows": len(part), "classes": classes(part), "sha256": sha256(path)}
    write(args.output / "baseline" / "data.csv", schema, splits["train"], with_target=False)
    folder = args.output / "metadata"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
    for copy in (folder, args.output / "train"):
        shutil.copyfile(args.schema, copy / "schema.json")
    print(json.dumps({key: metadata[key] for key in ("rows", "duplicates", "splits")}))


def split(rows: list[Labelled], validation: float, test: float, seed: int) -> dict[str, list[Labelled]]:
    """Cuts the rows into three stratified parts; both sizes are fractions of all rows."""
    rest, held_out = train_test_split(rows, test_size=test, random_state=seed, stratify=[label for _, label in rows])
    train, tuned_on = train_test_split(
        rest, test_size=validation / (1 - test), random_state=seed, stratify=[label for _, label in rest]
    )
    return {"train": train, "validation": tuned_on, "test": held_out}


def classes(rows: Sequence[Labelled]) -> dict[str, int]:
    """How many rows each class has, sorted by name."""
    return dict(sorted(collections.Counter(label for _, label in rows).items()))


def write(path: Path, schema: sch.Schema, rows: Sequence[Labelled], *, with_target: bool) -> Path:
    """Writes rows as CSV: features in the order of the schema, then the target; missing is an empty field."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*schema.names, *([schema.target.name] if with_target else [])])
        writer.writerows([*row, *([label] if with_target else [])] for row, label in rows)
    return path


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    try:
        main()
    except sch.InputError as error:
        sys.exit(f"preprocessing: {error}")
