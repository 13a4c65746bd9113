//! `glyphctl replay serve`: recorded responses for whoever asks.
//!
//! [`server`] takes connections, [`service`] requests out of them; [`likeness`] says which recorded request is the same,
//! [`book`] has the answers in their order, [`answer`] makes one ready, [`response`] sends it. What fits nothing is told
//! what is [`nearest`], or goes [`forward`]; [`tally`] counts.

mod likeness;
mod nearest;
mod answer;
mod book;
mod forward;
mod response;
mod service;
mod server;
mod tally;

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_analysis::text::{counted, grouped};
use glyphd::{
    capture::tls::{CertificateAuthority, Leaves},
    cli::TraceArgs,
    sanitize::{RedactionPolicy, Sanitizer},
    telemetry::{Telemetry, name},
};
use tokio::net::TcpListener;

use self::{
    book::{Book, Serving},
    forward::{Forward, Upstream, upstream},
    likeness::{Likeness, Part},
    server::Server,
    service::Service,
    tally::{Account, Tally},
};
use crate::{
    commands::{
        flows::{
            filter::{FILTER_HELP, FilterArgs},
            secrets::SecretsArgs,
            source::{self, Source},
        },
        record::signals::Signals,
    },
    output::{self, failure::HintExt, note, warn},
    telemetry::traced,
};

/// How many hosts' certificates are kept.
const LEAVES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
/// So many requests are named in the end.
const NAMED: usize = 10;
/// The exit code for requests that fitted nothing.
const UNMATCHED: u8 = 1;

/// Flags of `glyphctl replay serve`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
{FILTER_HELP}

A request is answered as the recorded one with the same method, path and query was. One that was recorded several times gets \
its responses in the order of their requests, and then the last one again (--once: 404). Where several hosts were recorded, \
the host that a request names is looked up; under another name (localhost) it gets the responses of all, host after host. A \
secret in a request fits the token that stands in its place. HEAD is answered of what GET gave, too. What fits nothing gets \
404, with the nearest recorded requests as text or, with Accept: application/json, as JSON.

It speaks HTTP/1.1 and HTTP/2, with --ca-dir also TLS on the same port, with certificates of that CA for whatever host is \
asked for (glyphctl ca trust-help). It can be used as a proxy: curl -x http://127.0.0.1:8000 http://shop.test/.

The address is printed on standard output. Ctrl-C ends it with an account of what was asked for, and what was not.

Exit codes: 0 fine, 1 with --fail-unmatched, if a request got no recorded response, 2 it could not be served.

Examples:
  glyphctl replay serve run1
  glyphctl replay serve shop.har --addr 127.0.0.1:8000 --latency --speed 2
  glyphctl replay serve run1 --host api.test --match body --match header:x-tenant
  glyphctl replay serve run1 --ca-dir ca --forward
  glyphctl replay serve run1 --addr 127.0.0.1:0 --once --fail-unmatched"))]
pub(super) struct ServeArgs {
    #[arg(value_name = "FLOWS", help = source::INPUT_HELP)]
    input: PathBuf,
    #[command(flatten)]
    filter: FilterArgs,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8000", value_parser = glyphd::cli::address, help_heading = "Options")]
    addr: SocketAddr,
    /// What has to be the same, beside the method: url, path (without the query), body, header:NAME
    #[arg(
        long = "match",
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "url",
        help_heading = "Options"
    )]
    parts: Vec<Part>,
    /// Give each recorded response once
    #[arg(long, help_heading = "Options")]
    once: bool,
    /// Take as long as it took when it was recorded
    #[arg(long, help_heading = "Options")]
    latency: bool,
    /// So many times as fast
    #[arg(long, value_name = "TIMES", requires = "latency", value_parser = speed, help_heading = "Options")]
    speed: Option<f64>,
    /// Serve bodies of which only a part was recorded, as far as they go
    #[arg(long, help_heading = "Options")]
    partial: bool,
    /// Pass on what fits nothing: to that server, or, without one, to the host that is asked for
    #[arg(
        long, value_name = "URL", num_args = 0..=1, require_equals = true, default_missing_value = "",
        value_parser = upstream, help_heading = "Options"
    )]
    forward: Option<Upstream>,
    /// More CAs by which servers are believed that requests are passed on to (PEM)
    #[arg(long, value_name = "FILE", requires = "forward", help_heading = "Options")]
    upstream_ca: Option<PathBuf>,
    /// Speak TLS, too, with the CA in that directory; it is made there if there is none
    #[arg(long, value_name = "DIR", help_heading = "Options")]
    ca_dir: Option<PathBuf>,
    #[command(flatten)]
    secrets: SecretsArgs,
    /// End with exit code 1 if a request got no recorded response
    #[arg(long, help_heading = "Options")]
    fail_unmatched: bool,
}

fn speed(text: &str) -> Result<f64, &'static str> {
    let speed = text.parse::<f64>().ok().filter(|speed| speed.is_finite() && *speed > 0.0);
    speed.ok_or("expected a number above 0")
}

