"""The contract of a row: what is let in, as which value, and which line says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import schema as sch

AGE = sch.Column("age", "number", nullable=True, min=0, max=130)
SITE = sch.Column("site", "category")
SCHEMA = sch.Schema((AGE, SITE), sch.Target("outcome", ("0", "1"), "1"))


@pytest.mark.parametrize("value", [0, 1.5, 130])
def test_a_number_in_range_is_a_float(value: float) -> None:
    assert AGE.check(value, text=False) == float(value)


@pytest.mark.parametrize("value", ["7", "-0", "+1.5", ".5", "5.", "1e2", "1E-2"])
def test_text_is_a_number_in_csv_only(value: str) -> None:
    assert AGE.check(value, text=True) == float(value)
    with pytest.raises(sch.InputError, match="age: not a number"):
        AGE.check(value, text=False)


@pytest.mark.parametrize("value", ["nan", "inf", "1_000", "٣", "0x10", "1,5", " 1", "NA", "-", "."])
def test_what_is_not_written_in_digits_is_no_number(value: str) -> None:
    with pytest.raises(sch.InputError, match="age: not a number"):
        AGE.check(value, text=True)


@pytest.mark.parametrize("value", [True, [], {}, "x"])
def test_other_types_are_no_numbers(value: object) -> None:
    with pytest.raises(sch.InputError, match="age: not a number"):
        AGE.check(value, text=False)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(sch.InputError, match="age: not a finite number"):
        AGE.check(value, text=False)


def test_a_range_has_both_ends() -> None:
    with pytest.raises(sch.InputError, match="age: outside the range from 0 to 130"):
        AGE.check(-0.001, text=False)
    with pytest.raises(sch.InputError, match="outside"):
        AGE.check("130.5", text=True)


def test_missing_is_a_value_where_the_schema_says_so() -> None:
    assert AGE.check(None, text=False) is None
    assert AGE.check("", text=True) is None
    for value, text in ((None, False), ("", True)):
        with pytest.raises(sch.InputError, match="site: missing value"):
            SITE.check(value, text=text)


def test_a_category_is_text_or_a_whole_number() -> None:
    assert SITE.check("north", text=False) == "north"
    assert SITE.check(3, text=False) == SITE.check("3", text=True) == "3"
    for value in (1.0, True, "", ["north"]):
        with pytest.raises(sch.InputError, match="site: not a category"):
            SITE.check(value, text=False)


def test_names_say_which_value_is_which() -> None:
    assert SCHEMA.check_row({"site": "n", "age": 4}) == SCHEMA.check_row({"age": 4, "site": "n"}) == [4.0, "n"]
    assert SCHEMA.check_row({"site": "n"}) == [None, "n"]


def test_the_error_names_the_row_and_the_column() -> None:
    with pytest.raises(sch.InputError, match=r"^row 1: unknown columns \['sex'\]$"):
        SCHEMA.check_rows([{"site": "n"}, {"site": "n", "sex": 1}])
    with pytest.raises(sch.InputError, match=r"^row 0: a row has 2 values$"):
        SCHEMA.check_rows([[1]])
    with pytest.raises(sch.InputError, match=r"^row 0: a row has 2 values$"):
        SCHEMA.check_rows(["1,n"])


def test_the_types_of_a_frame_do_not_depend_on_its_values() -> None:
    one = SCHEMA.frame([[None, "3"]])
    many = SCHEMA.frame([[1.0, "3"], [2.0, "n"]])
    assert list(one.dtypes) == list(many.dtypes) == [np.dtype("float64"), np.dtype("object")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("age,site\n", r"missing \['outcome'\], unknown \[\]"),
        ("age,site,sex,outcome\n", r"unknown \['sex'\]"),
        ("age,age,site,outcome\n", r"doubled \['age'\]"),
        ("", r"missing \['age', 'outcome', 'site'\]"),
        ("age,site,outcome\n1,n,0\n1,n\n", "2 fields, the header has 3"),
        ("age,site,outcome\n999,n,0\n", "age: outside the range"),
        ("age,site,outcome\n1,n,2\n", r"outcome: '2' is not one of \['0', '1'\]"),
        ('age,site,outcome\n1,"n,0\n', "unexpected end of data"),
    ],
)
def test_a_file_that_breaks_the_schema_is_refused_with_its_line(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(sch.InputError, match=rf"^rows\.csv, line \d: .*{reason}"):
        SCHEMA.read_csv(path)


def test_the_order_of_columns_in_a_file_is_free(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("outcome,site,age\n1,n,\n")
    assert SCHEMA.read_csv(path) == ([[None, "n"]], ["1"])


def document(**target: Any) -> dict[str, Any]:
    return {
        "columns": [{"name": "age", "type": "number"}],
        "target": {"name": "outcome", "classes": [0, 1], "positive": 1, **target},
    }


def test_classes_are_text_however_they_are_written() -> None:
    assert sch.parse(document()).target == sch.Target("outcome", ("0", "1"), "1")


@pytest.mark.parametrize(
    ("target", "column", "reason"),
    [
        ({"positive": 2}, {}, "positive class '2'"),
        ({"classes": [1]}, {}, "two different classes"),
        ({"classes": [0, 1, 1]}, {}, "two different classes"),
        ({"name": "age"}, {}, "names a column twice"),
        ({}, {"type": "text"}, "neither number nor category"),
        ({}, {"min": 2, "max": 1}, "min is above max"),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(
    target: dict[str, Any], column: dict[str, Any], reason: str
) -> None:
    given = document(**target)
    given["columns"][0].update(column)
    with pytest.raises(sch.InputError, match=reason):
        sch.parse(given)


@pytest.mark.parametrize("text", ["{", "[]", '{"columns": [{"name": "a", "type": "number", "mni": 1}]}', "{}"])
def test_a_file_that_is_no_schema_is_refused_with_its_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(sch.InputError, match=r"^schema\.json is not a schema"):
        sch.load(path)


def test_a_schema_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(sch.InputError, match="no schema at"):
        sch.load(tmp_path / "schema.json")
