"""HTTP on a unix socket: what every plugin speaks. A driver is an object with `kind` and `calls`."""

import json
import os
import signal
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

MAX_BODY_BYTES = 16 * 1024 * 1024


class DriverError(Exception):
    """A failure with a message for the operator."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A request must arrive in this time, in seconds; between requests, engines keep connections open.
    timeout = 120

    def do_POST(self):
        try:
            size = int(self.headers.get("Content-Length") or -1)
        except ValueError:
            size = -1
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = self.read_chunks()
        elif size > MAX_BODY_BYTES:
            body = None
        else:
            body = self.rfile.read(max(size, 0))
        if body is None:
            self.close_connection = True
            return self.answer(413, {"Err": "the request is too large"})
        self.answer(*self.server.respond(self.path, body))

    def read_chunks(self):
        body = b""
        while True:
            try:
                size = int(self.rfile.readline(32).split(b";")[0], 16)
            except ValueError:
                return None
            if size < 0 or len(body) + size > MAX_BODY_BYTES:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(3)
            if size == 0:
                return body

    def answer(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.2+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Calls are not logged."""

    def address_string(self):
        return "engine"


class PluginServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path, driver):
        self.driver = driver
        try:
            # A socket that is left of a process that was killed.
            os.unlink(path)
        except FileNotFoundError:
            pass
        super().__init__(path, Handler)
        os.chmod(path, 0o660)

    def respond(self, path, body):
        """The status and the document that answer a call."""
        if path == "/Plugin.Activate":
            return 200, {"Implements": [self.driver.kind]}
        call = self.driver.calls.get(path)
        if call is None:
            return 404, {"Err": f"unknown call {path}"}
        try:
            request = json.loads(body or b"{}")
            if not isinstance(request, dict):
                raise ValueError("it is not an object")
        except (ValueError, RecursionError) as error:
            return 400, self.driver.failure(f"the request is not JSON: {error}")
        try:
            return 200, call(request)
        except DriverError as error:
            return 500, self.driver.failure(str(error))
        except Exception as error:  # A fault of the driver is an error of this call, not of the plugin.
            print(f"{path}: {error!r}", flush=True)
            return 500, self.driver.failure(f"{path} failed: {error}")


def text(request, name):
    """A field of a request that must be text."""
    value = request.get(name)
    if not isinstance(value, str) or value == "":
        raise DriverError(f'the request needs the text "{name}"')
    return value


def serve(name, driver):
    """Serve until SIGTERM."""
    path = os.environ.get("PLUGIN_SOCKET", f"/run/docker/plugins/{name}.sock")
    with PluginServer(path, driver) as server:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever()
    os.unlink(path)