/// Runs it.
pub(super) fn run(flags: &ServeArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let server = traced(trace, |telemetry| flags.server(telemetry, runtime.handle()))??;
    let account = runtime.block_on(serve(&server.0, server.1))?;
    // Whoever is still waiting has waited for nothing.
    runtime.shutdown_background();
    tell(&account, &server.0.service.book)?;
    let is_missed = account.unmatched + account.unserved > 0;
    Ok(if flags.fail_unmatched && is_missed { ExitCode::from(UNMATCHED) } else { ExitCode::SUCCESS })
}

impl ServeArgs {
    fn server(
        &self,
        telemetry: &Telemetry,
        runtime: &tokio::runtime::Handle,
    ) -> anyhow::Result<(Arc<Server>, TcpListener)> {
        let likeness = Likeness::of(&self.parts);
        let leaves = self.ca_dir.as_deref().map(|dir| -> anyhow::Result<_> {
            Ok(Leaves::new(CertificateAuthority::open_or_create(dir)?, LEAVES)?)
        });
        let leaves = leaves.transpose().context("--ca-dir")?;
        let forward = self.forward.clone().map(|to| {
            let _inside = runtime.enter();
            Forward::new(to, &forward::trust(self.upstream_ca.as_deref())?)
        });
        let forward = forward.transpose()?;
        let listener = runtime.block_on(TcpListener::bind(self.addr)).map_err(|error| {
            anyhow!(error)
                .context(format!("--addr {}", self.addr))
                .hint("port 0 takes a free port; the address is printed")
        })?;
        let address = listener.local_addr()?;
        let mut span = telemetry.span(name::LOAD_FLOWS).start();
        let book = self.book(&likeness);
        match &book {
            Ok(_) => span.succeed(),
            Err(error) => span.fail("recording", error.to_string()),
        }
        let service = Service {
            book: book?,
            likeness,
            sanitizer: Sanitizer::new(RedactionPolicy::default(), usize::MAX >> 1),
            forward,
            speed: self.latency.then_some(self.speed.unwrap_or(1.0)),
            tally: Tally::default(),
            address,
        };
        Ok((Arc::new(Server { service, leaves }), listener))
    }

    fn book(&self, likeness: &Likeness) -> anyhow::Result<Book> {
        let filter = self.filter.filter()?;
        let source = Source::open(&self.input)?;
        let serving = Serving { partial: self.partial, once: self.once };
        let book = Book::open(&source, &filter, likeness, self.secrets.load()?, serving)?;
        if book.len() == 0 {
            return Err(anyhow!("{}: no exchange to be served", self.input.display())
                .hint("tunnels have none; glyphctl flows ls RECORDING shows what is there"));
        }
        Ok(book)
    }
}

/// Serves until somebody wants an end.
async fn serve(server: &Arc<Server>, listener: TcpListener) -> anyhow::Result<Account> {
    let mut signals = Signals::listen()?;
    let (address, book) = (server.service.address, &server.service.book);
    let schemes = if server.leaves.is_some() { &["http", "https"][..] } else { &["http"] };
    output::to_stdout(|out| schemes.iter().try_for_each(|scheme| writeln!(out, "{scheme}://{address}")))?;
    let (exchanges, hosts) = (counted(book.len(), "exchange"), counted(book.hosts(), "host"));
    note(format_args!("serving {exchanges} with {hosts}; Ctrl-C ends it"));
    let accepting = tokio::spawn(Arc::clone(server).run(listener));
    signals.next().await;
    accepting.abort();
    Ok(server.service.tally.account())
}

/// Says what was asked for, and what was not.
fn tell(account: &Account, book: &Book) -> anyhow::Result<()> {
    let Account { answered, unmatched, unserved, forwarded, .. } = account;
    let mut told = vec![format!("{} answered from the recording", grouped(*answered))];
    let more = [(unmatched, "not matched"), (unserved, "recorded, but not so that they could be served")];
    let more = more.into_iter().chain([(forwarded, "passed on")]);
    told.extend(
        more.filter(|(number, _)| **number > 0).map(|(number, what)| format!("{} {what}", grouped(*number))),
    );
    note(format_args!("{}: {}", counted(account.requests(), "request"), told.join(", ")));
    for (name, times) in account.names.iter().take(NAMED) {
        note(format_args!(
            "not matched: {name}{}",
            if *times > 1 { format!(" ({times} times)") } else { String::new() }
        ));
    }
    if account.names.len() > NAMED {
        note(format_args!("not matched: {} more", account.names.len() - NAMED));
    }
    match book.unasked(NAMED) {
        Ok((0, _)) => {}
        Ok((number, named)) => {
            note(format_args!(
                "never asked for: {} of {}",
                grouped(number),
                counted(book.len(), "recorded exchange")
            ));
            named
                .iter()
                .for_each(|named| note(format_args!("never asked for: {} {}", named.method, named.url)));
        }
        Err(error) => warn(format_args!("what was never asked for: {error:#}")),
    }
    Ok(())
}
