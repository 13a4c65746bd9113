//! An entry as others write it: everything may be missing, be null, or be of a neighbouring type. Numbers come as strings,
//! text as numbers; what is none of that counts as not there.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

/// An entry.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    pub(super) started_date_time: Text,
    pub(super) time: Number,
    pub(super) request: Object<Request>,
    pub(super) response: Object<Response>,
    pub(super) timings: Object<Timings>,
    pub(super) connection: Text,
    #[serde(rename = "_error")]
    pub(super) error: Text,
    #[serde(rename = "_webSocketMessages")]
    pub(super) messages: List<Message>,
    #[serde(rename = "_glyph", borrow)]
    pub(super) glyph: Option<&'a RawValue>,
}

/// A request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) method: Text,
    pub(super) url: Text,
    pub(super) http_version: Text,
    pub(super) headers: List<Pair>,
    pub(super) cookies: List<Pair>,
    pub(super) post_data: Object<PostData>,
    pub(super) body_size: Number,
}

/// A response.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Response {
    pub(super) status: Number,
    pub(super) http_version: Text,
    pub(super) headers: List<Pair>,
    pub(super) content: Object<Content>,
    pub(super) body_size: Number,
    #[serde(rename = "_error")]
    pub(super) error: Text,
}

/// A header, a cookie, or a field of a form.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Pair {
    pub(super) name: Text,
    pub(super) value: Text,
    pub(super) file_name: Text,
    pub(super) content_type: Text,
}

/// A request's body.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PostData {
    pub(super) mime_type: Text,
    pub(super) text: Text,
    pub(super) params: List<Pair>,
    pub(super) encoding: Text,
    /// Ours, where HAR has no place for it.
    #[serde(rename = "_encoding")]
    pub(super) own_encoding: Text,
}

/// A response's body.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Content {
    pub(super) size: Number,
    pub(super) mime_type: Text,
    pub(super) text: Text,
    pub(super) encoding: Text,
}

/// Where the time went.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Timings {
    pub(super) blocked: Number,
    pub(super) dns: Number,
    pub(super) connect: Number,
    pub(super) send: Number,
    pub(super) wait: Number,
    pub(super) receive: Number,
    pub(super) ssl: Number,
}

/// A message of a WebSocket, as Chromium writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub(super) kind: Text,
    pub(super) data: Text,
}

/// Who wrote a document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Creator {
    pub(super) name: Text,
    pub(super) version: Text,
}

/// A text, if there is one.
#[derive(Debug, Default, Clone)]
pub(super) struct Text(pub(super) Option<String>);

/// A number, if there is one.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Number(pub(super) Option<f64>);

/// An object; as if all of it were missing, if it is none.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

/// The objects of an array.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl Text {
    /// The text, which may be empty.
    pub(super) fn text(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl Number {
    /// A size, a status or a time: what is negative is not known.
    pub(super) fn known(self) -> Option<f64> {
        self.0.filter(|number| *number >= 0.0 && number.is_finite())
    }

    /// The same as an integer.
    pub(super) fn size(self) -> Option<u64> {
        self.known().map(|number| number as u64)
    }
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Takes anything; what is of use comes out.
struct Anything<T>(PhantomData<T>);

/// What can be made of a value of a certain type.
trait Loose: Default + Sized {
    fn text(_: String) -> Self {
        Self::default()
    }
    fn number(_: f64) -> Self {
        Self::default()
    }
    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
    fn array<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl Loose for Text {
    fn text(text: String) -> Self {
        Self(Some(text))
    }
    fn number(number: f64) -> Self {
        Self(Some(number.to_string()))
    }
}

impl Loose for Number {
    fn text(text: String) -> Self {
        Self(text.trim().parse().ok())
    }
    fn number(number: f64) -> Self {
        Self(Some(number))
    }
}

impl<T: for<'de> Deserialize<'de>> Loose for Object<T> {
    fn object<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Self(Some(object)))
    }
}

impl<T: for<'de> Deserialize<'de>> Loose for List<T> {
    fn array<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let mut list = Vec::new();
        while let Some(Object(element)) = seq.next_element::<Object<T>>()? {
            list.extend(element);
        }
        Ok(Self(list))
    }
}

impl<'de, T: Loose> Visitor<'de> for Anything<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        Ok(T::number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(T::number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number as f64))
    }

    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        T::array(seq)
    }
}

macro_rules! loose {
    ($($name:ident $(<$t:ident>)?),*) => {$(
        impl<'de $(, $t: for<'a> Deserialize<'a>)?> Deserialize<'de> for $name $(<$t>)?
        where
            Self: Loose,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Anything(PhantomData))
            }
        }
    )*};
}

loose!(Text, Number, Object<T>, List<T>);
