//! Where something was found.

use std::io::{self, Write};

use glyph_analysis::text::visible;
use glyph_formats::glance::Glance;
use schemars::JsonSchema;
use serde::Serialize;

use super::list;
use crate::output::{in_colour, json};

/// What `flows grep --format json` prints on a line: a line of a flow in which something was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Match<'a> {
    /// The flow's id.
    pub(crate) flow_id: &'a str,
    /// Its number in the run.
    pub(crate) sequence: u64,
    /// Its trace.
    pub(crate) trace_id: &'a str,
    /// Where it stands: `request.url`, `error`, `request.body`, `response.body`, or a header, as in
    /// `response.headers.content-type`, its name in lower case.
    pub(crate) place: &'a str,
    /// In which line of that, counted from 1.
    pub(crate) line: u64,
    /// The line, or of one that is longer than 4,096 bytes a part with the first match; bytes that are no UTF-8 are replaced.
    pub(crate) text: &'a str,
    /// Where in the text the first match begins, in bytes.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// The lines before it, if they were asked for.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schemars(default)]
    pub(crate) before: &'a [String],
    /// The lines after it.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schemars(default)]
    pub(crate) after: &'a [String],
}

/// Writes a flow's head.
pub(crate) fn write_head(flow: &Glance<'_>, out: &mut dyn Write) -> io::Result<()> {
    let status = match (&flow.error, &flow.response) {
        (Some(error), _) => error.kind.to_string(),
        (None, Some(response)) => response.status.to_string(),
        (None, None) => "–".to_owned(),
    };
    let time = list::time(flow.start_time_unix_nano);
    let head = format!("{}  {time}  {status}  {} {}", flow.sequence, flow.request.method, flow.request.url);
    writeln!(out, "{}", visible(&head))
}

/// Writes a match, as much of it as there is room for.
pub(crate) fn write(found: &Match<'_>, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let is_body = found.place.ends_with("body");
    let at = |line: u64| if is_body { format!("{}:{line}", found.place) } else { found.place.to_owned() };
    let beside = |lines: &[String], first: u64, out: &mut dyn Write| {
        lines.iter().zip(first..).try_for_each(|(line, number)| {
            let place = at(number);
            let room = width.map(|width| width.saturating_sub(place.len() + 6));
            writeln!(out, "  {}-  {}", visible(&place), list::cut(&visible(line), room))
        })
    };
    beside(found.before, found.line - found.before.len() as u64, out)?;
    let place = at(found.line);
    let place = visible(&place);
    let [before, hit, after] =
        [0..found.start, found.start..found.end, found.end..found.text.len()].map(|range| &found.text[range]);
    // As much before it as leaves it a place.
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(place.len() + 6));
    let kept = before.chars().rev().take((room / 3).max(8)).map(char::len_utf8).sum::<usize>();
    let (ellipsis, before) = match width {
        Some(_) if kept < before.len() => ("…", &before[before.len() - kept..]),
        _ => ("", before),
    };
    let room = room.saturating_sub(before.chars().count());
    let (hit, after) = (visible(hit), visible(after));
    let after = list::cut(&after, width.map(|_| room.saturating_sub(hit.chars().count())));
    let hit = match in_colour() {
        true => console::Style::new().red().bold().force_styling(true).apply_to(hit).to_string(),
        false => hit.into_owned(),
    };
    writeln!(out, "  {place}:  {ellipsis}{}{hit}{after}", visible(before))?;
    beside(found.after, found.line + 1, out)
}

/// Writes it for programs.
pub(crate) fn write_json(found: &Match<'_>, out: &mut dyn Write) -> io::Result<()> {
    json::write_line(found, out)
}
