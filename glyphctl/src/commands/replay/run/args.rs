//! The flags of `glyphctl replay run`.

use std::{path::PathBuf, time::Duration};

use anyhow::anyhow;
use clap::Args;
use glyph_analysis::trace::duration;
use glyphd::capture::{TlsFileError, tls::Trust};

use super::{
    super::{compare::CompareArgs, through_plugins::ThroughPluginsArgs},
    pace::{Pace, Speed, rate},
    plan::{HeaderFlags, SecretFlags, Target},
    send::Versions,
};
use crate::{
    commands::flows::{
        filter::{FILTER_HELP, FilterArgs},
        source,
    },
    output::failure::HintExt,
};

/// Flags of `glyphctl replay run`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Requests are sent in the order of their starts and, unless told otherwise, when they were sent then, counted from the \
first. Of those that came over one connection, or with one session's cookie, each waits for the answer to the one before \
it; all others go side by side. URLs keep their path and query; scheme, host and port are the target's, and a path of the \
target's comes first. Bodies are sent as the recording has them: decoded, and without their Content-Encoding. What \
can't be sent is counted and named: tunnels, WebSockets, requests of whose body only a part was recorded.

A secret that was replaced as it was recorded is put back from --secrets or --secret-env, and sent only if the target's \
host is the one that it was seen at, or is named by --send-secrets-to. Otherwise the token goes out in its place.

Each answer is sanitised as glyphd would, and compared with the recorded one; what is left out of that, and how, is in \
docs/replay.md. With --record the replay is itself a recording, of which trace, alerts and check know.

{FILTER_HELP}

Exit codes: 0 no difference, 1 something differs, 2 nothing could be sent or compared, or it was interrupted.

Examples:
  glyphctl replay run RECORDING --target http://localhost:8000
  glyphctl replay run RECORDING --target https://staging.example.com --host api.example.com --dry-run
  glyphctl replay run run1.glyph.tar.zst --target http://localhost:8000 --speed max --concurrency 32 --loop 100
  glyphctl replay run RECORDING --target http://localhost:8000 --ignore-dates --ignore-ids --ignore '$.request_id'
  glyphctl replay run RECORDING --target http://localhost:8000 --record run2 && glyphctl trace summarize run2
  glyphctl replay run RECORDING --target https://b.test --secrets run1.secrets --send-secrets-to b.test"))]
pub(in super::super) struct RunArgs {
    #[arg(value_name = "RECORDING", help = source::INPUT_HELP)]
    pub(super) input: PathBuf,
    /// Where to send the requests: http://HOST:PORT or https://HOST:PORT, with a path if there is one before all others
    #[arg(long, value_name = "URL", conflicts_with = "through_plugins")]
    target: Option<Target>,
    /// How many times as fast as recorded: 1, 2, 0.5, …, or max, as fast as they are answered
    #[arg(long, value_name = "TIMES", default_value = "1", help_heading = "Pace")]
    speed: Speed,
    /// So many requests a second, evenly
    #[arg(long, value_name = "N", value_parser = rate, conflicts_with = "speed", help_heading = "Pace")]
    rate: Option<f64>,
    /// Be scheduled as any other process: without it, unless it is --speed max, requests come before what else the machine does,
    /// where the user's rights allow
    #[arg(long, help_heading = "Pace")]
    no_realtime: bool,
    /// So many requests at a time: over HTTP/1.1 each has a connection
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "Pace")]
    concurrency: u32,
    /// Send all of them so many times
    #[arg(long = "loop", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Pace")]
    pub(super) times: u64,
    /// Send no more than the first N
    #[arg(long, value_name = "N", help_heading = "Pace")]
    pub(super) limit: Option<u64>,
    /// How long an answer may take, to its end: 30s, 500ms
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = time, help_heading = "Pace")]
    request_timeout: Duration,
    /// Tell what would be sent, and send nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Record the replay into this directory, which must not exist yet: flows, spans, metrics
    #[arg(long, value_name = "DIR", conflicts_with = "keep_host")]
    pub(super) record: Option<PathBuf>,
    /// Send everything over HTTP/1.1 [default: what came over HTTP/2 is sent so, where the target offers it within TLS]
    #[arg(long, conflicts_with = "http2", help_heading = "Connections")]
    http1: bool,
    /// Send everything over HTTP/2, without TLS, too
    #[arg(long, help_heading = "Connections")]
    http2: bool,
    /// Trust these certificates of the target, too (PEM); the system's are always trusted
    #[arg(long, value_name = "FILE", help_heading = "Connections")]
    pub(super) upstream_ca: Option<PathBuf>,
    /// Take any certificate of the target
    #[arg(long, conflicts_with_all = ["upstream_ca", "record"], help_heading = "Connections")]
    insecure_skip_verify: bool,
    #[command(flatten)]
    pub(super) headers: HeaderFlags,
    #[command(flatten)]
    pub(super) secrets: SecretFlags,
    #[command(flatten)]
    pub(super) compare: CompareArgs,
    /// How many bytes of a body's content are compared: what glyphd was told, or more
    #[arg(long, value_name = "BYTES", default_value_t = glyphd::sanitize::BODY_BYTES, help_heading = "Comparison")]
    max_body_bytes: usize,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    #[command(flatten)]
    pub(super) plugins: ThroughPluginsArgs,
}

fn time(text: &str) -> Result<Duration, String> {
    let nanoseconds = duration::parse(text).and_then(|ns| u64::try_from(ns).ok()).filter(|ns| *ns > 0);
    let time = nanoseconds.map(Duration::from_nanos);
    time.ok_or_else(|| "expected a time such as 500ms, 30s or 2m".to_owned())
}

impl RunArgs {
    /// Where requests go.
    pub(super) fn target(&self) -> anyhow::Result<&Target> {
        self.target.as_ref().ok_or_else(|| {
            anyhow!("where to? --target is missing")
                .hint("--target http://HOST:PORT names the server; --through-plugins needs none")
        })
    }

    pub(super) fn pace(&self) -> Pace {
        self.rate.map_or(self.speed.0, Pace::Rate)
    }

    /// Whether it may come before other processes: never where it takes all that it can get.
    pub(super) fn may_come_first(&self) -> bool {
        !self.no_realtime && self.pace() != Pace::Max
    }

    pub(super) fn versions(&self) -> Versions {
        match (self.http1, self.http2) {
            (true, _) => Versions::Http1,
            (_, true) => Versions::Http2,
            _ => Versions::Recorded,
        }
    }

    /// Whom the target is believed by.
    pub(super) fn trust(&self) -> Result<Trust, TlsFileError> {
        match self.insecure_skip_verify {
            true => Trust::in_anyone(),
            false => Trust::load(self.upstream_ca.as_deref()),
        }
    }

    pub(super) fn options(&self) -> super::send::Options {
        super::send::Options {
            concurrency: self.concurrency as usize,
            timeout: self.request_timeout,
            body_bytes: self.max_body_bytes,
        }
    }
}
