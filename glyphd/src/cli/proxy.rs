//! The flags of the proxy: whose requests it takes, where they go, whether TLS is looked into, and what nobody gets more of.

use std::{env, fs, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;

use super::{FlagError, faults::Faults, record::within};
use crate::{
    capture::{Base, Ca, CaptureOptions, Credentials, Limits, Mode, UpstreamOptions, UpstreamProxy},
    globs::Globs,
    policy::Policy,
};

/// Where the credentials stand that clients need.
const PROXY_AUTH: &str = "GLYPH_PROXY_AUTH";
/// Where those stand that the upstream proxy needs.
const UPSTREAM_PROXY_AUTH: &str = "GLYPH_UPSTREAM_PROXY_AUTH";

/// The proxy's flags.
#[derive(Debug, Args)]
pub struct ProxyArgs {
    /// Be a reverse proxy: send every request to this server, whatever the client calls it
    #[arg(long, value_name = "URL", help_heading = "Proxy")]
    pub reverse: Option<String>,

    /// Reach upstreams through this proxy (http://HOST:PORT)
    #[arg(long, value_name = "URL", help_heading = "Proxy")]
    pub upstream_proxy: Option<String>,

    /// NAME:PASSWORD for the upstream proxy, in a file [env: GLYPH_UPSTREAM_PROXY_AUTH, the pair itself]
    #[arg(long, value_name = "@FILE", requires = "upstream_proxy", value_parser = at_file, help_heading = "Proxy")]
    pub upstream_proxy_auth: Option<PathBuf>,

    /// Let in only who has this NAME:PASSWORD, in a file [env: GLYPH_PROXY_AUTH, the pair itself]
    #[arg(long, value_name = "@FILE", conflicts_with = "reverse", value_parser = at_file, help_heading = "Proxy")]
    pub proxy_auth: Option<PathBuf>,

    /// Listen beyond the loopback interface without --proxy-auth: whoever can reach it can use it
    #[arg(long, help_heading = "Proxy")]
    pub allow_open_proxy: bool,

    /// At most so many clients' connections at a time; further ones wait
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections as u64, value_parser = clap::value_parser!(u64).range(1..=1_000_000), help_heading = "Proxy")]
    pub max_connections: u64,

    /// The longest head of a request or response, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().header_bytes as u64, value_parser = clap::value_parser!(u64).range(8_192..=16_777_216), help_heading = "Proxy")]
    pub max_header_bytes: u64,

    /// How long a client may take for the head of a request, and for a handshake (up to 1d)
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = within(1, 86_400), help_heading = "Proxy")]
    pub header_timeout: Duration,

    /// How long a connection may stand still while somebody waits for it (up to 7d)
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = within(1, 604_800), help_heading = "Proxy")]
    pub idle_timeout: Duration,

    /// How long an upstream that has the whole request may take until its answer begins (up to 7d)
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = within(1, 604_800), help_heading = "Proxy")]
    pub request_timeout: Duration,

    /// Look into TLS with the CA in this directory, which is made if it is not there (glyphctl ca trust-help DIR)
    #[arg(long, value_name = "DIR", help_heading = "TLS")]
    pub ca_dir: Option<PathBuf>,

    /// Leave the TLS of this host alone (* is anything); may be given more than once
    #[arg(long, value_name = "HOST", help_heading = "TLS", requires = "ca_dir", value_delimiter = ',')]
    pub tls_passthrough: Vec<String>,

    /// Trust these certificates of upstreams, too (PEM); the system's are always trusted
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub upstream_ca: Option<PathBuf>,

    /// Show this certificate to upstreams that ask for one (PEM)
    #[arg(long, value_name = "FILE", help_heading = "TLS", requires = "client_key")]
    pub client_cert: Option<PathBuf>,

    /// The key of --client-cert (PEM)
    #[arg(long, value_name = "FILE", help_heading = "TLS", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
}

impl ProxyArgs {
    /// What they mean, with what the policy says. A fault is a flag that is wrong, a file that can't be read, or a proxy
    /// that would be open to everybody without that being asked for.
    pub(super) fn into_options(
        self,
        address: SocketAddr,
        propagate: bool,
        policy: &Policy,
        faults: &mut Faults,
    ) -> CaptureOptions {
        let wrong = |flag| move |cause: &'static str| FlagError::Proxy { flag, cause: cause.to_owned() };
        // One that is wrong was meant to guard it, too.
        let asks_for_guard = self.reverse.is_some() || self.proxy_auth.is_some();
        let mode = self.reverse.as_deref().map(|url| Base::of(url).map_err(wrong("--reverse")));
        let mode = mode.and_then(|mode| faults.note(mode));
        let proxy_auth = faults.note(credentials("--proxy-auth", self.proxy_auth, PROXY_AUTH)).flatten();
        let guarded = asks_for_guard || proxy_auth.is_some() || self.allow_open_proxy;
        if !address.ip().is_loopback() && !guarded {
            faults.add(wrong("--proxy-addr")(
                "beyond the loopback interface anybody could use the proxy: give --proxy-auth, or say --allow-open-proxy",
            ));
        }
        let proxy = self.upstream_proxy.as_deref().and_then(|url| {
            let auth = credentials("--upstream-proxy-auth", self.upstream_proxy_auth, UPSTREAM_PROXY_AUTH);
            let auth = faults.note(auth).flatten();
            faults.note(UpstreamProxy::of(url, auth).map_err(wrong("--upstream-proxy")))
        });
        let more = Globs::of(&self.tls_passthrough);
        let more = faults.note(more.map_err(|cause| FlagError::Proxy { flag: "--tls-passthrough", cause }));
        let mut tls = policy.tls.clone();
        tls.passthrough.add(more.unwrap_or_default());
        CaptureOptions {
            propagate,
            mode: mode.map(Mode::Reverse).unwrap_or_default(),
            ca: self.ca_dir.map(Ca::InDir),
            tls,
            scope: policy.scope.clone(),
            proxy_auth,
            upstream: UpstreamOptions {
                proxy,
                ca: self.upstream_ca,
                more: Vec::new(),
                client_cert: self.client_cert.zip(self.client_key),
            },
            limits: Limits {
                connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
                header_bytes: usize::try_from(self.max_header_bytes).unwrap_or(usize::MAX),
                header_timeout: self.header_timeout,
                idle_timeout: self.idle_timeout,
                request_timeout: self.request_timeout,
                ..Limits::default()
            },
        }
    }
}

/// A secret in a flag can be seen by everybody on the machine.
fn at_file(text: &str) -> Result<PathBuf, &'static str> {
    text.strip_prefix('@')
        .map(PathBuf::from)
        .ok_or("expected @FILE: a secret in a flag can be seen by others")
}

fn credentials(
    flag: &'static str,
    file: Option<PathBuf>,
    variable: &'static str,
) -> Result<Option<Credentials>, FlagError> {
    let wrong = |cause: String| FlagError::Proxy { flag, cause };
    let pair = match file {
        Some(path) => Some(fs::read_to_string(&path).map_err(|e| wrong(format!("{}: {e}", path.display())))?),
        None => env::var(variable).ok().filter(|pair| !pair.is_empty()),
    };
    let pair = pair.as_deref().map(|pair| Credentials::of(pair.trim_end_matches(['\r', '\n'])));
    pair.transpose().map_err(|cause| wrong(cause.to_owned()))
}
