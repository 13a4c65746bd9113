"""What tells a secret from something that only has its shape.

In: a match of a rule's pattern; its group `secret` is what has to stay secret. Out: whether it is worth a finding.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from typing import Match

# Below these a value is a word, an identifier or a test's filler.
LEAST_LENGTH = 16
LEAST_ENTROPY = 3.5
LEAST_ENTROPY_OF_HEX = 3.0
LEAST_DISTINCT = 6

_PLACEHOLDER = re.compile(
    rb"example|sample|dummy|fake|placeholder|change.?(?:me|this|it)|replace|insert|redacted|removed|hidden|masked"
    rb"|your|todo|foobar|lorem|xxxx|\*\*\*|\.\.\.|\$[({]|\{\{|\}\}|<%|%\(|#\{|[<>]|12345678|abcdefgh"
)
_COMMON_PASSWORDS = frozenset(
    b"pass password passwd pwd secret user username root admin test token null none undefined true false".split()
)
# In more random characters than these a short word turns up by chance.
_LOOKED_AT = 80
_HEX = re.compile(rb"[0-9a-fA-F-]+\Z")
_ESCAPES = re.compile(rb"\\+[rnt]|[\s\"'+,]")
_BASE64_START = re.compile(rb"[A-Za-z0-9+/=]{64}")
_UPPER_KEY = re.compile(rb"(?:^|[\n\r\"']|\\n)(?:export )?[A-Z0-9_]{0,40}$")
_SERVER_KEY = re.compile(rb"(?:server|data source|host|addr|address|user id|uid|database|initial catalog)\s?=", re.I)


def entropy(value: bytes) -> float:
    """Shannon's entropy of the bytes' frequencies, in bits for each byte; 0 for nothing."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())


def is_placeholder(value: bytes) -> bool:
    """Whether this stands where a secret would stand: `<token>`, `${TOKEN}`, `your-api-key`, `xxxx`, `…EXAMPLE`."""
    lower = value.lower()
    return lower in _COMMON_PASSWORDS or len(set(lower)) < 3 or _PLACEHOLDER.search(lower) is not None


def token(match: Match[bytes]) -> bool:
    """A provider's token: no placeholder, and not one character over and over."""
    secret = match["secret"]
    return len(set(secret[-16:])) >= LEAST_DISTINCT and not is_placeholder(secret[:_LOOKED_AT])


def password(match: Match[bytes]) -> bool:
    """A password where only a password can stand; it may be a weak one."""
    return not is_placeholder(match["secret"])


def random_value(match: Match[bytes]) -> bool:
    """A value whose name alone says that it is a secret: it has to look random, and not like a word, path or URL."""
    secret = match["secret"]
    least = LEAST_ENTROPY_OF_HEX if _HEX.match(secret) else LEAST_ENTROPY
    return (
        len(secret) >= LEAST_LENGTH
        and entropy(secret) >= least
        and re.search(rb"[0-9]", secret) is not None
        and re.search(rb"[A-Za-z]", secret) is not None
        and not secret.startswith((b"/", b"./", b"#"))
        and b"://" not in secret
        and not is_placeholder(secret)
    )


def upper_case_line(match: Match[bytes]) -> bool:
    """A random value in a line `UPPER_CASE_NAME=value`, as in an .env file."""
    before = match.string[max(0, match.start() - 64) : match.start()]
    return random_value(match) and _UPPER_KEY.search(before) is not None


def among_settings(match: Match[bytes]) -> bool:
    """A password in a connection string: its other settings stand around it."""
    around = match.string[max(0, match.start() - 200) : match.end() + 200]
    return password(match) and _SERVER_KEY.search(around) is not None


def private_key(match: Match[bytes]) -> bool:
    """The armour is followed by base64, and not by prose or dots."""
    start = _ESCAPES.sub(b"", match["secret"][:400])
    return _BASE64_START.match(start) is not None and len(set(start[:64])) >= LEAST_DISTINCT


def jwt(match: Match[bytes]) -> bool:
    """The first part decodes to a JOSE header with an algorithm that signs, the second to claims."""
    header, claims = (_json(part) for part in match["secret"].split(b".")[:2])
    alg = header.get("alg")
    return isinstance(alg, str) and alg.lower() not in ("", "none") and bool(claims)


def basic_credentials(match: Match[bytes]) -> bool:
    """It decodes to `user:password`."""
    _, colon, secret = _base64(match["secret"]).partition(b":")
    return bool(colon) and secret.isascii() and len(secret) > 2 and not is_placeholder(secret)


def _base64(value: bytes) -> bytes:
    """Decodes both alphabets of base64, with padding or without; nothing if it is not that."""
    padded = value.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(padded + b"=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _json(part: bytes) -> dict:
    """A JWT's part as an object; an empty one if it is not that."""
    try:
        value = json.loads(_base64(part))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
