//! The Chrome trace: spans as a file that Perfetto, chrome://tracing and speedscope open.
//!
//! In: resolved [`Traces`]. Out: one JSON object, written as it is made. A service is a process, a lane a thread;
//! where a span is not on its parent's lane an arrow leads to it; span events are instants. Times are relative to
//! the first span and printed as `µs.nnn`: microseconds since 1970 in the double of a viewer would lose the
//! nanoseconds. Not here: where a span goes, which [`lanes`] decides; where the file goes.

mod json;
pub mod lanes;

use std::io::{self, Write};

use glyph_formats::{
    UnixNanos,
    span::{SpanKind, SpanStatus},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::{json::Json, lanes::Layout};
use super::{Keep, Spans, Traces};

/// How much is written of each span besides name, place and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Args {
    /// Nothing.
    None,
    /// The ids of trace, span and parent.
    Ids,
    /// The ids, the status, and all attributes.
    Full,
}

impl Args {
    /// What a loader has to keep for it.
    pub fn keep(self) -> Keep {
        Keep { attributes: self == Self::Full, events: true }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Spans, each once.
    pub spans: u64,
    /// Arrows to spans that are on another lane than their parent.
    pub arrows: u64,
    /// Span events.
    pub events: u64,
    /// Lanes of all services together.
    pub lanes: u64,
}

/// Writes the Chrome trace of all spans.
///
/// # Errors
/// If `out` refuses.
pub fn write(traces: &Traces, args: Args, out: &mut impl Write) -> io::Result<Written> {
    let spans = &traces.spans;
    let layout = Layout::of(&spans.service, &spans.start, &spans.end, &traces.tree);
    let mut writer = Writer {
        base: spans.extent().map_or(0, |e| e.0),
        services: json::quoted_all(spans.services.iter()),
        names: json::quoted_all(spans.names.iter()),
        traces,
        layout: &layout,
        args,
        json: Json::new(out),
        written: Written { lanes: layout.lanes.len() as u64, ..Written::default() },
    };
    writer.head()?;
    writer.metadata()?;
    for i in &layout.order {
        writer.span(*i as usize)?;
    }
    // Viewers tie an arrow to the slices they know by then.
    for i in &layout.order {
        writer.arrow(*i as usize)?;
    }
    writer.json.text("\n]}\n")?;
    writer.json.finish()?;
    Ok(writer.written)
}

/// A span event, of which only the time is looked into.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(alias = "time")]
    time_unix_nano: u64,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
}

struct Writer<'a, W> {
    base: u64,
    services: Vec<String>,
    names: Vec<String>,
    traces: &'a Traces,
    layout: &'a Layout,
    args: Args,
    json: Json<'a, W>,
    written: Written,
}

