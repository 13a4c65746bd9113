"""The plugin against a daemon that a test plays."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import pathlib
import re
import threading
import unittest

import samples

HERE = pathlib.Path(__file__).parent
try:
    # The first: it sets what gRPC reads when it is imported.
    from fake_daemon import PATIENCE, TRACE, FakeDaemon, Plugin

    import glyph_plugin_v1_pb2 as pb
    import session

    MISSING = ""
except ImportError as error:
    MISSING = f"{error}: python3 -m pip install -r requirements.txt"

FLOW_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def event(flow_id: str, content: bytes = b"", headers: tuple = (), **body: object) -> pb.FlowEvent:
    """A raw response."""
    response = pb.FlowResponse(
        status=200,
        headers=[pb.Header(name=name, value=value) for name, value in headers],
        body=pb.Body(content=content, size=len(content), **body),
    )
    return pb.FlowEvent(flow_id=flow_id, phase=pb.RESPONSE, response=response, raw=True)


@unittest.skipIf(MISSING, MISSING)
class WithDaemon(unittest.TestCase):
    def setUp(self) -> None:
        self.daemon = FakeDaemon()
        self.addCleanup(self.daemon.stop)
        self.log = io.StringIO()
        redirected = contextlib.redirect_stderr(self.log)
        redirected.__enter__()
        self.addCleanup(redirected.__exit__, None, None, None)

    def busy_plugin(self) -> tuple[Plugin, threading.Event]:
        """A plugin that looks through the flow `slow` until it is released."""
        release = threading.Event()
        self.addCleanup(release.set)

        def scan(event: pb.FlowEvent) -> list[pb.Finding]:
            release.wait(PATIENCE)
            return []

        plugin = Plugin(self.daemon, scan)
        self.daemon.welcome()
        self.daemon.say(flow_event=event("slow"))
        return plugin, release

    def say_goodbye(self, plugin: Plugin) -> None:
        self.daemon.say(goodbye=pb.Goodbye(reason="glyphd stops"))
        self.assertEqual(plugin.code(), 0)


class Sessions(WithDaemon):
    def test_the_handshake_says_what_the_manifest_says(self) -> None:
        plugin = Plugin(self.daemon)
        manifest = (HERE / "plugin.toml").read_text()
        grant = self.daemon.grants.get(timeout=PATIENCE)
        self.assertEqual((grant.protocol_version, grant.plugin, grant.token), (1, "secret-scan", "token-1"))
        named = [pb.Capability.Name(c) for c in grant.requested]
        self.assertEqual(named, re.findall(r'"(CAP_\w+)"', manifest))
        hello = self.daemon.welcome().hello
        metadata = self.daemon.streams.get(timeout=PATIENCE)
        self.assertEqual((metadata["glyph-session"], metadata["traceparent"]), ("secret of token-1", TRACE))
        self.assertEqual((hello.protocol_version, hello.plugin), (1, "secret-scan"))
        self.assertIn(f'version = "{hello.version}"', manifest)
        named = [pb.Subscription.Name(s) for s in hello.subscriptions]
        self.assertEqual(named, re.findall(r'"(FLOW_\w+)"', manifest))
        self.assertEqual(hello.max_message_bytes, session.MESSAGE_LIMIT)
        self.say_goodbye(plugin)
        self.assertEqual(self.log.getvalue(), "")

    def test_a_message_of_the_largest_size_arrives(self) -> None:
        plugin = Plugin(self.daemon, scan=lambda event: [])
        self.daemon.welcome()
        self.daemon.say(flow_event=event("f", bytes(session.MESSAGE_LIMIT - 1024)))
        self.assertEqual(self.daemon.hear().flow_done.flow_id, "f")
        self.say_goodbye(plugin)

    def test_a_heartbeat_is_answered_while_a_scan_goes_on(self) -> None:
        plugin, release = self.busy_plugin()
        self.daemon.say(heartbeat=pb.Heartbeat(), traceparent=FLOW_TRACE)
        answer = self.daemon.hear()
        self.assertEqual((answer.WhichOneof("message"), answer.traceparent), ("heartbeat", FLOW_TRACE))
        release.set()
        self.assertEqual(self.daemon.hear().flow_done.flow_id, "slow")
        self.say_goodbye(plugin)

    def test_goodbye_is_heeded_while_a_scan_goes_on(self) -> None:
        plugin, _ = self.busy_plugin()
        self.say_goodbye(plugin)

    def test_a_scan_that_fails_is_done_too_and_quotes_nothing(self) -> None:
        def fail(event: pb.FlowEvent) -> list:
            raise ValueError("hunter2")

        plugin = Plugin(self.daemon, scan=fail)
        self.daemon.welcome()
        self.daemon.say(flow_event=event("f"))
        self.assertEqual(self.daemon.hear().flow_done.flow_id, "f")
        self.say_goodbye(plugin)
        self.assertEqual(self.log.getvalue(), "secret-scan: the flow f could not be looked through: ValueError\n")

    def test_what_is_not_granted_is_said_and_nothing_is_reported(self) -> None:
        self.daemon.denied = {pb.CAP_EMIT_FINDINGS, pb.CAP_FLOW_INSPECT_RAW}
        plugin = Plugin(self.daemon)
        self.daemon.welcome()
        self.daemon.say(flow_event=event("f", samples.github().encode()))
        self.assertEqual(self.daemon.hear().flow_done.flow_id, "f")
        self.say_goodbye(plugin)
        what = "not granted, so nothing will be reported: CAP_EMIT_FINDINGS, CAP_FLOW_INSPECT_RAW"
        self.assertEqual(self.log.getvalue(), f"secret-scan: {what}\n")

    def test_refusals_are_logged(self) -> None:
        plugin = Plugin(self.daemon)
        self.daemon.welcome()
        self.daemon.say(refused=pb.Refused(flow_id="f", type="secret-scan.jwt", reason="the audit\nis full"))
        self.say_goodbye(plugin)
        self.assertEqual(self.log.getvalue(), "secret-scan: refused: secret-scan.jwt f the audit is full\n")


class Reconnections(WithDaemon):
    def test_a_broken_stream_is_taken_up_with_the_newest_token(self) -> None:
        plugin = Plugin(self.daemon)
        self.daemon.welcome()
        plugin.hand("stale\ntoken-2\nincompl")
        self.daemon.break_stream()
        self.assertEqual(self.daemon.welcome().hello.plugin, "secret-scan")
        self.daemon.say(flow_event=event("after", samples.github().encode()))
        self.assertEqual(self.daemon.hear().finding.flow_id, "after")
        self.assertEqual(self.daemon.hear().flow_done.flow_id, "after")
        self.say_goodbye(plugin)
        self.assertEqual([self.daemon.grants.get_nowait().token for _ in range(2)], ["token-1", "token-2"])
        self.assertIn("UNAVAILABLE: the daemon broke the stream", self.log.getvalue())

    def test_a_refused_token_is_followed_by_the_next(self) -> None:
        plugin = Plugin(self.daemon, token="used-up")
        self.daemon.grants.get(timeout=PATIENCE)
        plugin.hand("tok")
        plugin.hand("en-2\n")
        self.daemon.welcome()
        self.say_goodbye(plugin)
        self.assertIn("PERMISSION_DENIED: the token is used up", self.log.getvalue())

    def test_without_another_token_the_exit_code_is_2(self) -> None:
        plugin = Plugin(self.daemon)
        self.daemon.welcome()
        plugin.close_tokens()
        self.daemon.break_stream()
        self.assertEqual(plugin.code(), 2)
        self.assertIn("standard input has ended", self.log.getvalue())

    def test_a_stream_without_a_welcome_counts_as_broken(self) -> None:
        plugin = Plugin(self.daemon)
        self.daemon.hear()
        plugin.close_tokens()
        self.daemon.say(heartbeat=pb.Heartbeat())
        self.assertEqual(plugin.code(), 2)
        self.assertIn("welcome", self.log.getvalue())


class Findings(WithDaemon):
    def answers(self, event: pb.FlowEvent) -> list[pb.Finding]:
        """What the plugin finds in one event; checks that FlowDone comes last, and the trace context."""
        plugin = Plugin(self.daemon)
        self.daemon.welcome()
        self.daemon.say(flow_event=event, traceparent=FLOW_TRACE)
        findings = []
        while (answer := self.daemon.hear()).HasField("finding"):
            self.assertEqual((answer.traceparent, answer.finding.flow_id), (FLOW_TRACE, event.flow_id))
            findings.append(answer.finding)
        self.assertEqual(answer.traceparent, FLOW_TRACE)
        done = answer.flow_done
        self.assertEqual((done.flow_id, done.phase, done.raw), (event.flow_id, event.phase, event.raw))
        self.say_goodbye(plugin)
        return findings

    def test_a_secret_in_a_body(self) -> None:
        secret = samples.github()
        (finding,) = self.answers(event("f", b"token: " + secret.encode()))
        self.assertEqual((finding.type, finding.severity), ("secret-scan.github-token", pb.CRIT))
        self.assertEqual(finding.message, "the response carries a GitHub token, in the body, at byte 7")
        self.assertEqual(finding.evidence, "github-token: ghp_… (40 characters)")
        self.assertEqual(dict(finding.metadata), {"rule": "github-token", "place": "body", "offset": "7"})
        self.assertEqual(finding.target, "")
        self.assertNotIn(secret[6:], str(finding))

    def test_a_secret_in_a_header_but_not_in_a_cookie(self) -> None:
        headers = (
            ("Set-Cookie", b"session=" + samples.jwt().encode()),
            ("Location", b"https://app:aB3dE6gH@host.test/\xff"),
        )
        (finding,) = self.answers(event("f", b"", headers))
        self.assertEqual(finding.message, "the response carries a URL with its password, in the header Location")
        self.assertEqual(finding.evidence, "url-password: fewer than 16 characters")
        self.assertEqual(dict(finding.metadata), {"rule": "url-password", "place": "header Location"})

    def test_a_secret_in_a_body_that_is_packed_and_cut(self) -> None:
        packed = gzip.compress(f"{samples.private_key()}\n{os.urandom(9999).hex()}".encode())
        headers = (("content-type", b"text/plain"), ("Content-Encoding", b"gzip"))
        (finding,) = self.answers(event("f", packed[: len(packed) // 2], headers, truncated=True))
        self.assertEqual(finding.type, "secret-scan.private-key")
        self.assertEqual((finding.metadata["decoded"], finding.metadata["truncated"]), ("gzip", "true"))

    def test_an_exchange_without_a_response(self) -> None:
        failed = pb.FlowError(kind="connect_refused", origin="upstream", message="refused")
        self.assertEqual(self.answers(pb.FlowEvent(flow_id="f", phase=pb.RESPONSE, error=failed, raw=True)), [])

    def test_a_sanitised_event_and_an_unknown_encoding_are_answered_too(self) -> None:
        sanitised = event("f", samples.github().encode(), (("content-encoding", b"aes128gcm"),))
        sanitised.raw = False
        self.assertEqual(self.answers(sanitised), [])


if __name__ == "__main__":
    unittest.main()
