//! Other people's clients and a server with a leaf of the CA: with what `trust-help` prints they trust it, without they
//! don't.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    process::{Command, Output},
    sync::Arc,
    thread,
};

use glyphd::capture::tls::{Alpn, CertificateAuthority, Leaves};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::Ca;
use crate::harness::{have, in_path, peer};

/// Answers every connection over TLS, as long as the test runs.
pub(crate) fn serve(config: Arc<ServerConfig>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, config) = (socket.unwrap(), Arc::clone(&config));
            thread::spawn(move || {
                let mut connection = ServerConnection::new(config).unwrap();
                let mut stream = Stream::new(&mut connection, &mut socket);
                let mut head = Vec::new();
                // Who does not trust us goes, and that is what is looked at on the other side.
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    match stream.read(&mut byte) {
                        Ok(1) => head.push(byte[0]),
                        _ => return,
                    }
                }
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntrusted";
                if stream.write_all(answer).is_ok() {
                    stream.conn.send_close_notify();
                    drop(stream.flush());
                }
            });
        }
    });
    address
}

fn leaves(ca: &Ca) -> Leaves {
    Leaves::new(CertificateAuthority::open(&ca.dir()).unwrap(), NonZeroUsize::new(10).unwrap()).unwrap()
}

/// The lines for one client, but those that change the system or reach for other hosts.
fn lines(ca: &Ca, client: &str) -> String {
    let printed = ca.run("trust-help", &["--for", client]).fine().stdout;
    let kept = printed.lines().filter(|line| !line.contains("sudo ") && !line.contains("example.com"));
    kept.map(|line| format!("{line}\n")).collect()
}

/// Runs a script in the CA's folder, with that many of the printed lines before it.
fn shell(ca: &Ca, before: &str, script: &str) -> Output {
    let mut command = Command::new("bash");
    for variable in
        ["CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]
    {
        command.env_remove(variable);
    }
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.current_dir(ca.path("")).arg("-c").arg(format!("set -e\n{before}\n{script}")).output().unwrap()
}

/// A client that trusts the server by its name and by its address with the printed lines, and not without.
fn trusts(client: &str, script: impl Fn(&str) -> String) {
    let ca = Ca::new();
    let leaves = leaves(&ca);
    let lines = lines(&ca, client);
    for host in ["localhost", "127.0.0.1"] {
        let address = serve(leaves.server_config(host, Some(Alpn::Http1)).unwrap());
        let script = script(&format!("https://{host}:{}/", address.port()));
        let trusting = shell(&ca, &lines, &script);
        assert!(String::from_utf8_lossy(&trusting.stdout).contains("trusted"), "{host}: {trusting:#?}");
        let stranger = shell(&ca, "", &script);
        assert!(!stranger.status.success(), "{host}: {stranger:#?}");
    }
}

/// The system's own CAs, which some of the lines add to.
fn has_system_cas() -> bool {
    let path = "/etc/ssl/certs/ca-certificates.crt";
    peer(fs::metadata(path).map_err(|_| path.to_owned())).is_some()
}

#[test]
fn openssl_finds_nothing_wrong_with_a_leaf() {
    if !have("openssl") {
        return;
    }
    let ca = Ca::new();
    let leaves = leaves(&ca);
    let address = serve(leaves.server_config("a.test", None).unwrap());
    let script = format!(
        "openssl s_client -connect {address} -servername a.test </dev/null 2>/dev/null | openssl x509 > leaf.pem\n\
         openssl verify -x509_strict -purpose sslserver -verify_hostname a.test -CAfile 'my ca/ca.pem' leaf.pem\n\
         openssl verify -x509_strict -check_ss_sig -CAfile 'my ca/ca.pem' 'my ca/ca.pem'\n\
         openssl pkey -in 'my ca/ca-key.pem' -noout -check"
    );
    let verified = shell(&ca, "", &script);
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(
        verified.status.success() && said.contains("leaf.pem: OK") && said.contains("ca.pem: OK"),
        "{verified:#?}"
    );
}

#[test]
fn curl_trusts_what_it_is_told_to() {
    if have("curl") && has_system_cas() {
        trusts("curl", |url| format!("curl -sS {url}"));
    }
}

#[test]
fn python_trusts_what_it_is_told_to() {
    if have("python3") && has_system_cas() {
        trusts("python", |url| {
            format!("python3 -c 'import urllib.request; print(urllib.request.urlopen(\"{url}\").read())'")
        });
    }
}

#[test]
fn python_takes_a_leaf_at_its_strictest() {
    if have("python3") {
        let ca = Ca::new();
        let leaves = leaves(&ca);
        let address = serve(leaves.server_config("localhost", None).unwrap());
        let script = format!(
            "python3 -c 'import socket, ssl\n\
             context = ssl.create_default_context(cafile=\"my ca/ca.pem\")\n\
             context.verify_flags |= ssl.VERIFY_X509_STRICT\n\
             context.wrap_socket(socket.create_connection((\"127.0.0.1\", {})), server_hostname=\"localhost\")'",
            address.port(),
        );
        let strict = shell(&ca, "", &script);
        assert!(strict.status.success(), "{strict:#?}");
    }
}

#[test]
fn node_trusts_what_it_is_told_to() {
    if have("node") {
        trusts("node", |url| format!("node -e 'fetch(\"{url}\").then(r => r.text()).then(console.log)'"));
    }
}

#[test]
fn java_trusts_what_it_is_told_to() {
    // Java is not asked for: what it trusts is told where it is.
    if in_path("keytool").is_err() || in_path("java").is_err() {
        eprintln!("skipped: java is missing");
        return;
    }
    const SOURCE: &str = "public class Get { public static void main(String[] a) throws Exception {\n\
         System.out.println(new String(new java.net.URI(a[0]).toURL().openStream().readAllBytes())); } }";
    trusts("java", |url| format!("cat > Get.java <<'END'\n{SOURCE}\nEND\njava Get.java {url}"));
}

#[test]
fn every_line_for_a_shell_is_one() {
    let ca = Ca::new();
    let printed = ca.run("trust-help", &[]).fine().stdout;
    let checked = Command::new("bash").args(["-n", "-c", &printed]).output().unwrap();
    assert!(checked.status.success(), "{checked:#?}");
    let path = fs::canonicalize(ca.dir().join("ca.pem")).unwrap();
    assert!(printed.matches(path.to_str().unwrap()).count() >= 12, "{printed}");
    for client in ["curl", "browser", "python", "node", "java", "system"] {
        let one = ca.run("trust-help", &["--for", client]).fine().stdout;
        assert!(printed.contains(&one), "{client}");
    }
}
