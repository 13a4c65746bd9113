//! Values as Prometheus' API writes them.

use glyph_analysis::{
    metrics::Labels,
    promql::{RangeSeries, Value, number},
};
use serde_json::{Value as Json, json};

/// What an instant query gives, at `time` in milliseconds.
pub(crate) fn instant(value: Value, time: i64) -> Json {
    match value {
        Value::Scalar(value) => json!({"resultType": "scalar", "result": point(time, value)}),
        Value::Vector(samples) => {
            let element = |s: &glyph_analysis::promql::Sample| json!({"metric": metric(&s.labels), "value": point(time, s.value)});
            json!({"resultType": "vector", "result": samples.iter().map(element).collect::<Vec<_>>()})
        }
        Value::Range(series) => range(&series),
        Value::Text(text) => json!({"resultType": "string", "result": [time as f64 / 1e3, text]}),
    }
}

/// What a query over a range gives.
pub(crate) fn range(series: &[RangeSeries]) -> Json {
    let element = |s: &RangeSeries| {
        let values: Vec<Json> = s.samples.iter().map(|(time, value)| point(*time, *value)).collect();
        json!({"metric": metric(&s.labels), "values": values})
    };
    json!({"resultType": "matrix", "result": series.iter().map(element).collect::<Vec<_>>()})
}

fn point(time: i64, value: f64) -> Json {
    json!([time as f64 / 1e3, number(value)])
}

fn metric(labels: &Labels) -> Json {
    labels.pairs().iter().map(|(name, value)| (name.to_string(), Json::from(&**value))).collect()
}
