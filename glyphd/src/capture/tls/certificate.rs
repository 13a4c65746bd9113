//! The CA's certificate, which is for everybody to see, and what can be wrong with a CA.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use glyph_formats::UnixNanos;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use sha2::{Digest, Sha256};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, time::ASN1Time};

use super::pem::{PemFileError, section};

/// The certificate's file.
pub(super) const CERTIFICATE: &str = "ca.pem";

/// The certificate of a CA.
#[derive(Clone, PartialEq, Eq)]
pub struct CaCertificate {
    path: PathBuf,
    der: CertificateDer<'static>,
    subject: String,
    not_before: SystemTime,
    not_after: SystemTime,
    /// The DER of its public key, with the algorithm.
    pub(super) public_key: Vec<u8>,
}

/// Why there is no CA.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// Neither of the files is there.
    #[error("{}: no CA is there (neither ca.pem nor ca-key.pem)", .0.display())]
    Missing(PathBuf),
    /// A file can't be read or made, or has not in it what it should have.
    #[error(transparent)]
    File(#[from] PemFileError),
    /// There is a certificate, but no key.
    #[error("{}: the key of this CA is missing; put it back, or remove ca.pem for a new CA", .0.display())]
    NoKey(PathBuf),
    /// There is a key, but no certificate.
    #[error("{}: the certificate of this CA is missing; put it back, or remove ca-key.pem for a new CA", .0.display())]
    NoCertificate(PathBuf),
    /// Others than its owner may use the key.
    #[error("{}: others may read this key (mode {mode:03o}); a chmod 600 mends it, if nobody has", path.display())]
    Exposed {
        /// The key's file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key is none that can sign.
    #[error("{}: no key that can be used: expected PKCS #8 (BEGIN PRIVATE KEY) with P-256, P-384, RSA or Ed25519", .0.display())]
    Key(PathBuf),
    /// The certificate is none.
    #[error("{}: this is no X.509 certificate", .0.display())]
    Certificate(PathBuf),
    /// The certificate may not sign others.
    #[error("{}: this certificate is no CA's", .0.display())]
    NotACa(PathBuf),
    /// Certificate and key are of two CAs.
    #[error("{}: this certificate does not belong to the key {}", certificate.display(), key.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate is not valid any more.
    #[error("{}: expired at {}; remove ca.pem and ca-key.pem for a new CA, which clients have to trust anew", path.display(), at(*not_after))]
    Expired {
        /// The certificate's file.
        path: PathBuf,
        /// When it ended.
        not_after: SystemTime,
    },
    /// The certificate is not valid yet.
    #[error("{}: not valid before {}; is the clock right?", path.display(), at(*not_before))]
    NotYet {
        /// The certificate's file.
        path: PathBuf,
        /// When it begins.
        not_before: SystemTime,
    },
    /// The system gives no key, or no certificate.
    #[error("a CA can't be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl CaCertificate {
    /// Reads the certificate of the CA in that directory. The key is left alone.
    ///
    /// # Errors
    /// If it is not there, or no CA's.
    pub fn open(dir: &Path) -> Result<Self, CaError> {
        Self::find(dir)?.ok_or_else(|| CaError::Missing(dir.to_owned()))
    }

    /// The same; none if there is no file.
    pub(super) fn find(dir: &Path) -> Result<Option<Self>, CaError> {
        let path = dir.join(CERTIFICATE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(PemFileError::Io { path, source }.into()),
        };
        let der = CertificateDer::from_pem_slice(&text).map_err(PemFileError::none(&path, "certificate"))?;
        Self::read(path, der).map(Some)
    }

    /// Takes apart what is, or will be, in that file.
    pub(super) fn read(path: PathBuf, der: CertificateDer<'static>) -> Result<Self, CaError> {
        let Ok((b"", parsed)) = X509Certificate::from_der(&der) else {
            return Err(CaError::Certificate(path));
        };
        let usage = parsed.key_usage().ok().flatten();
        if !parsed.is_ca() || usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
            return Err(CaError::NotACa(path));
        }
        let subject = parsed.subject().to_string();
        let [not_before, not_after] = [parsed.validity().not_before, parsed.validity().not_after].map(time);
        let public_key = parsed.public_key().raw.to_vec();
        Ok(Self { path, der, subject, not_before, not_after, public_key })
    }

    /// Whether clients accept it now.
    pub(super) fn valid_at(&self, now: SystemTime) -> Result<(), CaError> {
        let path = || self.path.clone();
        if now > self.not_after {
            return Err(CaError::Expired { path: path(), not_after: self.not_after });
        }
        if now < self.not_before {
            return Err(CaError::NotYet { path: path(), not_before: self.not_before });
        }
        Ok(())
    }

    /// The file; of a CA that is only in memory there is none, and this says so.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As PEM, whatever else the file has in it.
    pub fn pem(&self) -> String {
        section("CERTIFICATE", &self.der)
    }

    /// As DER.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Whose it is, for example `O=Glyph, CN=Glyph CA 1f0c9a3e`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The SHA-256 of the DER as browsers and openssl show it: `9F:86:…`.
    pub fn fingerprint(&self) -> String {
        let digits = Sha256::digest(&self.der).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>();
        digits.join(":")
    }

    /// The first second of its validity.
    pub fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }
}

impl fmt::Debug for CaCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaCertificate").field("path", &self.path).field("subject", &self.subject).finish()
    }
}

fn time(time: ASN1Time) -> SystemTime {
    let seconds = time.timestamp();
    let away = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH - away } else { UNIX_EPOCH + away }
}

fn at(time: SystemTime) -> UnixNanos {
    UnixNanos::from(time)
}
