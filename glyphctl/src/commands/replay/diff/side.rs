//! One of two recordings: its exchanges in the order of their requests, on the disk.

use glyph_formats::{
    flow::FlowKind,
    jsonl::index::{LineIndex, Place},
};

use super::request::{Origins, key, parts};
use crate::commands::flows::{filter::FilterArgs, source::Source};

/// A recording that can be gone through in the order of its requests.
pub(super) struct Side {
    pub(super) index: LineIndex,
    pub(super) origin: Origin,
    /// Tunnels that the filter chooses.
    pub(super) tunnels: u64,
    /// How long all lines are.
    pub(super) bytes: u64,
}

/// Of which hosts a recording is, each with its scheme and port.
pub(super) enum Origin {
    None,
    One(String),
    /// Of several; this is the first.
    Many(String),
}

impl Side {
    pub(super) fn read(source: &Source, filter: &FilterArgs, origins: &Origins) -> anyhow::Result<Self> {
        let filter = filter.filter()?;
        let (mut origin, mut tunnels, mut bytes) = (Origin::None, 0, 0);
        let index = source.index(
            |_| true,
            |record| {
                let flow = &record.flow;
                let chosen = filter.meets(flow);
                if flow.kind == FlowKind::Tunnel {
                    tunnels += u64::from(chosen);
                    return Ok(None);
                }
                bytes += record.line.len() as u64;
                let key = key(flow, origins, origin.with(parts(&flow.request.url).0));
                // The last bit is what the filter says; starts are in nanoseconds.
                Ok(Some((key, flow.start_time_unix_nano << 1 | u64::from(chosen))))
            },
        )?;
        Ok(Self { index, origin, tunnels, bytes })
    }
}

/// Whether the filter has chosen it.
pub(super) fn is_chosen(place: &Place) -> bool {
    place.order & 1 == 1
}

impl Origin {
    /// Takes notice of another one, and gives the first.
    fn with(&mut self, origin: &str) -> &str {
        match self {
            Self::None => *self = Self::One(origin.to_owned()),
            Self::One(first) if first != origin => *self = Self::Many(std::mem::take(first)),
            Self::One(_) | Self::Many(_) => {}
        }
        match self {
            Self::One(first) | Self::Many(first) => first,
            Self::None => "",
        }
    }
}
