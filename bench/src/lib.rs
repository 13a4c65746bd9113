//! What the generators of this folder have in common: random numbers that are the same everywhere, and a command line.

pub mod random;
pub mod program;
