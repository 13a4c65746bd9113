//! WebSocket's frames, in any cuts.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glyph_fuzz::websocket(data));
