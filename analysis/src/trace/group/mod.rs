//! Which row of the summary a span belongs to, found while it is read: the attributes that rows are by need not be kept.
//!
//! In: what to group by and which spans count, and spans one by one. Out: a small number for each, and what it stands
//! for. Not here: figures.

mod key;

use glyph_formats::span::{SpanKind, SpanStatus};
use rustc_hash::FxHashMap;

pub(super) use key::{KINDS, STATUSES};
pub use key::{Key, KeyError};

use super::{
    attribute,
    columns::{Detail, Names, Spans},
    filter::{Filter, Subject},
    peer,
};

/// What the rows of a summary are by.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    by: Vec<Key>,
    /// Whether groups are also by whom a span names as the one it calls, and by whether it counts.
    by_peer: bool,
    filter: Option<Filter>,
}

impl Grouping {
    /// A row for each combination of values of these keys; none of them counts twice.
    pub fn by(keys: &[Key]) -> Self {
        let mut by: Vec<Key> = Vec::new();
        for key in keys {
            if !by.contains(key) {
                by.push(key.clone());
            }
        }
        Self { by, ..Self::default() }
    }

    /// Groups for each that spans name as the one they call: one of the spans that count, and one of the others, which are
    /// in the way of what they call all the same.
    pub(super) fn peers() -> Self {
        Self { by_peer: true, ..Self::default() }
    }

    /// The same with only those spans that meet a condition.
    #[must_use]
    pub fn only(mut self, filter: Option<Filter>) -> Self {
        self.filter = filter;
        self
    }

    /// The condition that spans have to meet, if there is one.
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// What the spans of a row have in common; nothing twice.
    pub fn keys(&self) -> &[Key] {
        &self.by
    }

    /// Whether attributes or status messages may have to be looked at to find a span's row.
    pub fn needs_details(&self) -> bool {
        self.filter.is_some() || self.by_peer || self.by.iter().any(|key| matches!(key, Key::Attribute(_)))
    }

    /// How many values a group has.
    fn arity(&self) -> usize {
        self.by.len() + 2 * usize::from(self.by_peer)
    }
}

/// What of a span decides on its row. Service and name come with numbers that are those of the same texts for all spans
/// of one [`Groups`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) service: (u32, &'a str),
    pub(super) name: (u32, &'a str),
    pub(super) kind: SpanKind,
    pub(super) status: SpanStatus,
    pub(super) duration_ns: u64,
    pub(super) detail: Detail<'a>,
}

impl Member<'_> {
    fn meets(&self, filter: &Filter) -> bool {
        let message = attribute::text(self.detail.status_message);
        filter.matches(&Subject {
            name: self.name.1,
            service: self.service.1,
            kind: self.kind,
            status: self.status,
            status_message: message.as_deref().unwrap_or_default(),
            duration_ns: self.duration_ns,
            attributes: self.detail.attributes,
        })
    }
}

/// The number that stands for no group: the span does not count.
pub(super) const LEFT_OUT: u32 = u32::MAX;

/// One value that the spans of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// The number of the service.
    Service(u32),
    /// The number of the span name.
    Name(u32),
    Kind(SpanKind),
    Status(SpanStatus),
    /// The attribute's key, and its value as text if the spans have any.
    Attribute(&'a str, Option<&'a str>),
}

/// The groups that there are, numbered as they came.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The codes of each group's values, as many to a group as there are keys.
    codes: Vec<u32>,
    count: usize,
    /// For each key but the first (or for the only one): what the keys before it and its own code come to. A number of few
    /// bits has a faster hash than a list.
    levels: Vec<FxHashMap<(u32, u32), u32>>,
    /// The values of each attribute that is a key. In the codes they are one more; zero is for none.
    values: Vec<Names>,
    buffer: Vec<u32>,
}

impl Groups {
    /// The number of the span's group, or [`LEFT_OUT`].
    pub(super) fn of(&mut self, member: &Member<'_>, grouping: &Grouping) -> u32 {
        let counts = grouping.filter.as_ref().is_none_or(|filter| member.meets(filter));
        if !counts && !grouping.by_peer {
            return LEFT_OUT;
        }
        let mut codes = std::mem::take(&mut self.buffer);
        codes.clear();
        let mut attributes = 0;
        for key in &grouping.by {
            codes.push(match key {
                Key::Service => member.service.0,
                Key::Name => member.name.0,
                Key::Kind => member.kind as u32,
                Key::Status => member.status as u32,
                Key::Attribute(key) => {
                    let value = key::value_of(member.detail.attributes, key);
                    attributes += 1;
                    self.code(attributes - 1, value.as_deref())
                }
            });
        }
        if grouping.by_peer {
            let peer = peer::of(member.kind, member.detail.attributes);
            codes.extend([u32::from(counts), self.code(attributes, peer.as_deref())]);
        }
        let number = self.number(&codes);
        self.buffer = codes;
        number
    }

