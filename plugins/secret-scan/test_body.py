"""Bodies: what is text, what encodings are taken off, and that nothing grows without bound."""

from __future__ import annotations

import gzip
import importlib.util
import unittest
import zlib

import body

TEXT = b"a secret place" * 1000


def has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


class Encodings(unittest.TestCase):
    def content(self, data: bytes, encoding: str) -> bytes:
        text = body.text_of(data, "text/plain", encoding)
        self.assertIsNotNone(text)
        return text.content

    def test_gzip_and_deflate(self) -> None:
        bare = zlib.compressobj(wbits=-15)
        for encoding, data in (
            ("gzip", gzip.compress(TEXT)),
            ("X-GZip", gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])),
            ("identity, deflate", zlib.compress(TEXT)),
            ("deflate", bare.compress(TEXT) + bare.flush()),
            ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
            ("", TEXT),
        ):
            with self.subTest(encoding=encoding):
                self.assertEqual(self.content(data, encoding), TEXT)

    def test_the_encodings_are_told(self) -> None:
        text = body.text_of(gzip.compress(zlib.compress(TEXT)), "", "deflate , GZIP", partial=True)
        self.assertEqual((text.encodings, text.partial), (("deflate", "gzip"), True))

    def test_what_is_cut_or_broken_is_decoded_as_far_as_it_goes(self) -> None:
        # Level 0 stores, so that half the data is half the text.
        packed = gzip.compress(TEXT, compresslevel=0)
        half = self.content(packed[: len(packed) // 2], "gzip")
        self.assertTrue(TEXT.startswith(half) and len(half) > len(TEXT) // 3)
        big = bytes(range(1, 256)) * 1000
        packed = zlib.compress(big, 0)
        broken = packed[:200_000] + b"\xff" * 20 + packed[200_020:]
        self.assertTrue(big.startswith(body.decode(broken, "deflate")[:1000]))
        self.assertEqual(self.content(b"no gzip at all", "gzip"), b"")

    def test_what_comes_out_is_bounded(self) -> None:
        bomb = gzip.compress(b"a" * (3 * body.LIMIT))
        text = body.text_of(bomb, "text/plain", "gzip")
        self.assertEqual((len(text.content), text.partial), (body.LIMIT, True))
        text = body.text_of(gzip.compress(bomb * 20), "text/plain", "gzip, gzip")
        self.assertEqual(len(text.content), body.LIMIT)
        empty = gzip.compress(b"")
        self.assertEqual(self.content(empty * 10_000 + gzip.compress(TEXT), "gzip"), b"")
        self.assertEqual(len(self.content(b"a" * (body.LIMIT + 1), "")), body.LIMIT)

    def test_what_is_unknown_is_said(self) -> None:
        for encoding in ("compress", "gzip, aes128gcm", "gzip, gzip, gzip"):
            with self.assertRaises(body.Undecodable):
                body.text_of(b"x", "text/plain", encoding)

    @unittest.skipUnless(has("brotli"), "the module brotli is not installed")
    def test_brotli(self) -> None:
        import brotli

        try:
            self.assertEqual(self.content(brotli.compress(TEXT), "br"), TEXT)
        except body.Undecodable:
            self.skipTest("this release of brotli knows no limit")
        incompressible = bytes(range(1, 256)) * 4 + TEXT
        cut = body.decode(brotli.compress(incompressible)[:-3], "br")
        self.assertTrue(incompressible.startswith(cut))
        self.assertEqual(len(self.content(brotli.compress(b"a" * (3 * body.LIMIT)), "br")), body.LIMIT)
        self.assertEqual(body.decode(b"no brotli at all", "br"), b"")

    @unittest.skipUnless(has("zstandard"), "the module zstandard is not installed")
    def test_zstd(self) -> None:
        import zstandard

        packed = zstandard.compress(TEXT)
        self.assertEqual(self.content(packed, "zstd"), TEXT)
        self.assertTrue(TEXT.startswith(body.decode(packed[:-5], "zstd")))
        self.assertEqual(len(self.content(zstandard.compress(b"a" * (3 * body.LIMIT)), "zstd")), body.LIMIT)
        self.assertEqual(body.decode(b"no zstd at all", "zstd"), b"")


class Kinds(unittest.TestCase):
    def test_only_text_is_looked_through(self) -> None:
        for content_type in ("image/png", "Video/mp4", "application/wasm", "font/woff2"):
            self.assertIsNone(body.text_of(TEXT, content_type, ""), content_type)
        for content_type in ("", "text/html; charset=latin-1", "image/svg+xml", "application/octet-stream"):
            self.assertEqual(body.text_of(TEXT, content_type, "").content, TEXT, content_type)
        self.assertIsNone(body.text_of(b"PK\3\4\0\0" + TEXT, "application/octet-stream", ""))

    def test_utf_16_and_32_become_utf_8(self) -> None:
        text = "ä secret"
        for content_type, charset in (
            ("text/plain; charset=UTF-16LE", "utf-16-le"),
            ('text/plain; charset="utf-32be"', "utf-32-be"),
            ("text/plain", "utf-16"),
            ("text/plain; charset=no-such", "utf-8"),
        ):
            self.assertEqual(body.text_of(text.encode(charset), content_type, "").content.decode(), text, content_type)


if __name__ == "__main__":
    unittest.main()
