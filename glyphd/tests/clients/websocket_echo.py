"""A WebSocket server that sends back what it gets, compressed if the client likes; prints its port.

usage: websocket_echo.py [CERTIFICATE KEY]
"""
import ssl
import sys

from websockets.sync.server import serve


def echo(socket):
    for message in socket:
        if message == "close, please":
            socket.close(4001, "as you like")
        socket.send(message)


context = None
if len(sys.argv) > 1:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
with serve(echo, "127.0.0.1", 0, ssl=context, max_size=None) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
