"""What things cost, over HTTP. Faults can be planted by environment variables, see README.md.

usage: service.py    (prints its port; ends when its input does)
"""

import json
import os
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

import tracing
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

DELAY = float(os.environ.get("PRICES_DELAY_MS", "0")) / 1000
FAILS = os.environ.get("PRICES_FAIL") == "1"
LEAKS = os.environ.get("PRICES_LEAK") == "1"

PRICES = {"lamp": 30, "chair": 45, "table": 120}
# In the form of a token of GitHub's, in parts so that it is none here.
TOKEN = "ghp_" + "x7Kq2Rv9Wt41SyD3m0NlyDem0NotAKey8Zb1"

asked = 0


def prices(environ, start_response):
    global asked
    asked += 1
    time.sleep(DELAY)
    item = environ["PATH_INFO"].rsplit("/", 1)[-1]
    if FAILS and asked % 3 == 0:
        status, answer = "500 Internal Server Error", {"error": "the database is away"}
    elif item not in PRICES:
        status, answer = "404 Not Found", {"error": f"no {item}"}
    else:
        status, answer = "200 OK", {"item": item, "price": PRICES[item]}
        if LEAKS:
            answer["debug"] = {"catalogue": f"fetched with {TOKEN}"}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


tracing.start("prices")
name = lambda span, environ: span.update_name(f"{environ['REQUEST_METHOD']} /prices/{{item}}")
server = make_server("127.0.0.1", 0, OpenTelemetryMiddleware(prices, request_hook=name), handler_class=Quiet)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
server.shutdown()
