"""The life of a plugin on Glyph's bus, the same for every plugin: from the token to the daemon's goodbye.

In: the variables that glyphd sets, and a function from a flow event to findings. The stream is read in the main thread,
which answers heartbeats; the function runs in another, so that it may take its time. There it may `fetch`.
"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Callable, Iterable, Iterator, Optional, Sequence

# Its own lines would stand between the plugin's.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
import grpc  # noqa: E402

import glyph_plugin_v1_pb2 as pb  # noqa: E402
import glyph_plugin_v1_pb2_grpc as bus  # noqa: E402

OnFlow = Callable[[pb.FlowEvent], Iterable[pb.Finding]]

PROTOCOL_VERSION = 1
# The largest message that is taken, in bytes. Bodies that would not fit are cut by the daemon, and say so.
MESSAGE_LIMIT = 64 << 20
# How long the daemon may take to grant a session, in seconds, and how much longer than a fetch to answer for it.
PATIENCE = 10
# The longest part of a body in one message, in bytes.
PART = 256 << 10


@dataclass
class Fetched:
    """A whole response to a request of the plugin's own."""

    status: int = 0
    # Names as they came, with values as bytes.
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    body: bytes = b""
    # Where it came from, after redirects.
    url: str = ""


class NotFetched(Exception):
    """There is no response. `why` is a word from a closed set, such as DENIED_ADDRESS or FAILED_TIMEOUT."""

    def __init__(self, why: str, message: str):
        super().__init__(f"{why}: {message}")
        self.why = why


# The netgate and the metadata of the session that is open, and the traceparent of the event that is looked at.
_outlet: Optional[tuple[bus.NetgateStub, list[tuple[str, str]]]] = None
_traceparent = ""


def fetch(
    event: pb.FlowEvent,
    url: str,
    method: str = "GET",
    headers: Sequence[tuple[str, bytes]] = (),
    body: bytes = b"",
    timeout: float = 30,
) -> Fetched:
    """Sends a request for that flow, through the daemon, and returns the whole response. Raises NotFetched.

    It takes CAP_HTTP_PASSIVE (GET and HEAD, to the flow's own origin) or CAP_HTTP_ACTIVE.
    """
    if _outlet is None:
        raise NotFetched("FAILED_STOPPED", "there is no session")
    netgate, metadata = _outlet
    head = pb.FetchHead(
        method=method,
        url=url,
        headers=[pb.Header(name=name, value=value) for name, value in headers],
        flow_id=event.flow_id,
        timeout_ms=max(1, int(timeout * 1000)),
    )
    parts = (pb.FetchRequest(body=body[at : at + PART]) for at in range(0, len(body), PART))
    messages = iter([pb.FetchRequest(head=head), *parts])
    trace = [("traceparent", _traceparent)] if _traceparent else []
    fetched = Fetched()
    content = []
    try:
        for answer in netgate.Fetch(messages, metadata=[*metadata, *trace], timeout=timeout + PATIENCE):
            kind = answer.WhichOneof("message")
            if kind == "head":
                fetched.status, fetched.url = answer.head.status, answer.head.url
                fetched.headers = [(header.name, header.value) for header in answer.head.headers]
            elif kind == "body":
                content.append(answer.body)
            elif answer.end.HasField("denied"):
                denied = answer.end.denied
                raise NotFetched(pb.DenialReason.Name(denied.reason), denied.message)
            elif answer.end.HasField("failed"):
                failed = answer.end.failed
                raise NotFetched(pb.FailureKind.Name(failed.kind), failed.message)
    except grpc.RpcError as error:
        raise NotFetched(error.code().name, error.details()) from None
    fetched.body = b"".join(content)
    return fetched


