//! TLS towards upstreams: whom we trust, and who we say we are.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    client::{Resumption, WantsClientCert},
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};

use super::{
    Alpn,
    listed::Listed,
    pem::{PemFileError, section},
    provider,
};
use crate::telemetry::tls::Anyone;

/// Why a file with certificates or a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// It can't be read, or has not in it what is looked for.
    #[error(transparent)]
    File(#[from] PemFileError),
    /// One of its certificates is none.
    #[error("{}: certificate {number}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong.
        source: rustls::Error,
    },
    /// A certificate and a key do not go together.
    #[error("{} and {}: {source}", certificate.display(), key.display())]
    Identity {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Whom upstreams are believed by: a CA of this machine's, or one in the operator's file; that file may also have an upstream's
/// own certificate.
pub struct Trust(ConfigBuilder<ClientConfig, WantsClientCert>);

impl Trust {
    /// Reads the system's CAs and that file. A machine without CAs can do this, but then believes only the file.
    ///
    /// # Errors
    /// If the file can't be used.
    pub fn load(upstream_ca: Option<&Path>) -> Result<Self, TlsFileError> {
        Self::load_with(upstream_ca, &[])
    }

    /// The same, and `more` certificates, as far as they can be understood.
    ///
    /// # Errors
    /// If the file can't be used.
    pub fn load_with(
        upstream_ca: Option<&Path>,
        more: &[CertificateDer<'static>],
    ) -> Result<Self, TlsFileError> {
        let mut roots = of_this_machine();
        let mut listed = Vec::new();
        if let Some(path) = upstream_ca {
            listed = certificates(path)?;
            for (i, certificate) in listed.iter().enumerate() {
                let added = roots.add(certificate.clone());
                added.map_err(|source| TlsFileError::Certificate {
                    path: path.to_owned(),
                    number: i + 1,
                    source,
                })?;
            }
        }
        for certificate in more {
            if roots.add(certificate.clone()).is_ok() {
                listed.push(certificate.clone());
            }
        }
        let provider = Arc::new(provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        Ok(Self(if listed.is_empty() {
            builder.with_root_certificates(roots)
        } else {
            let verifier = Listed::or_signed(listed, roots, provider)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }))
    }

    /// Believes whoever is there, if they hold the key of the certificate that they show.
    ///
    /// # Errors
    /// If TLS can't be set up.
    pub fn in_anyone() -> Result<Self, TlsFileError> {
        let provider = Arc::new(provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        Ok(Self(builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone { provider }))))
    }

    /// How TLS is spoken to upstreams, which are shown `client_cert` (a certificate and its key) if they ask.
    ///
    /// # Errors
    /// If one of the files can't be used.
    pub fn config(&self, client_cert: Option<(&Path, &Path)>) -> Result<ClientConfig, TlsFileError> {
        let builder = self.0.clone();
        let Some((certificate, key)) = client_cert else { return Ok(builder.with_no_client_auth()) };
        let identity = builder.with_client_auth_cert(certificates(certificate)?, private_key(key)?);
        identity.map_err(|source| TlsFileError::Identity {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source,
        })
    }
}

/// That, offering these protocols, the best one first. Its sessions are resumed by itself alone.
pub fn offering(config: &ClientConfig, alpn: &[Alpn]) -> ClientConfig {
    let mut config = config.clone();
    config.alpn_protocols = alpn.iter().map(|alpn| alpn.name().to_vec()).collect();
    config.resumption = Resumption::default();
    config
}

/// The CAs that this machine trusts, as PEM: those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, where one of them is set.
pub fn machine_roots() -> String {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().map(|certificate| section("CERTIFICATE", certificate)).collect()
}

fn of_this_machine() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A CA of the system's that rustls does not understand signs for nobody here; that is no reason to do without the others.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        tracing::warn!(
            errors = errors.join("; "),
            "this machine has no CAs: servers are believed by the certificates of a flag alone"
        );
    }
    roots
}

fn read(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    Ok(fs::read(path).map_err(PemFileError::io(path))?)
}

