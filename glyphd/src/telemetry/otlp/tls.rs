//! TLS towards the collector, or another server that is asked.

use std::{fs, io, path::Path, sync::Arc};

use hyper_rustls::ConfigBuilderExt;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};

use crate::telemetry::TlsFiles;

/// What is needed to speak to that URL.
pub(crate) fn client(endpoint: &str, skip_verify: bool) -> io::Result<ClientConfig> {
    client_with(endpoint, skip_verify, &TlsFiles::default())
}

/// The same, with whom to believe and who we are out of files.
pub(super) fn client_with(endpoint: &str, skip_verify: bool, files: &TlsFiles) -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let config = if skip_verify {
        config.dangerous().with_custom_certificate_verifier(Arc::new(Anyone { provider }))
    } else if let Some(path) = &files.authorities {
        config.with_root_certificates(authorities(path).map_err(|e| of_file(path, &e))?)
    } else if endpoint.starts_with("https:") {
        config.with_native_roots()?
    } else {
        // A machine without certificates can speak to a server without TLS.
        config.with_root_certificates(RootCertStore::empty())
    };
    let Some((certificate, key)) = &files.identity else { return Ok(config.with_no_client_auth()) };
    let chain = certificates(certificate).map_err(|e| of_file(certificate, &e))?;
    let private = PrivateKeyDer::from_pem_slice(&fs::read(key).map_err(|e| of_file(key, &e))?);
    let private = private.map_err(|e| of_file(key, &e))?;
    config.with_client_auth_cert(chain, private).map_err(|e| of_file(certificate, &e))
}

fn authorities(path: &Path) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(io::Error::other)?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let text = fs::read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(io::Error::other)?;
    if found.is_empty() { Err(io::Error::other("there is no certificate in it")) } else { Ok(found) }
}

fn of_file(path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

/// Takes any certificate, but still checks that the other side holds its key.
#[derive(Debug)]
pub(crate) struct Anyone {
    pub(crate) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
