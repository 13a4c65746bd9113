//! The CA: made on first use, kept in a directory, trusted by whoever wants to be looked at.
//!
//! `ca-key.pem` has the key and the certificate, and is there first; `ca.pem` is a copy of the certificate. So a crash
//! between the two loses nothing, and of two processes that begin at once both have the CA of the faster one.

use std::{
    fmt, fs,
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
    SerialNumber,
};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error as PemError, PemObject},
};

use super::{
    certificate::{CERTIFICATE, CaCertificate, CaError},
    pem::{PemFileError, publish, section},
};

/// What stands for the file of a CA that has none.
const OF_THIS_RUN: &str = "the CA of this run";
/// The key's file.
const KEY: &str = "ca-key.pem";
const LIFE: Duration = Duration::from_secs(3_652 * 24 * 60 * 60);
/// How long a CA lives that goes with its process: longer than any run, with leaves that are made anew before its end.
const LIFE_OF_A_RUN: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How far clients' clocks may be behind ours.
pub(super) const BEHIND: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// A CA that signs leaves.
pub struct CertificateAuthority {
    certificate: CaCertificate,
    issuer: Issuer<'static, KeyPair>,
}

impl CertificateAuthority {
    /// The CA in that directory; a new one, if there is none.
    ///
    /// # Errors
    /// If there is one that can't be used, or the system does not let one be made.
    pub fn open_or_create(dir: &Path) -> Result<Self, CaError> {
        if let Some(authority) = Self::find(dir)? {
            return Ok(authority);
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(PemFileError::io(dir))?;
        let (certificate, key) = make(SystemTime::now(), LIFE)?;
        let text = section("PRIVATE KEY", key.serialized_der()) + &section("CERTIFICATE", &certificate);
        let path = dir.join(KEY);
        // If another process was faster, its CA is ours.
        publish(&path, 0o600, &text).map_err(PemFileError::io(&path))?;
        Self::open(dir)
    }

    /// A CA of this process alone: its key is in memory, and nowhere else.
    ///
    /// # Errors
    /// If the system does not let one be made.
    pub fn of_this_run() -> Result<Self, CaError> {
        let (certificate, key) = make(SystemTime::now(), LIFE_OF_A_RUN)?;
        let certificate = CaCertificate::read(PathBuf::from(OF_THIS_RUN), certificate)?;
        let issuer = Issuer::from_ca_cert_der(certificate.der(), key)?;
        Ok(Self { certificate, issuer })
    }

    /// The CA in that directory.
    ///
    /// # Errors
    /// If there is none, or it can't be used.
    pub fn open(dir: &Path) -> Result<Self, CaError> {
        Self::find(dir)?.ok_or_else(|| CaError::Missing(dir.to_owned()))
    }

    /// Whether there is one in that directory. Nothing is made or mended.
    ///
    /// # Errors
    /// If there is one that can't be used.
    pub fn is_there(dir: &Path) -> Result<bool, CaError> {
        match CaCertificate::find(dir)? {
            Some(_) => Self::open(dir).map(|_| true),
            // The certificate is a copy of what stands beside the key.
            None => Ok(Self::key_path(dir).is_file()),
        }
    }

    /// What clients are to trust.
    pub fn certificate(&self) -> &CaCertificate {
        &self.certificate
    }

    /// The key's file in that directory.
    pub fn key_path(dir: &Path) -> PathBuf {
        dir.join(KEY)
    }

    /// Signs a certificate for that public key.
    pub(super) fn sign(
        &self,
        leaf: &CertificateParams,
        public: &impl PublicKeyData,
    ) -> Result<CertificateDer<'static>, rcgen::Error> {
        Ok(leaf.signed_by(public, &self.issuer)?.into())
    }