impl<W: Write> Writer<'_, W> {
    fn head(&mut self) -> io::Result<()> {
        // Text, since 64 bits do not fit the numbers of JavaScript.
        let (base, version) = (self.base, env!("CARGO_PKG_VERSION"));
        let time = UnixNanos(base);
        self.json.text(&format!(
            "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"producer\":\"glyph {version}\",\
             \"start_unix_nano\":\"{base}\",\"start\":\"{time}\"}},\"traceEvents\":["
        ))
    }

    /// Names and order of processes and threads. Every event has a `ts`: speedscope takes no file otherwise.
    fn metadata(&mut self) -> io::Result<()> {
        let mut first = true;
        let mut event = |json: &mut Json<'_, W>, pid: u32, tid: usize, name: &str, arg: &str, value: &str| {
            let comma = if std::mem::take(&mut first) { "" } else { "," };
            json.text(&format!(
                "{comma}\n{{\"ph\":\"M\",\"ts\":0,\"pid\":{pid},\"tid\":{tid},\"name\":\"{name}\",\
                 \"args\":{{\"{arg}\":{value}}}}}"
            ))
        };
        for (service, name) in self.services.iter().enumerate() {
            let pid = pid(service as u32);
            event(&mut self.json, pid, 0, "process_name", "name", name)?;
            event(&mut self.json, pid, 0, "process_sort_index", "sort_index", &pid.to_string())?;
        }
        for (lane, of) in self.layout.lanes.iter().enumerate() {
            let (pid, tid, number) = (pid(of.group), tid(lane as u32), of.number + 1);
            event(&mut self.json, pid, tid, "thread_name", "name", &format!("\"lane {number}\""))?;
            event(&mut self.json, pid, tid, "thread_sort_index", "sort_index", &number.to_string())?;
        }
        Ok(())
    }

    /// The slice of a span, and its events.
    fn span(&mut self, i: usize) -> io::Result<()> {
        let Spans { start, status, kind, service, name, .. } = &self.traces.spans;
        let duration = self.traces.spans.duration(i);
        let (pid, tid) = (pid(service[i]), tid(self.layout.lane[i]));
        self.json.begin_event("X", pid, tid)?;
        self.json.micros(",\"ts\":", start[i] - self.base)?;
        self.json.micros(",\"dur\":", duration)?;
        self.json.text(",\"name\":")?;
        self.json.text(&self.names[name[i] as usize])?;
        self.json.text(match kind[i] {
            SpanKind::Internal => ",\"cat\":\"internal\"",
            SpanKind::Server => ",\"cat\":\"server\"",
            SpanKind::Client => ",\"cat\":\"client\"",
            SpanKind::Producer => ",\"cat\":\"producer\"",
            SpanKind::Consumer => ",\"cat\":\"consumer\"",
        })?;
        if status[i] == SpanStatus::Error {
            self.json.text(",\"cname\":\"terrible\"")?;
        }
        if self.args != Args::None {
            self.span_args(i)?;
        }
        self.json.text("}")?;
        self.written.spans += 1;
        self.events(i, pid, tid)
    }

    fn span_args(&mut self, i: usize) -> io::Result<()> {
        let spans = &self.traces.spans;
        self.json.hex(",\"args\":{\"trace_id\":\"", spans.trace_ids[spans.trace[i] as usize].get(), 32)?;
        self.json.hex("\",\"span_id\":\"", spans.span_id[i].into(), 16)?;
        if spans.parent_id[i] != 0 {
            self.json.hex("\",\"parent_span_id\":\"", spans.parent_id[i].into(), 16)?;
        }
        self.json.text("\"")?;
        if self.args == Args::Full {
            self.json.text(match spans.status[i] {
                SpanStatus::Unset => "",
                SpanStatus::Ok => ",\"status\":\"ok\"",
                SpanStatus::Error => ",\"status\":\"error\"",
            })?;
            let detail = spans.details.get(i);
            self.json.member(",\"status_message\":", detail.status_message)?;
            self.json
                .member(",\"attributes\":", Some(detail.attributes).filter(|a| *a != "{}").unwrap_or(""))?;
        }
        self.json.text("}")
    }

    fn events(&mut self, i: usize, pid: u32, tid: usize) -> io::Result<()> {
        let text = self.traces.spans.details.get(i).events;
        if text.is_empty() || text == "[]" {
            return Ok(());
        }
        // What is no list of events is nothing to draw; the span itself stands.
        for event in serde_json::from_str::<Vec<Event<'_>>>(text).unwrap_or_default() {
            self.json.begin_event("i", pid, tid)?;
            self.json.micros(",\"ts\":", event.time_unix_nano.saturating_sub(self.base))?;
            self.json.text(",\"s\":\"t\",\"cat\":\"event\",\"name\":")?;
            self.json.text(event.name.get())?;
            if self.args == Args::Full {
                self.json.member(",\"args\":", event.attributes.map_or("", RawValue::get))?;
            }
            self.json.text("}")?;
            self.written.events += 1;
        }
        Ok(())
    }

    /// The arrow from a span's parent to the span, if they are on different lanes.
    fn arrow(&mut self, i: usize) -> io::Result<()> {
        let (Some(from), Some(parent)) = (self.layout.arrow_from(i), self.traces.tree.parent(i)) else {
            return Ok(());
        };
        let spans = &self.traces.spans;
        for (phase, span, at) in [("s", parent, from), ("f", i, spans.start[i])] {
            self.json.begin_event(phase, pid(spans.service[span]), tid(self.layout.lane[span]))?;
            self.json.micros(",\"ts\":", at - self.base)?;
            self.json.hex(",\"id\":\"", spans.span_id[i].into(), 16)?;
            self.json.text("\",\"cat\":\"parent\",\"name\":\"child\"")?;
            self.json.text(if phase == "f" { ",\"bp\":\"e\"}" } else { "}" })?;
        }
        self.written.arrows += 1;
        Ok(())
    }
}

/// Processes count from 1.
fn pid(service: u32) -> u32 {
    service + 1
}

/// Threads count from 1 over all processes, since some viewers take the number alone for the thread.
fn tid(lane: u32) -> usize {
    lane as usize + 1
}

#[cfg(test)]
mod tests;
