//! `glyphctl flows grep`: where in the flows something stands.

use std::{borrow::Cow, ops::ControlFlow, path::PathBuf, process::ExitCode};

use anyhow::bail;
use clap::{Args, ValueEnum};
use glyph_formats::{
    content,
    glance::{Body, Glance, Headers},
};

use super::{
    filter::{FILTER_HELP, FilterArgs},
    needle::Needle,
    source::{self, Source},
};
use crate::output::{
    self,
    flows::{
        FlowsFormat, Writer,
        matches::{self, Match},
    },
};

/// The exit code where nothing was found, as grep's.
const NOT_FOUND: u8 = 1;
/// Of a longer line only a part is printed.
const LONGEST: usize = 4096;

/// Flags of `glyphctl flows grep`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Searched are URLs, headers (as `name: value`), decoded bodies and errors, a line at a time. Each flow with a match is \
printed with its number, its start, its outcome and URL, and below that every line in which there is one, with its place. \
Bodies are searched as contents, up to 16 MiB each.

--format json gives a match a line (docs/schemas/flows-grep.json); --format curl and har give the flows.

Exit codes: 0 something was found, 1 nothing was, 2 the command could not do its work.

{FILTER_HELP}

Examples:
  glyphctl flows grep RECORDING 'sku-7'
  glyphctl flows grep RECORDING -e 'token=[0-9a-f]{{32}}' --in url,headers
  glyphctl flows grep RECORDING -i timeout --status 5xx --context 2
  glyphctl flows grep RECORDING glyph-redacted --ids | sort | uniq -c
  glyphctl flows grep RECORDING secret --format har > found.har"))]
pub(super) struct GrepArgs {
    #[arg(value_name = "RECORDING", help = source::INPUT_HELP)]
    input: PathBuf,
    /// What to look for: text, or with -e a regular expression
    #[arg(value_name = "PATTERN")]
    pattern: String,
    #[command(flatten)]
    filter: FilterArgs,
    /// PATTERN is a regular expression
    #[arg(short = 'e', long, help_heading = "Options")]
    regex: bool,
    /// Upper and lower case are the same
    #[arg(short = 'i', long, help_heading = "Options")]
    ignore_case: bool,
    /// Where to look; several with commas
    #[arg(
        long = "in",
        value_enum,
        value_name = "PLACE",
        value_delimiter = ',',
        default_value = "url,headers,body,error",
        help_heading = "Options"
    )]
    places: Vec<Place>,
    /// Also print so many lines before and after each match
    #[arg(short = 'C', long, value_name = "LINES", default_value_t = 0, help_heading = "Options")]
    context: usize,
    /// Print only how many flows have a match
    #[arg(long, conflicts_with_all = ["ids", "format"], help_heading = "Options")]
    count: bool,
    /// Print only the ids of the flows that have a match
    #[arg(long, conflicts_with = "format", help_heading = "Options")]
    ids: bool,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = FlowsFormat::Table, help_heading = "Options")]
    format: FlowsFormat,
    /// How many columns to use; otherwise the terminal's, or all that it takes
    #[arg(long, value_name = "COLUMNS", help_heading = "Options")]
    width: Option<usize>,
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    Url,
    Headers,
    Body,
    Error,
}

