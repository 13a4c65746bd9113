//! Series by their text, which is the same in every scrape, as is their order.
//!
//! In: the text that a line begins with. Out: the series that it names. What came after the last series when that was
//! there before is looked at first: comparing a text is faster than finding its end, hashing it and looking it up.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::metrics::SeriesId;

/// The texts of series that a file has had so far.
#[derive(Debug, Default)]
pub(super) struct Repeating {
    known: Vec<Known>,
    places: FxHashMap<Rc<str>, u32>,
    last: u32,
}

#[derive(Debug)]
struct Known {
    text: Rc<str>,
    id: SeriesId,
    /// The place of what came next, the last time.
    next: u32,
    /// The text of its last exemplar, if that has its own time: a bucket shows the same one until it has a new one.
    exemplar: Box<str>,
}

/// A series that was expected and came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) id: SeriesId,
    place: u32,
}

impl Repeating {
    /// The series that is expected next, if the line begins with its text and a space, and what stands behind these.
    #[inline]
    pub(super) fn expected<'a>(&self, line: &'a [u8]) -> Option<(Expected, &'a [u8])> {
        let place = self.known.get(self.last as usize)?.next;
        let known = &self.known[place as usize];
        let rest = line.strip_prefix(known.text.as_bytes())?.strip_prefix(b" ")?;
        Some((Expected { id: known.id, place }, rest))
    }

    /// Goes on behind a series that was expected.
    #[inline]
    pub(super) fn advance(&mut self, expected: Expected) {
        self.last = expected.place;
    }

    /// The series of a text that may come at any place, and goes on behind it; `make` finds it the first time.
    pub(super) fn find<E>(
        &mut self,
        text: &str,
        make: impl FnOnce() -> Result<SeriesId, E>,
    ) -> Result<SeriesId, E> {
        let place = match self.places.get(text) {
            Some(place) => *place,
            None => {
                let id = make()?;
                let place = self.known.len() as u32;
                let text: Rc<str> = text.into();
                self.known.push(Known { text: text.clone(), id, next: place, exemplar: Box::default() });
                self.places.insert(text, place);
                place
            }
        };
        self.known[self.last as usize].next = place;
        self.last = place;
        Ok(self.known[place as usize].id)
    }

    /// Whether an expected series showed the same exemplar last.
    pub(super) fn has_exemplar(&self, expected: Expected, text: &str) -> bool {
        *self.known[expected.place as usize].exemplar == *text
    }

    /// Keeps the text of an exemplar that has its own time.
    pub(super) fn keep_exemplar(&mut self, expected: Expected, text: &str) {
        self.known[expected.place as usize].exemplar = text.into();
    }
}
