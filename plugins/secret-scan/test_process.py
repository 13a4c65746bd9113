"""The plugin as a process: what glyphd sees of it."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import samples

HERE = pathlib.Path(__file__).parent
PATIENCE = 30
try:
    import glyph_plugin_v1_pb2 as pb
    from fake_daemon import FakeDaemon

    MISSING = ""
except ImportError as error:
    MISSING = f"{error}: python3 -m pip install -r requirements.txt"


def start(test: unittest.TestCase, **environ: str) -> subprocess.Popen:
    """The program as glyphd starts it; it ends with the test."""
    process = subprocess.Popen(
        [sys.executable, "secret_scan.py"],
        cwd=HERE,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    test.addCleanup(process.communicate)
    test.addCleanup(process.kill)
    return process


class Installation(unittest.TestCase):
    def test_without_grpc_it_says_what_to_install(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "grpc.py").write_text("raise ImportError('No module named grpc')\n")
            process = start(self, PYTHONPATH=folder)
            output, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, output), (2, ""))
        self.assertRegex(errors, r"\Asecret-scan: .*grpc.*: python3 -m pip install -r requirements.txt\n\Z")


@unittest.skipIf(MISSING, MISSING)
class Processes(unittest.TestCase):
    def start_at(self, daemon: FakeDaemon) -> subprocess.Popen:
        path = os.pathsep.join(filter(None, sys.path))
        return start(
            self,
            PYTHONPATH=path,
            GLYPH_BUS=daemon.address,
            GLYPH_PLUGIN_NAME="secret-scan",
            GLYPH_PLUGIN_TOKEN="token-1",
        )

    def test_a_life_from_hello_to_goodbye(self) -> None:
        daemon = FakeDaemon()
        self.addCleanup(daemon.stop)
        process = self.start_at(daemon)
        daemon.welcome()
        body = pb.Body(content=samples.github().encode())
        leak = pb.FlowEvent(flow_id="f", phase=pb.RESPONSE, response=pb.FlowResponse(body=body), raw=True)
        daemon.say(flow_event=leak)
        self.assertEqual(daemon.hear().finding.type, "secret-scan.github-token")
        daemon.say(goodbye=pb.Goodbye(reason="glyphd stops"))
        self.assertEqual((process.wait(PATIENCE), process.stderr.read(), process.stdout.read()), (0, "", ""))

    def test_term_ends_it(self) -> None:
        daemon = FakeDaemon()
        self.addCleanup(daemon.stop)
        process = self.start_at(daemon)
        daemon.welcome()
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM)

    def test_an_environment_that_glyphd_does_not_make_is_refused(self) -> None:
        path = os.pathsep.join(filter(None, sys.path))
        whole = {"GLYPH_BUS": "http://[::1]:1", "GLYPH_PLUGIN_NAME": "secret-scan", "GLYPH_PLUGIN_TOKEN": "t"}
        for change, what in (
            ({"GLYPH_PLUGIN_NAME": ""}, "GLYPH_PLUGIN_NAME is not set"),
            ({}, "neither unix:/path nor https://host:port: http://[::1]:1"),
            ({"GLYPH_BUS": "https://host.test:1", "GLYPH_BUS_CA": "/no/such/file"}, "/no/such/file: No such file"),
        ):
            process = start(self, PYTHONPATH=path, **{**whole, **change})
            _, errors = process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 2)
            self.assertIn(what, errors)
            self.assertEqual(errors.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
