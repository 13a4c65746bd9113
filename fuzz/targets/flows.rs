//! Flow logs, plain, compressed and torn.

#![no_main]

glyph_fuzz::target!(flows);
