"""The rules and what is told of a match: what they find, what they leave alone, and how long they take."""

from __future__ import annotations

import time
import unittest

import checks
import samples
import scan
from rules import RULES


def found(text: str) -> list[str]:
    """The rules that find something in a body."""
    return [claim.rule.id for claim in scan.claims([scan.Place("body", text.encode())])]


class Rules(unittest.TestCase):
    def test_each_rule_finds_its_secret_and_no_other_rule_does(self) -> None:
        texts = samples.of_each_rule()
        self.assertEqual(set(texts), {rule.id for rule in RULES})
        for rule, variants in texts.items():
            for text in variants:
                for whole in (text, f"<p>{text}</p>", f"x = {text} \n"):
                    with self.subTest(rule=rule, text=whole):
                        self.assertEqual(found(whole), [rule])

    def test_rules_have_names_of_their_own_and_known_severities(self) -> None:
        self.assertEqual(len({rule.id for rule in RULES}), len(RULES))
        self.assertLessEqual({rule.severity for rule in RULES}, {"INFO", "LOW", "MED", "HIGH", "CRIT"})
        for rule in RULES:
            self.assertIn("secret", rule.pattern.groupindex, rule.id)
            if rule.any_case:
                self.assertEqual(rule.hints, tuple(hint.lower() for hint in rule.hints), rule.id)

    def test_placeholders_are_left_alone(self) -> None:
        for text in (
            "AK" + "IAIOSFODNN7EXAMPLE",
            "gh" + "p_" + "x" * 36,
            "gh" + "p_" + "0" * 36,
            "AI" + "za" + "A" * 35,
            "sk" + "_live_" + "1234567890abcdefghijklmn",
            'api_key = "your-api-key-goes-here-1"',
            'password: "${DB_PASSWORD_OF_2024}"',
            '"secret": "<token-of-your-app-1>"',
            '"password": "{{ vault_password_1 }}"',
            "https://user:password@host.test/",
            "https://user:$" + "{PASSWORD}@host.test/",
            "postgres://app:changeme@db.test/x",
            "Authorization: Bearer <token>",
            "Authorization: Bearer YOUR_ACCESS_TOKEN_HERE",
            "Authorization: Basic dXNlcjpwYXNzd29yZA==",
            "DB_PASSWORD=glyph-redacted-0123abcd4567",
            "-----" + "BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
            "-----" + "BEGIN PRIVATE KEY-----\n" + "A" * 640 + "\n-----END PRIVATE KEY-----",
            "-----" + "BEGIN PRIVATE KEY----- and then the base64 of the key, which goes on some lines, and the end",
        ):
            with self.subTest(text=text):
                self.assertEqual(found(text), [])

    def test_what_only_looks_alike_is_left_alone(self) -> None:
        digits = samples.filler(samples.HEX, 40)
        for text in (
            f"x{samples.github()}",
            "npm_" + samples.filler(samples.ALNUM, 40),
            "A" + "KIA" + samples.filler(samples.UPPER, 24),
            "task-SK" + samples.filler(samples.HEX, 40),
            samples.private_key().replace("PRIVATE", "PUBLIC"),
            samples.jwt({"typ": "JWT", "alg": "none"}),
            samples.jwt({"typ": "JWT"}),
            "eyJ" + samples.filler(samples.URL_SAFE, 30) + ".eyJ" + samples.filler(samples.URL_SAFE, 30) + "." + digits,
            "https://host.test:8443/a@b",
            "https://medium.test/@writer:about",
            "https://fonts.test/css?family=Sans:400,700@2",
            '{"password": "Please choose a password"}',
            '{"passwordLabel": "forgot_password_link_2"}',
            '{"secretName": "projects/1/secrets/database-2"}',
            '{"password": "forgot-your-credentials"}',
            '{"apiKey": "/api/v2/keys/b81a9d77e0"}',
            '{"api_key": "aaaaaaaa11111111"}',
            "?password=hunter22hunter22&x=1",
            "if(SECRET=f(a1b2c3d4e5f6g7h8i9)){}",
            "access-control-allow-headers: authorization, x-bearer-" + digits,
        ):
            with self.subTest(text=text):
                self.assertEqual(found(text), [])

    def test_entropy(self) -> None:
        self.assertEqual(checks.entropy(b""), 0)
        self.assertEqual(checks.entropy(b"aaaa"), 0)
        self.assertEqual(checks.entropy(b"abcdabcd"), 2)

    def test_the_time_is_linear_in_the_text(self) -> None:
        # Each is the beginning of something, over and over; a quadratic pattern would take minutes or hours.
        starts = [hint.decode() for rule in RULES for hint in rule.hints]
        starts += ["eyJa-", "eyJaaaaaaaaaaaa.", "%41eyJ", "ghs_.", "https://a:", "jdbc:a?", 'secret="', "A" * 99]
        began = time.process_time()
        for start in starts:
            found(start * ((256 << 10) // len(start)))
        self.assertLess(time.process_time() - began, 60)


class Claims(unittest.TestCase):
    def test_a_claim_says_where_and_masks_what(self) -> None:
        secret = samples.github()
        place = scan.Place("header x-debug", b"x-debug: " + secret.encode())
        other = "gl" + "pat-" + samples.filler(samples.URL_SAFE, 20)
        claims = scan.claims([place, scan.Place("body", f"ä {other}".encode())])
        self.assertEqual([(c.place, c.offset) for c in claims], [("header x-debug", None), ("body", 3)])
        self.assertEqual(claims[0].evidence, "github-token: ghp_… (40 characters)")

    def test_of_a_short_secret_nothing_is_shown(self) -> None:
        self.assertEqual(scan.masked("r", b"hunter2"), "r: fewer than 16 characters")
        self.assertEqual(scan.masked("r", b"\n\xff~a" + b"b" * 12), "r: ??~a… (16 characters)")

    def test_no_claim_holds_its_secret(self) -> None:
        for rule, variants in samples.of_each_rule().items():
            text = variants[0].encode()
            (match,) = [m for r in RULES if r.id == rule for m in r.matches(text, text.lower())]
            (claim,) = scan.claims([scan.Place("body", text)])
            self.assertNotIn(match["secret"][5:12].decode(), claim.evidence + claim.rule.what + claim.place)

    def test_a_secret_is_told_once(self) -> None:
        token = samples.github()
        places = [scan.Place("header a", token.encode()), scan.Place("body", f'{token} api_key="{token}"'.encode())]
        self.assertEqual([(c.rule.id, c.place) for c in scan.claims(places)], [("github-token", "header a")])

    def test_the_worst_come_first_and_not_too_many(self) -> None:
        tokens = range(scan.MOST_CLAIMS + 9)
        many = " ".join("AI" + "za" + samples.filler(samples.URL_SAFE, 35, seed) for seed in tokens)
        rules = found(f"{many} {samples.github()}")
        self.assertEqual(len(rules), scan.MOST_CLAIMS)
        self.assertEqual(rules[:2], ["github-token", "google-api-key"])


if __name__ == "__main__":
    unittest.main()