    fn find(dir: &Path) -> Result<Option<Self>, CaError> {
        // The certificate first: where it is, the key has been before.
        let certificate = CaCertificate::find(dir)?;
        let path = dir.join(KEY);
        let text = match read_key(&path) {
            Ok(text) => text,
            Err(CaError::File(PemFileError::Io { source, .. }))
                if source.kind() == io::ErrorKind::NotFound =>
            {
                return if certificate.is_some() { Err(CaError::NoKey(path)) } else { Ok(None) };
            }
            Err(error) => return Err(error),
        };
        let der = PrivateKeyDer::from_pem_slice(&text).map_err(PemFileError::none(&path, "private key"))?;
        let key = KeyPair::try_from(&der).map_err(|_| CaError::Key(path.clone()))?;
        let certificate = match certificate {
            Some(certificate) => certificate,
            None => restore(dir, &path, &text)?,
        };
        if certificate.public_key != key.subject_public_key_info() {
            return Err(CaError::Mismatch { certificate: certificate.path().to_owned(), key: path });
        }
        certificate.valid_at(SystemTime::now())?;
        let issuer = Issuer::from_ca_cert_der(certificate.der(), key)?;
        Ok(Some(Self { certificate, issuer }))
    }
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CertificateAuthority").field(&self.certificate).finish()
    }
}

