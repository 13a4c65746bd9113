//! Series by the text that a target has for them, which is the same in every scrape, as is their order.
//!
//! In: the beginning of a line. Out: the series as the recording has it. What came after the last series before is looked
//! at first: to compare a text is less than to take it apart, to put it together anew and to look it up.

use std::{collections::HashMap, sync::Arc};

/// The series of the scrapes before.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    entries: Vec<Entry>,
    places: HashMap<Arc<str>, u32>,
    /// As the recording has them. A target can have several texts for one, with its labels in another order.
    series: HashMap<Arc<str>, u32>,
    /// In which scrape each came last.
    last_seen: Vec<u64>,
    /// The number of this scrape, and how many series it has so far.
    scrape: u64,
    seen: usize,
    /// Where the last line's series is.
    last: u32,
}

#[derive(Debug, Clone)]
struct Entry {
    text: Arc<str>,
    recorded: Arc<str>,
    series: u32,
    /// What came next, the last time.
    next: u32,
}

/// A series that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(u32);

impl Known {
    /// Begins a scrape.
    pub(super) fn begin(&mut self) {
        self.scrape += 1;
        self.seen = 0;
    }

    /// Ends it; tells how many series it had. When most of what is known has not come, it is forgotten.
    pub(super) fn end(&mut self) -> usize {
        const FEW: usize = 1_024;
        if self.entries.len() > FEW && self.entries.len() > 2 * self.seen {
            *self = Self { scrape: self.scrape, seen: self.seen, ..Self::default() };
        }
        self.seen
    }

    /// The series that is expected next, if the line begins with its text, and the rest of the line.
    pub(super) fn expected<'a>(&self, line: &'a str) -> Option<(Place, &'a str)> {
        let place = self.entries.get(self.last as usize)?.next;
        let rest = line.strip_prefix(&*self.entries[place as usize].text)?;
        Some((Place(place), rest))
    }

    /// The place of a text; `record` says how the recording has it, the first time.
    pub(super) fn find(&mut self, text: &str, record: impl FnOnce() -> String) -> Place {
        let place = match self.places.get(text) {
            Some(place) => *place,
            None => {
                let text: Arc<str> = text.into();
                let (recorded, series) = self.series_of(record());
                let place = self.entries.len() as u32;
                self.places.insert(Arc::clone(&text), place);
                self.entries.push(Entry { text, recorded, series, next: place });
                place
            }
        };
        if let Some(last) = self.entries.get_mut(self.last as usize) {
            last.next = place;
        }
        Place(place)
    }

    /// Goes on behind a series, and tells how the recording has it; none if it came in this scrape before.
    pub(super) fn take(&mut self, place: Place) -> Option<&str> {
        self.last = place.0;
        let entry = &self.entries[place.0 as usize];
        let last_seen = &mut self.last_seen[entry.series as usize];
        let is_new = std::mem::replace(last_seen, self.scrape) != self.scrape;
        self.seen += usize::from(is_new);
        is_new.then_some(&*entry.recorded)
    }

    /// Takes a series as one that came.
    pub(super) fn exclude(&mut self, recorded: String) {
        let (_, series) = self.series_of(recorded);
        self.last_seen[series as usize] = self.scrape;
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn series_of(&mut self, recorded: String) -> (Arc<str>, u32) {
        if let Some((recorded, series)) = self.series.get_key_value(&*recorded) {
            return (Arc::clone(recorded), *series);
        }
        let (recorded, series) = (Arc::<str>::from(recorded), self.last_seen.len() as u32);
        self.series.insert(Arc::clone(&recorded), series);
        self.last_seen.push(0);
        (recorded, series)
    }
}
