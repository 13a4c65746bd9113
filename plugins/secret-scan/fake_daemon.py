"""The daemon's side of the bus, for the tests: it says what it is told to say, and keeps what it hears."""

from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Iterator, Optional

# With its support for forks a process that a test starts may abort before it is the program (seen with Python 3.9).
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
import grpc

import glyph_plugin_v1_pb2 as pb
import glyph_plugin_v1_pb2_grpc as bus
import secret_scan
import session

# For whatever a test waits for, in seconds. It only passes if something is wrong.
PATIENCE = 30
# The trace context that a plugin is started with.
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
# Instead of a message: the stream ends with an error.
BREAK = object()


class FakeDaemon(bus.PluginBusServicer):
    """A server at a socket of its own. `say` puts a message on the stream, `hear` waits for the plugin's next."""

    def __init__(self, tls: bool = False) -> None:
        self._dir = tempfile.TemporaryDirectory()
        self.address = f"unix:{self._dir.name}/bus"
        self.denied: set[int] = set()
        self.ca = f"{self._dir.name}/cert.pem" if tls else ""
        self.grants: Queue = Queue()
        self.streams: Queue = Queue()
        self._heard: Queue = Queue()
        self._to_say: Queue = Queue()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        bus.add_PluginBusServicer_to_server(self, self._server)
        if tls:
            port = self._server.add_secure_port("localhost:0", self._credentials())
            self.address = f"https://localhost:{port}"
        else:
            self._server.add_insecure_port(self.address)
        self._server.start()

    def stop(self) -> None:
        self._to_say.put(None)
        self._server.stop(0).wait(PATIENCE)
        self._dir.cleanup()

    def _credentials(self) -> grpc.ServerCredentials:
        key = pathlib.Path(self._dir.name, "key.pem")
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        command = ["openssl", "req", "-x509", *kind, *subject, "-keyout", str(key), "-out", self.ca]
        subprocess.run(command, check=True, capture_output=True)
        return grpc.ssl_server_credentials([(key.read_bytes(), pathlib.Path(self.ca).read_bytes())])

    def GrantCapabilities(self, request, context) -> pb.GrantCapabilitiesResponse:
        self.grants.put(request)
        granted = [capability for capability in request.requested if capability not in self.denied]
        if request.token == "used-up":
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "the token is used up")
        return pb.GrantCapabilitiesResponse(session_secret=f"secret of {request.token}", granted=granted)

    def EventStream(self, requests: Iterator, context) -> Iterator[pb.BusMessage]:
        self.streams.put(dict(context.invocation_metadata()))
        threading.Thread(target=self._listen, args=(requests,), daemon=True).start()
        while (message := self._to_say.get()) is not None:
            if message is BREAK:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the daemon broke the stream")
            yield message

    def _listen(self, requests: Iterator) -> None:
        try:
            for message in requests:
                self._heard.put(message)
        except grpc.RpcError:
            pass

    def say(self, traceparent: str = "", **message) -> None:
        self._to_say.put(pb.BusMessage(traceparent=traceparent, **message))

    def break_stream(self) -> None:
        self._to_say.put(BREAK)

    def hear(self) -> pb.PluginMessage:
        return self._heard.get(timeout=PATIENCE)

    def welcome(self) -> pb.PluginMessage:
        """Hears the Hello and answers it."""
        hello = self.hear()
        self.say(welcome=pb.Welcome(protocol_version=1, subscriptions=[pb.FLOW_RESPONSE_RAW]))
        return hello


class Plugin:
    """The plugin in a thread of this process, with a pipe for its tokens."""

    def __init__(self, daemon: FakeDaemon, scan: Optional[session.Scan] = None, token: str = "token-1") -> None:
        environ = {"GLYPH_BUS": daemon.address, "GLYPH_BUS_CA": daemon.ca}
        environ |= {"GLYPH_PLUGIN_NAME": "secret-scan", "GLYPH_PLUGIN_TOKEN": token}
        self._read, self._write = os.pipe()
        environ |= {"GLYPH_PLUGIN_TOKENS_FD": str(self._read), "TRACEPARENT": TRACE}
        self._codes: Queue = Queue()
        more = {} if scan is None else {"scan": scan}
        threading.Thread(target=lambda: self._codes.put(secret_scan.run(environ, **more)), daemon=True).start()

    def hand(self, lines: str) -> None:
        os.write(self._write, lines.encode())

    def close_tokens(self) -> None:
        os.close(self._write)
        self._write = -1

    def code(self) -> int:
        """Waits for its end and returns its exit code."""
        code = self._codes.get(timeout=PATIENCE)
        os.close(self._read)
        if self._write >= 0:
            self.close_tokens()
        return code
