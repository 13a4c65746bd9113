"""A small shop with a metric of its own. Faults can be planted by environment variables, see README.md."""

import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DELAY = float(os.environ.get("SHOP_DELAY_MS", "0")) / 1000
FAILS = os.environ.get("SHOP_FAILS") == "1"
STUCK = os.environ.get("SHOP_STUCK") == "1"

lock = threading.Lock()
open_orders = 0


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/metrics":
            text = "# TYPE shop_open_orders gauge\n# HELP shop_open_orders Orders that wait to be shipped\n"
            self.answer(200, text + f"shop_open_orders {open_orders}\n")
        else:
            self.answer(200, "lamps, chairs\n")

    def do_POST(self):
        global open_orders
        self.rfile.read(int(self.headers.get("content-length", "0")))
        time.sleep(DELAY)
        if FAILS:
            self.answer(500, "the database is away\n")
            return
        with lock:
            open_orders += 1
        self.answer(201, "ordered\n")
        if not STUCK:
            with lock:
                open_orders -= 1

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
