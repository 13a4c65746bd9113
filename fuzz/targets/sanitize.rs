//! The sanitizer, with a planted secret and without.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glyph_fuzz::sanitize(data));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    glyph_fuzz::mutate_words(&glyph_fuzz::SANITIZE_WORDS, data, size, max_size, seed)
});
