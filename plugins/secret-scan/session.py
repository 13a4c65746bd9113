"""One session on the plugin bus: from the token to the goodbye.

Three threads: the caller's reads the stream and answers heartbeats, a second one looks through the events one after the
other, and gRPC's own sends what both put into one queue. So an answer never waits for a scan.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Callable, Iterator, Optional

import grpc

import glyph_plugin_v1_pb2 as pb
import glyph_plugin_v1_pb2_grpc as bus
from body import LIMIT
from report import say

PROTOCOL_VERSION = 1
VERSION = "0.1.0"
SUBSCRIPTION = pb.FLOW_RESPONSE_RAW
CAPABILITIES = (pb.CAP_EMIT_FINDINGS, pb.CAP_FLOW_INSPECT, pb.CAP_FLOW_INSPECT_RAW)
# The largest message, in bytes: what is looked through of a body, and room for the rest.
MESSAGE_LIMIT = LIMIT + (2 << 20)
# For the connection and the grant together, in seconds.
_PATIENCE = 10

Scan = Callable[[pb.FlowEvent], list[pb.Finding]]
Outgoing = SimpleQueue[Optional[pb.PluginMessage]]


class Broken(Exception):
    """The session could not be had, or ended without a goodbye; the message says why."""


def run(channel: grpc.Channel, name: str, token: str, scan: Scan, traceparent: str = "") -> str:
    """Lives one session and returns the reason of the daemon's goodbye. Raises Broken.

    `traceparent` is what the calls as a whole belong to; messages have the trace context of what they answer.
    """
    stub = bus.PluginBusStub(channel)
    request = pb.GrantCapabilitiesRequest(
        protocol_version=PROTOCOL_VERSION, plugin=name, token=token, requested=CAPABILITIES
    )
    trace = [("traceparent", traceparent)] if traceparent else []
    out: Outgoing = SimpleQueue()
    hello = pb.Hello(
        protocol_version=PROTOCOL_VERSION,
        plugin=name,
        version=VERSION,
        subscriptions=[SUBSCRIPTION],
        max_message_bytes=MESSAGE_LIMIT,
    )
    out.put(pb.PluginMessage(hello=hello))
    try:
        grant = stub.GrantCapabilities(request, timeout=_PATIENCE, wait_for_ready=True, metadata=trace)
        missing = [pb.Capability.Name(c) for c in CAPABILITIES if c not in grant.granted]
        if missing:
            say(f"not granted, so nothing will be reported: {', '.join(missing)}")
        stream = stub.EventStream(iter(out.get, None), metadata=[*trace, ("glyph-session", grant.session_secret)])
        return _serve(stream, out, scan if not missing else lambda event: [])
    except grpc.RpcError as error:
        raise Broken(f"{error.code().name}: {error.details()}") from None
    finally:
        out.put(None)


def _serve(stream: Iterator[pb.BusMessage], out: Outgoing, scan: Scan) -> str:
    """Reads until the goodbye."""
    events: SimpleQueue[Optional[pb.BusMessage]] = SimpleQueue()
    over = threading.Event()
    threading.Thread(target=_work, args=(events, over, out, scan), name="scan", daemon=True).start()
    try:
        first = next(stream, None)
        if first is None or not first.HasField("welcome"):
            raise Broken("the bus did not begin with a welcome")
        for message in stream:
            kind = message.WhichOneof("message")
            if kind == "heartbeat":
                out.put(pb.PluginMessage(heartbeat=pb.Heartbeat(), traceparent=message.traceparent))
            elif kind == "flow_event":
                events.put(message)
            elif kind == "refused":
                refused = message.refused
                say(" ".join(filter(None, ("refused:", refused.type, refused.flow_id, refused.reason))))
            elif kind == "goodbye":
                return message.goodbye.reason
        raise Broken("the stream ended without a goodbye")
    finally:
        over.set()
        events.put(None)


def _work(events: SimpleQueue, over: threading.Event, out: Outgoing, scan: Scan) -> None:
    """Answers each event with its findings and then FlowDone, in the events' order."""
    while (message := events.get()) is not None and not over.is_set():
        for answer in _answers(message.flow_event, scan):
            answer.traceparent = message.traceparent
            out.put(answer)


def _answers(event: pb.FlowEvent, scan: Scan) -> Iterator[pb.PluginMessage]:
    try:
        yield from (pb.PluginMessage(finding=finding) for finding in scan(event))
    except Exception as error:
        # Its text may quote what was looked through.
        say(f"the flow {event.flow_id} could not be looked through: {type(error).__name__}")
    yield pb.PluginMessage(flow_done=pb.FlowDone(flow_id=event.flow_id, phase=event.phase, raw=event.raw))
