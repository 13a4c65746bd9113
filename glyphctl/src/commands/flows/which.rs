//! The flows that a user names: by number, by flow id or by trace id, of which the beginning is enough.

use std::collections::BTreeSet;

use anyhow::anyhow;
use glyph_formats::glance::Glance;

use super::filter::{begins, number};
use crate::output::failure::HintExt;

/// So many digits are a number, or the beginning of an id that happens to have no letter in it; `flows ls` shows as many.
const LEAST_OF_AN_ID: usize = 8;

/// What was named, and what of it has been met.
#[derive(Debug)]
pub(super) struct Which {
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    text: String,
    /// The whole ids that it was the beginning of; for a number, the number.
    met: BTreeSet<String>,
}

impl Which {
    /// These names.
    pub(super) fn new(names: &[String]) -> Self {
        let name = |text: &String| Name { text: text.clone(), met: BTreeSet::new() };
        Self { names: names.iter().map(name).collect() }
    }

    /// Whether the flow is one of them.
    pub(super) fn meets(&mut self, flow: &Glance<'_>) -> bool {
        let mut is_one = false;
        for Name { text, met } in &mut self.names {
            let number = number(text);
            let id = if number == Some(flow.sequence) {
                text.as_str()
            } else if number.is_some() && text.len() < LEAST_OF_AN_ID {
                continue;
            } else if begins(&flow.id, text) {
                &flow.id
            } else if begins(&flow.trace_id, text) {
                &flow.trace_id
            } else {
                continue;
            };
            if !met.contains(id) {
                met.insert(id.to_owned());
            }
            is_one = true;
        }
        is_one
    }

    /// Refuses a name that no flow has, or of which it is not clear whose it is.
    pub(super) fn all_met(&self) -> anyhow::Result<()> {
        for Name { text, met } in &self.names {
            if met.is_empty() {
                return Err(anyhow!("{text:?}: no flow with that number, id or trace id there")
                    .hint("glyphctl flows ls RECORDING lists flows with their numbers"));
            }
            if met.len() > 1 {
                let some: Vec<_> = met.iter().take(3).map(String::as_str).collect();
                return Err(anyhow!("{text:?}: {} ids begin so: {} …", met.len(), some.join(", "))
                    .hint("give more of it"));
            }
        }
        Ok(())
    }
}
