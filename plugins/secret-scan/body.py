"""Bodies as text to look through.

In: a body as it passed, and the headers that say what it is. Out: bytes in which ASCII is ASCII, and whether they are
all of it; nothing for what is no text or can't be decoded. Truncated data is decoded as far as it goes.
"""

from __future__ import annotations

import codecs
import io
import re
import zlib
from dataclasses import dataclass
from typing import Optional

# What is looked through of a body, in bytes, after decoding.
LIMIT = 8 << 20
# More layers than these nobody sends but to keep a reader busy.
_LAYERS = 2
# A gzip file may have several members, one after the other; these many are decoded.
_MEMBERS = 100
_CHUNK = 64 << 10
# What RFC 9659 allows to a sender of zstd.
_ZSTD_WINDOW = 8 << 20
_SNIFFED = 1024

_NO_TEXT = re.compile(
    r"(?:image/(?!svg)|audio/|video/|font/)"
    r"|application/(?:zip|gzip|pdf|wasm|x-7z|x-tar|x-protobuf|protobuf|grpc|font|vnd\.ms)"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})")


@dataclass(frozen=True)
class Text:
    """What can be looked through, whether it ends early, and the encodings that were taken off."""

    content: bytes
    partial: bool
    encodings: tuple[str, ...]


class Undecodable(Exception):
    """The body is in an encoding that can't be taken off here; the message is its name."""


def text_of(content: bytes, content_type: str, content_encoding: str, partial: bool = False) -> Optional[Text]:
    """The body's text; None if it is no text. `partial` is whether the body was cut before it came here.

    Raises Undecodable for an encoding that is unknown, or whose module is missing.
    """
    if _NO_TEXT.match(content_type.strip().lower()):
        return None
    encodings = [e.strip().lower() for e in content_encoding.split(",")]
    encodings = [e for e in encodings if e not in ("", "identity")]
    if len(encodings) > _LAYERS:
        raise Undecodable(f"{len(encodings)} layers")
    for encoding in reversed(encodings):
        content = decode(content, encoding)
    content, cut = content[:LIMIT], len(content) >= LIMIT
    text = _ascii_compatible(content, content_type)
    if b"\0" in text[:_SNIFFED]:
        return None
    return Text(text, partial or cut, tuple(encodings))


def decode(content: bytes, encoding: str) -> bytes:
    """Takes one content encoding off; at most LIMIT bytes come out, and of broken data what came before the fault."""
    if encoding in ("gzip", "x-gzip"):
        return _inflate(content, zlib.MAX_WBITS | 16)
    if encoding == "deflate":
        # By RFC 9110 it is zlib's format; some servers send it bare.
        return _inflate(content, zlib.MAX_WBITS) or _inflate(content, -zlib.MAX_WBITS)
    if encoding == "br":
        return _brotli(content)
    if encoding == "zstd":
        return _zstd(content)
    raise Undecodable(encoding)


def _inflate(content: bytes, wbits: int) -> bytes:
    view, at, out = memoryview(content), 0, bytearray()
    for _ in range(_MEMBERS):
        decoder = zlib.decompressobj(wbits)
        while at < len(view) and not decoder.eof and len(out) < LIMIT:
            try:
                out += decoder.decompress(view[at : at + _CHUNK], LIMIT - len(out))
            except zlib.error:
                return bytes(out)
            at = min(at + _CHUNK, len(view))
        at -= len(decoder.unused_data)
        if not decoder.eof or at == len(view):
            break
    return bytes(out)


def _brotli(content: bytes) -> bytes:
    try:
        import brotli
    except ImportError:
        raise Undecodable("br") from None
    decoder, out = brotli.Decompressor(), bytearray()
    try:
        out += decoder.process(content, output_buffer_limit=LIMIT)
        while len(out) < LIMIT and not decoder.can_accept_more_data():
            out += decoder.process(b"", output_buffer_limit=LIMIT - len(out))
    except TypeError:
        # Before 1.2 it knows no limit, and a small body can become a very large one.
        raise Undecodable("br") from None
    except brotli.error:
        pass
    return bytes(out[:LIMIT])


def _zstd(content: bytes) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise Undecodable("zstd") from None
    out = bytearray()
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    with decoder.stream_reader(io.BytesIO(content), read_across_frames=True) as reader:
        try:
            while len(out) < LIMIT and (chunk := reader.read(min(_CHUNK, LIMIT - len(out)))):
                out += chunk
        except zstandard.ZstdError:
            pass
    return bytes(out)


def _ascii_compatible(content: bytes, content_type: str) -> bytes:
    """UTF-16 and UTF-32 as UTF-8; every other charset leaves the characters of secrets as they are."""
    named = _CHARSET.search(content_type)
    charset = named[1] if named else ""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return content
    return content.decode(name, "replace").encode() if name.startswith(("utf-16", "utf-32")) else content
