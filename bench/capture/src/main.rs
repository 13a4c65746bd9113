//! What the proxy is measured with: `capture-bench PART` is one process of a measurement; `bench/run.py --only capture`
//! starts them beside glyphd, and judges.
//!
//! `origin`: a server, plain and with TLS. `bare`: a forward proxy that records nothing. `hudsucker`: a proxy that
//! looks into TLS. `load`: clients that count and time their requests. `soak`: clients of all manners, for some minutes.
//! Servers print where they listen, clients what they saw, each as one line of JSON.

mod pages;
mod certificates;
mod origin;
mod bare;
mod intercepting;
mod load;
mod soak;

use clap::Parser;
use serde_json::Value;

#[derive(Debug, Parser)]
#[command(about = "Origins, load and peers of glyphd's capture")]
enum Part {
    /// Serves pages, plain and with TLS
    Origin(origin::Options),
    /// Forwards and records nothing
    Bare(bare::Options),
    /// Forwards and looks into TLS
    Hudsucker(intercepting::Options),
    /// Sends requests, and times them
    Load(load::Options),
    /// Sends what a proxy gets to see in bad weather
    Soak(soak::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Part::parse() {
        Part::Origin(options) => origin::serve(&options).await?,
        Part::Bare(options) => bare::serve(&options).await?,
        Part::Hudsucker(options) => intercepting::serve(&options).await?,
        Part::Load(options) => say(&load::run(options).await?),
        Part::Soak(options) => say(&soak::run(options).await?),
    }
    Ok(())
}

/// Tells the runner.
fn say(what: &Value) {
    println!("{what}");
}
