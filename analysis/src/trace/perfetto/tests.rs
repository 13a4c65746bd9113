//! The packets read back by a reader of its own. That Perfetto itself sees the same is tested with its trace processor, in
//! glyphctl's tests.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{fields::named, *};
use crate::trace::arbitrary::{crowd, services, traces};

/// The fields of a message: numbers as they are, texts and messages as bytes.
#[derive(Debug, Default)]
struct Fields {
    numbers: Vec<(u32, u64)>,
    bytes: Vec<(u32, Vec<u8>)>,
}

impl Fields {
    fn read(mut message: &[u8]) -> Self {
        let mut fields = Self::default();
        while !message.is_empty() {
            let tag = varint(&mut message);
            let field = (tag >> 3) as u32;
            match tag & 7 {
                0 => fields.numbers.push((field, varint(&mut message))),
                1 => fields
                    .numbers
                    .push((field, u64::from_le_bytes(*message.split_off(..8).unwrap().as_array().unwrap()))),
                2 => {
                    let length = varint(&mut message) as usize;
                    fields.bytes.push((field, message.split_off(..length).unwrap().to_vec()));
                }
                kind => panic!("kind {kind}"),
            }
        }
        fields
    }

    fn numbers(&self, field: u32) -> impl Iterator<Item = u64> + '_ {
        self.numbers.iter().filter(move |(f, _)| *f == field).map(|(_, value)| *value)
    }

    fn number(&self, field: u32) -> Option<u64> {
        self.numbers(field).next()
    }

    fn messages(&self, field: u32) -> impl Iterator<Item = Self> + '_ {
        self.bytes.iter().filter(move |(f, _)| *f == field).map(|(_, bytes)| Self::read(bytes))
    }

    fn text(&self, field: u32) -> Option<String> {
        let (_, bytes) = self.bytes.iter().find(|(f, _)| *f == field)?;
        Some(String::from_utf8(bytes.clone()).unwrap())
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first().unwrap();
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// A slice as it is read: its name, its service, when it starts and ends, the name of the one around it.
type Slice = (String, u64, u64, u64, Option<String>);

/// The slices, and the names at the ends of flows.
fn read(file: &[u8]) -> (Vec<Slice>, Vec<(String, String)>) {
    let (mut now, mut names, mut group) = (0, BTreeMap::new(), BTreeMap::new());
    let mut open: BTreeMap<u64, Vec<Slice>> = BTreeMap::new();
    let (mut slices, mut flows, mut begun) = (Vec::new(), Vec::new(), BTreeMap::new());
    for of in Fields::read(file).messages(trace::PACKET) {
        for clocks in
            of.messages(packet::CLOCK_SNAPSHOT).flat_map(|s| s.messages(clock::CLOCKS).collect::<Vec<_>>())
        {
            now = clocks.number(clock::TIME).unwrap();
        }
        for track in of.messages(packet::TRACK) {
            group.insert(track.number(track::UUID).unwrap(), track.number(track::PARENT));
        }
        for new in
            of.messages(packet::INTERNED).flat_map(|i| i.messages(interned::EVENT_NAMES).collect::<Vec<_>>())
        {
            names.insert(new.number(named::IID).unwrap(), new.text(named::NAME).unwrap());
        }
        let Some(slice) = of.messages(packet::TRACK_EVENT).next() else { continue };
        now += of.number(packet::TIMESTAMP).unwrap();
        let track = slice.number(event::TRACK).unwrap();
        let service = group[&track].unwrap();
        let lane = open.entry(track).or_default();
        if slice.number(event::TYPE) == Some(event::END) {
            let mut ended = lane.pop().unwrap();
            ended.3 = now;
            slices.push(ended);
            continue;
        }
        let name = names[&slice.number(event::NAME_IID).unwrap()].clone();
        flows
            .extend(slice.numbers(event::LAST_OF_FLOWS).map(|id| (begun.remove(&id).unwrap(), name.clone())));
        begun.extend(slice.numbers(event::FLOWS).map(|id| (id, name.clone())));
        let around = lane.last().map(|s| s.0.clone());
        lane.push((name, service - 1, now, 0, around));
    }
    assert!(open.values().all(Vec::is_empty) && begun.is_empty());
    (slices, flows)
}

#[test]
fn no_spans_are_a_trace_too() {
    let mut out = Vec::new();
    let none = Traces::resolve(Spans::default(), crate::trace::Oddities::default());
    assert_eq!(write(&none, Args::Full, &mut out).unwrap(), Written::default());
    assert_eq!(Fields::read(&out).messages(trace::PACKET).count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_span_is_a_slice_and_every_arrow_a_flow(f in crowd(), services in services()) {
        let traces = traces(&f, &services);
        let mut out = Vec::new();
        let written = write(&traces, Args::Ids, &mut out).unwrap();
        let (slices, flows) = read(&out);
        prop_assert_eq!((slices.len() as u64, flows.len() as u64), (written.spans, written.arrows));
        let mut seen = Vec::new();
        for (name, service, start, end, around) in &slices {
            let i: usize = name.parse().unwrap();
            prop_assert_eq!((*service, *start, *end), (services[i].into(), f.start[i], f.end[i]));
            let parent = f.tree.parent(i).map(|p| p.to_string());
            prop_assert!(around.is_none() || *around == parent, "{:?} is around {}", around, i);
            let is_later = f.tree.parent(i).is_some_and(|p| f.start[p] <= f.start[i]);
            let flow = flows.iter().find(|(_, into)| into == name).map(|(from, _)| from.clone());
            prop_assert_eq!(flow, parent.filter(|_| is_later && around.is_none()));
            seen.push(i);
        }
        seen.sort_unstable();
        prop_assert!(seen.into_iter().eq(0..f.start.len()));
    }
}
