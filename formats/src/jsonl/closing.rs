//! What becomes of a file that is full: another name, a place under the cap, compression.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use super::{FileEvent, Observer, segments};
use crate::atomic::AtomicFile;

const ZSTD_LEVEL: i32 = 3;

/// Gives the file the name of the next closed segment; returns that.
pub(super) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let closed = segments::list(path)?;
    let number = closed.keys().next_back().map_or(1, |last| last + 1);
    let segment = segments::closed(path, number);
    fs::rename(path, &segment)?;
    Ok(segment)
}

/// Deletes the oldest closed segments until the others have `total` bytes at most, but never `newest`; returns how
/// many went.
pub(super) fn keep_under(path: &Path, total: u64, newest: &Path) -> io::Result<u64> {
    let (mut sum, mut deleted) = (0, 0);
    for segment in segments::list(path)?.values().rev() {
        sum += fs::metadata(segment)?.len();
        if sum > total && segment != newest {
            fs::remove_file(segment)?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Compresses a segment on a thread of its own.
pub(super) fn compress(
    path: &Path,
    segment: PathBuf,
    observer: Option<Arc<dyn Observer>>,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let path = path.to_owned();
    thread::Builder::new().name("compress".to_owned()).spawn(move || {
        let tell = |event: FileEvent<'_>| {
            if let Some(observer) = &observer {
                observer.tell(&path, event);
            }
        };
        // Whoever notes what there is does so while both are there: after a crash, what was noted is there.
        let compressed = copy(&segment).and_then(|()| {
            tell(FileEvent::Compressed);
            fs::remove_file(&segment)
        });
        if let Err(error) = &compressed {
            tell(FileEvent::NotCompressed(error));
        }
        compressed
    })
}

fn copy(segment: &Path) -> io::Result<()> {
    let target = AtomicFile::create_private(&segments::compressed(segment))?;
    let mut encoder = zstd::Encoder::new(target, ZSTD_LEVEL)?;
    io::copy(&mut File::open(segment)?, &mut encoder)?;
    encoder.finish()?.commit()
}
