//! Files of rules, and of tests of rules: read, linted, run.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glyph_fuzz::rules(data));
