//! Compressed files, whole, broken and in several parts.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glyph_fuzz::everything(data));
