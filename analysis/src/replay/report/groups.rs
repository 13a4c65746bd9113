//! Differences by their place, so that one cause is told once, however often it shows.

use std::collections::HashMap;

use super::{
    first::First,
    summary::{Example, Exchange, Group},
};
use crate::replay::{
    comparison::{Comparison, Difference, Kind},
    told::excerpt,
};

/// More places are only counted.
const GROUPS: usize = 500;
const EXAMPLES: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Groups {
    tallies: HashMap<Cause, Tally>,
    /// Differences that are in no group.
    pub(super) more: u64,
    /// Counts exchanges, to know those that have been counted.
    exchange: u64,
}

/// What is taken for one cause: the place, the kind, and of a status and an error also which.
type Cause = (String, Kind, String);

#[derive(Debug)]
struct Tally {
    count: u64,
    exchanges: u64,
    last_exchange: u64,
    /// Until there are different ones.
    recorded: Option<String>,
    new: Option<String>,
    examples: First<Example>,
}

impl Groups {
    pub(super) fn add(&mut self, comparison: &Comparison, sequence: u64, exchange: impl Fn() -> Exchange) {
        self.exchange += 1;
        self.more += comparison.more;
        for difference in &comparison.differences {
            let cause = cause(difference);
            let is_full = self.tallies.len() >= GROUPS;
            let tally = match self.tallies.get_mut(&cause) {
                Some(tally) => tally,
                None if is_full => {
                    self.more += 1;
                    continue;
                }
                None => self.tallies.entry(cause).or_insert_with(|| Tally::of(difference)),
            };
            tally.count += 1;
            tally.exchanges += u64::from(tally.last_exchange != self.exchange);
            tally.last_exchange = self.exchange;
            tally.keep_common(&difference.recorded, &difference.new);
            tally.examples.add(sequence, || Example { exchange: exchange(), difference: difference.clone() });
        }
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.more += other.more;
        for (cause, tally) in other.tallies {
            let is_full = self.tallies.len() >= GROUPS;
            match self.tallies.get_mut(&cause) {
                Some(own) => {
                    own.count += tally.count;
                    own.exchanges += tally.exchanges;
                    own.keep_common(&tally.recorded, &tally.new);
                    own.examples.absorb(tally.examples);
                }
                None if is_full => self.more += tally.count,
                None => {
                    self.tallies.insert(cause, Tally { last_exchange: 0, ..tally });
                }
            }
        }
    }

    /// Those in most exchanges first.
    pub(super) fn told(&self) -> Vec<Group> {
        let group = |((place, kind, _), tally): (&Cause, &Tally)| Group {
            place: place.clone(),
            kind: *kind,
            count: tally.count,
            exchanges: tally.exchanges,
            recorded: tally.recorded.clone(),
            new: tally.new.clone(),
            examples: tally.examples.iter().cloned().collect(),
        };
        let mut groups: Vec<_> = self.tallies.iter().map(group).collect();
        groups.sort_by(|a, b| {
            let key =
                |group: &Group| (group.place.clone(), group.kind, group.new.clone(), group.recorded.clone());
            b.exchanges.cmp(&a.exchanges).then(b.count.cmp(&a.count)).then_with(|| key(a).cmp(&key(b)))
        });
        groups
    }
}

impl Tally {
    fn of(difference: &Difference) -> Self {
        Self {
            count: 0,
            exchanges: 0,
            last_exchange: 0,
            recorded: difference.recorded.clone(),
            new: difference.new.clone(),
            examples: First::of(EXAMPLES),
        }
    }

    fn keep_common(&mut self, recorded: &Option<String>, new: &Option<String>) {
        for (own, other) in [(&mut self.recorded, recorded), (&mut self.new, new)] {
            if own != other {
                *own = None;
            }
        }
    }
}

fn cause(difference: &Difference) -> Cause {
    let which = match difference.place.as_str() {
        "status" | "error" => {
            let word = |side: &Option<String>| {
                side.as_deref().and_then(|side| side.split(':').next()).unwrap_or_default().to_owned()
            };
            format!("{} {}", word(&difference.recorded), word(&difference.new))
        }
        _ => String::new(),
    };
    (general(&difference.place), difference.kind, which)
}

/// A place without numbers of elements, lines and events: `body $.items[*].price`, `body line * $.id`.
fn general(place: &str) -> String {
    let mut general = String::with_capacity(place.len());
    let mut rest = place;
    for called in ["body line ", "body event "] {
        if let Some(after) = place.strip_prefix(called) {
            general.push_str(called);
            general.push('*');
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    while let Some((before, after)) = rest.split_once('[') {
        general.push_str(before);
        general.push('[');
        let behind = after.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = if behind.len() < after.len() && behind.starts_with(']') {
            general.push('*');
            behind
        } else {
            after
        };
    }
    general.push_str(rest);
    excerpt(&general, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_without_the_numbers_of_elements() {
        let table = [
            ("status", "status"),
            ("body $.items[3].price", "body $.items[*].price"),
            ("body $[12][0]", "body $[*][*]"),
            ("body $['a b'][1]['c']", "body $['a b'][*]['c']"),
            ("body line 17 $.id", "body line * $.id"),
            ("body event 3", "body event *"),
            ("headers.set-cookie[a]", "headers.set-cookie[a]"),
        ];
        for (place, expected) in table {
            assert_eq!(general(place), expected);
        }
    }
}
