"""Proxies to be measured, each a process of its own: glyphd, and whatever it is held against.

In: the tools, an origin. Out: where a proxy listens, what it has used, what is wrong with what it has left behind. Not
here: the load.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.request

from .measure import Failed
from .plugins import cpu, free_port, listens

# Who takes no more CPU time than that in a quarter of a second, in seconds, is at rest.
AT_REST = 0.001

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    upstream plain {{ server {http}; keepalive 64; keepalive_requests 1000000000; }}
    upstream secured {{ server {https}; keepalive 64; keepalive_requests 1000000000; }}
    proxy_http_version 1.1; proxy_set_header Connection "";
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://plain; }} }}
    server {{
        listen 127.0.0.1:{tls_port} ssl; ssl_certificate {origin}/server.pem; ssl_certificate_key {origin}/server.key;
        location / {{
            proxy_pass https://secured; proxy_ssl_trusted_certificate {origin}/ca.pem; proxy_ssl_verify on;
            proxy_ssl_name localhost; proxy_ssl_server_name on;
        }}
    }}
}}
"""


class Process:
    """A process under way, with a folder to itself."""

    def __init__(self, argv, says_where=False, folder=None):
        self.folder = folder or tempfile.TemporaryDirectory()
        self.log = pathlib.Path(self.folder.name) / "log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(argv, stdout=subprocess.PIPE if says_where else log, stderr=log)
        self.where = json.loads(self.child.stdout.readline() or "{}") if says_where else {}
        if says_where and not self.where:
            raise Failed(f"{argv[0]}: {self.log.read_text()[-2000:]}")

    def cpu(self):
        """User and system time so far, in seconds, once it has come to rest."""
        before, end = 0, time.monotonic() + 20
        while (now := cpu(self.child.pid)) - before > AT_REST and time.monotonic() < end:
            before = now
            time.sleep(0.25)
        return now

    def memory(self, which="VmRSS"):
        """In bytes; `VmHWM` is the most there ever was."""
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text(encoding="utf-8")
        found = re.search(rf"{which}:\s*(\d+)", status)
        if not found:
            raise Failed(f"a proxy has ended: {self.log.read_text(encoding='utf-8')[-1000:]}")
        return int(found[1]) * 1024

    def files(self):
        """How many are open."""
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(60)
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.folder.cleanup()


class Origin(Process):
    """Serves pages until the end."""

    def __init__(self, tools):
        folder = tempfile.TemporaryDirectory()
        super().__init__([tools.capture_bench, "origin", folder.name], says_where=True, folder=folder)
        self.ca = pathlib.Path(folder.name) / "ca.pem"
        self.http, self.https = self.where["http"], self.where["https"]


class Proxy(Process):
    """A proxy: `address` takes plain requests and CONNECT, `ca` is what clients have to trust."""

    # Whether clients ask it as if it were the origin.
    direct = False
    # How many times fewer requests it gets than others, for being slow.
    slower = 1

    @property
    def address(self):
        return self.where["proxy"]

    def wrong(self, requests):
        """What is wrong with what it has recorded of so many requests; it is stopped for that."""
        self.stop()
        return []


class Bare(Proxy):
    def __init__(self, tools, _origin, *options):
        super().__init__([tools.capture_bench, "bare", *options], says_where=True)


class Hudsucker(Proxy):
    def __init__(self, tools, origin, *options):
        folder = tempfile.TemporaryDirectory()
        self.ca = pathlib.Path(folder.name) / "ca.pem"
        super().__init__([tools.capture_bench, "hudsucker", self.ca, origin.ca, *options], True, folder)


class Glyphd(Proxy):
    """`recorded`: none, flows, or flows and spans; and further flags."""

    def __init__(self, tools, origin, recorded=(), intercepts=False, flags=()):
        folder, port, metrics = tempfile.TemporaryDirectory(dir=tools.cache), free_port(), free_port()
        at = pathlib.Path(folder.name)
        self.files_kept = {what: at / f"{what}.jsonl" for what in recorded}
        argv = [tools.glyphd, "--proxy-addr", f"127.0.0.1:{port}", "--metrics-addr", f"127.0.0.1:{metrics}"]
        argv += ["--plugin-addr", at / "plugins.sock", "--control-addr", at / "control.sock"]
        for what, file in self.files_kept.items():
            argv += [f"--{what}-file", file]
        argv += flags
        if intercepts:
            argv += ["--ca-dir", at / "ca", "--upstream-ca", origin.ca]
        super().__init__(argv, folder=folder)
        self.where, self.metrics_address = {"proxy": f"127.0.0.1:{port}"}, f"127.0.0.1:{metrics}"
        listens(port)
        self.ca = certificate(at / "ca") if intercepts else None

    def metrics(self, accept):
        """A scrape."""
        request = urllib.request.Request(f"http://{self.metrics_address}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def wrong(self, requests):
        early = self.child.poll() is not None
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(60)
        log = self.log.read_text(encoding="utf-8")[-1000:]
        said = [f"it ended {'unasked ' if early else ''}with {code}: {log}"] if early or code else []
        if flows := self.files_kept.get("flow"):
            with open(flows, "rb") as file:
                count = sum(1 for _ in file)
            if count != requests:
                said.append(f"{count} flows are in the file, of {requests} requests")
        self.folder.cleanup()
        return said


class Mitmdump(Proxy):
    """mitmproxy without a face, its flows written to a file."""

    slower = 20

    def __init__(self, tools, origin):
        folder, port = tempfile.TemporaryDirectory(dir=tools.cache), free_port()
        argv = [tools.mitmdump_if_any, "--quiet", "--listen-host", "127.0.0.1", "--listen-port", str(port)]
        argv += ["--set", f"confdir={folder.name}", "--set", f"ssl_verify_upstream_trusted_ca={origin.ca}"]
        super().__init__([*argv, "-w", f"{folder.name}/flows"], folder=folder)
        self.where = {"proxy": f"127.0.0.1:{port}"}
        listens(port)
        self.ca = pathlib.Path(folder.name) / "mitmproxy-ca-cert.pem"


class Nginx(Proxy):
    """A reverse proxy: it knows its origin beforehand, and nothing is written."""

    direct = True

    def __init__(self, tools, origin, secured=False):
        folder, ports = tempfile.TemporaryDirectory(), (free_port(), free_port())
        config = pathlib.Path(folder.name) / "nginx.conf"
        hosts = {"http": origin.http.partition("//")[2], "https": origin.https.partition("//")[2]}
        text = NGINX.format(folder=folder.name, port=ports[0], tls_port=ports[1], origin=origin.ca.parent, **hosts)
        config.write_text(text, encoding="utf-8")
        super().__init__([tools.nginx, "-c", config, "-e", f"{folder.name}/error.log"], folder=folder)
        self.where = {"proxy": f"127.0.0.1:{ports[secured]}"}
        listens(ports[secured])
        self.ca = origin.ca


def certificate(folder):
    """The authority's certificate in a folder in which its key is, too."""
    for file in sorted(folder.iterdir()):
        text = file.read_text(encoding="utf-8", errors="replace")
        if "BEGIN CERTIFICATE" in text and "PRIVATE KEY" not in text:
            return file
    raise Failed(f"no certificate in {folder}")
