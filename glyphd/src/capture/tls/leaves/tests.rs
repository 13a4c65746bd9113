//! Leaves, as clients see them.

use rustls::{
    ALL_VERSIONS, HandshakeKind,
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use super::{
    super::handshake::{client, handshake},
    *,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn leaves(capacity: usize) -> (TempDir, Leaves) {
    let dir = tempfile::tempdir().unwrap();
    let authority = CertificateAuthority::open_or_create(dir.path()).unwrap();
    (dir, Leaves::new(authority, NonZeroUsize::new(capacity).unwrap()).unwrap())
}

/// The leaf of a host, as DER.
fn der(leaves: &Leaves, host: &str, now: SystemTime) -> Vec<u8> {
    leaves.leaf(host.parse().unwrap(), now).unwrap().certified.cert[0].to_vec()
}

#[test]
fn who_trusts_the_ca_believes_a_leaf_and_nobody_else_does() {
    let (_dir, leaves) = leaves(10);
    let ca = leaves.authority().certificate();
    let trusting = client(ca, &[], ALL_VERSIONS);
    for host in ["a.test", "a_b.x-1.test", "192.0.2.1", "2001:db8::1", &format!("{}.test", "a".repeat(63))] {
        let server = leaves.server_config(host, None).unwrap();
        handshake(&trusting, &server, host).unwrap();
    }
    let server = leaves.server_config("a.test", None).unwrap();
    assert!(handshake(&trusting, &server, "b.test").is_err());
    let (_dir, other) = self::leaves(10);
    let other = client(other.authority().certificate(), &[], ALL_VERSIONS);
    assert!(handshake(&other, &server, "a.test").is_err());
}

#[test]
fn a_host_is_the_same_however_it_is_written() {
    let (_dir, leaves) = leaves(10);
    let now = SystemTime::now();
    assert_eq!(der(&leaves, "a.test", now), der(&leaves, "A.Test.", now));
    assert_eq!(der(&leaves, "2001:db8::1", now), der(&leaves, "[2001:DB8::0:1]", now));
    for bad in ["", ".", "a b.test", "*.test", "a..test", "a.test:443", "[a.test]", "\u{e4}.test", "a/b"] {
        assert!(matches!(leaves.server_config(bad, None), Err(LeafError::Host(_))), "{bad:?}");
    }
    let long = ["a".repeat(60).as_str(); 5].join(".");
    assert!(matches!(leaves.server_config(&long, None), Err(LeafError::Host(_))));
}

#[test]
fn a_leaf_says_what_clients_ask_for() {
    let (_dir, leaves) = leaves(10);
    let ca = leaves.authority().certificate();
    let (_, ca) = X509Certificate::from_der(ca.der()).unwrap();
    let now = SystemTime::now();
    let (first, second) = (der(&leaves, "a.test", now), der(&leaves, "192.0.2.1", now));
    let (_, first) = X509Certificate::from_der(&first).unwrap();
    let (_, second) = X509Certificate::from_der(&second).unwrap();

    let san = |leaf: &X509Certificate<'_>| {
        let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
        format!("{names:?}")
    };
    assert_eq!(san(&first), format!("{:?}", [GeneralName::DNSName("a.test")]));
    assert_eq!(san(&second), format!("{:?}", [GeneralName::IPAddress(&[192, 0, 2, 1])]));

    assert!(!first.is_ca());
    let usage = first.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !usage.any);
    let ids = |leaf: &X509Certificate<'_>| {
        let extensions = leaf.extensions().iter().map(|extension| extension.oid.to_id_string());
        extensions.filter(|id| id.starts_with("2.5.29.")).collect::<Vec<_>>()
    };
    assert!(ids(&first).contains(&"2.5.29.14".to_owned()) && ids(&first).contains(&"2.5.29.35".to_owned()));
    assert_eq!(first.issuer(), ca.subject());
    assert_ne!(first.raw_serial(), second.raw_serial());
    assert_ne!(first.public_key().raw, ca.public_key().raw);
    assert_eq!(first.public_key().raw, second.public_key().raw);

    let validity = first.validity();
    let length = (validity.not_after - validity.not_before).unwrap();
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
    let age = seconds - validity.not_before.timestamp();
    assert!(length.whole_days() <= 397 && (86_400..=2 * 86_400 + 60).contains(&age), "{length} {age}");
}

#[test]
fn sessions_are_resumed_from_one_connection_to_the_next() {
    for version in [&TLS12, &TLS13] {
        let (_dir, leaves) = leaves(1);
        let client = client(leaves.authority().certificate(), &[Alpn::Http2, Alpn::Http1], &[version]);
        let connect = |host: &str, alpn| {
            let done = handshake(&client, &leaves.server_config(host, Some(alpn)).unwrap(), host).unwrap();
            (done.kind, done.alpn.unwrap())
        };
        let full = HandshakeKind::Full;
        assert_eq!(connect("a.test", Alpn::Http2), (full, b"h2".to_vec()));
        assert_eq!(connect("a.test", Alpn::Http2), (HandshakeKind::Resumed, b"h2".to_vec()));
        assert_eq!(connect("a.test", Alpn::Http1), (HandshakeKind::Resumed, b"http/1.1".to_vec()));
        // Another host is another session, and puts the first one's leaf out.
        assert_eq!(connect("b.test", Alpn::Http1).0, full);
        assert_eq!(connect("a.test", Alpn::Http2).0, HandshakeKind::Resumed);
        assert_eq!(connect("192.0.2.1", Alpn::Http1).0, full);
        assert_eq!(connect("192.0.2.1", Alpn::Http1).0, HandshakeKind::Resumed);
    }
}

#[test]
fn the_leaf_that_was_not_asked_for_longest_goes_first() {
    let (_dir, leaves) = leaves(2);
    let now = SystemTime::now();
    let first = der(&leaves, "a.test", now);
    let second = der(&leaves, "b.test", now);
    assert_eq!(der(&leaves, "a.test", now), first);
    der(&leaves, "c.test", now);
    assert_eq!(der(&leaves, "a.test", now), first);
    assert_ne!(der(&leaves, "b.test", now), second);
    assert_eq!(leaves.known.lock().unwrap().len(), 2);
}

#[test]
fn a_leaf_is_made_anew_before_it_ends_and_none_outlives_the_ca() {
    let (_dir, leaves) = leaves(2);
    let now = SystemTime::now();
    let first = der(&leaves, "a.test", now);
    assert_eq!(der(&leaves, "a.test", now + LIFE - 8 * DAY), first);
    let later = now + LIFE - 6 * DAY;
    let second = der(&leaves, "a.test", later);
    assert_ne!(second, first);
    assert_eq!(der(&leaves, "a.test", later), second);

    let end = leaves.authority().certificate().not_after();
    let last = der(&leaves, "a.test", end - DAY);
    let (_, parsed) = X509Certificate::from_der(&last).unwrap();
    let seconds = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(parsed.validity().not_after.timestamp() as u64, seconds);
    assert_eq!(der(&leaves, "a.test", end - DAY / 2), last, "a new one would be no better");
    assert!(matches!(leaves.config_at("a.test", None, end), Err(LeafError::Expired)));
}
