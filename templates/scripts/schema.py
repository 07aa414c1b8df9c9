"""The one description of a row, shared by preprocessing, training, evaluation and inference.

`schema.json` names the columns and the target of the data set::

    {"columns": [{"name": "age", "type": "number", "nullable": true, "min": 0, "max": 130},
                 {"name": "site", "type": "category"}],
     "target": {"name": "outcome", "classes": ["0", "1"], "positive": "1"}}

A row is a list with one value a column, in the order of the schema: `float` for a number, `str` for a
category, `None` for a missing value. Nothing reaches a model that has not passed `Schema.check_row`.
The model-quality monitor compares with a threshold, so a monitored target has two classes.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Union

import numpy as np
import pandas as pd

Value = Union[float, str, None]
Row = list[Value]

# Only digits: float() would also take "nan", "inf" and "1_000".
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class InputError(ValueError):
    """What was given is wrong; the message is one line for the person who gave it."""


@dataclasses.dataclass(frozen=True)
class Column:
    """A feature: its name, its type and which values it may hold."""

    name: str
    type: str
    nullable: bool = False
    min: float = -math.inf
    max: float = math.inf

    def check(self, value: object, *, text: bool) -> Value:
        """Returns the value as the model sees it, or raises `InputError`.

        With `text` the value comes from a CSV file, where a number is written in digits and an empty
        field is a missing value. Without it a number has to be a number: `"12"` is refused.
        """
        if value is None or (text and value == ""):
            if self.nullable:
                return None
            raise InputError(f"{self.name}: missing value")
        if self.type == "category":
            return self._category(value)
        return self._number(value, text=text)

    def _category(self, value: object) -> str:
        # A float is refused because 1.0 and 1 would be two categories.
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
            raise InputError(f"{self.name}: not a category")
        return str(value)

    def _number(self, value: object, *, text: bool) -> float:
        if text and isinstance(value, str) and NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InputError(f"{self.name}: not a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise InputError(f"{self.name}: not a finite number")
        if not self.min <= number <= self.max:
            raise InputError(f"{self.name}: outside the range from {self.min:g} to {self.max:g}")
        return number


@dataclasses.dataclass(frozen=True)
class Target:
    """What is predicted: the column, its classes, and the class that metrics are about."""

    name: str
    classes: tuple[str, ...]
    positive: str


@dataclasses.dataclass(frozen=True)
class Schema:
    """The columns of a row and the target."""

    columns: tuple[Column, ...]
    target: Target

    @property
    def names(self) -> list[str]:
        """The names of the features, in order."""
        return [column.name for column in self.columns]

    def names_of(self, kind: str) -> list[str]:
        """The names of the features of one type, in order."""
        return [column.name for column in self.columns if column.type == kind]

    def check_row(self, row: object, *, text: bool = False) -> Row:
        """Returns the row in the order of the schema, or raises `InputError`.

        `row` is a mapping from names to values, in which a missing name is a missing value, or a list
        in the order of the schema.
        """
        if isinstance(row, Mapping):
            unknown = sorted(str(name) for name in set(row) - set(self.names))
            if unknown:
                raise InputError(f"unknown columns {unknown}")
            row = [row.get(name) for name in self.names]
        if not isinstance(row, list) or len(row) != len(self.columns):
            raise InputError(f"a row has {len(self.columns)} values")
        return [column.check(value, text=text) for column, value in zip(self.columns, row)]

    def check_rows(self, rows: Iterable[object], *, text: bool = False) -> list[Row]:
        """As `check_row` for each row; the error names the row, counted from 0."""
        checked = []
        for index, row in enumerate(rows):
            try:
                checked.append(self.check_row(row, text=text))
            except InputError as error:
                raise InputError(f"row {index}: {error}") from None
        return checked

    def frame(self, rows: Sequence[Row]) -> pd.DataFrame:
        """The checked rows as the model takes them: float64 and object columns, NaN where missing.

        Types come from the schema and never from the values, so that one row has the same frame
        as a thousand.
        """
        columns = {}
        for position, column in enumerate(self.columns):
            values = [np.nan if row[position] is None else row[position] for row in rows]
            columns[column.name] = pd.Series(values, dtype="float64" if column.type == "number" else "object")
        return pd.DataFrame(columns)

    def read_csv(self, path: Path) -> tuple[list[Row], list[str]]:
        """The rows and the labels of a CSV file whose header holds every feature and the target.

        Raises `InputError` with the file and the line if a column is missing, unknown or doubled, or
        if a value breaks the schema.
        """
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            try:
                header = next(reader, [])
                order, label = self._header(header)
                rows, labels = [], []
                for fields in reader:
                    if len(fields) != len(header):
                        raise InputError(f"{len(fields)} fields, the header has {len(header)}")
                    rows.append(self.check_row([fields[index] for index in order], text=True))
                    labels.append(self._label(fields[label]))
            except (InputError, csv.Error, UnicodeDecodeError) as error:
                raise InputError(f"{path.name}, line {reader.line_num}: {error}") from None
        return rows, labels

    def _header(self, header: list[str]) -> tuple[list[int], int]:
        wanted = [*self.names, self.target.name]
        missing, unknown = sorted(set(wanted) - set(header)), sorted(set(header) - set(wanted))
        if missing or unknown or len(header) != len(wanted):
            doubled = sorted({name for name in header if header.count(name) > 1})
            raise InputError(f"columns differ from the schema: missing {missing}, unknown {unknown}, doubled {doubled}")
        return [header.index(name) for name in self.names], header.index(self.target.name)

    def _label(self, value: str) -> str:
        if value not in self.target.classes:
            raise InputError(f"{self.target.name}: {value!r} is not one of {list(self.target.classes)}")
        return value


def load(path: Path) -> Schema:
    """Reads and checks a schema; raises `InputError` if it contradicts itself."""
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(f"no schema at {path}") from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{path.name} is not a schema: {type(error).__name__} {error}") from None


def parse(document: dict[str, Any]) -> Schema:
    """The schema that a JSON document describes."""
    columns = tuple(Column(**column) for column in document["columns"])
    target = document["target"]
    schema = Schema(
        columns, Target(target["name"], tuple(str(name) for name in target["classes"]), str(target["positive"]))
    )
    names = [*schema.names, schema.target.name]
    if len(set(names)) != len(names):
        raise InputError("the schema names a column twice")
    for column in columns:
        if column.type not in ("number", "category"):
            raise InputError(f"{column.name}: type {column.type!r} is neither number nor category")
        if column.min > column.max:
            raise InputError(f"{column.name}: min is above max")
    classes = schema.target.classes
    if not columns or len(set(classes)) < 2 or len(set(classes)) != len(classes):
        raise InputError("the schema needs a column and two different classes")
    if schema.target.positive not in classes:
        raise InputError(f"the positive class {schema.target.positive!r} is not one of {list(classes)}")
    return schema
