//! What the writers of pictures ([`chrome`](super::chrome), [`perfetto`](super::perfetto)) have in common: what is asked
//! of them, what they tell, and the span events that they draw.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Keep, columns::Detail};

/// How much is written of each span besides name, place and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Args {
    /// Nothing.
    None,
    /// The ids of trace, span and parent.
    Ids,
    /// The ids, the status, and all attributes.
    Full,
}

impl Args {
    /// What a loader has to keep for it.
    pub fn keep(self) -> Keep {
        Keep { attributes: self == Self::Full, events: true }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Spans, each once.
    pub spans: u64,
    /// Arrows to spans that are not drawn inside their parent.
    pub arrows: u64,
    /// Span events.
    pub events: u64,
    /// Lanes of all services together.
    pub lanes: u64,
}

/// A span event, of which only the time is looked into.
#[derive(Debug, Deserialize)]
pub(super) struct Event<'a> {
    /// A JSON string.
    #[serde(borrow)]
    pub(super) name: &'a RawValue,
    #[serde(alias = "time")]
    pub(super) time_unix_nano: u64,
    /// A JSON object.
    #[serde(borrow)]
    pub(super) attributes: Option<&'a RawValue>,
}

/// The events of a span. What is no list of events is nothing to draw, nor is one without a name in it; the span itself
/// stands.
pub(super) fn events(detail: Detail<'_>) -> Vec<Event<'_>> {
    if matches!(detail.events, "" | "[]") {
        return Vec::new();
    }
    let mut events = serde_json::from_str::<Vec<Event<'_>>>(detail.events).unwrap_or_default();
    events.retain(|event| event.name.get().starts_with('"'));
    for event in &mut events {
        event.attributes = event.attributes.filter(|a| a.get().starts_with('{') && a.get() != "{}");
    }
    events
}
