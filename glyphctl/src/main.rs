//! `glyphctl`: what was recorded, summarised, compared and gated, offline.

use std::process::ExitCode;

fn main() -> ExitCode {
    glyphctl::run(glyph_commit::version!())
}
