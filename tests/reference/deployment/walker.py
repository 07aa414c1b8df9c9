"""Runs a state machine in this process, with scripted results of its tasks.

As much of the Amazon States Language as the machines use; what it does not know is an error. Retries are taken as
exhausted at once, and waits pass at once.
"""

from __future__ import annotations

import copy
import fnmatch
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Results = Callable[[str, int, Any], Any]
"""What a task answers: by its state, how often that was entered before, and its parameters."""

LIMIT = 200


class TaskFailed(Exception):
    """A task that fails, with its error and cause."""

    def __init__(self, cause: str = "scripted") -> None:
        super().__init__(cause)
        self.error, self.cause = "States.TaskFailed", cause


@dataclass
class Walk:
    """One execution."""

    machine: dict[str, Any]
    results: Results
    context: dict[str, Any] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    status: str = "RUNNING"

    def run(self, data: Any) -> Walk:
        """Runs to an end."""
        try:
            self._states(self.machine, data)
            self.status = "SUCCEEDED"
        except TaskFailed:
            self.status = "FAILED"
        return self

    def _states(self, machine: dict[str, Any], data: Any) -> Any:
        name = machine["StartAt"]
        while True:
            self.visited.append(name)
            if len(self.visited) > LIMIT:
                raise AssertionError(f"no end in sight after {LIMIT} states")
            state = machine["States"][name]
            following, data = self._one(name, state, data)
            if following is None:
                return data
            name = following

    def _one(self, name: str, state: dict[str, Any], data: Any) -> tuple[str | None, Any]:
        if state["Type"] == "Fail":
            raise TaskFailed(state["Cause"])
        if state["Type"] == "Succeed":
            return None, data
        if state["Type"] == "Wait":
            return state["Next"], data
        if state["Type"] == "Choice":
            for choice in state["Choices"]:
                if self._holds(choice, data):
                    return choice["Next"], data
            return state["Default"], data
        if state["Type"] == "Pass":
            result = self._evaluate(state.get("Parameters", data), data) if "Parameters" in state else data
            return state.get("Next"), _placed(state, data, result)
        if state["Type"] in {"Task", "Map"}:
            try:
                result = self._work(name, state, data)
            except TaskFailed as failure:
                for catcher in state.get("Catch", []):
                    assert catcher["ErrorEquals"] == ["States.ALL"]
                    failed = {"Error": failure.error, "Cause": failure.cause}
                    return catcher["Next"], _placed(catcher, data, failed)
                raise
            return state.get("Next"), _placed(state, data, result)
        raise AssertionError(f"the type {state['Type']} is not known here")

    def _work(self, name: str, state: dict[str, Any], data: Any) -> Any:
        if state["Type"] == "Map":
            items = self._path(state["ItemsPath"], data)
            return [self._states(state["ItemProcessor"], copy.deepcopy(item)) for item in items]
        parameters = self._evaluate(state["Parameters"], data)
        result = self.results(name, self.visited.count(name) - 1, parameters)
        return self._evaluate(state["ResultSelector"], result) if "ResultSelector" in state else result

    def _evaluate(self, template: Any, data: Any) -> Any:
        if isinstance(template, dict):
            return {
                key.removesuffix(".$"): self._expression(value, data)
                if key.endswith(".$")
                else self._evaluate(value, data)
                for key, value in template.items()
            }
        if isinstance(template, list):
            return [self._evaluate(item, data) for item in template]
        return template

    def _expression(self, text: str, data: Any) -> Any:
        text = text.strip()
        if text.startswith("$"):
            return self._path(text, data)
        if text.startswith("'"):
            return text[1:-1]
        if re.fullmatch(r"-?\d+", text):
            return int(text)
        call = re.fullmatch(r"States\.(\w+)\((.*)\)", text, re.DOTALL)
        assert call, f"the expression {text} is not known here"
        arguments = [self._expression(part, data) for part in _split(call[2])]
        if call[1] == "UUID":
            return str(uuid.uuid4())
        if call[1] == "Format":
            assert arguments[0].count("{}") == len(arguments) - 1, text
            return arguments[0].format(*arguments[1:])
        if call[1] == "JsonToString":
            return json.dumps(arguments[0])
        if call[1] == "ArrayLength":
            return len(arguments[0])
        if call[1] == "ArrayGetItem":
            return arguments[0][arguments[1]]
        if call[1] == "MathAdd":
            return arguments[0] + arguments[1]
        raise AssertionError(f"the function {call[1]} is not known here")

    def _path(self, path: str, data: Any) -> Any:
        value = self.context if path.startswith("$$") else data
        parts = re.findall(r"\.(\w+)|\[(\d+|\*)\]", path.removeprefix("$").removeprefix("$"))
        for number, (key, index) in enumerate(parts):
            if index == "*":
                rest = "$" + "".join(f".{k}" if k else f"[{i}]" for k, i in parts[number + 1 :])
                return [self._path(rest, item) for item in value]
            try:
                value = value[key] if key else value[int(index)]
            except (KeyError, IndexError, TypeError):
                raise PathMissing(path) from None
        return value

    def _holds(self, choice: dict[str, Any], data: Any) -> bool:
        if "Or" in choice:
            return any(self._holds(part, data) for part in choice["Or"])
        ((operator, operand),) = [(key, value) for key, value in choice.items() if key not in {"Variable", "Next"}]
        if operator == "IsPresent":
            try:
                self._path(choice["Variable"], data)
            except PathMissing:
                return not operand
            return bool(operand)
        value = self._path(choice["Variable"], data)
        if operator in {"StringEquals", "BooleanEquals"}:
            return bool(value == operand)
        if operator == "StringEqualsPath":
            return bool(value == self._path(operand, data))
        if operator == "StringMatches":
            return fnmatch.fnmatchcase(value, operand)
        raise AssertionError(f"the operator {operator} is not known here")


class PathMissing(Exception):
    """A path that leads nowhere: at run time, States.ParameterPathFailure or States.Runtime."""


def _split(arguments: str) -> list[str]:
    parts, depth, quoted, start = [], 0, False, 0
    for place, character in enumerate(arguments):
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif not quoted and character == "," and depth == 0:
            parts.append(arguments[start:place])
            start = place + 1
    return [part for part in [*parts, arguments[start:]] if part.strip()]


def _placed(state: dict[str, Any], data: Any, result: Any) -> Any:
    path = state.get("ResultPath", "$")
    if path is None:
        return data
    if path == "$":
        return result
    (key,) = re.fullmatch(r"\$\.(\w+)", path).groups()  # type: ignore[union-attr]
    return {**data, key: result}
