//! Spans that wait to be written, in columns as Parquet takes them.
//!
//! In: spans one by one. Out: a row group. Nothing is allocated for a single value: texts of a column stand in one run of
//! bytes, which goes to the writer as it is.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use parquet::{
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type},
    errors::{ParquetError, Result},
    file::writer::SerializedRowGroupWriter,
};
use serde_json::value::RawValue;

use crate::trace::{Traces, attribute};

/// What is known of spans only in their trees, by the position of the span.
pub(super) struct Figures {
    pub(super) self_ns: Vec<u64>,
    pub(super) critical_path_ns: Vec<u64>,
    pub(super) depth: Vec<u32>,
}

/// Rows of one file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    trace_id: Texts,
    span_id: Texts,
    parent_span_id: Maybe,
    name: Texts,
    kind: Texts,
    status_code: Texts,
    status_message: Maybe,
    service_name: Texts,
    start_time: Vec<i64>,
    start: Vec<i64>,
    end: Vec<i64>,
    duration: Vec<i64>,
    self_time: Vec<i64>,
    critical_path: Vec<i64>,
    is_root: Vec<bool>,
    depth: Vec<i32>,
    attributes: Map,
    events: Maybe,
}

impl Rows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.is_root.len()
    }

    /// How many bytes they take, about.
    pub(super) fn bytes(&self) -> usize {
        const NUMBERS: usize = 6 * size_of::<i64>() + size_of::<i32>() + 1;
        let texts =
            [&self.trace_id, &self.span_id, &self.name, &self.kind, &self.status_code, &self.service_name];
        let maybe = [&self.parent_span_id, &self.status_message, &self.events];
        let of_texts: usize = texts.into_iter().map(Texts::bytes).sum();
        let of_maybe: usize =
            maybe.into_iter().map(|column| column.texts.bytes() + 2 * column.levels.len()).sum();
        of_texts + of_maybe + self.attributes.bytes() + NUMBERS * self.len()
    }

    /// Adds span `i`.
    pub(super) fn add(&mut self, traces: &Traces, i: usize, service: &str, name: &str, figures: &Figures) {
        let spans = &traces.spans;
        let detail = spans.details.get(i);
        let trace_id = spans.trace_ids[spans.trace[i] as usize].get();
        let hex_of = |id: u64| hex_text::<8, 16>(id.to_be_bytes());
        self.trace_id.push(text(&hex_text::<16, 32>(trace_id.to_be_bytes())));
        self.span_id.push(text(&hex_of(spans.span_id[i])));
        let parent = spans.parent_id[i];
        self.parent_span_id.push((parent != 0).then(|| hex_of(parent)).as_ref().map(text));
        self.name.push(name);
        self.kind.push(spans.kind[i].as_str());
        self.status_code.push(spans.status[i].as_str());
        let message = attribute::plain(detail.status_message).filter(|message| !message.is_empty());
        self.status_message.push(message.as_deref());
        self.service_name.push(service);
        // The loader lets no time through that is no i64.
        let signed = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
        let (start, end) = (spans.start[i], spans.end[i]);
        self.start_time.push(signed(start / 1_000));
        self.start.push(signed(start));
        self.end.push(signed(end));
        self.duration.push(signed(end - start));
        self.self_time.push(signed(figures.self_ns[i]));
        self.critical_path.push(signed(figures.critical_path_ns[i]));
        self.is_root.push(traces.tree.parent(i).is_none());
        self.depth.push(i32::try_from(figures.depth[i]).unwrap_or(i32::MAX));
        self.attributes.push(detail.attributes);
        self.events.push((!matches!(detail.events, "" | "[]")).then_some(detail.events));
    }

    /// Writes them as one row group, column by column in the schema's order.
    pub(super) fn write(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<()> {
        self.trace_id.write(group)?;
        self.span_id.write(group)?;
        self.parent_span_id.write(group)?;
        self.name.write(group)?;
        self.kind.write(group)?;
        self.status_code.write(group)?;
        self.status_message.write(group)?;
        self.service_name.write(group)?;
        let numbers =
            [self.start_time, self.start, self.end, self.duration, self.self_time, self.critical_path];
        numbers.iter().try_for_each(|numbers| column::<Int64Type>(group, numbers, None, None))?;
        column::<BoolType>(group, &self.is_root, None, None)?;
        column::<Int32Type>(group, &self.depth, None, None)?;
        self.attributes.write(group)?;
        self.events.write(group)
    }
}

