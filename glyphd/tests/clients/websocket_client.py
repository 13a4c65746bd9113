"""A WebSocket client that has its messages sent back; prints what was agreed on and how it ended.

usage: websocket_client.py URL PROXY CA HOW
"""
import ssl
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

url, proxy, ca, how = sys.argv[1:]
context = ssl.create_default_context(cafile=ca) if url.startswith("wss:") else None
with connect(url, proxy=proxy, ssl=context, max_size=None) as socket:
    for message in ("hello", b"\0\1\2" * 70_000, "many words " * 100_000, ""):
        socket.send(message)
        assert socket.recv(timeout=20) == message
    # A message in three frames.
    socket.send(["in ", "three ", "parts"])
    assert socket.recv(timeout=20) == "in three parts"
    assert socket.ping().wait(20)
    if how == "server":
        socket.send("close, please")
        try:
            socket.recv(timeout=20)
        except ConnectionClosed:
            pass
    else:
        socket.close(1000, "enough")
    print([extension.name for extension in socket.protocol.extensions], socket.close_code)
