//! Which row of the summary a span belongs to, found while it is read: the attributes that rows are by need not be kept.
//!
//! In: what to group by and which spans count, and spans one by one. Out: a small number for each, and what it stands
//! for. Not here: figures.

mod key;

use rustc_hash::FxHashMap;

pub(super) use key::{KINDS, STATUSES, attribute};
pub use key::{Key, KeyError};

use super::columns::Names;
use glyph_formats::span::{SpanKind, SpanStatus};

/// What the rows of a summary are by.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    by: Vec<Key>,
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
        Self { by }
    }

    /// What the spans of a row have in common; nothing twice.
    pub fn keys(&self) -> &[Key] {
        &self.by
    }

    /// Whether it takes attributes to find a span's row.
    pub fn needs_attributes(&self) -> bool {
        self.by.iter().any(|key| matches!(key, Key::Attribute(_)))
    }
}

/// What of a span decides on its row. Service and name are numbers of the same texts for all spans of one [`Groups`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) service: u32,
    pub(super) name: u32,
    pub(super) kind: SpanKind,
    pub(super) status: SpanStatus,
    /// A JSON object, or nothing.
    pub(super) attributes: &'a str,
}

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
    numbers: FxHashMap<Box<[u32]>, u32>,
    /// The values of each attribute that is a key. In the codes they are one more; zero is for none.
    values: Vec<Names>,
    buffer: Vec<u32>,
}

impl Groups {
    /// The number of the span's group.
    pub(super) fn of(&mut self, member: &Member<'_>, grouping: &Grouping) -> u32 {
        let mut codes = std::mem::take(&mut self.buffer);
        codes.clear();
        let mut attributes = 0;
        for key in &grouping.by {
            codes.push(match key {
                Key::Service => member.service,
                Key::Name => member.name,
                Key::Kind => member.kind as u32,
                Key::Status => member.status as u32,
                Key::Attribute(key) => {
                    let value = attribute(member.attributes, key);
                    attributes += 1;
                    self.code(attributes - 1, value.as_deref())
                }
            });
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
        (0..other.numbers.len())
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
                self.number(&codes)
            })
            .collect()
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
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

    fn codes_of(&self, group: usize, grouping: &Grouping) -> &[u32] {
        let arity = grouping.by.len();
        &self.codes[group * arity..(group + 1) * arity]
    }

    fn number(&mut self, codes: &[u32]) -> u32 {
        if let Some(number) = self.numbers.get(codes) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.codes.extend(codes);
        self.numbers.insert(codes.into(), number);
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
