"""The tests of the shop: a few seconds of visitors, through whatever proxy the environment names."""

import socket
import sys
import time
import urllib.error
import urllib.request

port = int(sys.argv[1])
while True:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        break
    except ConnectionRefusedError:
        time.sleep(0.02)

start = time.monotonic()
for visit in range(60):
    time.sleep(max(0, start + visit * 0.08 - time.monotonic()))
    body = b"lamp" if visit % 2 else None
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/orders" if body else f"http://127.0.0.1:{port}/", body).read()
    except urllib.error.HTTPError:
        pass  # That is for the check to find.