/// An id in hexadecimal digits.
fn hex_text<const BYTES: usize, const DIGITS: usize>(id: [u8; BYTES]) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    // It is long enough.
    hex::encode_to_slice(id, &mut digits).ok();
    digits
}

fn text<const DIGITS: usize>(digits: &[u8; DIGITS]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

/// The texts of one column.
#[derive(Debug, Default)]
struct Texts {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
        self.ends.push(self.text.len());
    }

    fn bytes(&self) -> usize {
        self.text.len() + size_of::<usize>() * self.ends.len()
    }

    fn values(self) -> Vec<ByteArray> {
        let text = Bytes::from(self.text);
        let mut from = 0;
        let value = |to| ByteArray::from(text.slice(std::mem::replace(&mut from, to)..to));
        self.ends.into_iter().map(value).collect()
    }

    fn write(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<()> {
        column::<ByteArrayType>(group, &self.values(), None, None)
    }
}

/// The texts of a column in which some rows have none.
#[derive(Debug, Default)]
struct Maybe {
    texts: Texts,
    /// One where there is a text.
    levels: Vec<i16>,
}

impl Maybe {
    fn push(&mut self, text: Option<&str>) {
        self.levels.push(i16::from(text.is_some()));
        text.into_iter().for_each(|text| self.texts.push(text));
    }

    fn write(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<()> {
        column::<ByteArrayType>(group, &self.texts.values(), Some(&self.levels), None)
    }
}

/// Keys and values: none, one or more to a row.
#[derive(Debug, Default)]
struct Map {
    keys: Texts,
    values: Texts,
    /// 0 where a row has no key; 1 for a key.
    key_levels: Vec<i16>,
    /// The same; 2 for a key with a value.
    value_levels: Vec<i16>,
    /// 0 where a row begins, 1 for its further keys.
    repeats: Vec<i16>,
}

impl Map {
    /// The attributes of a span, by key; of several with one key the last. As text whatever they are: what is no string
    /// stands there as JSON, `null` is none.
    fn push(&mut self, json: &str) {
        let attributes: BTreeMap<attribute::Text<'_>, &RawValue> =
            serde_json::from_str(json).unwrap_or_default();
        if attributes.is_empty() {
            self.level(0, 0, 0);
        }
        for (i, (key, value)) in attributes.iter().enumerate() {
            let value: Option<Cow<'_, str>> = attribute::plain(value.get());
            self.keys.push(key.as_ref());
            self.level(1, 1 + i16::from(value.is_some()), i16::from(i > 0));
            value.iter().for_each(|value| self.values.push(value));
        }
    }

    fn level(&mut self, key: i16, value: i16, repeat: i16) {
        self.key_levels.push(key);
        self.value_levels.push(value);
        self.repeats.push(repeat);
    }

    fn bytes(&self) -> usize {
        self.keys.bytes() + self.values.bytes() + 3 * size_of::<i16>() * self.repeats.len()
    }

    fn write(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<()> {
        column::<ByteArrayType>(group, &self.keys.values(), Some(&self.key_levels), Some(&self.repeats))?;
        column::<ByteArrayType>(group, &self.values.values(), Some(&self.value_levels), Some(&self.repeats))
    }
}

/// Writes the next column.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
    repeats: Option<&[i16]>,
) -> Result<()> {
    let next = group.next_column()?;
    let mut column = next.ok_or_else(|| ParquetError::General("the schema has fewer columns".to_owned()))?;
    column.typed::<T>().write_batch(values, levels, repeats)?;
    column.close()
}
