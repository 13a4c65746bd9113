//! Glyph's own lines: the fast reader against the public type, and against the reader of flat spans.

#![no_main]

glyph_fuzz::target!(everything, as_public_type, lines_and_document);
