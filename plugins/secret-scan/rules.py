"""The rules: what a secret looks like, by the shapes that the providers have published.

In: bytes. Out: matches. A pattern is only tried where one of its rule's hints stands, and its quantifiers are bounded,
so the time is linear in the text. The specific rules come first: whoever takes a secret only once takes it from the
rule that knows most about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Iterator, Match, Pattern

import checks

# Where a token may begin: not within a word, but after an escape such as `\n`, `%3D`, `\u0026`.
_START = rb"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9a-fA-F]{4}))"
# Where one of a fixed length ends.
_END = rb"(?![A-Za-z0-9_-])"
_SLASH = rb"\\?/"
_EOL = rb"(?:\\{1,4}[rn]|\s){1,8}"
_QUOTE = rb"\\{0,3}[\"'`]"
_ARMOUR = rb"(?:(?:Version|Comment|Hash|Charset): [^\r\n\\]{1,80}" + _EOL + rb"){0,3}(?P<secret>[^-]{64,16384})"
_USER = rb"[^\s/:@\"'`<>\\?#&]{0,64}"
_AUTHORIZATION = rb"authorization(?:" + _QUOTE + rb")?\s{0,4}[:=,]\s{0,4}(?:" + _QUOTE + rb")?"
_PASSWORD = rb"(?P<secret>[^\s/:@\"'`<>\\?#&]{4,256})"


@dataclass(frozen=True)
class Rule:
    """One kind of secret. `what` follows "the response carries". With `any_case` the hints are in lower case."""

    id: str
    severity: str
    what: str
    hints: tuple[bytes, ...]
    pattern: Pattern[bytes]
    check: Callable[[Match[bytes]], bool]
    any_case: bool = False

    def matches(self, text: bytes, lower: bytes) -> Iterator[Match[bytes]]:
        """What this rule takes for a secret in `text`; `lower` is the same in lower case."""
        place = lower if self.any_case else text
        for hint in self.hints:
            at = place.find(hint)
            while at >= 0:
                match = self.pattern.match(text, at)
                if match and self.check(match):
                    yield match
                at = place.find(hint, match.end() if match else at + len(hint))


def _token(id: str, severity: str, what: str, hints: str, shape: bytes, ends: bool = True) -> Rule:
    """A token that stands by itself. With `ends` nothing of a word may follow: for shapes of a fixed length."""
    pattern = re.compile(_START + rb"(?P<secret>" + shape + rb")" + (_END if ends else b""))
    return Rule(id, severity, what, tuple(hints.encode().split()), pattern, checks.token)


def _named(id: str, severity: str, what: str, hints: str, pattern: bytes, check: Callable, flags: int = re.I) -> Rule:
    """A secret that is known by what stands before it."""
    lower = bool(flags & re.I)
    return Rule(id, severity, what, tuple(hints.encode().split(b"|")), re.compile(pattern, flags), check, lower)


_TOKENS = (
    _token("github-token", "CRIT", "a GitHub token", "ghp_ gho_ ghu_ ghr_", rb"gh[pour]_[A-Za-z0-9]{36,251}", False),
    # Since 2026 `ghs_APPID_JWT` too, some 520 characters long.
    _token("github-app-token", "CRIT", "a GitHub installation token", "ghs_", rb"ghs_[A-Za-z0-9._-]{36,2000}", False),
    _token("github-fine-grained-token", "CRIT", "a fine-grained GitHub token", "github_pat_",
           rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _token("gitlab-token", "CRIT", "a GitLab token", "glpat- gldt- glrt- glptt- glcbt- gloas- glagent- glsoat-",
           rb"gl(?:pat|dt|rt|ptt|cbt|oas|agent|soat)-[A-Za-z0-9_.-]{20,300}", False),
    _token("slack-token", "CRIT", "a Slack token", "xoxa- xoxb- xoxc- xoxd- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs-",
           rb"(?<!xoxe\.)xox(?:e\.xox[bp]|[a-eoprs])-[A-Za-z0-9%-]{16,300}", False),
    _token("slack-app-token", "CRIT", "a Slack app-level token", "xapp-", rb"xapp-[0-9]-[A-Za-z0-9-]{20,200}", False),
    _token("slack-webhook", "HIGH", "the URL of a Slack webhook", "hooks.slack.com",
           rb"hooks\.slack\.com" + _SLASH + rb"(?:services|workflows|triggers)" + _SLASH + rb"[A-Z0-9]{8,14}" + _SLASH
           + rb"[A-Z0-9]{8,24}" + _SLASH + rb"[A-Za-z0-9\\/]{16,64}", False),
    _token("stripe-live-key", "CRIT", "a Stripe key of the live mode", "sk_live_ rk_live_",
           rb"[sr]k_live_[A-Za-z0-9]{16,247}", False),
    _token("sendgrid-key", "CRIT", "a SendGrid API key", "SG.", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _token("npm-token", "CRIT", "an npm token", "npm_", rb"npm_[A-Za-z0-9]{36}"),
    # A macaroon whose location is pypi.org or test.pypi.org.
    _token("pypi-token", "CRIT", "a PyPI token", "pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZw",
           rb"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}", False),
    # Anthropic documents the prefixes, not the length.
    _token("anthropic-key", "CRIT", "an Anthropic API key", "sk-ant-",
           rb"sk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{40,200}", False),
    _token("google-oauth-token", "HIGH", "a Google OAuth access token", "ya29.",
           rb"ya29\.[A-Za-z0-9._-]{20,2000}", False),
    _token("aws-access-key-id", "HIGH", "an AWS access key id", "AKIA ASIA", rb"A[KS]IA[A-Z0-9]{16}"),
    _token("twilio-key-sid", "MED", "the SID of a Twilio API key", "SK", rb"SK[0-9a-f]{32}"),
    # Many of them are in pages by design; what they may do is limited elsewhere, or is not.
    _token("google-api-key", "MED", "a Google API key", "AIza", rb"AIza[A-Za-z0-9_-]{35}"),
)

_KEYS = (
    _named("private-key", "CRIT", "a private key", "-----BEGIN ",
           rb"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY(?: BLOCK)?-----" + _EOL + _ARMOUR,
           checks.private_key, 0),
    _named("private-key-encrypted", "MED", "an encrypted private key", "-----BEGIN ",
           rb"-----BEGIN (?:ENCRYPTED PRIVATE KEY-----|[A-Z]{2,3} PRIVATE KEY-----" + _EOL + rb"Proc-Type: 4,ENCRYPTED"
           + _EOL + rb"DEK-Info: [^\r\n\\]{1,80})" + _EOL + _ARMOUR, checks.private_key, 0),
    _named("aws-secret-access-key", "CRIT", "an AWS secret access key", "secret_access_key|secretaccesskey",
           rb"secret_?access_?key(?:" + _QUOTE + rb")?(?:\s{0,4}[:=]\s{0,4}|>)(?:" + _QUOTE + rb")?"
           rb"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", checks.random_value),
)

_CREDENTIALS = (
    _named("database-url", "CRIT", "a database's URL with its password",
           "postgres:|postgresql:|mysql:|mariadb:|mongodb:|mongodb+srv:|redis:|rediss:|amqp:|amqps:|mssql:|sqlserver:"
           "|clickhouse:|cockroachdb:",
           rb"[a-z+]{4,12}:" + _SLASH + _SLASH + _USER + rb":" + _PASSWORD + rb"@[A-Za-z0-9\[]", checks.password),
    _named("jdbc-url", "CRIT", "a JDBC URL with its password", "jdbc:",
           rb"jdbc:[^\s\"'<>]{4,340}?[?&;]password=(?P<secret>[^\s\"'<>&;\\]{4,128})", checks.password),
    _named("connection-string", "CRIT", "a database's connection string with its password", "password=|pwd=",
           rb"(?:password|pwd)=(?P<secret>[^\s;\"'<>&\\]{4,128})(?=\s{0,2}(?:[;\"'`<\\]|\Z))", checks.among_settings),
    _named("url-password", "HIGH", "a URL with its password", "http:|https:|ftp:|ftps:|sftp:|ssh:",
           rb"[a-z]{3,5}:" + _SLASH + _SLASH + _USER + rb":" + _PASSWORD + rb"@[A-Za-z0-9\[]", checks.password),
    _named("jwt", "LOW", "a JSON Web Token", "eyJ",
           _START + rb"(?P<secret>eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{16,1400})",
           checks.jwt, 0),
    _named("authorization-bearer", "MED", "the value of an Authorization header", "authorization",
           _AUTHORIZATION + rb"bearer\s{1,2}(?P<secret>[A-Za-z0-9._~+/-]{16,4000}={0,2})", checks.token),
    _named("authorization-basic", "HIGH", "the value of an Authorization header", "authorization",
           _AUTHORIZATION + rb"basic\s{1,2}(?P<secret>[A-Za-z0-9+/_-]{8,400}={0,2})", checks.basic_credentials),
    _named("environment-line", "MED", "a line of an environment file with a secret",
           "PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|APP_KEY|PRIVATE_KEY|ACCESS_KEY",
           rb"[A-Z_]{5,30}=[\"']?(?P<secret>[^\s\"'`#(){};,<>\\]{16,200})(?:[\"']|(?=\s|\\[rn]|<|\Z))",
           checks.upper_case_line, 0),
    _named("named-secret", "LOW", "a value that is named a secret",
           "password|passwd|secret|api_key|api-key|apikey|access_key|access-key|accesskey|private_key|privatekey",
           rb"(?:passw(?:or)?d|secret|(?:api|access|private)[_-]?key)(?:[_-]?(?:key|value|token|hash))?[0-9]{0,2}"
           rb"(?:" + _QUOTE + rb")?\s{0,4}(?::|=>?)\s{0,4}" + _QUOTE
           + rb"(?P<secret>[A-Za-z0-9_.~!@#$%^&*+/=-]{16,128})" + _QUOTE, checks.random_value),
)

RULES: tuple[Rule, ...] = _TOKENS + _KEYS + _CREDENTIALS
