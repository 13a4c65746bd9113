"""The plugin's process: its environment in, its exit code out.

0 after the daemon's goodbye, 2 if there is nothing to connect to or with. TERM ends it at once, as it ends any process.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import Mapping, Optional
from urllib.parse import urlsplit

# It writes of its own accord to stderr, which is the daemon's log.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
try:
    import grpc

    import report
    import session
except ImportError as missing:
    print(f"secret-scan: {missing}: python3 -m pip install -r requirements.txt", file=sys.stderr)
    sys.exit(2)


class Unusable(Exception):
    """The environment is not one that glyphd makes."""


class Tokens:
    """The lines of a descriptor, most often standard input: one for each time that the plugin may connect anew."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""

    def newest(self) -> Optional[str]:
        """Waits for a line, and takes the last of those that are there; None at the end."""
        lines: list[bytes] = []
        while not lines or select.select([self._fd], [], [], 0)[0]:
            chunk = os.read(self._fd, 4096)
            if not chunk:
                break
            *complete, self._rest = (self._rest + chunk).split(b"\n")
            lines += [line.strip() for line in complete if line.strip()]
        return lines[-1].decode("ascii", "replace") if lines else None


def connect(environ: Mapping[str, str]) -> grpc.Channel:
    """A channel to the bus at GLYPH_BUS: `unix:/path`, or `https://host:port` with the root in GLYPH_BUS_CA."""
    address = _variable(environ, "GLYPH_BUS")
    options = (("grpc.max_receive_message_length", session.MESSAGE_LIMIT), ("grpc.enable_http_proxy", 0))
    if address.startswith("unix:"):
        # Recent releases of gRPC would name the socket's path as the authority, percent-encoded, which is no host: the
        # daemon's HTTP library refuses the call as malformed.
        return grpc.insecure_channel(address, (*options, ("grpc.default_authority", "localhost")))
    url = urlsplit(address)
    if url.scheme != "https" or not url.netloc:
        raise Unusable(f"GLYPH_BUS is neither unix:/path nor https://host:port: {address}")
    path, root = environ.get("GLYPH_BUS_CA"), None
    if path:
        try:
            with open(path, "rb") as file:
                root = file.read()
        except OSError as error:
            raise Unusable(f"GLYPH_BUS_CA: {path}: {error.strerror}") from None
    return grpc.secure_channel(url.netloc, grpc.ssl_channel_credentials(root), options)


def run(environ: Mapping[str, str], scan: session.Scan = report.findings) -> int:
    """Lives session after session until a goodbye, or until there are no more tokens. Returns the exit code."""
    tokens = Tokens(int(environ.get("GLYPH_PLUGIN_TOKENS_FD", "0")))
    trace = environ.get("TRACEPARENT", "")
    try:
        name = _variable(environ, "GLYPH_PLUGIN_NAME")
        token: Optional[str] = _variable(environ, "GLYPH_PLUGIN_TOKEN")
        while token:
            with connect(environ) as channel:
                try:
                    session.run(channel, name, token, scan, trace)
                    return 0
                except session.Broken as error:
                    report.say(str(error))
            token = tokens.newest()
    except Unusable as error:
        report.say(str(error))
        return 2
    report.say("there is no token to connect anew with: standard input has ended")
    return 2


def _variable(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise Unusable(f"{name} is not set: a plugin is started by glyphd")
    return environ[name]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(run(os.environ))
