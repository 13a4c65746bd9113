//! Jaeger JSON, whole and broken; lines and document come to the same.

#![no_main]

glyph_fuzz::target!(everything, lines_and_document);
