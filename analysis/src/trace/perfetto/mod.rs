//! Perfetto's own format: what [`chrome`](super::chrome) writes, smaller, with times since 1970 that are exact.
//!
//! In: resolved [`Traces`]. Out: a protobuf `Trace`, one packet after the other as they are made. A service is a process,
//! a lane a track below it in the order of the lanes; spans are slices with a beginning and an end, in the order of time;
//! arrows are flows from a parent's slice to its child's; span events are instants; ids and attributes are debug
//! annotations. What the numbers of fields mean is in `fields.rs`. Not here: where a span goes, which
//! [`lanes`](super::lanes) decides; where the file goes.
//!
//! The packets are one sequence: names are said once and are numbers from then on, and a time is what has passed since
//! the packet before, on a clock of its own. Its first packet ties that clock to the real time, which is also made the
//! one in which the trace is shown and queried.

mod annotations;
mod fields;
mod proto;

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io::{self, Write},
};

use glyph_formats::span::SpanStatus;

use self::{
    annotations::{Interned, shown},
    fields::{annotation, clock, event, interned, packet, trace, track},
    proto::Proto,
};
pub use super::picture::{Args, Written};
use super::{Spans, Traces, lanes::Layout, picture};

/// The only sequence.
const SEQUENCE: u64 = 1;

/// The category of span events; those of spans count from 1 by kind.
const EVENT: u64 = 6;

/// Writes the Perfetto trace of all spans.
///
/// # Errors
/// If `out` refuses.
pub fn write(traces: &Traces, args: Args, out: &mut impl Write) -> io::Result<Written> {
    let spans = &traces.spans;
    let layout = Layout::of(&spans.service, &spans.start, &spans.end, &traces.tree);
    let mut writer = Writer {
        traces,
        layout: &layout,
        args,
        now: time(spans.extent().map_or(0, |e| e.0)),
        packets: Proto::default(),
        interned: Interned::default(),
        said: Said {
            names: vec![false; spans.names.len()],
            categories: [false; EVENT as usize + 1],
            trace_ids: vec![false; spans.trace_ids.len()],
        },
        out,
        written: Written { lanes: layout.lanes.len() as u64, ..Written::default() },
    };
    writer.head();
    writer.tracks()?;
    writer.slices()?;
    writer.packets.flush(writer.out)?;
    writer.out.flush()?;
    Ok(writer.written)
}

/// Of each number, whether it has been said what it means.
struct Said {
    names: Vec<bool>,
    categories: [bool; EVENT as usize + 1],
    trace_ids: Vec<bool>,
}

struct Writer<'a, W> {
    traces: &'a Traces,
    layout: &'a Layout,
    args: Args,
    /// The time of the last packet on the sequence's clock.
    now: u64,
    packets: Proto,
    interned: Interned,
    said: Said,
    out: &'a mut W,
    written: Written,
}

