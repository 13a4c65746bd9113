//! Results of queries in the JSON of Prometheus' HTTP API (`/api/v1/query`, `/api/v1/query_range`).

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::promql::{Level, Note, RangeSeries, Value, number};

/// What `glyphctl metrics query --format json` prints: what Prometheus' HTTP API answers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryResponse {
    /// Whether there is a result.
    pub status: Status,
    /// The result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// Where there is none, why: `bad_data` if the expression is none, `execution` if it has no value, `internal` if the
    /// samples could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub error_type: Option<ErrorType>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What may be wrong with the result.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub warnings: Vec<String>,
    /// Where the expression may not mean what it says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub infos: Vec<String>,
}

/// Whether there is a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There is.
    Success,
    /// There is none.
    Error,
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The text is no expression, or a time or step is none.
    BadData,
    /// The expression has no value.
    Execution,
    /// The samples could not be had.
    Internal,
}

/// A result.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub enum Data {
    /// A number, at the time of the query.
    Scalar(Pair),
    /// A text, at the time of the query.
    String(Pair),
    /// A number for each of some label sets, at the time of the query.
    Vector(Vec<SeriesOfVector>),
    /// Samples for each of some label sets.
    Matrix(Vec<SeriesOfRange>),
}

/// An element of a vector.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SeriesOfVector {
    /// Its labels; the name of the metric is `__name__`.
    pub metric: BTreeMap<String, String>,
    /// Time and value.
    pub value: Pair,
}

/// A series of a matrix.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SeriesOfRange {
    /// Its labels; the name of the metric is `__name__`.
    pub metric: BTreeMap<String, String>,
    /// Times and values.
    pub values: Vec<Pair>,
}

/// A time, and a value or text: `[1435781451.781, "1"]`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Pair(pub Seconds, pub String);

/// Milliseconds since the epoch, written as seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub i64);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1_000 {
            0 => serializer.serialize_i64(self.0 / 1_000),
            _ => serializer.serialize_f64(self.0 as f64 / 1e3),
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"description": "Seconds since the epoch, to the millisecond.", "type": "number"})
    }
}

impl QueryResponse {
    /// A result, of a query at a time in milliseconds.
    pub fn success(value: &Value, time: i64, notes: &[Note]) -> Self {
        let of = |level| notes.iter().filter(|n| n.level == level).map(|n| n.text.clone()).collect();
        Self {
            status: Status::Success,
            data: Some(Data::of(value, time)),
            error_type: None,
            error: None,
            warnings: of(Level::Warning),
            infos: of(Level::Info),
        }
    }

    /// No result.
    pub fn failure(kind: ErrorType, error: String) -> Self {
        Self {
            status: Status::Error,
            data: None,
            error_type: Some(kind),
            error: Some(error),
            warnings: Vec::new(),
            infos: Vec::new(),
        }
    }
}

impl Data {
    fn of(value: &Value, time: i64) -> Self {
        match value {
            Value::Scalar(value) => Self::Scalar(pair(time, *value)),
            Value::Text(text) => Self::String(Pair(Seconds(time), text.clone())),
            Value::Vector(samples) => Self::Vector(
                samples
                    .iter()
                    .map(|s| SeriesOfVector { metric: s.labels.to_map(), value: pair(time, s.value) })
                    .collect(),
            ),
            Value::Range(series) => Self::Matrix(series.iter().map(of_range).collect()),
        }
    }
}

fn of_range(series: &RangeSeries) -> SeriesOfRange {
    let values = series.samples.iter().map(|(time, value)| pair(*time, *value)).collect();
    SeriesOfRange { metric: series.labels.to_map(), values }
}

fn pair(time: i64, value: f64) -> Pair {
    Pair(Seconds(time), number(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics::Labels, promql::Sample};

    #[test]
    fn the_json_is_that_of_prometheus() {
        let labels = Labels::of([("__name__", "up"), ("job", "x")]);
        let vector = Value::Vector(vec![Sample::new(labels.clone(), 1e21)]);
        let matrix = Value::Range(vec![RangeSeries {
            labels,
            samples: vec![(1_435_781_430_781, f64::NAN), (1_435_781_445_000, f64::INFINITY)],
        }]);
        let note = Note { level: Level::Info, text: "PromQL info: x (1:1)".to_owned() };
        let table = [
            (
                QueryResponse::success(&vector, 1_500, &[note]),
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"x"},"value":[1.5,"1000000000000000000000"]}]},"infos":["PromQL info: x (1:1)"]}"#,
            ),
            (
                QueryResponse::success(&matrix, 0, &[]),
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"x"},"values":[[1435781430.781,"NaN"],[1435781445,"+Inf"]]}]}}"#,
            ),
            (
                QueryResponse::success(&Value::Scalar(0.1), 60_000, &[]),
                r#"{"status":"success","data":{"resultType":"scalar","result":[60,"0.1"]}}"#,
            ),
            (
                QueryResponse::failure(ErrorType::BadData, "1:2: what".to_owned()),
                r#"{"status":"error","errorType":"bad_data","error":"1:2: what"}"#,
            ),
        ];
        for (response, expected) in table {
            assert_eq!(serde_json::to_string(&response).unwrap(), expected);
        }
    }
}
