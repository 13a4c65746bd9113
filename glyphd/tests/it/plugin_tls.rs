//! The plugin bus over TCP: with TLS, or not at all.

use std::{fs, path::Path};

use glyph_formats::Decision;
use glyph_plugin::PROTOCOL_VERSION;
use glyphd::config::{BusAddress, BusTls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tonic::{
    Code,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Error},
};

use crate::harness::{
    FakeOrigin, FakePlugin, PluginsDir, TestDaemon, Witness,
    bus::{Bus, grant, hello},
    operator,
    process::{command, run},
    secure::pem,
    told::until_plugin,
    within,
};

/// Files `NAME-ca.pem`, `NAME.pem` and `NAME-key.pem`: an authority, and a certificate of it for `localhost`.
fn certify(dir: &Path, name: &str) -> BusTls {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let file = |suffix: &str, text: String| {
        let path = dir.join(format!("{name}{suffix}.pem"));
        fs::write(&path, text).unwrap();
        path
    };
    BusTls {
        cert: file("", pem("CERTIFICATE", cert.der())),
        key: file("-key", pem("PRIVATE KEY", &key.serialize_der())),
        ca: Some(file("-ca", pem("CERTIFICATE", authority.der()))),
        host: None,
    }
}

/// A daemon whose bus is on a free port, with the files of its certificate.
async fn over_tcp(plugins: &PluginsDir) -> (TestDaemon, TempDir, BusTls) {
    let dir = tempfile::tempdir().unwrap();
    let tls = certify(dir.path(), "bus");
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.plugin_addr = Some(BusAddress::Tcp(([127, 0, 0, 1], 0).into()));
        config.plugin_tls = Some(tls.clone());
        config.policy = toml::from_str("[plugins.guest]\nstart = false\n").unwrap();
    })
    .await;
    (daemon, dir, tls)
}

/// A connection to that address that trusts that authority.
async fn connect(address: &str, ca: &Path, from: Option<[u8; 4]>) -> Result<Channel, Error> {
    let trusted = Certificate::from_pem(fs::read(ca).unwrap());
    let endpoint = Endpoint::from_shared(address.to_owned()).unwrap();
    let endpoint = endpoint.local_address(from.map(Into::into));
    let endpoint = endpoint.tls_config(ClientTlsConfig::new().ca_certificate(trusted)).unwrap();
    within("the bus", endpoint.connect()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_process_finds_the_bus_over_tls_and_reports() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    plugins.passive_headers();
    let (daemon, _dir, _tls) = over_tcp(&plugins).await;
    assert!(matches!(daemon.daemon().addresses().plugin, BusAddress::Tcp(address) if address.port() != 0));
    daemon.plugins_settled().await;
    daemon.client().await.get(&origin.url("/")).await;
    let recorded = daemon.drain().await;
    assert!(!recorded.findings.is_empty());
    let granted = recorded.audited("capabilities_granted", Decision::Allow);
    assert_eq!(granted[0].metadata.get("peer").unwrap().to_string(), "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_speak_tls_or_trusts_others_does_not_get_in_and_disturbs_nobody() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    let (daemon, dir, tls) = over_tcp(&plugins).await;
    let credentials = operator::token(daemon.control(), "guest").await;
    assert!(credentials.bus.starts_with("https://localhost:"), "{}", credentials.bus);
    let plain = credentials.bus.replace("https:", "http:");
    let channel = Endpoint::from_shared(plain).unwrap().connect_lazy();
    let error = grant(&mut Bus::new(channel), &credentials, PROTOCOL_VERSION).await.unwrap_err();
    assert_ne!(error.code(), Code::Unauthenticated, "the token has gone nowhere: {error}");
    let other = certify(dir.path(), "other").ca.unwrap();
    let error = connect(&credentials.bus, &other, None).await.unwrap_err();
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    let address = credentials.bus.replace("localhost", "127.0.0.1");
    let error = connect(&address, tls.ca.as_ref().unwrap(), None).await.unwrap_err();
    assert!(format!("{error:?}").contains("NotValidForName"), "{error:?}");

    // The token is as good as it was.
    let mut bus = Bus::new(connect(&credentials.bus, tls.ca.as_ref().unwrap(), None).await.unwrap());
    let granted = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap();
    let plugin = FakePlugin::open(bus, &granted.session_secret, hello("guest")).await.unwrap();
    let mut witness = Witness::of(plugin);
    witness.is_served(daemon.proxy(), &origin).await;
    until_plugin(daemon.metrics(), "guest", "connected").await;
    let recorded = daemon.drain().await;
    witness.ended().await;
    assert_eq!(recorded.times("capabilities_granted", Decision::Deny), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_good_for_the_host_that_bought_it() {
    let plugins = PluginsDir::new();
    let (daemon, _dir, tls) = over_tcp(&plugins).await;
    let ca = tls.ca.unwrap();
    let credentials = operator::token(daemon.control(), "guest").await;
    let mut bus = Bus::new(connect(&credentials.bus, &ca, Some([127, 0, 0, 2])).await.unwrap());
    let granted = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap();
    let thief = Bus::new(connect(&credentials.bus, &ca, Some([127, 0, 0, 3])).await.unwrap());
    let error = FakePlugin::open(thief, &granted.session_secret, hello("guest")).await.unwrap_err();
    assert_eq!(error.message(), "the session secret was bought by another process");
    FakePlugin::open(bus, &granted.session_secret, hello("guest")).await.unwrap().leave().await;
    let recorded = daemon.drain().await;
    let denied = recorded.audited("session_opened", Decision::Deny);
    assert_eq!(denied[0].metadata.get("peer").unwrap().to_string(), "127.0.0.3");
}

#[tokio::test]
async fn a_bus_over_tcp_wants_a_certificate_and_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, other) = (certify(dir.path(), "bus"), certify(dir.path(), "other"));
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (cert, key, others) = (path(&tls.cert), path(&tls.key), path(&other.key));
    let nowhere = path(&dir.path().join("nowhere.pem"));
    let with = |flags: &[&str]| {
        let address = ["--plugin-addr", "tcp:127.0.0.1:0"];
        address.iter().chain(flags).map(|flag| (*flag).to_owned()).collect::<Vec<_>>()
    };
    for (args, first, hint) in [
        (with(&[]), "with TLS only", "hint: give --plugin-tls-cert and --plugin-tls-key, or a Unix socket"),
        (
            with(&["--plugin-tls-cert", &cert, "--plugin-tls-key", &others]),
            "--plugin-tls-cert",
            "hint: the certificate and its key are two PEM files that belong together",
        ),
        (
            with(&["--plugin-tls-cert", &key, "--plugin-tls-key", &key]),
            "--plugin-tls-cert",
            "hint: the certificate and its key are two PEM files that belong together",
        ),
        (
            with(&["--plugin-tls-cert", &cert, "--plugin-tls-key", &nowhere]),
            "--plugin-tls-key",
            "hint: name a PEM file that can be read",
        ),
        (with(&["--plugin-tls-cert", &cert]), "--plugin-tls-key", "--plugin-tls-cert"),
    ] {
        let ended = run(command(&args)).await;
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(first) && ended.stderr.contains(hint), "{args:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("glyphd listens proxy="), "{args:?}: {}", ended.stderr);
    }
}
