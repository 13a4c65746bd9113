//! The socket of the plugin bus, which goes with its daemon.

use std::{
    fs, io,
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

use super::StartError;

/// The place of a socket that is listened on. Dropped, it is free again.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) path: PathBuf,
    /// The directory that was made for it.
    _dir: Option<tempfile::TempDir>,
}

impl Socket {
    /// Listens at `path`, or in a directory of the daemon's own.
    pub(super) fn listen(path: Option<&Path>) -> Result<(UnixListener, Self), StartError> {
        let (path, dir) = match path {
            Some(path) => (path.to_owned(), None),
            None => {
                // Readable by the daemon's user only, as tempfile makes it.
                let dir =
                    tempfile::Builder::new().prefix("glyphd-").tempdir().map_err(StartError::Runtime)?;
                (dir.path().join("plugins.sock"), Some(dir))
            }
        };
        let bound = UnixListener::bind(&path).or_else(|error| {
            if error.kind() == io::ErrorKind::AddrInUse && is_abandoned(&path) {
                fs::remove_file(&path)?;
                return UnixListener::bind(&path);
            }
            Err(error)
        });
        let listener = bound.map_err(|source| StartError::Socket { path: path.clone(), source })?;
        Ok((listener, Self { path, _dir: dir }))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

/// Whether a socket stands there on which nobody listens, as a crash leaves it.
fn is_abandoned(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    is_socket && UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
}
