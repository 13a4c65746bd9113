//! The answer's parts, each put into the store as soon as it is read: an answer is never held as a whole.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    Answer,
    number::{Time, Value},
};
use crate::metrics::{Exemplar, Labels, Refusal, Store};

const HISTOGRAM: &str = "native histograms are not supported";

/// What the whole of it came to.
#[derive(Default)]
pub(super) struct Found {
    /// Whether there is a result.
    pub(super) found: bool,
    /// What the server says if it could not answer: the kind, and the text.
    pub(super) error: Option<(String, String)>,
}

/// All of an answer, or its `data` alone.
pub(super) struct Body<'a> {
    pub(super) store: &'a mut Store,
    pub(super) answer: &'a mut Answer,
}

/// What stands at `data`.
struct Data<'a, 'b>(&'b mut Body<'a>);

/// What stands at `result`.
struct Samples<'a, 'b>(&'b mut Body<'a>);

/// One of these: a series, or half of a scalar.
struct Element<'a, 'b>(&'b mut Body<'a>);

enum Part {
    Series,
    Time(Time),
    Text(String),
}

#[derive(Deserialize)]
struct ExemplarRead {
    #[serde(default)]
    labels: BTreeMap<String, String>,
    value: Value,
    timestamp: Time,
}

impl Body<'_> {
    fn push(&mut self, labels: &Labels, samples: &[(Time, Value)]) {
        let id = self.store.id_of(labels);
        for (time, value) in samples {
            match self.store.push(id, time.0, value.0) {
                Ok(()) => {}
                Err(Refusal::OutOfOrder) => self.answer.out_of_order += 1,
                Err(Refusal::Duplicate) => self.answer.duplicates += 1,
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of Prometheus' query API")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        let (mut failed, mut kind, mut text) = (false, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "status" => failed = map.next_value::<String>()? == "error",
                "errorType" => kind = map.next_value::<Option<String>>()?,
                "error" => text = map.next_value::<Option<String>>()?,
                "warnings" | "infos" => {
                    let told = map.next_value::<Option<Vec<String>>>()?;
                    self.answer.warnings.extend(told.unwrap_or_default());
                }
                "data" => found.found |= map.next_value_seed(Data(&mut self))?,
                "result" => found.found |= map.next_value_seed(Samples(&mut self))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if failed {
            let unnamed = || "without a word".to_owned();
            found.error = Some((kind.unwrap_or_else(|| "unknown".to_owned()), text.unwrap_or_else(unnamed)));
        }
        Ok(found)
    }
}

impl<'de> DeserializeSeed<'de> for Data<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Data<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a result, or a list of series with exemplars")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "result" => found |= map.next_value_seed(Samples(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<bool, A::Error> {
        Samples(self.0).visit_seq(seq)
    }
}

impl<'de> DeserializeSeed<'de> for Samples<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Samples<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series, or a scalar")
    }

    /// Some servers say null of nothing.
    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let mut at = None;
        while let Some(part) = seq.next_element_seed(Element(self.0))? {
            match (part, at.take()) {
                (Part::Series, None) => {}
                (Part::Time(time), None) => at = Some(time),
                (Part::Text(text), Some(time)) => {
                    let value = Value::of_text(&text)?;
                    self.0.push(&Labels::empty(), &[(time, value)]);
                }
                _ => return Err(A::Error::custom("this is neither a list of series nor a scalar")),
            }
        }
        match at {
            None => Ok(true),
            Some(_) => Err(A::Error::custom("a scalar without a value")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = Part;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Part, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, '_> {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series, or a time and a value")
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Part, E> {
        Time::of_seconds(seconds).map(Part::Time)
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Part, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Part, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
        let (mut labels, mut samples, mut exemplars) = (None, Vec::new(), Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "metric" | "seriesLabels" => labels = Some(map.next_value()?),
                "value" => samples.push(map.next_value()?),
                "values" => samples = map.next_value()?,
                "exemplars" => exemplars = map.next_value::<Vec<ExemplarRead>>()?,
                "histogram" | "histograms" => return Err(A::Error::custom(HISTOGRAM)),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let labels = labels.ok_or_else(|| A::Error::missing_field("metric"))?;
        let labels = of_map(labels);
        self.0.push(&labels, &samples);
        let id = self.0.store.id_of(&labels);
        for ExemplarRead { labels, value, timestamp } in exemplars {
            let exemplar = Exemplar { labels: of_map(labels), value: value.0, time: timestamp.0 };
            self.0.store.push_exemplar(id, exemplar);
        }
        Ok(Part::Series)
    }
}

fn of_map(labels: BTreeMap<String, String>) -> Labels {
    Labels::new(labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
}