/// The certificates in a file: at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let none = PemFileError::none(path, "certificate");
    let text = read(path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(&none)?;
    if found.is_empty() { Err(none(pem::Error::NoItemsFound).into()) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let key = PrivateKeyDer::from_pem_slice(&read(path)?);
    Ok(key.map_err(PemFileError::none(path, "private key"))?)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use rustls::{ServerConfig, crypto::ring, server::WebPkiClientVerifier};
    use tempfile::TempDir;

    use super::{
        super::{CertificateAuthority, Leaves, handshake::handshake},
        *,
    };

    fn client_config(
        upstream_ca: Option<&Path>,
        client_cert: Option<(&Path, &Path)>,
    ) -> Result<ClientConfig, TlsFileError> {
        Trust::load(upstream_ca)?.config(client_cert)
    }

    struct Files(TempDir);

    impl Files {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            fs::write(self.path(name), text).unwrap();
            self.path(name)
        }

        /// A CA that signs for an upstream.
        fn upstream(&self) -> Leaves {
            let authority = CertificateAuthority::open_or_create(&self.path("ca")).unwrap();
            Leaves::new(authority, NonZeroUsize::MIN).unwrap()
        }

        /// A client's certificate and its key.
        fn client(&self) -> (PathBuf, PathBuf) {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::default().self_signed(&key).unwrap();
            (
                self.write("client.pem", &section("CERTIFICATE", certificate.der())),
                self.write("client-key.pem", &section("PRIVATE KEY", key.serialized_der())),
            )
        }
    }

    #[test]
    fn an_upstream_is_believed_if_the_file_has_its_ca() {
        let files = Files::new();
        let upstream = files.upstream();
        let server = upstream.server_config("a.test", Some(Alpn::Http1)).unwrap();
        let stranger = Arc::new(client_config(None, None).unwrap());
        assert!(handshake(&stranger, &server, "a.test").is_err());
        let ca = files.path("ca/ca.pem");
        let trusting = client_config(Some(&ca), None).unwrap();
        let trusting = Arc::new(offering(&trusting, &[Alpn::Http2, Alpn::Http1]));
        let done = handshake(&trusting, &server, "a.test").unwrap();
        assert_eq!(done.alpn.as_deref(), Some(&b"http/1.1"[..]));
        assert!(done.certificate.is_some() && !done.is_client_known);
    }

    /// A server that shows this certificate, which it has signed itself.
    fn self_signed(
        files: &Files,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (PathBuf, Arc<ServerConfig>) {
        let key = KeyPair::generate().unwrap();
        let mut certificate = CertificateParams::new(["a.test".to_owned()]).unwrap();
        change(&mut certificate);
        let certificate = certificate.self_signed(&key).unwrap();
        let file = files.write("self.pem", &section("CERTIFICATE", certificate.der()));
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key.into());
        (file, Arc::new(server.unwrap()))
    }

    /// What `openssl req -x509` makes for a development server says of itself that it is a CA, unless it is told otherwise.
    #[test]
    fn a_self_signed_upstream_is_believed_if_the_file_has_its_certificate() {
        let files = Files::new();
        for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
            let (file, server) = self_signed(&files, |c| c.is_ca = is_ca);
            let client = Arc::new(client_config(Some(&file), None).unwrap());
            let done = handshake(&client, &server, "a.test");
            assert!(done.is_ok(), "{is_ca:?}: {done:?}");
            // Its name has to fit all the same.
            let told = handshake(&client, &server, "b.test").unwrap_err().to_string();
            assert!(told.contains("not valid for name \"b.test\""), "{told}");
            // Another one of the same name is not it.
            let (_, other) = self_signed(&files, |c| c.is_ca = is_ca);
            assert!(handshake(&client, &other, "a.test").is_err(), "{is_ca:?}");
        }
    }

    #[test]
    fn a_self_signed_upstream_is_believed_in_its_time_alone() {
        let files = Files::new();
        let ca = IsCa::Ca(BasicConstraints::Unconstrained);
        for (from, until, told) in [(2000, 2001, "certificate expired"), (4000, 4001, "not valid yet")] {
            let (file, server) = self_signed(&files, |c| {
                c.is_ca = ca;
                c.not_before = date_time_ymd(from, 1, 1);
                c.not_after = date_time_ymd(until, 1, 1);
            });
            let client = Arc::new(client_config(Some(&file), None).unwrap());
            let error = handshake(&client, &server, "a.test").unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn an_upstream_that_asks_who_we_are_is_shown_the_certificate() {
        let files = Files::new();
        let upstream = files.upstream();
        let (certificate, key) = files.client();
        let mut roots = RootCertStore::empty();
        roots.add(certificates(&certificate).unwrap().remove(0)).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_cert_resolver(Arc::new(rustls::server::ResolvesServerCertUsingSni::new()));
        server.cert_resolver = Arc::clone(&upstream.server_config("a.test", None).unwrap().cert_resolver);
        let server = Arc::new(server);

        let ca = files.path("ca/ca.pem");
        let known = Arc::new(client_config(Some(&ca), Some((&certificate, &key))).unwrap());
        assert!(handshake(&known, &server, "a.test").unwrap().is_client_known);
        let unknown = Arc::new(client_config(Some(&ca), None).unwrap());
        assert!(handshake(&unknown, &server, "a.test").is_err());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_name() {
        let files = Files::new();
        let (certificate, key) = files.client();
        let told = |ca: Option<&Path>, client: Option<(&Path, &Path)>, file: &Path, what: &str| {
            let error = client_config(ca, client).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(file.to_str().unwrap()), "{error}");
        };
        let missing = files.path("missing.pem");
        told(Some(&missing), None, &missing, "No such file");
        let empty = files.write("empty.pem", "# nothing\n");
        told(Some(&empty), None, &empty, "no certificate can be read: no items found");
        let good = fs::read_to_string(&certificate).unwrap();
        let broken = files.write("broken.pem", &(good + &section("CERTIFICATE", b"x")));
        told(Some(&broken), None, &broken, "certificate 2: ");
        let torn = files.write("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
        told(Some(&torn), None, &torn, "no certificate can be read");
        told(None, Some((&certificate, &certificate)), &certificate, "no private key can be read");
        told(None, Some((&key, &key)), &key, "no certificate can be read");
        let other = KeyPair::generate().unwrap();
        let other = files.write("other.pem", &section("PRIVATE KEY", other.serialized_der()));
        told(None, Some((&certificate, &other)), &other, "client.pem and ");
    }
}
