//! Certificates of hosts, signed when they are first asked for. In: a host's name or address. Out: a rustls
//! configuration with a certificate for it.

use std::{
    fmt,
    net::IpAddr,
    num::NonZeroUsize,
    str::FromStr,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, SystemTime},
};

use lru::LruCache;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName},
    server::{NoServerSessionStorage, ResolvesServerCertUsingSni},
    sign::{CertifiedKey, SigningKey, SingleCertAndKey},
};

use super::{
    Alpn,
    authority::{BEHIND, CertificateAuthority, serial_number},
    provider,
};
use crate::capture::locked;

/// How long a leaf is valid from now on: longer than a process runs, and shorter than any client's limit.
const LIFE: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// How long before its end a leaf is made anew.
const MARGIN: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The longest that a subject's common name may be.
const COMMON_NAME: usize = 64;

/// The leaves of one process. They have one key, which is not the CA's.
pub struct Leaves {
    authority: CertificateAuthority,
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    /// What all configurations have in common; the tickets' keys too, so that sessions are resumed.
    common: ServerConfig,
    known: Mutex<LruCache<Host, Arc<Leaf>>>,
}

/// Why there is no leaf.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// No certificate is made for that.
    #[error("{0:?} is neither a host's name nor an IP address")]
    Host(String),
    /// The CA has expired meanwhile.
    #[error("the CA has expired")]
    Expired,
    /// It can't be signed.
    #[error("the certificate can't be signed: {0}")]
    Sign(#[from] rcgen::Error),
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Host {
    Name(String),
    Address(IpAddr),
}

/// A certificate, and the configurations with it that were asked for.
struct Leaf {
    certified: Arc<CertifiedKey>,
    /// When it is made anew.
    until: SystemTime,
    /// By ALPN: none, HTTP/1.1, HTTP/2.
    configs: [OnceLock<Arc<ServerConfig>>; 3],
}

impl Leaves {
    /// Leaves of that CA, at most so many at a time.
    ///
    /// # Errors
    /// If the system gives no key.
    pub fn new(authority: CertificateAuthority, capacity: NonZeroUsize) -> Result<Self, LeafError> {
        let key = KeyPair::generate()?;
        let signing = ring::sign::any_ecdsa_type(&PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        let mut common = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        common.ignore_client_order = true;
        common.ticketer = ring::Ticketer::new()?;
        // Tickets do for all; a memory of sessions would be one for each configuration.
        common.session_storage = Arc::new(NoServerSessionStorage {});
        let known = Mutex::new(LruCache::new(capacity));
        Ok(Self { authority, key, signing, common, known })
    }

    /// How TLS is spoken as that host, whatever name the client asks for: a DNS name, or an IP address, in brackets or not.
    ///
    /// # Errors
    /// If that is no host, or the CA's time is over.
    pub fn server_config(&self, host: &str, alpn: Option<Alpn>) -> Result<Arc<ServerConfig>, LeafError> {
        self.config_at(host, alpn, SystemTime::now())
    }

    /// What signs.
    pub fn authority(&self) -> &CertificateAuthority {
        &self.authority
    }

    fn config_at(
        &self,
        host: &str,
        alpn: Option<Alpn>,
        now: SystemTime,
    ) -> Result<Arc<ServerConfig>, LeafError> {
        let leaf = self.leaf(host.parse()?, now)?;
        let place = match alpn {
            None => 0,
            Some(Alpn::Http1) => 1,
            Some(Alpn::Http2) => 2,
        };
        let config = leaf.configs[place].get_or_init(|| {
            let mut config = self.common.clone();
            config.cert_resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&leaf.certified)));
            config.alpn_protocols = alpn.iter().map(|alpn| alpn.name().to_vec()).collect();
            Arc::new(config)
        });
        Ok(Arc::clone(config))
    }

    fn leaf(&self, host: Host, now: SystemTime) -> Result<Arc<Leaf>, LeafError> {
        if let Some(leaf) = self.known(&host, now) {
            return Ok(leaf);
        }
        // Nobody waits for this signature but who asked for it. If two ask at once, the second one's is used.
        let leaf = Arc::new(self.sign(&host, now)?);
        let mut known = locked(&self.known);
        known.put(host, Arc::clone(&leaf));
        Ok(leaf)
    }

    fn known(&self, host: &Host, now: SystemTime) -> Option<Arc<Leaf>> {
        let mut known = locked(&self.known);
        known.get(host).filter(|leaf| now < leaf.until).map(Arc::clone)
    }

    fn sign(&self, host: &Host, now: SystemTime) -> Result<Leaf, LeafError> {
        let ca = self.authority.certificate();
        if now >= ca.not_after() {
            return Err(LeafError::Expired);
        }
        let not_after = ca.not_after().min(now + LIFE);
        // With the CA's end near, a new leaf would be no better.
        let until = if not_after < now + LIFE { not_after } else { not_after - MARGIN };
        let mut leaf = CertificateParams::default();
        leaf.distinguished_name = DistinguishedName::new();
        let name = match host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        };
        leaf.subject_alt_names = vec![match host {
            Host::Name(name) => SanType::DnsName(name.as_str().try_into()?),
            Host::Address(address) => SanType::IpAddress(*address),
        }];
        if name.len() <= COMMON_NAME {
            leaf.distinguished_name.push(DnType::CommonName, name);
        }
        leaf.not_before = ca.not_before().max(now - BEHIND).into();
        leaf.not_after = not_after.into();
        leaf.serial_number = Some(serial_number());
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let der: CertificateDer<'static> = self.authority.sign(&leaf, &self.key)?;
        let certified = Arc::new(CertifiedKey::new(vec![der], Arc::clone(&self.signing)));
        Ok(Leaf { certified, until, configs: Default::default() })
    }
}

impl fmt::Debug for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaves").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl FromStr for Host {
    type Err = LeafError;

    fn from_str(text: &str) -> Result<Self, LeafError> {
        let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = address.parse() {
            return Ok(Self::Address(address));
        }
        // A name that ends at the root is the same one, and is asked for without the dot.
        let name = text.strip_suffix('.').unwrap_or(text);
        match ServerName::try_from(name) {
            Ok(ServerName::DnsName(name)) => Ok(Self::Name(name.to_lowercase_owned().as_ref().to_owned())),
            _ => Err(LeafError::Host(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