    /// The numbers that the groups of `other` have here, after services and names got those numbers.
    pub(super) fn absorb(
        &mut self,
        other: &Self,
        grouping: &Grouping,
        services: &[u32],
        names: &[u32],
    ) -> Vec<u32> {
        let mut codes = Vec::new();
        (0..other.count)
            .map(|group| {
                codes.clear();
                let mut attributes = 0;
                for (key, code) in grouping.by.iter().zip(other.codes_of(group, grouping)) {
                    codes.push(match key {
                        Key::Service => services[*code as usize],
                        Key::Name => names[*code as usize],
                        Key::Kind | Key::Status => *code,
                        Key::Attribute(_) => {
                            attributes += 1;
                            self.code(attributes - 1, other.value(attributes - 1, *code))
                        }
                    });
                }
                if grouping.by_peer {
                    let [counts, code] = other.peer_codes(group, grouping);
                    codes.extend([counts, self.code(attributes, other.value(attributes, code))]);
                }
                self.number(&codes)
            })
            .collect()
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What the spans of a group have in common.
    pub(super) fn values<'a>(
        &'a self,
        group: usize,
        grouping: &'a Grouping,
    ) -> impl Iterator<Item = Value<'a>> {
        let mut attributes = 0;
        grouping.by.iter().zip(self.codes_of(group, grouping)).map(move |(key, code)| match key {
            Key::Service => Value::Service(*code),
            Key::Name => Value::Name(*code),
            Key::Kind => Value::Kind(KINDS[*code as usize]),
            Key::Status => Value::Status(STATUSES[*code as usize]),
            Key::Attribute(key) => {
                attributes += 1;
                Value::Attribute(key, self.value(attributes - 1, *code))
            }
        })
    }

    /// Whom the spans of a group name as the one they call, as [`peer::of`] has it.
    pub(super) fn peer(&self, group: usize, grouping: &Grouping) -> Option<&str> {
        let attributes = grouping.by.iter().filter(|key| matches!(key, Key::Attribute(_))).count();
        self.value(attributes, self.peer_codes(group, grouping)[1])
    }

    /// Whether the spans of a group count, of groups by whom they call.
    pub(super) fn counts(&self, group: usize, grouping: &Grouping) -> bool {
        self.peer_codes(group, grouping)[0] != 0
    }

    /// The last codes of groups by whom spans call: whether they count, and whom.
    fn peer_codes(&self, group: usize, grouping: &Grouping) -> [u32; 2] {
        self.codes_of(group, grouping).last_chunk().copied().unwrap_or_default()
    }

    fn codes_of(&self, group: usize, grouping: &Grouping) -> &[u32] {
        let arity = grouping.arity();
        &self.codes[group * arity..(group + 1) * arity]
    }

    fn number(&mut self, codes: &[u32]) -> u32 {
        // A single key's codes are looked up too: of those that occur, not all may be in the groups of others.
        let (first, rest) = match codes {
            [] => (0, &[0][..]),
            [first] => (0, std::slice::from_ref(first)),
            [first, rest @ ..] => (*first, rest),
        };
        if self.levels.len() < rest.len() {
            self.levels.resize_with(rest.len(), FxHashMap::default);
        }
        let mut number = first;
        let mut is_new = false;
        for (level, code) in self.levels.iter_mut().zip(rest) {
            let next = level.len() as u32;
            number = *level.entry((number, *code)).or_insert_with(|| {
                is_new = true;
                next
            });
        }
        if is_new {
            self.codes.extend(codes);
            self.count += 1;
        }
        number
    }

    /// The code of an attribute's value.
    fn code(&mut self, attribute: usize, value: Option<&str>) -> u32 {
        if self.values.len() <= attribute {
            self.values.resize_with(attribute + 1, Names::default);
        }
        value.map_or(0, |value| self.values[attribute].intern(value) + 1)
    }

    fn value(&self, attribute: usize, code: u32) -> Option<&str> {
        code.checked_sub(1).map(|number| self.values[attribute].text(number))
    }
}

/// The groups of spans in memory, and the number of each span's. Attributes must have been kept for those that decide.
pub(super) fn groups_of(spans: &Spans, grouping: &Grouping) -> (Groups, Vec<u32>) {
    let mut groups = Groups::default();
    let numbers = (0..spans.len())
        .map(|i| {
            let member = Member {
                service: (spans.service[i], spans.services.text(spans.service[i])),
                name: (spans.name[i], spans.names.text(spans.name[i])),
                kind: spans.kind[i],
                status: spans.status[i],
                duration_ns: spans.duration(i),
                detail: spans.details.get(i),
            };
            groups.of(&member, grouping)
        })
        .collect();
    (groups, numbers)
}
