//! TLS, looked into by a CA of the recording alone: real clients, told of it by their environment, get what they asked for, and
//! the recording has what that was.

use std::{
    fs,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
};

use glyph_formats::{Flow, flow::FlowKind};
use glyphd::capture::tls::{Alpn, CertificateAuthority, Leaves};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{Folder, OUT};
use crate::{
    ca::peers::serve,
    harness::{Run, ended, have, in_path, names_in, node_modules, peer, piped, python_packages},
};

/// A server under a CA that nobody knows but who is told of it.
struct Origin {
    folder: Folder,
    address: SocketAddr,
}

impl Origin {
    fn new() -> Self {
        let folder = Folder::new();
        let authority = CertificateAuthority::open_or_create(&folder.path("ca")).unwrap();
        let leaves = Leaves::new(authority, NonZeroUsize::MIN).unwrap();
        let address = serve(leaves.server_config("localhost", Some(Alpn::Http1)).unwrap());
        Self { folder, address }
    }

    /// The CA's certificate.
    fn ca(&self) -> PathBuf {
        self.folder.path("ca/ca.pem")
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/a?page=2", self.address.port())
    }
}

/// Runs it.
fn recorded(command: &mut Command) -> Run {
    ended(piped(command))
}

/// The only flow, which must be the exchange with that origin, read.
#[track_caller]
fn assert_read(folder: &Folder, origin: &Origin) {
    let flows = folder.run().flows();
    let [flow] = &flows[..] else { panic!("{flows:#?}") };
    assert_eq!((flow.kind, &flow.error), (FlowKind::Http, &None), "{flow:#?}");
    assert_eq!((flow.request.method.as_str(), &flow.request.url), ("GET", &origin.url()));
    let response = flow.response.as_ref().unwrap();
    assert_eq!((response.status, response.body.utf8.as_deref()), (200, Some("trusted")));
}

const CURL: &str = "curl -sS \"$0\"";

#[test]
fn curl_is_looked_into_and_upstreams_are_believed_by_who_the_user_says() {
    if !have("curl") {
        return;
    }
    let origin = Origin::new();
    let ca = origin.ca();
    let ca = ca.to_str().unwrap();
    // By a flag, or by what the user's own curl goes by.
    for (flags, variable) in [(&["--upstream-ca", ca][..], None), (&[], Some(("CURL_CA_BUNDLE", ca)))] {
        let folder = Folder::new();
        let flags: Vec<_> = OUT.iter().chain(flags).copied().collect();
        let run =
            recorded(folder.recording(&flags, &["sh", "-c", CURL, &origin.url()]).envs(variable)).fine();
        assert_eq!(run.stdout, "trusted");
        assert_read(&folder, &origin);
    }

    // And by nobody else.
    let folder = Folder::new();
    let run = folder.record(&OUT, &["sh", "-c", CURL, &origin.url()]);
    assert!(!run.stdout.contains("trusted"), "{run:#?}");
    let kinds: Vec<_> = folder.run().flows().iter().map(error).collect();
    assert_eq!(kinds, ["upstream_tls"]);
}

fn error(flow: &Flow) -> String {
    flow.error.as_ref().map(|error| error.kind.clone()).unwrap_or_default()
}

#[test]
fn pythons_clients_are_looked_into() {
    let scripts = [
        ("requests", "import requests, sys; print(requests.get(sys.argv[1]).text)"),
        ("httpx", "import httpx, sys; print(httpx.get(sys.argv[1]).text)"),
        ("urllib", "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())"),
    ];
    for (module, script) in scripts {
        let Some(packages) = peer(python_packages(&[module])) else { continue };
        let (origin, folder) = (Origin::new(), Folder::new());
        let flags = ["--out", "run", "--upstream-ca", origin.ca().to_str().unwrap()].map(str::to_owned);
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let mut command = folder.recording(&flags, &["python3", "-c", script, &origin.url()]);
        let run = recorded(command.env("PYTHONPATH", packages)).fine();
        assert_eq!(run.stdout, "trusted\n", "{module}: {}", run.stderr);
        assert_read(&folder, &origin);
    }
}

#[test]
fn node_is_looked_into() {
    let modules = node_modules().join("undici");
    let found = in_path("node").and_then(|_| match modules.exists() {
        true => Ok(modules.clone()),
        false => Err("undici".to_owned()),
    });
    let Some(undici) = peer(found) else { return };
    let script = "const { EnvHttpProxyAgent, request } = require(process.argv[1]);\
                  request(process.argv[2], { dispatcher: new EnvHttpProxyAgent() })\
                  .then(async (answer) => console.log(await answer.body.text()));";
    let (origin, folder) = (Origin::new(), Folder::new());
    let ca = origin.ca();
    let flags = ["--out", "run", "--upstream-ca", ca.to_str().unwrap()];
    let command = ["node", "-e", script, undici.to_str().unwrap(), &origin.url()];
    let run = folder.record(&flags, &command).fine();
    assert_eq!(run.stdout, "trusted\n", "{}", run.stderr);
    assert_read(&folder, &origin);
}

