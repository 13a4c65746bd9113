//! Arrows: both ends there, in the order of time, each tied to a slice that is open then.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Fault, Slice, Thread, events::Event};

/// An end of an arrow: its event, and the slice that it is tied to.
struct End<'a> {
    event: &'a Event<'a>,
    slice: usize,
}

/// Every arrow, with its slices.
///
/// Perfetto takes events by time, of one instant the slices first, and ties an end to the slice that started last on its
/// thread by then. catapult ties it to a slice that is open at that instant. Both must be the same.
pub(crate) fn arrows(events: &[Event<'_>], slices: &[Slice]) -> Result<Vec<(usize, usize)>, Fault> {
    let mut sorted: Vec<&Event<'_>> = events.iter().filter(|e| e.phase != "M").collect();
    sorted.sort_by_key(|event| (event.time.ns, event.phase != "X"));
    // Slices by time are slices in the order of the file.
    let mut started = 0..slices.len();
    let mut last: BTreeMap<Thread, usize> = BTreeMap::new();
    let mut begun = BTreeMap::new();
    let (mut arrows, mut pointed_at) = (Vec::new(), BTreeSet::new());
    for event in sorted {
        if event.phase == "X" {
            last.extend(started.next().map(|slice| (event.thread, slice)));
        }
        let Some(key) = event.arrow else { continue };
        let fault = |why: &str| Fault::new(event.at, format!("arrow {:?} {why}", key.2));
        let slice =
            *last.get(&event.thread).ok_or_else(|| fault("is tied to nothing: no slice before it"))?;
        if event.time.ns > slices[slice].start + slices[slice].duration {
            return Err(fault("is tied to a slice that is over"));
        }
        if event.phase == "s" {
            if begun.insert(key, End { event, slice }).is_some() {
                return Err(fault("begins twice"));
            }
        } else {
            let Some(End { event: from, slice: out }) = begun.remove(&key) else {
                return Err(fault("ends without a beginning before it"));
            };
            if from.at > event.at {
                return Err(fault("ends in the file before it begins"));
            }
            if !pointed_at.insert(slice) {
                return Err(fault("is the second to its slice"));
            }
            arrows.push((out, slice));
        }
    }
    match begun.into_values().next() {
        Some(End { event, .. }) => Err(Fault::new(event.at, "an arrow without an end")),
        None => Ok(arrows),
    }
}
