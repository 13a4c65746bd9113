//! What a daemon says of its own work, held against `docs/telemetry.md` and against itself.

mod audit;
pub(crate) mod document;
mod exemplars;
mod held;
mod spans;
pub(crate) mod stage;
