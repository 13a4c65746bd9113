"""Secrets for the tests, put together when they run so that no scanner trips over these files. None was ever in use."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import Optional

ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
URL_SAFE = ALNUM + "-_"
STANDARD = ALNUM + "+/"


def filler(alphabet: str, length: int, seed: int = 1) -> str:
    """Characters that look random, and are the same each time. The last one is a letter or digit."""
    choose = random.Random(seed)
    return "".join(choose.choices(alphabet, k=length - 1)) + choose.choice(sorted(set(alphabet) & set(ALNUM)))


def jwt(header: Optional[dict] = None) -> str:
    parts = [header or {"typ": "JWT", "alg": "HS256"}, {"sub": "1234567890", "iat": 1516239022}]
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*encoded, filler(URL_SAFE, 43)])


def private_key(kind: str = "RSA ", eol: str = "\n", head: str = "", length: int = 640) -> str:
    text = "MII" + filler(STANDARD, length)
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    label = kind + "PRIVATE" + " KEY"
    return eol.join(["-----" + f"BEGIN {label}-----", *([head] if head else []), *lines, f"-----END {label}-----"])


def github() -> str:
    return "gh" + "p_" + filler(ALNUM, 36)


def of_each_rule() -> dict[str, list[str]]:
    """For each rule texts in which it, and no other, finds one secret."""
    password = filler(ALNUM, 12)
    return {
        "github-token": [github(), f'{{"a":"x\\n{github()}"}}', f"https://host.test/?t%3D{github()}"],
        "github-app-token": ["gh" + "s_" + filler(ALNUM, 36), "gh" + "s_" + "123456_" + jwt()],
        "github-fine-grained-token": ["github" + "_pat_" + filler(ALNUM, 22) + "_" + filler(ALNUM, 59)],
        "gitlab-token": ["gl" + "pat-" + filler(URL_SAFE, 20), "gl" + "rt-" + filler(URL_SAFE, 27) + ".01.1j0abcd1x"],
        "slack-token": [
            "xo" + f"xb-390215468713-5093846127561-{filler(ALNUM, 24)}",
            "xo" + f"xe.xoxp-1-{filler(ALNUM, 60)}",
        ],
        "slack-app-token": ["xa" + f"pp-1-A03KX81ZQ-5093846127561-{filler(HEX, 64)}"],
        "slack-webhook": [
            "https://hooks.slack" + f".com/services/T{filler(UPPER, 8)}/B{filler(UPPER, 10)}/{filler(ALNUM, 24)}",
            "hooks.slack" + f".com\\/services\\/T{filler(UPPER, 8)}\\/B{filler(UPPER, 8)}\\/{filler(ALNUM, 24)}",
        ],
        "stripe-live-key": ["sk" + "_live_" + filler(ALNUM, 24), "rk" + "_live_" + filler(ALNUM, 99)],
        "sendgrid-key": ["S" + f"G.{filler(URL_SAFE, 22)}.{filler(URL_SAFE, 43, 2)}"],
        "npm-token": ["np" + "m_" + filler(ALNUM, 36)],
        "pypi-token": ["py" + "pi-AgEIcHlwaS5vcmc" + filler(URL_SAFE, 150)],
        "anthropic-key": ["sk" + "-ant-api03-" + filler(URL_SAFE, 95)],
        "google-oauth-token": ["ya" + "29." + filler(URL_SAFE, 160)],
        "aws-access-key-id": ["AK" + "IA" + filler(UPPER, 16), "AS" + "IA" + filler(UPPER, 16)],
        "twilio-key-sid": ["S" + "K" + filler(HEX, 32)],
        "google-api-key": ["AI" + "za" + filler(URL_SAFE, 35)],
        "private-key": [
            private_key(),
            private_key("", "\\n"),
            private_key("EC ", length=160),
            private_key("OPENSSH ", "\r\n"),
        ],
        "private-key-encrypted": [
            private_key("ENCRYPTED "),
            private_key("RSA ", head="Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + filler(HEX, 32) + "\n"),
        ],
        "aws-secret-access-key": [
            "aws_secret" + "_access_key = " + filler(STANDARD, 40),
            "<Secret" + f"AccessKey>{filler(STANDARD, 40)}</SecretAccessKey>",
        ],
        "database-url": [f"postgres://app:{password}@db.test:5432/x", f"mongodb+srv:\\/\\/app:{password}@db.test\\/x"],
        "jdbc-url": [f"jdbc:postgresql://db.test/x?user=app&password={password}"],
        "connection-string": [f"Server=db.test;Database=x;User Id=app;Password={password};"],
        "url-password": [f"https://app:{password}@host.test/x", f'"ftp://app:{password}@host.test"'],
        "jwt": [jwt(), f"#access_token={jwt()}&x=1"],
        "authorization-bearer": [
            f"Authorization: Bearer {filler(ALNUM, 32)}",
            f'{{"authorization":"bearer {filler(ALNUM, 20)}"}}',
        ],
        "authorization-basic": ["Authorization: Basic " + base64.b64encode(f"app:{password}".encode()).decode()],
        "environment-line": [
            f"A=1\nexport DB_PASSWORD={filler(ALNUM, 24)}\nB=2",
            f'["SECRET_KEY_BASE={filler(HEX, 64)}"]',
        ],
        "named-secret": [
            f'{{"client_secret": "{filler(ALNUM, 24)}"}}',
            f"const apiKey = '{filler(ALNUM, 32)}'",
            f'\\"password\\":\\"{filler(ALNUM, 20)}\\"',
        ],
    }
