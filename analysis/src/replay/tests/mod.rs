//! Comparing as a whole.

mod broken;
mod compared;
mod properties;
pub(super) mod sample;
