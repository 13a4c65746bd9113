"""Reports exchanges that went wrong: answers that say the server failed, and requests that got no answer."""

from __future__ import annotations

import sys
from typing import Iterator

import glyph_bus
import glyph_plugin_v1_pb2 as pb

# The plugin's name, as in plugin.toml. The types of its findings begin with it.
NAME = "plugin-name"


def on_flow(event: pb.FlowEvent) -> Iterator[pb.Finding]:
    """What there is to say of one side of an exchange. An empty target is the flow's URL."""
    if event.HasField("error"):
        yield pb.Finding(
            type=f"{NAME}.failed",
            severity=pb.LOW,
            message=f"the exchange failed: {event.error.kind}",
            evidence=event.error.message,
        )
    if event.HasField("response") and event.response.status >= 500:
        yield pb.Finding(
            type=f"{NAME}.server-error",
            severity=pb.MED,
            message=f"the server answered {event.response.status}",
        )


if __name__ == "__main__":
    sys.exit(glyph_bus.run(on_flow, version="0.1.0", subscriptions=[pb.FLOW_RESPONSE]))
