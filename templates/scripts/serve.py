"""SageMaker's hosting contract over HTTP: `GET /ping` and `POST /invocations` on port 8080.

`/ping` answers 200 once the model is loaded and 503 before. No line of the log holds a part of a request: rows may be
personal data. `HOST`, `PORT` and `SM_MODEL_DIR` move the server and the model, which tests use.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

import inference

MAX_BODY = 6 * 1024 * 1024  # bytes; larger payloads belong in a batch transform

# Seconds of silence after which a connection is closed, so that a stalled client does not keep a thread.
SOCKET_TIMEOUT = 60


class Server(ThreadingHTTPServer):
    """An HTTP server with the model, or with None while it is being loaded."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], loaded: inference.Loaded | None = None) -> None:
        super().__init__(address, Handler)
        self.loaded = loaded


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "serve"
    sys_version = ""
    timeout = SOCKET_TIMEOUT

    def do_GET(self) -> None:
        """`/ping`."""
        self.started = time.monotonic()
        if self.path != "/ping":
            self.answer(404, {"error": "not found"})
        elif self.server.loaded is None:
            self.answer(503, {"error": "the model is being loaded"})
        else:
            self.answer(200, {})

    def do_POST(self) -> None:
        """`/invocations`."""
        self.started = time.monotonic()
        try:
            body = self.body()
            if self.path != "/invocations":
                raise inference.Rejected(404, "not found")
            if self.server.loaded is None:
                raise inference.Rejected(503, "the model is being loaded")
            request = inference.input_fn(body, self.headers.get("Content-Type"))
            prediction = inference.predict_fn(request, self.server.loaded)
            text, content_type = inference.output_fn(prediction, self.headers.get("Accept"))
        except inference.Rejected as rejected:
            self.answer(rejected.status, {"error": str(rejected)})
        except Exception as error:
            # The message of an error may quote a value of the request; its type and place do not.
            place = traceback.extract_tb(error.__traceback__)[-1]
            log({"error": type(error).__name__, "at": f"{Path(place.filename).name}:{place.lineno}"})
            self.answer(500, {"error": "internal error"})
        else:
            self.send(200, text.encode(), content_type)

    def body(self) -> bytes:
        """The request's body; a length that is missing, wrong or too large closes the connection."""
        length = self.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and int(length) <= MAX_BODY:
            return self.rfile.read(int(length))
        self.close_connection = True
        if not length:
            raise inference.Rejected(411, "a Content-Length is needed")
        if length.isascii() and length.isdigit():
            raise inference.Rejected(413, f"at most {MAX_BODY} bytes are answered at once")
        raise inference.Rejected(400, "the Content-Length is not a number")

    def answer(self, status: int, document: dict[str, Any]) -> None:
        """Sends a JSON document."""
        self.send(status, json.dumps(document).encode(), "application/json")

    def send(self, status: int, body: bytes, content_type: str) -> None:
        """Sends a response and logs it, but for the pings that succeed: there is one every few seconds."""
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if self.path != "/ping" or status != 200:
            milliseconds = round((time.monotonic() - self.started) * 1000)
            log({"method": self.command, "status": status, "bytes": len(body), "milliseconds": milliseconds})

    def log_message(self, format: str, *args: Any) -> None:
        """Drops the base class's lines: they quote the request line."""


def log(line: dict[str, Any]) -> None:
    """Writes one line of JSON to the container's log."""
    # One write: print() makes two, between which the line of another thread can come.
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def main() -> None:
    """Serves until SIGTERM; ends with an error if the model cannot be loaded."""
    # A container has to listen on every interface of its own network namespace.
    host = os.environ.get("HOST", "0.0.0.0")  # noqa: S104
    server = Server((host, int(os.environ.get("PORT", "8080"))))

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()  # shutdown() waits for serve_forever(), which this interrupts

    signal.signal(signal.SIGTERM, stop)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        server.loaded = inference.model_fn(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
        log({"listening": server.server_port})
        serving.join()
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
