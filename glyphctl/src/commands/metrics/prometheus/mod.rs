//! `--prometheus URL`: samples from any server with Prometheus' HTTP API.
//!
//! In: which series are wanted, and over which time. Out: a store with their samples, as they were scraped: a range
//! selector as an instant query gives them. Where a server refuses so many at once, it is asked for less time. Not
//! here: evaluating; and markers of series that ended, which that API does not tell.

mod client;
mod credentials;

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use clap::Args;
use glyph_analysis::metrics::{Labels, Matcher, Store, api};
use tokio::runtime;

use self::{client::Client, credentials::Credentials};
use crate::output::warn;

/// A time that is so short that halving it would not help.
const SHORTEST: i64 = 1_000;

/// Flags that name a server.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// Fetch the samples from a server with Prometheus' HTTP API; a path in front of /api/v1 is kept
    #[arg(long, value_name = "URL", help_heading = "Server", value_parser = client::base)]
    pub(crate) prometheus: Option<String>,
    #[command(flatten)]
    credentials: Credentials,
}

/// A server that can be asked.
pub(crate) struct Server {
    client: Client,
    runtime: runtime::Runtime,
}

/// Series, and samples in `(after, until]`, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want<'a> {
    pub(crate) matchers: &'a [Matcher],
    pub(crate) after: i64,
    pub(crate) until: i64,
}

type Found = HashMap<Labels, BTreeMap<i64, f64>>;

impl ServerArgs {
    /// The server that the flags name, if they name one.
    pub(crate) fn open(&self) -> anyhow::Result<Option<Server>> {
        let Some(base) = &self.prometheus else { return Ok(None) };
        let client = Client::new(base, self.credentials.headers()?)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Some(Server { client, runtime }))
    }
}

impl Server {
    /// Fetches what is wanted. Series that several selectors want are one.
    pub(crate) fn fetch(&self, wanted: &[Want<'_>]) -> anyhow::Result<Store> {
        let mut windows: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for want in wanted {
            let window = windows.entry(selector(want.matchers)).or_insert((want.after, want.until));
            *window = (window.0.min(want.after), window.1.max(want.until));
        }
        let mut found = Found::new();
        for (selector, (after, until)) in &windows {
            self.fetch_window(selector, *after, *until, &mut found)?;
        }
        let mut store = Store::new();
        for (labels, samples) in found {
            for (time, value) in samples {
                // In order, and each time once: nothing is refused.
                let _taken = store.append(&labels, time, value);
            }
        }
        Ok(store)
    }

    fn fetch_window(&self, selector: &str, after: i64, until: i64, found: &mut Found) -> anyhow::Result<()> {
        let window = (until - after).max(1);
        let query = format!("{selector}[{window}ms]");
        let time = format!("{}.{:03}", until.div_euclid(1_000), until.rem_euclid(1_000));
        let answer =
            self.runtime.block_on(self.client.post("query", &[("query", &query), ("time", &time)]))?;
        let what = || format!("{}: {query}", self.client.base());
        let mut store = Store::new();
        match answer.and_then(|body| api::read_into(&mut store, &body).map_err(client::Refused::of)) {
            Ok(answer) => {
                answer.warnings.iter().for_each(warn);
                for series in store.series() {
                    let samples = series.times.iter().copied().zip(series.values.iter().copied());
                    found.entry(series.labels.clone()).or_default().extend(samples);
                }
                Ok(())
            }
            Err(refused) if refused.is_too_much() && window > SHORTEST => {
                let middle = after + window / 2;
                self.fetch_window(selector, after, middle, found)?;
                self.fetch_window(selector, middle, until, found)
            }
            Err(refused) => Err(refused.into_error()).with_context(what),
        }
    }
}

/// Matchers as a selector that any server understands.
fn selector(matchers: &[Matcher]) -> String {
    let mut parts: Vec<_> = matchers.iter().map(Matcher::to_string).collect();
    if matchers.iter().all(|m| m.accepts("")) {
        // Servers want at least one that does not accept everything.
        parts.push(r#"__name__!="""#.to_owned());
    }
    format!("{{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests {
    use glyph_analysis::metrics::MatchOp;

    use super::*;

    #[test]
    fn selectors_are_what_servers_read() {
        let of = |conditions: &[(&str, MatchOp, &str)]| {
            let matchers: Vec<_> =
                conditions.iter().map(|(n, op, v)| Matcher::new(n, *op, v).unwrap()).collect();
            selector(&matchers)
        };
        assert_eq!(
            of(&[("__name__", MatchOp::Equal, "up"), ("a", MatchOp::Matches, "b\"\\\\\n")]),
            r#"{__name__="up",a=~"b\"\\\\\n"}"#
        );
        assert_eq!(of(&[("a.b", MatchOp::NotEqual, "")]), r#"{"a.b"!=""}"#);
        assert_eq!(of(&[("a", MatchOp::Equal, "")]), r#"{a="",__name__!=""}"#);
        assert_eq!(of(&[]), r#"{__name__!=""}"#);
    }
}