def run(
    on_flow: OnFlow,
    version: str,
    subscriptions: Sequence[int],
    capabilities: Sequence[int] = (pb.CAP_EMIT_FINDINGS, pb.CAP_FLOW_INSPECT),
) -> int:
    """Lives one session after the other. Returns the exit code: 0 after a goodbye."""
    for token in _tokens():
        with _channel() as channel:
            try:
                _session(channel, token, on_flow, version, subscriptions, capabilities)
                return 0
            except grpc.RpcError as error:
                print(f"the session broke: {error.code().name}: {error.details()}", file=sys.stderr, flush=True)
    return 2


def _tokens() -> Iterator[str]:
    """The first token, then one line of standard input for each time that the plugin may connect anew."""
    yield os.environ["GLYPH_PLUGIN_TOKEN"]
    if os.environ.get("GLYPH_PLUGIN_TOKENS_FD") == "0":
        for line in sys.stdin:
            yield line.strip()


def _channel() -> grpc.Channel:
    address = os.environ["GLYPH_BUS"]
    options = [("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.enable_http_proxy", 0)]
    if address.startswith("unix:"):
        # A socket's path is no host name, and would be sent as one.
        return grpc.insecure_channel(address, [*options, ("grpc.default_authority", "localhost")])
    with open(os.environ["GLYPH_BUS_CA"], "rb") as roots:
        credentials = grpc.ssl_channel_credentials(roots.read())
    return grpc.secure_channel(address.removeprefix("https://"), credentials, options)


def _session(
    channel: grpc.Channel,
    token: str,
    on_flow: OnFlow,
    version: str,
    subscriptions: Sequence[int],
    capabilities: Sequence[int],
) -> None:
    """One session, to the goodbye. Raises grpc.RpcError if it breaks."""
    global _outlet
    name = os.environ["GLYPH_PLUGIN_NAME"]
    stub = bus.PluginBusStub(channel)
    grant = stub.GrantCapabilities(
        pb.GrantCapabilitiesRequest(
            protocol_version=PROTOCOL_VERSION, plugin=name, token=token, requested=capabilities
        ),
        timeout=PATIENCE,
    )
    hello = pb.Hello(
        protocol_version=PROTOCOL_VERSION,
        plugin=name,
        version=version,
        subscriptions=subscriptions,
        max_message_bytes=MESSAGE_LIMIT,
    )
    # What goes to the daemon; None ends the stream.
    out: SimpleQueue[Optional[pb.PluginMessage]] = SimpleQueue()
    out.put(pb.PluginMessage(hello=hello))
    # Flow events that wait for the plugin's code: at most 64, as the daemon sends no more ahead of the answers.
    events: SimpleQueue[Optional[pb.BusMessage]] = SimpleQueue()
    metadata = [("glyph-session", grant.session_secret)]
    _outlet = (bus.NetgateStub(channel), metadata)
    worker = threading.Thread(target=_work, args=(events, out, on_flow), daemon=True)
    worker.start()
    try:
        for message in stub.EventStream(iter(out.get, None), metadata=metadata):
            kind = message.WhichOneof("message")
            if kind == "flow_event":
                events.put(message)
            elif kind == "heartbeat":
                out.put(pb.PluginMessage(heartbeat=pb.Heartbeat(), traceparent=message.traceparent))
            elif kind == "refused":
                refused = message.refused
                print(f"refused: {refused.type} {refused.flow_id}: {refused.reason}", file=sys.stderr, flush=True)
            elif kind == "goodbye":
                return
    finally:
        _outlet = None
        events.put(None)
        out.put(None)


def _work(events: SimpleQueue, out: SimpleQueue, on_flow: OnFlow) -> None:
    """Answers each event with what was found in it, and then FlowDone."""
    global _traceparent
    while (message := events.get()) is not None:
        event, _traceparent = message.flow_event, message.traceparent
        try:
            for finding in on_flow(event):
                finding.flow_id = event.flow_id
                out.put(pb.PluginMessage(finding=finding, traceparent=message.traceparent))
        except Exception as error:
            print(f"flow {event.flow_id}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        done = pb.FlowDone(flow_id=event.flow_id, phase=event.phase, raw=event.raw)
        out.put(pb.PluginMessage(flow_done=done, traceparent=message.traceparent))
