//! A file of spans whose times touch, nest, overlap and coincide, in steps that a double does not hold exactly; always the
//! same.

/// The spans, by their ids from 1 on; at 0 stands what is none.
pub(crate) struct Concurrent {
    /// The id of each span's parent, 0 for none.
    pub(crate) parents: Vec<u64>,
    /// When it starts and ends.
    pub(crate) times: Vec<(u64, u64)>,
    services: Vec<u64>,
}

impl Concurrent {
    pub(crate) fn new() -> Self {
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut spans = Self { parents: vec![0], times: vec![(0, 0)], services: vec![0] };
        for id in 1..=600_u64 {
            spans.parents.push(if id % 20 == 1 { 0 } else { id - 1 - random((id - 1) % 20) });
            let start = 1_760_000_000_000_000_000 + id / 20 * 2_000 + random(10) * 100;
            spans.times.push((start, start + random(12) * 100));
            spans.services.push(random(10) / 9);
        }
        spans
    }

    /// As span lines, in which span 1 has the name `n1` and so on.
    pub(crate) fn lines(&self) -> String {
        let line = |id: usize| {
            let (parent, (start, end), service) = (self.parents[id], self.times[id], self.services[id]);
            format!(
                "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\"name\":\"n{id}\",\
                 \"service_name\":\"s{service}\",\"start_time_unix_nano\":{start},\"end_time_unix_nano\":{end}}}\n",
                1
            )
        };
        (1..self.parents.len()).map(line).collect()
    }
}
