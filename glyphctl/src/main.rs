//! `glyphctl`: what was recorded, summarised, compared and gated, offline.

use std::process::ExitCode;

/// musl's own takes a third more time for most commands; glibc's does not.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    glyphctl::run(glyph_commit::version!())
}
