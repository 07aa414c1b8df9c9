"""The HTTP server, in a process of its own on the loopback interface."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import serve
from conftest import SCRIPTS
from pipeline import Job

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of `bin/serve` with the packed model, and its log. It has to end by itself on SIGTERM."""
    folder = tmp_path_factory.mktemp("serve")
    model = job.unpack(folder / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(SCRIPTS), "SM_MODEL_DIR": str(model)}
    environment.update(HOST="127.0.0.1", PORT=str(port))
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen([SCRIPTS / "bin" / "serve"], env=environment, stderr=stream, stdout=stream)
        try:
            deadline = time.monotonic() + 60
            while not ready(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, "the server did not become ready"
                time.sleep(0.05)
            yield port, log
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def ready(port: int) -> bool:
    try:
        return call(port, "GET", "/ping")[0] == 200
    except OSError:
        return False


def call(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_raw_rows_get_the_predictions_of_the_evaluation(server: tuple[int, Path], job: Job) -> None:
    rows, labels = job.test_rows()
    status, document = call(server[0], "POST", "/invocations", json.dumps({"instances": rows}).encode(), JSON)
    assert status == 200
    lines = (job.processing / "evaluation" / "predictions" / "predictions.csv").read_text().splitlines()
    answers = [f"{row['probability']},{row['prediction']}" for row in document["predictions"]]
    assert lines == ["probability,prediction,label", *map(",".join, zip(answers, labels))]


def test_every_refusal_has_its_status_and_says_why_in_json(server: tuple[int, Path], job: Job) -> None:
    row = json.dumps(job.test_rows()[0][:1]).encode()
    cases = [
        (404, "not found", "POST", "/", row, JSON),
        (404, "not found", "GET", "/invocations", None, {}),
        (400, "the body is not JSON", "POST", "/invocations", b"{", JSON),
        (406, "answers are application/json", "POST", "/invocations", row, {**JSON, "Accept": "image/png"}),
        (413, "1001 rows", "POST", "/invocations", json.dumps([[1]] * 1001).encode(), JSON),
        (415, "content type 'text/xml'", "POST", "/invocations", row, {"Content-Type": "text/xml"}),
    ]
    for status, reason, *request in cases:
        found, document = call(server[0], *request)  # type: ignore[arg-type]
        assert found == status
        assert reason in document["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (f"Content-Length: {serve.MAX_BODY + 1}\r\n", 413),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: many\r\n", 400),
        ("Transfer-Encoding: chunked\r\n", 411),
    ],
)
def test_a_body_whose_length_is_not_good_is_not_read(headers: str, status: int, server: tuple[int, Path]) -> None:
    request = f"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\r\n"
    with socket.create_connection(("127.0.0.1", server[0]), timeout=20) as connection:
        connection.sendall(request.encode())
        received = b""
        while chunk := connection.recv(65536):  # until the server closes
            received += chunk
    assert received.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in received


def test_requests_are_answered_side_by_side_on_connections_that_stay_open(server: tuple[int, Path], job: Job) -> None:
    rows, _ = job.test_rows()
    body = json.dumps(rows).encode()
    answers: list[bytes] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server[0], timeout=20)
        for _ in range(5):
            connection.request("POST", "/invocations", body, JSON)
            answers.append(connection.getresponse().read())
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert len(set(answers)) == 1


def test_the_log_holds_no_part_of_a_request(server: tuple[int, Path]) -> None:
    port, log = server
    secret = "s3cr3t"
    call(port, "POST", f"/invocations?{secret}", b"[]", JSON)
    call(port, "POST", "/invocations", json.dumps([{secret: secret}]).encode(), {**JSON, "X-Name": secret})
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"{secret} / HTTP/1.1\r\n\r\n".encode())
        connection.recv(65536)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line.get("status") for line in lines} >= {400, 404}
    assert secret not in log.read_text()


@pytest.fixture
def empty() -> Iterator[serve.Server]:
    """A server in this process whose model is still being loaded."""
    server = serve.Server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_nothing_is_answered_before_the_model_is_loaded(empty: serve.Server) -> None:
    assert call(empty.server_port, "GET", "/ping")[0] == 503
    assert call(empty.server_port, "POST", "/invocations", b"[]", JSON)[0] == 503


def test_a_client_that_stops_talking_is_hung_up_on(empty: serve.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve.Handler, "timeout", 0.1)
    with socket.create_connection(("127.0.0.1", empty.server_port), timeout=20) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\n")
        assert connection.recv(1) == b""


def test_an_unforeseen_error_is_500_without_details(empty: serve.Server, capfd: pytest.CaptureFixture[str]) -> None:
    empty.loaded = "not a model"  # type: ignore[assignment]
    status, document = call(empty.server_port, "POST", "/invocations", b"[[1]]", JSON)
    assert (status, document) == (500, {"error": "internal error"})
    assert '{"error": "AttributeError", "at": "inference.py:' in capfd.readouterr().err


def test_a_model_that_cannot_be_loaded_ends_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("HOST", "127.0.0.1"), ("PORT", "0"), ("SM_MODEL_DIR", str(tmp_path))):
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(FileNotFoundError):
            serve.main()
    finally:
        signal.signal(signal.SIGTERM, before)
