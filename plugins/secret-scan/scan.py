"""From places to claims: which secrets stand where.

In: the texts of one response. Out: claims, the worst rules' first, each secret once. Of the secret itself a claim says
no more than its first characters and its length: findings are kept, shown and sent on, and a hash would give a short
one away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Optional, Sequence

from rules import RULES, Rule

# Claims about one response. A page with more has told its tale.
MOST_CLAIMS = 50
_WORST_FIRST = ("CRIT", "HIGH", "MED", "LOW", "INFO")
_RULES = sorted(RULES, key=lambda rule: _WORST_FIRST.index(rule.severity))
# From this length on four characters say little about the rest.
_SHOWN_FROM = 16
_SHOWN = 4


@dataclass(frozen=True)
class Place:
    """A text, and what it is called: `body`, or `header NAME`."""

    name: str
    text: bytes


@dataclass(frozen=True)
class Claim:
    """A secret at a place. The offset is in bytes, in the body as it was looked through; None in a header."""

    rule: Rule
    place: str
    offset: Optional[int]
    evidence: str


def claims(places: Sequence[Place]) -> list[Claim]:
    """What stands in these places, at most MOST_CLAIMS."""
    found = []
    for claim in _claims([(place, place.text.lower()) for place in places]):
        found.append(claim)
        if len(found) == MOST_CLAIMS:
            break
    return found


def masked(rule_id: str, secret: bytes) -> str:
    """The rule, the first four characters and the length; of a short secret neither."""
    if len(secret) < _SHOWN_FROM:
        return f"{rule_id}: fewer than {_SHOWN_FROM} characters"
    shown = "".join(chr(b) if 0x20 < b < 0x7F else "?" for b in secret[:_SHOWN])
    return f"{rule_id}: {shown}… ({len(secret)} characters)"


def _claims(places: Sequence[tuple[Place, bytes]]) -> Iterator[Claim]:
    seen: set[bytes] = set()
    for rule in _RULES:
        for place, lower in places:
            for match in rule.matches(place.text, lower):
                secret = match["secret"]
                if secret not in seen:
                    seen.add(secret)
                    offset = match.start("secret") if place.name == "body" else None
                    yield Claim(rule, place.name, offset, masked(rule.id, secret))
