//! The frames of both sides of HTTP/2, in any cuts.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glyph_fuzz::http2(data));
