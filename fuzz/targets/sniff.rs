//! The first bytes inside CONNECT.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glyph_fuzz::sniff(data));