/// Runs it.
pub(super) fn run(flags: &GrepArgs) -> anyhow::Result<ExitCode> {
    if flags.pattern.contains('\n') {
        bail!("a PATTERN of several lines: lines are searched one at a time; ls --body takes such a text");
    }
    let needle = match flags.regex {
        true => Needle::regex(&flags.pattern, flags.ignore_case)?,
        false => Needle::text(&flags.pattern, flags.ignore_case)?,
    };
    let filter = flags.filter.filter()?;
    let source = Source::open(&flags.input)?;
    let width = flags.width.or_else(output::terminal_width);
    let only_whether =
        flags.count || flags.ids || matches!(flags.format, FlowsFormat::Curl | FlowsFormat::Har);
    let found = output::streamed(|out| {
        let mut writer = Writer::new(flags.format, false, None);
        if only_whether {
            writer.start(out)?;
        }
        let mut flows = 0_u64;
        source.each(
            |line| needle.may_be_in(line) && filter.may(line),
            |record| {
                let flow = &record.flow;
                if !filter.meets(flow) {
                    return Ok(ControlFlow::Continue(()));
                }
                let search = Search { flow, needle: &needle, context: flags.context };
                if only_whether {
                    if !search.places(&flags.places, &mut |_| Ok(ControlFlow::Break(())))? {
                        return Ok(ControlFlow::Continue(()));
                    }
                    flows += 1;
                    match (flags.count, flags.ids) {
                        (true, _) => {}
                        (false, true) => writeln!(out, "{}", glyph_analysis::text::visible(&flow.id))?,
                        (false, false) => writer.flow(record.whole()?, out)?,
                    }
                    return Ok(ControlFlow::Continue(()));
                }
                let mut is_first = true;
                let any = search.places(&flags.places, &mut |found| {
                    if flags.format == FlowsFormat::Json {
                        matches::write_json(found, out)?;
                    } else {
                        if is_first {
                            matches::write_head(flow, out)?;
                        }
                        matches::write(found, width, out)?;
                    }
                    is_first = false;
                    Ok(ControlFlow::Continue(()))
                })?;
                flows += u64::from(any);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        if flags.count {
            writeln!(out, "{flows}")?;
        } else if only_whether {
            writer.end(out)?;
        }
        Ok(flows > 0)
    })?;
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(NOT_FOUND) })
}

/// A flow that is searched.
struct Search<'a> {
    flow: &'a Glance<'a>,
    needle: &'a Needle,
    context: usize,
}

/// Who is told of a match, and says whether to go on.
type Tell<'a> = &'a mut dyn FnMut(&Match<'_>) -> anyhow::Result<ControlFlow<()>>;

impl Search<'_> {
    /// Looks into these places; true if there is a match.
    fn places(&self, places: &[Place], tell: Tell<'_>) -> anyhow::Result<bool> {
        let (request, response) = (&self.flow.request, self.flow.response.as_ref());
        let mut found = false;
        let mut is_done = |looked: Looked| {
            found |= looked.found;
            looked.done
        };
        if places.contains(&Place::Url) && is_done(self.text("request.url", request.url.as_bytes(), tell)?) {
            return Ok(true);
        }
        if places.contains(&Place::Headers) {
            let of_response =
                response.map(|r| [("response.headers", &r.headers), ("response.trailers", &r.trailers)]);
            let all = [("request.headers", &request.headers), ("request.trailers", &request.trailers)];
            for (place, headers) in all.into_iter().chain(of_response.into_iter().flatten()) {
                if is_done(self.headers(place, headers, tell)?) {
                    return Ok(true);
                }
            }
        }
        if places.contains(&Place::Body) {
            let of_response = response.map(|r| ("response.body", &r.body, &r.headers));
            for (place, body, headers) in
                [("request.body", &request.body, &request.headers)].into_iter().chain(of_response)
            {
                if is_done(self.body(place, body, headers, tell)?) {
                    return Ok(true);
                }
            }
        }
        if let (true, Some(error)) = (places.contains(&Place::Error), &self.flow.error) {
            let text = format!("{}: {}", error.kind, error.message);
            is_done(self.text("error", text.as_bytes(), tell)?);
        }
        Ok(found)
    }

    fn headers(&self, place: &str, headers: &Headers<'_>, tell: Tell<'_>) -> anyhow::Result<Looked> {
        let mut all = Looked::default();
        for (name, value) in headers.pairs() {
            let text = format!("{name}: {value}");
            if !self.needle.is_in(text.as_bytes()) {
                continue;
            }
            let place = format!("{place}.{}", name.to_lowercase());
            let looked = self.text(&place, text.as_bytes(), tell)?;
            all.found |= looked.found;
            if looked.done {
                return Ok(looked);
            }
        }
        Ok(all)
    }

    fn body(
        &self,
        place: &str,
        body: &Body<'_>,
        headers: &Headers<'_>,
        tell: Tell<'_>,
    ) -> anyhow::Result<Looked> {
        let Some(content) = body.content(headers) else { return Ok(Looked::default()) };
        if content::text(&content.bytes).is_some() {
            return self.text(place, &content.bytes, tell);
        }
        if !self.needle.is_in(&content.bytes) {
            return Ok(Looked::default());
        }
        let text = "(binary content matches)";
        self.told(place, 1, text, 0..text.len(), (&[], &[]), tell)
    }

    /// Looks at each line.
    fn text(&self, place: &str, text: &[u8], tell: Tell<'_>) -> anyhow::Result<Looked> {
        if !self.needle.is_in(text) {
            return Ok(Looked::default());
        }
        let lines: Vec<&[u8]> =
            text.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
        let finds = lines.iter().enumerate().filter_map(|(i, line)| Some((i, self.needle.find(line)?)));
        let mut finds = finds.peekable();
        let shown = |lines: &[&[u8]]| -> Vec<String> {
            lines.iter().map(|line| excerpt(line, 0..0).0.into_owned()).collect()
        };
        let (mut all, mut told_to) = (Looked::default(), 0);
        while let Some((i, range)) = finds.next() {
            // No line twice.
            let next = finds.peek().map_or(lines.len(), |(next, _)| *next);
            let from = i.saturating_sub(self.context).max(told_to);
            told_to = (i + 1).saturating_add(self.context).min(next);
            let (before, after) = (shown(&lines[from..i]), shown(&lines[i + 1..told_to]));
            let (text, range) = excerpt(lines[i], range);
            let looked = self.told(place, i as u64 + 1, &text, range, (&before, &after), tell)?;
            all.found = true;
            if looked.done {
                return Ok(looked);
            }
        }
        Ok(all)
    }

    fn told(
        &self,
        place: &str,
        line: u64,
        text: &str,
        range: std::ops::Range<usize>,
        (before, after): (&[String], &[String]),
        tell: Tell<'_>,
    ) -> anyhow::Result<Looked> {
        let Glance { id, sequence, trace_id, .. } = self.flow;
        let found = Match {
            flow_id: id,
            sequence: *sequence,
            trace_id,
            place,
            line,
            text,
            start: range.start,
            end: range.end,
            before,
            after,
        };
        Ok(Looked { found: true, done: tell(&found)?.is_break() })
    }
}

