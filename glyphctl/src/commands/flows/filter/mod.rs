//! The filter that all `glyphctl flows` commands have: flags in, an answer for each flow out.
//!
//! Repeating a flag widens it (one of the values has to hold), another flag narrows it (both have to hold).

mod values;

use std::cell::OnceCell;

use anyhow::Context;
use clap::Args;
use glyph_analysis::trace::Window;
use glyph_formats::glance::{Body, Glance, Headers};
use regex::Regex;

pub(super) use self::values::path;
use self::values::{Glob, Header, Is, Kind, Status, nanoseconds};
use super::needle::Needle;

/// What the help says behind the flags.
pub(in crate::commands) const FILTER_HELP: &str = "\
Repeating a filter widens it, another narrows it: --method GET --method HEAD --status 5xx is (GET or HEAD) and 5xx. \
Patterns of hosts and paths have * (any characters), ? (one) and [ab]; they match as a whole.";

/// Flags that choose flows; without any, all.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(in crate::commands) struct FilterArgs {
    /// The method: GET
    #[arg(long, value_name = "METHOD")]
    method: Vec<String>,
    /// The host, as a pattern: '*.example.com', or with its port: 'localhost:80*'
    #[arg(long, value_name = "PATTERN")]
    host: Vec<Glob>,
    /// The path without the query, as a pattern: '/api/*'
    #[arg(long, value_name = "PATTERN")]
    path: Vec<Glob>,
    /// A regular expression that matches somewhere in the URL: '[?&]page=[0-9]+'
    #[arg(long, value_name = "REGEX")]
    url: Vec<Regex>,
    /// The status: 200, 4xx, 400-499, '>=500', or none where no answer came
    #[arg(long, value_name = "STATUS")]
    status: Vec<Status>,
    /// At least so long: 100ms, 1.5s, 2m
    #[arg(long, value_name = "DURATION", value_parser = nanoseconds)]
    min_duration: Option<u64>,
    /// At most so long
    #[arg(long, value_name = "DURATION", value_parser = nanoseconds)]
    max_duration: Option<u64>,
    /// That last into this time: FROM..TO, either of which can be left out; offsets from the first flow's start (10s..20s),
    /// RFC 3339 or unix nanoseconds
    #[arg(long, value_name = "FROM..TO")]
    window: Option<Window>,
    /// The trace, by its id or the beginning of it
    #[arg(long, value_name = "TRACE_ID")]
    trace: Vec<String>,
    /// The flow, by its id or the beginning of it, or by its number
    #[arg(long, value_name = "ID|NUMBER")]
    id: Vec<String>,
    /// That failed; with =WHAT by that kind (connect_refused) or fault (client, upstream, glyph)
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    error: Vec<Kind>,
    /// With that header in request or response; with =TEXT only if that is in its value, in any case
    #[arg(long, value_name = "NAME[=TEXT]")]
    header: Vec<Header>,
    /// With that text in a decoded body
    #[arg(long, value_name = "TEXT")]
    body: Vec<String>,
    /// With a match of that regular expression in a decoded body
    #[arg(long, value_name = "REGEX")]
    body_regex: Vec<String>,
    /// Of which that is true
    #[arg(long, value_enum, value_name = "WHAT")]
    is: Vec<Is>,
}

/// A filter in use.
#[derive(Debug)]
pub(in crate::commands) struct Filter<'a> {
    flags: &'a FilterArgs,
    body: Vec<Needle>,
    body_regex: Vec<Needle>,
    /// When the first flow began.
    start: OnceCell<u64>,
}

