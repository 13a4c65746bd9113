//! Where the samples are: files, or a server with Prometheus' HTTP API.

use std::path::{Path, PathBuf};

use clap::Args;
use glyph_analysis::metrics::{Matcher, Store};
use glyph_formats::UnixNanos;

use super::{
    data::{self, DATA_HELP},
    prometheus::{Server, ServerArgs, Want},
    time,
};
use crate::output::warn;

/// Flags that say where the samples are.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    #[arg(
        long,
        value_name = "RECORDING|FILE",
        num_args = 1..,
        required_unless_present = "prometheus",
        conflicts_with = "prometheus",
        help = DATA_HELP
    )]
    pub(crate) data: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Files that were read, or a server that can be asked.
pub(crate) enum Source {
    Read(Store),
    Server(Box<Server>),
}

/// Flags that say which time of a server is looked at.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ExtentArgs {
    /// With --prometheus: from when; RFC 3339 or seconds since the epoch [default: an hour ago]
    #[arg(long, value_name = "TIME", value_parser = time::time, requires = "prometheus", allow_negative_numbers = true)]
    pub(crate) start: Option<i64>,
    /// With --prometheus: until when [default: now]
    #[arg(long, value_name = "TIME", value_parser = time::time, requires = "prometheus", allow_negative_numbers = true)]
    pub(crate) end: Option<i64>,
}

impl SourceArgs {
    /// Takes what follows the files of `--data` and is none: `--data FILE 'EXPR'`.
    pub(crate) fn take_last(&mut self, is_other: impl Fn(&str) -> bool) -> Option<String> {
        let last = self.data.last().filter(|_| self.data.len() > 1)?.to_str()?;
        let taken = (!Path::new(last).exists() && is_other(last)).then(|| last.to_owned())?;
        self.data.pop();
        Some(taken)
    }

    /// Reads the files, or prepares to ask the server.
    pub(crate) fn open(&self) -> anyhow::Result<Source> {
        if let Some(server) = self.server.open()? {
            return Ok(Source::Server(Box::new(server)));
        }
        let store = data::read(&self.data)?.store;
        if store.extent().is_none() {
            warn("no samples there");
        }
        Ok(Source::Read(store))
    }
}

impl Source {
    /// The times of the first and the last sample; of a server, an hour up to now. Milliseconds since the epoch.
    pub(crate) fn extent(&self) -> (i64, i64) {
        match self {
            Self::Read(store) => store.extent().unwrap_or((0, 0)),
            Self::Server(_) => {
                let now = (UnixNanos::now().0 / 1_000_000) as i64;
                (now - 3_600_000, now)
            }
        }
    }

    /// A store with at least the samples that are wanted.
    pub(crate) fn store(self, wanted: &[Want<'_>]) -> anyhow::Result<Store> {
        match self {
            Self::Read(store) => Ok(store),
            Self::Server(server) => server.fetch(wanted),
        }
    }

    /// The samples of selectors in a time, all of them if there is no selector. Files are not cut.
    pub(crate) fn select(self, selectors: &[Vec<Matcher>], extent: ExtentArgs) -> anyhow::Result<Store> {
        let (first, last) = self.extent();
        let (from, until) = (extent.start.unwrap_or(first), extent.end.unwrap_or(last));
        let all = [Vec::new()];
        let selectors = if selectors.is_empty() { &all } else { selectors };
        let after = from.saturating_sub(1);
        let wanted: Vec<_> = selectors.iter().map(|matchers| Want { matchers, after, until }).collect();
        self.store(&wanted)
    }
}
