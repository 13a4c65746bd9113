//! A site in miniature, served by nginx: a page, JSON, a form's answer, redirects, large files.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{in_path, peer, within};

/// Debian has it where only root's path leads.
const PLACES: [&str; 2] = ["/usr/sbin/nginx", "/usr/bin/nginx"];
/// When every file was changed: tags and dates that nginx makes of it are the same in each run.
const CHANGED: Duration = Duration::from_secs(1_750_000_000);

/// What is different about a site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    pub(super) title: &'static str,
    pub(super) price: &'static str,
    pub(super) cache: &'static str,
    /// Directives for `/gone`.
    pub(super) gone: &'static str,
}

impl Default for Content {
    fn default() -> Self {
        Self { title: "Tea", price: "4.50", cache: "max-age=60", gone: "return 404 'no such page';" }
    }
}

/// A server that runs.
pub(super) struct Nginx {
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
    pub(super) fn start(content: Content) -> Option<Self> {
        let place = PLACES.into_iter().map(PathBuf::from).find(|path| path.is_file());
        let nginx = peer(place.map_or_else(|| in_path("nginx"), Ok))?;
        let dir = tempfile::tempdir().unwrap();
        // It is handed the listener as an older nginx would do, so that there is no moment at which the port is free.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        files(dir.path(), content);
        let config = dir.path().join("nginx.conf");
        fs::write(&config, configuration(dir.path(), address, content)).unwrap();
        let errors = File::create(dir.path().join("stderr")).unwrap();
        let process = Command::new(nginx)
            .arg("-p")
            .arg(dir.path())
            .arg("-c")
            .arg(&config)
            .args(["-e", "stderr"])
            .env("NGINX", "0;")
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stderr(errors)
            .spawn()
            .unwrap();
        within("nginx", || TcpStream::connect(address).is_ok());
        Some(Self { address, process, _dir: dir })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn files(dir: &Path, content: Content) {
    let Content { title, price, .. } = content;
    let rows: String = (0..200).map(|i| format!("<tr><td>{title} no. {i}</td></tr>\n")).collect();
    let page = format!("<!doctype html><title>{title}</title><table>{rows}</table>\n");
    let items = format!(
        r#"{{"items":[{{"sku":1,"name":"Assam","price":3.20}},{{"sku":2,"name":"Sencha","price":{price}}}],"total":2}}"#
    );
    // Of numbers that follow from each other, so that it is no run of one byte.
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let large: Vec<u8> = (0..3 << 20).map(|_| next()).collect();
    let small = large[..20_000].to_vec();
    for (name, bytes) in [
        ("index.html", page.into_bytes()),
        ("style.css", b"table { width: 100% }\n".to_vec()),
        ("items.json", items.into_bytes()),
        ("large.bin", large),
        ("small.bin", small),
    ] {
        let path = dir.join("html").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH + CHANGED)
            .unwrap();
    }
}

fn configuration(dir: &Path, address: SocketAddr, content: Content) -> String {
    let Content { cache, gone, .. } = content;
    let dir = dir.display();
    format!(
        r#"daemon off; user root; pid {dir}/pid; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  types {{ text/html html; text/css css; application/json json; }} default_type application/octet-stream;
  gzip on; gzip_min_length 100; gzip_types text/css application/json;
  server {{
    listen {address}; root {dir}/html;
    location = /style.css {{ add_header Cache-Control '{cache}'; }}
    location = /login {{ add_header Set-Cookie 'session=c2VjcmV0LW9mLXRoZS1zaXRl; HttpOnly'; return 302 /account; }}
    location = /account {{ default_type application/json; return 200 '{{"name":"Ada","token":"kq3v9xw7c1m5n8b2z4"}}'; }}
    location = /order {{ default_type application/json; return 201 '{{"order":17,"state":"new"}}'; }}
    location = /gone {{ {gone} }}
  }}
}}
"#
    )
}
