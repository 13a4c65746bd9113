//! What gives the process its memory: mimalloc to what is Rust, libc to what is C, of which zstd asks for much.

use mimalloc::MiMalloc;

/// What is taken on one thread is given back on another here, in many small pieces.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// From so many bytes on, what C takes goes back to the system with its end.
#[cfg(target_env = "gnu")]
const LARGE: libc::c_int = 128 << 10;

/// A thread that compresses a closed file takes 3 MB once. When glibc gets such a piece back it concludes that more will
/// come, and keeps the next ones, for each thread that there has been; unless it is told where it has to begin with large
/// pieces (mallopt(3), `M_MMAP_THRESHOLD`). Where it refuses, memory is a little more.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "libc has no safe way to say it")]
pub(crate) fn give_back_large_pieces() {
    // SAFETY: it takes two numbers and keeps no reference.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

/// Others do so by themselves.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_back_large_pieces() {}
