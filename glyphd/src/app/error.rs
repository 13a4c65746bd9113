//! Why a daemon does not start, or does not end well.

use std::{io, net::SocketAddr, path::PathBuf};

use glyph_formats::recording::RecordingError;

use crate::{
    capture::TlsError, config::TargetError, launcher::SandboxError, plugin::manifest::ManifestError,
    telemetry::TelemetryError,
};

/// Why a daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address can't be listened on.
    #[error("{flag} {address}: {source}")]
    Listen {
        /// The flag that names it.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A Unix socket can't be made.
    #[error("{flag} {path}: {source}", path = path.display())]
    Socket {
        /// The flag that names it.
        flag: &'static str,
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The plugin bus is to be served over TCP without TLS.
    #[error("--plugin-addr tcp:…: the plugin bus is served over TCP with TLS only")]
    BusTlsMissing,
    /// The plugin bus's certificate and key can't be used.
    #[error("--plugin-tls-cert {cert}: {source}", cert = cert.display())]
    BusTls {
        /// The certificate.
        cert: PathBuf,
        /// What is wrong.
        source: tonic::transport::Error,
    },
    /// A file can't be opened.
    #[error("{flag} {path}: {source}", path = path.display())]
    Open {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Spans are to be taken, and there is no file for them.
    #[error("--otlp-addr: there is no trace file for what is received")]
    NoTraceFile,
    /// The recording can't be made.
    #[error("--record {0}")]
    Recording(#[from] RecordingError),
    /// The plugins can't be known.
    #[error("--plugins-dir: {0}")]
    Manifest(#[from] ManifestError),
    /// Plugins can't be started as they are to be.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A target can't be scraped.
    #[error("--scrape {0}")]
    Scrape(#[from] TargetError),
    /// TLS can't be spoken as it is to be.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Telemetry can't be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The system refused something that it never should.
    #[error("the system refused to start the daemon: {0}")]
    Runtime(io::Error),
}

impl StartError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Some("another process listens there; choose another port, or 0 for any that is free")
            }
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("ports below 1024 need a privilege; choose a higher one")
            }
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrNotAvailable => {
                Some("this machine has no such address; 127.0.0.1 is itself, 0.0.0.0 all that it has")
            }
            Self::Socket { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Some("another glyphd listens there, or it is no socket; choose another path")
            }
            Self::Socket { source, .. } if source.kind() == io::ErrorKind::InvalidInput => {
                Some("a socket's path has at most 107 bytes")
            }
            Self::NoTraceFile => Some("give --record or --trace-file, and a --trace-sample-ratio above 0"),
            Self::BusTlsMissing => Some("give --plugin-tls-cert and --plugin-tls-key, or a Unix socket"),
            Self::BusTls { .. } => Some("the certificate and its key are two PEM files that belong together"),
            Self::Open { flag, .. } if flag.starts_with("--plugin-tls") => {
                Some("name a PEM file that can be read")
            }
            Self::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("choose a file in a folder that you may write to, or change the folder's owner")
            }
            Self::Open { source, .. } if source.kind() == io::ErrorKind::IsADirectory => {
                Some("the flag wants a file, and a directory stands there")
            }
            Self::Open { .. } => Some("choose a file that can be appended to"),
            Self::Recording(RecordingError::Exists(_)) => {
                Some("a recording is never written over; choose a new directory")
            }
            Self::Sandbox(SandboxError::Lacks(_)) => {
                Some("--sandbox=best-effort starts plugins with the walls that there are")
            }
            Self::Scrape(error) => error.hint(),
            _ => None,
        }
    }
}

/// What went wrong at the end of a daemon.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The last records could not be written.
    #[error("the last records could not be written: {0}")]
    Files(io::Error),
    /// `recording.json` could not be written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}
