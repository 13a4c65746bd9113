//! Prometheus' remote write 1.0, which can say what no text format can: that a series has ended.

use std::collections::BTreeMap;

use prost::Message;

use super::world::World;

#[derive(Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// What a request holds, in milliseconds: a server takes nothing that is an hour older than what it has.
const SLICE: i64 = 600_000;

/// The bodies of requests that, one after the other, tell a server all of a world.
pub(super) fn requests(world: &World) -> Vec<Vec<u8>> {
    let mut slices: BTreeMap<i64, WriteRequest> = BTreeMap::new();
    for series in &world.0 {
        for slice in series.samples.chunk_by(|a, b| a.0 / SLICE == b.0 / SLICE) {
            let pair = |(name, value): &(std::sync::Arc<str>, std::sync::Arc<str>)| Label {
                name: name.to_string(),
                value: value.to_string(),
            };
            let labels = series.labels.pairs().iter().map(pair).collect();
            let samples =
                slice.iter().map(|(timestamp, value)| Sample { value: *value, timestamp: *timestamp });
            let request = slices.entry(slice[0].0 / SLICE).or_default();
            request.timeseries.push(TimeSeries { labels, samples: samples.collect() });
        }
    }
    slices.values().map(|request| snappy(&request.encode_to_vec())).collect()
}

/// Snappy's block format, with nothing compressed: a varint of the length, then literals of up to 64 KiB.
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(bytes.len() + 64);
    prost::encoding::encode_varint(bytes.len() as u64, &mut block);
    for literal in bytes.chunks(1 << 16) {
        let [low, high] = ((literal.len() - 1) as u16).to_le_bytes();
        // 61: the length, less one, follows in two bytes.
        block.extend([61 << 2, low, high]);
        block.extend_from_slice(literal);
    }
    block
}