/// The content of the key's file, if it is its owner's alone.
fn read_key(path: &Path) -> Result<Vec<u8>, CaError> {
    let io = PemFileError::io(path);
    let mut file = fs::File::open(path).map_err(&io)?;
    let mode = file.metadata().map_err(&io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CaError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(io)?;
    Ok(text)
}

/// The certificate's file, made of what the key's file has, where a crash came between the two.
fn restore(dir: &Path, key: &Path, text: &[u8]) -> Result<CaCertificate, CaError> {
    let der = match CertificateDer::from_pem_slice(text) {
        Ok(der) => der,
        Err(PemError::NoItemsFound) => return Err(CaError::NoCertificate(dir.join(CERTIFICATE))),
        Err(error) => return Err(PemFileError::none(key, "certificate")(error).into()),
    };
    let certificate = CaCertificate::read(dir.join(CERTIFICATE), der)?;
    let path = certificate.path();
    publish(path, 0o644, &certificate.pem()).map_err(PemFileError::io(path))?;
    // It may be another process's, but of the same CA.
    CaCertificate::open(dir)
}

fn make(now: SystemTime, life: Duration) -> Result<(CertificateDer<'static>, KeyPair), CaError> {
    let key = KeyPair::generate()?;
    let mut ca = CertificateParams::default();
    let name = &mut ca.distinguished_name;
    *name = rcgen::DistinguishedName::new();
    name.push(DnType::OrganizationName, "Glyph");
    // Two CAs are told apart, by people and by clients that look for an issuer by its name.
    name.push(DnType::CommonName, format!("Glyph CA {:08x}", rand::random::<u32>()));
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.serial_number = Some(serial_number());
    ca.not_before = (now - BEHIND).into();
    ca.not_after = (now + life).into();
    let certificate = ca.self_signed(&key)?;
    Ok((certificate.into(), key))
}

/// A serial number that no other certificate has: positive, and of 16 bytes.
pub(super) fn serial_number() -> SerialNumber {
    let mut bytes: [u8; 16] = rand::random();
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use tempfile::TempDir;
    use x509_parser::{certificate::X509Certificate, prelude::FromDer};

    use super::*;

    fn dir() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn open(dir: &Path) -> String {
        CertificateAuthority::open(dir).unwrap_err().to_string()
    }

    #[test]
    fn it_is_made_once_and_its_key_is_its_owners_alone() {
        let home = dir();
        let dir = home.path().join("ca");
        assert!(open(&dir).contains("no CA is there"));
        let made = CertificateAuthority::open_or_create(&dir).unwrap();
        let again = CertificateAuthority::open_or_create(&dir).unwrap();
        assert_eq!(made.certificate(), again.certificate());
        assert_eq!(made.certificate(), &CaCertificate::open(&dir).unwrap());
        assert_eq!((mode(&dir), mode(&dir.join(KEY))), (0o700, 0o600));
        assert_eq!(fs::read_to_string(dir.join(CERTIFICATE)).unwrap(), made.certificate().pem());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2, "no temporary files");
    }

    #[test]
    fn the_certificate_may_sign_leaves_and_nothing_else() {
        let home = dir();
        let authority = CertificateAuthority::open_or_create(home.path()).unwrap();
        let der = authority.certificate().der();
        let (_, parsed) = X509Certificate::from_der(der).unwrap();
        let constraints = parsed.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && constraints.value.ca);
        assert_eq!(constraints.value.path_len_constraint, Some(0));
        let usage = parsed.key_usage().unwrap().unwrap();
        assert!(usage.critical && usage.value.flags == 0b110_0000, "keyCertSign and cRLSign");
        let years = (parsed.validity().not_after - parsed.validity().not_before).unwrap().whole_days() / 365;
        assert_eq!(years, 10);
        assert!(authority.certificate().subject().contains("O=Glyph, CN=Glyph CA "));
        assert_eq!(authority.certificate().fingerprint().len(), 95);
        let other = dir();
        let other = CertificateAuthority::open_or_create(other.path()).unwrap();
        assert_ne!(authority.certificate().subject(), other.certificate().subject());
    }

    #[test]
    fn of_two_that_begin_at_once_both_have_the_same() {
        for _ in 0..20 {
            let home = dir();
            let start = Barrier::new(4);
            let begin = || {
                start.wait();
                CertificateAuthority::open_or_create(home.path()).unwrap().certificate().fingerprint()
            };
            let all = thread::scope(|scope| {
                let threads = [0; 4].map(|_| scope.spawn(begin));
                threads.map(|thread| thread.join().unwrap())
            });
            assert!(all.iter().all(|fingerprint| *fingerprint == all[0]), "{all:?}");
        }
    }

    #[test]
    fn a_crash_between_the_two_files_loses_nothing() {
        let home = dir();
        let made = CertificateAuthority::open_or_create(home.path()).unwrap();
        fs::remove_file(home.path().join(CERTIFICATE)).unwrap();
        let again = CertificateAuthority::open_or_create(home.path()).unwrap();
        assert_eq!(made.certificate(), again.certificate());
    }

    #[test]
    fn what_is_wrong_with_a_ca_is_told_with_its_file() {
        let (one, two) = (dir(), dir());
        for dir in [&one, &two] {
            CertificateAuthority::open_or_create(dir.path()).unwrap();
        }
        let [certificate, key] = [CERTIFICATE, KEY].map(|name| one.path().join(name));
        let told = |what: &str, path: &Path| {
            let error = CertificateAuthority::open_or_create(one.path()).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(path.to_str().unwrap()), "{error}");
        };

        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        told("others may read this key (mode 640)", &key);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

        fs::copy(two.path().join(CERTIFICATE), &certificate).unwrap();
        told("does not belong to the key", &certificate);
        fs::write(&certificate, "x").unwrap();
        told("no certificate can be read", &certificate);
        fs::write(&certificate, section("CERTIFICATE", b"x")).unwrap();
        told("no X.509 certificate", &certificate);

        let pair = KeyPair::generate().unwrap();
        let leaf = CertificateParams::default().self_signed(&pair).unwrap();
        fs::write(&certificate, section("CERTIFICATE", leaf.der())).unwrap();
        told("no CA's", &certificate);

        let (expired, pair) = make(SystemTime::now() - LIFE - BEHIND, LIFE).unwrap();
        fs::write(&certificate, section("CERTIFICATE", &expired)).unwrap();
        fs::write(&key, section("PRIVATE KEY", pair.serialized_der())).unwrap();
        told("expired at 2", &certificate);
        assert!(CaCertificate::open(one.path()).is_ok(), "it can still be looked at");
        let (early, pair) = make(SystemTime::now() + 2 * BEHIND, LIFE).unwrap();
        fs::write(&certificate, section("CERTIFICATE", &early)).unwrap();
        fs::write(&key, section("PRIVATE KEY", pair.serialized_der())).unwrap();
        told("not valid before 2", &certificate);

        fs::remove_file(&certificate).unwrap();
        told("the certificate of this CA is missing", &certificate);
        fs::write(&key, section("PRIVATE KEY", b"x")).unwrap();
        told("no key that can be used", &key);
        fs::remove_file(&key).unwrap();
        fs::copy(two.path().join(CERTIFICATE), &certificate).unwrap();
        told("the key of this CA is missing", &key);
    }
}