impl<W: Write> Writer<'_, W> {
    /// Begins the sequence, and sets its clock.
    fn head(&mut self) {
        let start = self.now;
        self.packets.message(trace::PACKET, |head| {
            head.number(packet::SEQUENCE, SEQUENCE);
            head.number(packet::FLAGS, packet::STATE_CLEARED);
            head.message(packet::DEFAULTS, |defaults| defaults.number(packet::CLOCK, clock::OWN));
            head.message(packet::CLOCK_SNAPSHOT, |snapshot| {
                for id in [clock::REALTIME, clock::OWN] {
                    snapshot.message(clock::CLOCKS, |of| {
                        of.number(clock::ID, id);
                        of.number(clock::TIME, start);
                        if id == clock::OWN {
                            of.number(clock::IS_INCREMENTAL, 1);
                        }
                    });
                }
                snapshot.number(clock::PRIMARY, clock::REALTIME);
            });
        });
    }

    /// Names and order of services and lanes.
    fn tracks(&mut self) -> io::Result<()> {
        let services = self.traces.spans.services();
        for (service, name) in services.iter().enumerate() {
            let pid = service as u64 + 1;
            self.packets.message(trace::PACKET, |packet| {
                packet.number(packet::SEQUENCE, SEQUENCE);
                packet.message(packet::TRACK, |of| {
                    of.number(track::UUID, pid);
                    of.message(track::PROCESS, |process| {
                        process.number(track::PROCESS_ID, pid);
                        process.number(track::PROCESS_SORT_INDEX, pid);
                        process.text(track::PROCESS_NAME, &shown(name));
                    });
                    of.number(track::CHILD_ORDERING, track::EXPLICIT);
                });
            });
            self.packets.flush_if_full(self.out)?;
        }
        for (lane, of) in self.layout.lanes.iter().enumerate() {
            let uuid = self.uuid(lane as u32);
            self.packets.message(trace::PACKET, |packet| {
                packet.number(packet::SEQUENCE, SEQUENCE);
                packet.message(packet::TRACK, |descriptor| {
                    descriptor.number(track::UUID, uuid);
                    descriptor.number(track::PARENT, u64::from(of.group) + 1);
                    descriptor.text(track::NAME, &format!("lane {}", of.number + 1));
                    descriptor.number(track::RANK, of.number.into());
                });
            });
            self.packets.flush_if_full(self.out)?;
        }
        Ok(())
    }

    /// Beginnings and ends of all slices, by time. Of what happens at one instant, ends come first, inner ones before
    /// outer ones; an empty slice ends before anything else can begin on its lane.
    fn slices(&mut self) -> io::Result<()> {
        let layout = self.layout;
        let Spans { start, end, .. } = &self.traces.spans;
        let mut open = BinaryHeap::new();
        for (at, i) in layout.order.iter().enumerate() {
            let i = *i as usize;
            while let Some(Reverse((ends, Reverse(_), lane))) = open.peek().copied()
                && ends <= start[i]
            {
                open.pop();
                self.end(lane, ends)?;
            }
            self.begin(i)?;
            open.push(Reverse((end[i], Reverse(at as u32), layout.lane[i])));
        }
        while let Some(Reverse((ends, _, lane))) = open.pop() {
            self.end(lane, ends)?;
        }
        Ok(())
    }

    fn begin(&mut self, i: usize) -> io::Result<()> {
        let spans = &self.traces.spans;
        let (name, category) = (spans.name[i], spans.kind[i] as u64 + 1);
        if !std::mem::replace(&mut self.said.names[name as usize], true) {
            self.interned.say(interned::EVENT_NAMES, u64::from(name) + 1, spans.names.text(name));
        }
        self.say_category(category, spans.kind[i].as_str());
        let uuid = self.uuid(self.layout.lane[i]);
        let packet = self.packet(spans.start[i]);
        let slice = self.packets.open(packet::TRACK_EVENT);
        self.packets.number(event::TYPE, event::BEGIN);
        self.packets.number(event::TRACK, uuid);
        self.packets.number(event::NAME_IID, u64::from(name) + 1);
        self.packets.number(event::CATEGORY_IIDS, category);
        // Not the span's id: it need not be the only one that has it.
        for child in self.layout.arrows_from(i, &self.traces.tree) {
            self.packets.fixed(event::FLOWS, child as u64 + 1);
        }
        if self.layout.has_arrow(i) {
            self.packets.fixed(event::LAST_OF_FLOWS, i as u64 + 1);
            self.written.arrows += 1;
        }
        if self.args != Args::None {
            self.annotations(i);
        }
        self.packets.close(slice);
        self.written.spans += 1;
        self.close(packet)?;
        self.events(i, uuid)
    }

    fn end(&mut self, lane: u32, at: u64) -> io::Result<()> {
        let uuid = self.uuid(lane);
        let packet = self.packet(at);
        self.packets.message(packet::TRACK_EVENT, |slice| {
            slice.number(event::TYPE, event::END);
            slice.number(event::TRACK, uuid);
        });
        self.close(packet)
    }

    fn annotations(&mut self, i: usize) {
        let Self { packets: out, interned, .. } = self;
        let spans = &self.traces.spans;
        let trace = spans.trace[i];
        let trace_iid = u64::from(trace) + 1;
        if !std::mem::replace(&mut self.said.trace_ids[trace as usize], true) {
            let id = spans.trace_ids[trace as usize];
            interned.say(interned::ANNOTATION_STRINGS, trace_iid, &format!("{:032x}", id.get()));
        }
        let opened = out.open(event::ANNOTATIONS);
        interned.name(out, "trace_id");
        out.number(annotation::STRING_IID, trace_iid);
        out.close(opened);
        let mut text = |out: &mut Proto, name: &str, value: &str| {
            let opened = out.open(event::ANNOTATIONS);
            interned.name(out, name);
            out.text(annotation::STRING, value);
            out.close(opened);
        };
        text(out, "span_id", &format!("{:016x}", spans.span_id[i]));
        if spans.parent_id[i] != 0 {
            text(out, "parent_span_id", &format!("{:016x}", spans.parent_id[i]));
        }
        if self.args != Args::Full {
            return;
        }
        if spans.status[i] != SpanStatus::Unset {
            text(out, "status", spans.status[i].as_str());
        }
        let detail = spans.details.get(i);
        for (name, json) in [("status_message", detail.status_message), ("attributes", detail.attributes)] {
            if !matches!(json, "" | "{}") {
                annotations::json(out, event::ANNOTATIONS, interned, name, json);
            }
        }
    }

    /// The events of a span. They may be at any time, so they have the real one, not one since the packet before.
    fn events(&mut self, i: usize, uuid: u64) -> io::Result<()> {
        let spans = &self.traces.spans;
        for of in picture::events(spans.details.get(i)) {
            self.say_category(EVENT, "event");
            let name: String = serde_json::from_str(of.name.get())?;
            let at = time(of.time_unix_nano.max(self.start()));
            let packet = self.packets.open(trace::PACKET);
            self.packets.number(packet::TIMESTAMP, at);
            self.packets.number(packet::CLOCK, clock::REALTIME);
            let instant = self.packets.open(packet::TRACK_EVENT);
            self.packets.number(event::TYPE, event::INSTANT);
            self.packets.number(event::TRACK, uuid);
            self.packets.text(event::NAME, &shown(&name));
            self.packets.number(event::CATEGORY_IIDS, EVENT);
            if let Some(attributes) = of.attributes.filter(|_| self.args == Args::Full) {
                let interned = &mut self.interned;
                annotations::json(
                    &mut self.packets,
                    event::ANNOTATIONS,
                    interned,
                    "attributes",
                    attributes.get(),
                );
            }
            self.packets.close(instant);
            self.written.events += 1;
            self.close(packet)?;
        }
        Ok(())
    }

    fn start(&self) -> u64 {
        self.layout.order.first().map_or(0, |first| self.traces.spans.start[*first as usize])
    }

    fn say_category(&mut self, category: u64, text: &str) {
        if !std::mem::replace(&mut self.said.categories[category as usize], true) {
            self.interned.say(interned::CATEGORIES, category, text);
        }
    }

    /// Begins a packet on the sequence's clock.
    fn packet(&mut self, at: u64) -> proto::Opened {
        let at = time(at);
        let opened = self.packets.open(trace::PACKET);
        self.packets.number(packet::TIMESTAMP, at - self.now);
        self.now = at;
        opened
    }

    /// Ends a packet, with what is new in it.
    fn close(&mut self, opened: proto::Opened) -> io::Result<()> {
        self.packets.number(packet::SEQUENCE, SEQUENCE);
        self.packets.number(packet::FLAGS, packet::NEEDS_STATE);
        self.packets.take(packet::INTERNED, &mut self.interned.new);
        self.packets.close(opened);
        self.packets.flush_if_full(self.out)
    }

    /// The number of a lane's track; processes have the numbers before.
    fn uuid(&self, lane: u32) -> u64 {
        (self.traces.spans.services.len() + 1) as u64 + u64::from(lane)
    }
}

/// A time as Perfetto can hold it: until the year 2262.
fn time(ns: u64) -> u64 {
    ns.min(i64::MAX.cast_unsigned())
}

#[cfg(test)]
mod tests;
