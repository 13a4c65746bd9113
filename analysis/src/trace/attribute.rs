//! One attribute out of the JSON text of all of them.
//!
//! In: an object as JSON text, as the loader keeps it, and a key or an order of keys. Out: the value as it stands there, or
//! as text. Not here: what the value is compared with, or grouped by.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The JSON text of the attribute `key`; none where there is no such member, or no object. As with every JSON object,
/// the last of several with one key counts.
pub(super) fn find<'j>(json: &'j str, key: &str) -> Option<&'j str> {
    if json.is_empty() {
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(json);
    json.deserialize_map(Wanted(key)).ok()?.map(RawValue::get)
}

/// The text that a JSON string stands for; none if it is no string. Borrowed where it has no escapes.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0)
}

/// A value as text: a string as it is, anything else as it stands there; `null` is no value, and nothing is none.
pub(super) fn plain(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first() {
        Some(b'"') => text(json),
        None => None,
        _ => (json != "null").then_some(Cow::Borrowed(json)),
    }
}

/// Of the attributes that have a `rank`, and of which `take` makes something, the one of the lowest; with its rank.
pub(super) fn first<'j, T>(
    json: &'j str,
    rank: impl Fn(&str) -> Option<usize>,
    take: impl Fn(&'j str) -> Option<T>,
) -> Option<(usize, T)> {
    if json.is_empty() {
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(json);
    json.deserialize_map(Ranked { rank, take }).ok().flatten()
}

/// A JSON string, borrowed where it has no escapes.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Looks for one member of an object.
struct Wanted<'k>(&'k str);

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Text(key)) = map.next_key()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Looks for the members that have a rank.
struct Ranked<R, T> {
    rank: R,
    take: T,
}

impl<'de, V, R: Fn(&str) -> Option<usize>, T: Fn(&'de str) -> Option<V>> Visitor<'de> for Ranked<R, T> {
    type Value = Option<(usize, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Self::Value = None;
        while let Some(Text(key)) = map.next_key()? {
            let best = found.as_ref().map_or(usize::MAX, |(rank, _)| *rank);
            match (self.rank)(&key).filter(|rank| *rank <= best) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(rank) => {
                    if let Some(value) = (self.take)(map.next_value::<&RawValue>()?.get()) {
                        found = Some((rank, value));
                    }
                }
            }
        }
        Ok(found)
    }
}
