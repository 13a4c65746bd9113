//! The peer that looks into TLS: hudsucker as its examples set it up, with a P-256 authority and the origin's trusted.

use std::path::PathBuf;

use hudsucker::{Proxy, certificate_authority::RcgenAuthority};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{client::Resumption, crypto::aws_lc_rs};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{certificates, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where its authority's certificate goes
    ca: PathBuf,
    /// What it trusts
    upstream_ca: PathBuf,
    /// Offer the origin HTTP/2, too
    #[arg(long)]
    http2: bool,
}

/// Serves for ever. It notes and changes nothing.
pub(crate) async fn serve(options: &Options) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let issuer = certificates::authority("capture-bench's hudsucker", &options.ca)?;
    let mut tls = certificates::client(&options.upstream_ca)?;
    tls.resumption = Resumption::default();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    let connector = if options.http2 {
        connector.enable_http2().wrap_connector(tcp)
    } else {
        connector.wrap_connector(tcp)
    };
    let proxy = Proxy::builder()
        .with_listener(listener)
        .with_ca(RcgenAuthority::new(issuer, 1_000, aws_lc_rs::default_provider()))
        .with_http_connector(connector)
        .build()?;
    say(&json!({ "proxy": address.to_string() }));
    Ok(proxy.start().await?)
}
