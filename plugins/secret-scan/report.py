"""From a flow event to findings.

In: an event of the bus. Out: findings for the bus. Their target is left to the daemon, which has the URL without the
secrets in it.
"""

from __future__ import annotations

import sys
from typing import Iterable, Optional

import body
import glyph_plugin_v1_pb2 as pb
import scan

# Cookies are secrets by design, and whoever gets one is meant to.
_SKIPPED_HEADERS = frozenset(("set-cookie", "set-cookie2"))
_LONGEST_NAME = 100
_LONGEST_LINE = 300
_MODULES = {"br": "brotli>=1.2", "zstd": "zstandard"}
_told: set[str] = set()


def say(message: str) -> None:
    """One short line for the daemon's log."""
    line = " ".join(message.split())[:_LONGEST_LINE]
    print(f"secret-scan: {line}", file=sys.stderr, flush=True)


def findings(event: pb.FlowEvent) -> list[pb.Finding]:
    """The secrets in the event's response, if it has one."""
    if not event.HasField("response"):
        return []
    text = _text(event.response)
    places = [*_places("header", event.response.headers), *_places("trailer", event.response.trailers)]
    if text:
        places.append(scan.Place("body", text.content))
    return [_finding(event.flow_id, claim, text) for claim in scan.claims(places)]


def _finding(flow_id: str, claim: scan.Claim, text: Optional[body.Text]) -> pb.Finding:
    where = f"in the {claim.place}" if claim.offset is None else f"in the body, at byte {claim.offset}"
    metadata = {"rule": claim.rule.id, "place": claim.place}
    if claim.offset is not None:
        metadata["offset"] = str(claim.offset)
        if text and text.encodings:
            metadata["decoded"] = ", ".join(text.encodings)
        if text and text.partial:
            metadata["truncated"] = "true"
    return pb.Finding(
        flow_id=flow_id,
        type=f"secret-scan.{claim.rule.id}",
        severity=pb.Severity.Value(claim.rule.severity),
        message=f"the response carries {claim.rule.what}, {where}",
        evidence=claim.evidence,
        metadata=metadata,
    )


def _places(kind: str, headers: Iterable[pb.Header]) -> Iterable[scan.Place]:
    for header in headers:
        if header.name.lower() not in _SKIPPED_HEADERS:
            name = header.name[:_LONGEST_NAME]
            yield scan.Place(f"{kind} {name}", name.encode() + b": " + header.value)


def _text(response: pb.FlowResponse) -> Optional[body.Text]:
    """The body's text. What can't be decoded is told once for each encoding that a module would help with."""
    if not response.body.content:
        return None
    headers = [(h.name.lower(), h.value.decode("latin-1")) for h in response.headers]
    content_type = next((value for name, value in headers if name == "content-type"), "")
    encoding = ",".join(value for name, value in headers if name == "content-encoding")
    try:
        return body.text_of(response.body.content, content_type, encoding, response.body.truncated)
    except body.Undecodable as error:
        name = str(error)
        if name in _MODULES and name not in _told:
            _told.add(name)
            say(f"bodies in {name} are not looked through: python3 -m pip install '{_MODULES[name]}'")
        return None