/// What came of looking somewhere.
#[derive(Debug, Clone, Copy, Default)]
struct Looked {
    found: bool,
    /// Whether nothing else is wanted.
    done: bool,
}

/// As much of a line as is printed, and where in it the match is.
fn excerpt(line: &[u8], range: std::ops::Range<usize>) -> (Cow<'_, str>, std::ops::Range<usize>) {
    let from = if line.len() <= LONGEST { 0 } else { range.start.saturating_sub(LONGEST / 4) };
    let is_inside = |at: &usize| line.get(*at).is_some_and(|b| b & 0xc0 == 0x80);
    let from = (from..line.len()).find(|at| !is_inside(at)).unwrap_or(from).min(range.start);
    let to = if line.len() <= LONGEST { line.len() } else { (from + LONGEST).min(line.len()) };
    let to = (to..line.len()).find(|at| !is_inside(at)).unwrap_or(line.len().min(to.max(from)));
    let end = range.end.clamp(range.start.min(to), to);
    let parts = [&line[from..range.start.min(to)], &line[range.start.min(to)..end], &line[end..to]];
    let [before, hit, after] = parts.map(String::from_utf8_lossy);
    let range = before.len()..before.len() + hit.len();
    match std::str::from_utf8(&line[from..to]) {
        Ok(text) if text.is_char_boundary(range.start) && text.is_char_boundary(range.end) => {
            (text.into(), range)
        }
        _ => (format!("{before}{hit}{after}").into(), range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_match_is_kept() {
        let line = format!("{}needle{}", "ä".repeat(5_000), "ö".repeat(5_000));
        let (text, range) = excerpt(line.as_bytes(), 10_000..10_006);
        assert_eq!(&text[range], "needle");
        assert!(text.len() <= LONGEST + 4 && !text.contains('\u{fffd}'), "{}", text.len());
        let (text, range) = excerpt(b"a\xffb", 2..3);
        assert_eq!((&*text, &text[range]), ("a\u{fffd}b", "b"));
        let (text, range) = excerpt(line.as_bytes(), 0..line.len());
        assert_eq!(range, 0..text.len());
    }
}
