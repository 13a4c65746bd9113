//! Metrics: exposition text, and the JSON of the query API.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glyph_fuzz::metrics(data));
