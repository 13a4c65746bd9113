"""How the plugin reaches the bus: over a socket, over TLS."""

from __future__ import annotations

import contextlib
import io
import shutil
import socket
import tempfile
import types
import unittest

try:
    from fake_daemon import PATIENCE, FakeDaemon, Plugin

    import glyph_plugin_v1_pb2 as pb

    MISSING = ""
except ImportError as error:
    MISSING = f"{error}: python3 -m pip install -r requirements.txt"


@unittest.skipIf(MISSING, MISSING)
class Connections(unittest.TestCase):
    @unittest.skipUnless(shutil.which("openssl"), "openssl, which makes the certificate, is not installed")
    def test_a_bus_with_tls_is_trusted_by_its_root(self) -> None:
        daemon = FakeDaemon(tls=True)
        self.addCleanup(daemon.stop)
        plugin = Plugin(daemon)
        daemon.welcome()
        daemon.say(goodbye=pb.Goodbye(reason="glyphd stops"))
        self.assertEqual(plugin.code(), 0)

    def test_over_a_socket_the_authority_is_a_host(self) -> None:
        log = contextlib.redirect_stderr(io.StringIO())
        with log, tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
            server.bind(f"{folder}/bus")
            server.listen()
            server.settimeout(PATIENCE)
            plugin = Plugin(types.SimpleNamespace(address=f"unix:{folder}/bus", ca=""))
            plugin.close_tokens()
            connection, _ = server.accept()
            with connection:
                connection.settimeout(PATIENCE)
                # An empty frame SETTINGS: the client waits for one before it calls.
                connection.sendall(b"\0\0\0\4\0\0\0\0\0")
                received = b""
                while b"/GrantCapabilities" not in received:
                    chunk = connection.recv(4096)
                    self.assertNotEqual(chunk, b"", received)
                    received += chunk
            self.assertEqual(plugin.code(), 2)
        self.assertIn(b"localhost", received)
        self.assertNotIn(b"%2F", received)


if __name__ == "__main__":
    unittest.main()
