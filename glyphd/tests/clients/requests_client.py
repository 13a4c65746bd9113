"""requests, told of the proxy and the CA by its environment: prints a line for each exchange.

usage: requests_client.py BASE
"""
import sys

import requests

base = sys.argv[1]
with requests.Session() as session:
    for path in ("/a", "/gzip"):
        answer = session.get(base + path, timeout=20)
        print(answer.status_code, answer.text)
    answer = session.post(base + "/upload", data=(b"x" * 1000 for _ in range(100)), timeout=20)
    print(answer.status_code, answer.text)
