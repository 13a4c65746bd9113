//! A server that people use, as the upstream over HTTP/2.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Stdio},
};

use glyphd::capture::{Base, Mode};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{HOST, client, ended, fine};
use crate::harness::{TestDaemon, peers, secure::Authority};

/// Where Debian has it, which is in root's path only.
const NGINX: &str = "/usr/sbin/nginx";
/// After so many requests it takes no more on a connection.
const EACH: usize = 100;

struct Nginx {
    address: SocketAddr,
    process: Child,
    _dir: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It ends its worker, too.
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        self.process.wait().unwrap();
    }
}

impl Nginx {
    /// None if there is no nginx.
    fn start(authority: &Authority) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        // It is handed the listener as an older nginx would do, so that there is no moment at which the port is free.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = dir.path().join("nginx.conf");
        fs::write(&config, configuration(dir.path(), address, authority)).unwrap();
        let mut command = Command::new(NGINX);
        command.arg("-p").arg(dir.path()).arg("-c").arg(&config).args(["-e", "stderr"]);
        command.env("NGINX", "0;").stdin(OwnedFd::from(listener)).stderr(Stdio::null());
        let process = peers::found("nginx", command.spawn())?;
        Some(Self { address, process, _dir: dir })
    }
}

fn configuration(dir: &Path, address: SocketAddr, authority: &Authority) -> String {
    let (cert, key) = authority.certify_in_files(HOST);
    let (dir, cert, key) = (dir.display(), cert.display(), key.display());
    format!(
        "daemon off; user root; pid {dir}/pid; worker_processes 1; events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi; keepalive_requests {EACH};
  server {{
    listen {address} ssl http2; ssl_certificate {cert}; ssl_certificate_key {key};
    location / {{ return 200 'ok'; }}
  }}
}}
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_every_request_though_it_closes_connections_under_way() {
    const COUNT: usize = 2_000;
    for (flags, version, size) in
        [(&["-m", "10"][..], "HTTP/2", 0), (&["-m", "10"], "HTTP/2", 3_000), (&["--h1"], "HTTP/1.1", 0)]
    {
        let authority = Authority::new();
        let Some(nginx) = Nginx::start(&authority) else { return };
        let base = Base::of(&format!("https://{HOST}:{}", nginx.address.port())).unwrap();
        let daemon = TestDaemon::with(|config| {
            config.capture.mode = Mode::Reverse(base);
            config.capture.upstream.ca = Some(authority.path());
        })
        .await;
        let mut command = client("h2load");
        command.args(["-n", &COUNT.to_string(), "-c", "4"]).args(flags);
        let body = authority.path().with_file_name("body");
        fs::write(&body, vec![b'x'; size]).unwrap();
        if size > 0 {
            command.arg("-d").arg(&body);
        }
        command.arg(format!("http://{}/", daemon.proxy()));
        let Some(ended) = ended("h2load", command).await else { return };
        let printed = fine(ended);
        assert!(printed.contains(&format!("status codes: {COUNT} 2xx, 0 3xx, 0 4xx, 0 5xx")), "{printed}");
        let recorded = daemon.drain().await;
        assert_eq!(recorded.flows.len(), COUNT);
        for flow in &recorded.flows {
            let response = flow.response.as_ref().unwrap();
            assert_eq!((&*flow.request.version, &*response.version), (version, "HTTP/2"));
        }
    }
}
