//! Certificates that are made when a server starts, and what clients have to trust for them.

use std::{fs, path::Path, sync::Arc};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// What the certificates are for. Hudsucker can't do addresses.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A P-256 authority, whose certificate is written to a file.
pub(crate) fn authority(name: &str, file: &Path) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    fs::write(file, params.self_signed(&key)?.pem()).with_context(|| file.display().to_string())?;
    Ok(Issuer::new(params, key))
}

/// A server's certificate by a new authority, in `folder` as `ca.pem`, `server.pem` and `server.key`.
pub(crate) fn server(folder: &Path) -> anyhow::Result<ServerConfig> {
    let authority = authority("capture-bench's origin", &folder.join("ca.pem"))?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = CertificateParams::new(NAMES.map(str::to_owned))?.signed_by(&key, &authority)?;
    fs::write(folder.join("server.pem"), certificate.pem())?;
    fs::write(folder.join("server.key"), key.serialize_pem())?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What a client takes for good: the authorities in a file. Each of its handshakes is a full one.
pub(crate) fn client(authorities: &Path) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authorities)? {
        roots.add(certificate?)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}