#[test]
fn what_is_to_pass_passes_and_the_client_judges_itself() {
    if !have("curl") {
        return;
    }
    let origin = Origin::new();
    for flags in [&["--no-intercept"][..], &["--tls-passthrough", "localhost"]] {
        let folder = Folder::new();
        let flags: Vec<_> = OUT.iter().chain(flags).copied().collect();
        let mut command = folder.recording(&flags, &["sh", "-c", CURL, &origin.url()]);
        let run = recorded(command.env("CURL_CA_BUNDLE", origin.ca())).fine();
        assert_eq!(run.stdout, "trusted");
        let flows = folder.run().flows();
        let kinds: Vec<_> = flows.iter().map(|f| (f.kind, f.request.method.as_str())).collect();
        assert_eq!(kinds, [(FlowKind::Tunnel, "CONNECT")], "{flags:?}");
    }
    let folder = Folder::new();
    fs::write(folder.path("policy.toml"), "[tls]\npassthrough = [\"localhost\"]\n").unwrap();
    let flags = ["--out", "run", "--config", "policy.toml"];
    let mut command = folder.recording(&flags, &["sh", "-c", CURL, &origin.url()]);
    recorded(command.env("CURL_CA_BUNDLE", origin.ca())).fine();
    assert_eq!(folder.run().flows()[0].kind, FlowKind::Tunnel);
}

#[test]
fn a_client_that_trusts_its_own_cas_alone_is_a_flow_that_says_so() {
    if !have("curl") {
        return;
    }
    let origin = Origin::new();
    let folder = Folder::new();
    let script = "curl -sS --cacert \"$1\" \"$0\"";
    let ca = origin.ca();
    let run = folder.record(&OUT, &["sh", "-c", script, &origin.url(), ca.to_str().unwrap()]);
    assert_eq!(run.code, 60, "{run:#?}");
    assert!(run.stderr.contains("warning: 1 TLS handshake came to nothing"), "{}", run.stderr);
    let list =
        crate::harness::run(["flows", "ls", folder.path("run").to_str().unwrap(), "--error=client_tls"]);
    assert!(list.fine().stdout.contains("localhost"));
    let flows = folder.run().flows();
    assert_eq!(flows.iter().map(error).collect::<Vec<_>>(), ["client_tls"]);
    assert!(flows[0].error.as_ref().unwrap().message.contains("--tls-passthrough"), "{flows:#?}");
}

/// The certificates in a file.
fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Copies the files that these variables name, under their names.
const COPY: &str = "for name in \"$@\"; do eval \"path=\\$$name\"; cp \"$path\" \"$name\"; done";

#[test]
fn whom_the_user_trusts_is_trusted_on_and_the_recordings_ca_beside_them() {
    let (one, other) = (Origin::new(), Origin::new());
    let folder = Folder::new();
    // Some clients take a folder there.
    fs::create_dir(folder.path("several")).unwrap();
    fs::copy(one.ca(), folder.path("several/1.pem")).unwrap();
    fs::copy(other.ca(), folder.path("several/2.pem")).unwrap();
    fs::write(folder.path("several/readme"), "none\n").unwrap();
    let names = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "DENO_CERT"];
    let command: Vec<_> = ["sh", "-c", COPY, "sh"].into_iter().chain(names).collect();
    let mut command = folder.recording(&OUT, &command);
    command.env("SSL_CERT_FILE", one.ca()).env("NODE_EXTRA_CA_CERTS", other.ca());
    command.env("REQUESTS_CA_BUNDLE", folder.path("several"));
    recorded(&mut command).fine();

    let [ssl, curl, requests, node, deno] = names.map(|name| certificates(&folder.path(name)));
    let ca = |origin: &Origin| certificates(&origin.ca()).remove(0);
    let own = deno[0].clone();
    assert_eq!(deno.len(), 1, "it only adds to what its client has");
    assert_ne!(own, ca(&one));
    assert_eq!(ssl, [ca(&one), own.clone()]);
    assert_eq!(curl, ssl, "OpenSSL's is the machine's for all that have none of their own");
    assert_eq!(requests, [ca(&one), ca(&other), own.clone()]);
    assert_eq!(node, [ca(&other), own]);
}

#[test]
fn a_file_that_cannot_be_read_is_the_clients_affair() {
    let folder = Folder::new();
    let mut command = folder.recording(&OUT, &["sh", "-c", "echo $SSL_CERT_FILE"]);
    let run = recorded(command.env("SSL_CERT_FILE", "/none/ca.pem")).fine();
    assert_eq!(run.stdout, "/none/ca.pem\n");
    assert!(run.stderr.contains("warning: SSL_CERT_FILE=/none/ca.pem: "), "{}", run.stderr);
}

#[test]
fn the_key_is_nowhere_and_nothing_is_left_of_the_files() {
    let folder = Folder::new();
    fs::create_dir(folder.path("tmp")).unwrap();
    let script =
        "grep -rlE 'PRIVATE KEY' \"$TMPDIR\" \"$GLYPH_RECORDING\"; ls \"$TMPDIR\"; ls \"$SSL_CERT_FILE\"";
    let mut command = folder.recording(&OUT, &["sh", "-c", script]);
    let run = recorded(command.env("TMPDIR", folder.path("tmp"))).fine();
    assert!(run.stdout.contains("glyph-trust-"), "{}", run.stdout);
    assert!(
        !run.stdout.contains("PRIVATE") && run.stdout.lines().all(|line| !line.contains("key")),
        "{}",
        run.stdout
    );
    assert_eq!(names_in(&folder.path("tmp")), [""; 0]);
    for name in names_in(&folder.path("run")) {
        let text = fs::read_to_string(folder.path("run").join(&name)).unwrap();
        assert!(!text.contains("PRIVATE KEY"), "{name}");
    }
}