impl FilterArgs {
    /// Takes it into use.
    pub(in crate::commands) fn filter(&self) -> anyhow::Result<Filter<'_>> {
        let body = self.body.iter().map(|text| Needle::text(text, false)).collect::<Result<_, _>>()?;
        let regexes = self.body_regex.iter().map(|pattern| Needle::regex(pattern, false));
        let body_regex = regexes.collect::<Result<_, _>>().context("--body-regex")?;
        Ok(Filter { flags: self, body, body_regex, start: OnceCell::new() })
    }

    /// Whether it leaves out anything.
    pub(in crate::commands) fn is_any(&self) -> bool {
        let Self { method, host, path, url, status, min_duration, max_duration, window, .. } = self;
        let Self { trace, id, error, header, body, body_regex, is, .. } = self;
        !(method.is_empty() && host.is_empty() && path.is_empty() && url.is_empty() && status.is_empty())
            || min_duration.is_some()
            || max_duration.is_some()
            || window.is_some()
            || !(trace.is_empty() && id.is_empty() && error.is_empty() && header.is_empty())
            || !(body.is_empty() && body_regex.is_empty() && is.is_empty())
    }
}

impl Filter<'_> {
    /// Whether a line can be of a flow that it leaves; without a closer look at it.
    pub(in crate::commands) fn may(&self, line: &[u8]) -> bool {
        let is_needed = self.flags.window.is_some() && self.start.get().is_none();
        is_needed || self.body.is_empty() || self.body.iter().any(|needle| needle.may_be_in(line))
    }

    /// Whether it leaves the flow. The first that it is asked for is the one at which offsets begin.
    pub(in crate::commands) fn meets(&self, flow: &Glance<'_>) -> bool {
        let flags = self.flags;
        self.is_in_window(flow)
            && any(&flags.method, |method| method.eq_ignore_ascii_case(&flow.request.method))
            && any(&flags.status, |status| status.meets(flow))
            && flags.min_duration.is_none_or(|least| flow.duration_ns() >= least)
            && flags.max_duration.is_none_or(|most| flow.duration_ns() <= most)
            && any(&flags.host, |host| host.meets_host(&flow.request.host, flow.request.port))
            && any(&flags.path, |pattern| pattern.meets(path(&flow.request.url)))
            && any(&flags.url, |regex| regex.is_match(&flow.request.url))
            && any(&flags.trace, |id| begins(&flow.trace_id, id))
            && any(&flags.id, |id| is_called(flow, id))
            && any(&flags.error, |kind| flow.error.as_ref().is_some_and(|error| kind.meets(error)))
            && any(&flags.is, |is| is.meets(flow))
            && any(&flags.header, |header| header.meets(flow))
            && any(&self.body, |needle| is_in_a_body(needle, flow))
            && any(&self.body_regex, |needle| is_in_a_body(needle, flow))
    }

    fn is_in_window(&self, flow: &Glance<'_>) -> bool {
        let Some(window) = self.flags.window else { return true };
        let start = *self.start.get_or_init(|| flow.start_time_unix_nano);
        let window = window.within(start);
        flow.start_time_unix_nano <= *window.end() && flow.end_time_unix_nano >= *window.start()
    }
}

/// Whether one of them holds; nothing that was not asked for has to.
fn any<T>(values: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    values.is_empty() || values.iter().any(holds)
}

/// Whether an id begins so, in any case.
pub(super) fn begins(id: &str, prefix: &str) -> bool {
    id.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Whether a flow is the one that is meant by an id, the beginning of one, or a number.
pub(super) fn is_called(flow: &Glance<'_>, name: &str) -> bool {
    match number(name) {
        Some(number) => flow.sequence == number,
        None => begins(&flow.id, name),
    }
}

/// A flow's number. Ids are longer than any, or have letters.
pub(super) fn number(name: &str) -> Option<u64> {
    if name.len() <= 12 && name.bytes().all(|b| b.is_ascii_digit()) { name.parse().ok() } else { None }
}

fn is_in_a_body(needle: &Needle, flow: &Glance<'_>) -> bool {
    let is_in = |body: &Body<'_>, headers: &Headers<'_>| {
        body.content(headers).is_some_and(|content| needle.is_in(&content.bytes))
    };
    is_in(&flow.request.body, &flow.request.headers)
        || flow.response.as_ref().is_some_and(|response| is_in(&response.body, &response.headers))
}
