//! The Chrome trace: spans as a file that Perfetto, chrome://tracing and speedscope open.
//!
//! In: resolved [`Traces`]. Out: one JSON object, written as it is made. A service is a process, a lane a thread;
//! where a span is not inside its parent an arrow leads to it; span events are instants. Times are relative to
//! the first span and printed as `µs.nnn`: microseconds since 1970 in the double of a viewer would lose the
//! nanoseconds. Not here: where a span goes, which [`lanes`](super::lanes) decides; where the file goes.
//!
//! Perfetto ties the end of an arrow to the slice that started last on its thread by then, whether that is over or not. So
//! an arrow starts with the parent's slice, not where the child starts. Where another slice starts inside at that very
//! instant, the arrow is tied to that one: the format has no way to say it better; Perfetto's own has.

mod json;

use std::io::{self, Write};

use glyph_formats::{UnixNanos, span::SpanStatus};
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use self::json::Json;
pub use super::picture::{Args, Written};
use super::{Spans, Traces, lanes::Layout, picture};

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
        other_ids: other_ids(&spans.span_id, &layout),
        args,
        json: Json::new(out),
        written: Written { lanes: layout.lanes.len() as u64, ..Written::default() },
    };
    writer.head()?;
    writer.metadata()?;
    for i in &layout.order {
        writer.span(*i as usize)?;
    }
    writer.json.text("\n]}\n")?;
    writer.json.finish()?;
    Ok(writer.written)
}

/// Arrows have the id of the span to which they lead. Where several such spans have one id, all but the first get another
/// number: viewers would take the arrows for one.
fn other_ids(span_id: &[u64], layout: &Layout) -> FxHashMap<usize, u64> {
    let mut ids: Vec<(u64, usize)> =
        (0..span_id.len()).filter(|i| layout.has_arrow(*i)).map(|i| (span_id[i], i)).collect();
    ids.sort_unstable();
    let mut free = (1..).filter(|id| ids.binary_search_by_key(id, |(id, _)| *id).is_err());
    let is_again = |pair: &&[(u64, usize)]| pair[0].0 == pair[1].0;
    ids.windows(2).filter(is_again).filter_map(|pair| Some((pair[1].1, free.next()?))).collect()
}

struct Writer<'a, W> {
    base: u64,
    services: Vec<String>,
    names: Vec<String>,
    traces: &'a Traces,
    layout: &'a Layout,
    /// Of arrows that can't have the id of their span, the id.
    other_ids: FxHashMap<usize, u64>,
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
        self.json.text(",\"cat\":\"")?;
        self.json.text(kind[i].as_str())?;
        self.json.text("\"")?;
        if status[i] == SpanStatus::Error {
            self.json.text(",\"cname\":\"terrible\"")?;
        }
        if self.args != Args::None {
            self.span_args(i)?;
        }
        self.json.text("}")?;
        self.written.spans += 1;
        if self.layout.has_arrow(i) {
            self.arrow("f", i, i)?;
        }
        let (layout, tree) = (self.layout, &self.traces.tree);
        for child in layout.arrows_from(i, tree) {
            self.arrow("s", i, child)?;
        }
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
        for event in picture::events(self.traces.spans.details.get(i)) {
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

    /// One end of the arrow to span `to`: where span `at` starts.
    fn arrow(&mut self, phase: &str, at: usize, to: usize) -> io::Result<()> {
        let spans = &self.traces.spans;
        let id = self.other_ids.get(&to).copied().unwrap_or(spans.span_id[to]);
        self.json.begin_event(phase, pid(spans.service[at]), tid(self.layout.lane[at]))?;
        self.json.micros(",\"ts\":", spans.start[at] - self.base)?;
        self.json.hex(",\"id\":\"", id.into(), 16)?;
        self.json.text("\",\"cat\":\"parent\",\"name\":\"child\"")?;
        self.written.arrows += u64::from(phase == "f");
        self.json.text(if phase == "f" { ",\"bp\":\"e\"}" } else { "}" })
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
