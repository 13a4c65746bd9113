//! Values under names, of both sides: headers, cookies, fields of forms.

use std::{borrow::Cow, collections::BTreeMap};

use super::{comparison::Kind, context::Context, told::excerpt};

/// The values of one name, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Values<'a> {
    pub(super) recorded: Vec<Cow<'a, str>>,
    pub(super) new: Vec<Cow<'a, str>>,
}

type Field<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Brings together what stands under one name.
pub(super) fn by_name<'a>(
    recorded: impl Iterator<Item = Field<'a>>,
    new: impl Iterator<Item = Field<'a>>,
) -> BTreeMap<Cow<'a, str>, Values<'a>> {
    let mut named = BTreeMap::<_, Values<'a>>::new();
    recorded.for_each(|(name, value)| named.entry(name).or_default().recorded.push(value));
    new.for_each(|(name, value)| named.entry(name).or_default().new.push(value));
    named
}

impl Values<'_> {
    /// Compares them as one list each: a list may stand in one line or in many (RFC 9110, section 5.3).
    pub(super) fn compare(&self, context: &mut Context<'_>, place: impl FnOnce() -> String) {
        let joined = |values: &[Cow<'_, str>]| (!values.is_empty()).then(|| values.join(", "));
        match (joined(&self.recorded), joined(&self.new)) {
            (Some(old), Some(new)) => {
                if let Err(parting) = context.alike.texts(&old, &new) {
                    let (old, new) = (excerpt(&old, parting.recorded), excerpt(&new, parting.new));
                    context.tell(place, Kind::Changed, Some(old), Some(new));
                }
            }
            (Some(old), None) => context.tell(place, Kind::Missing, Some(excerpt(&old, 0)), None),
            (None, Some(new)) => context.tell(place, Kind::Added, None, Some(excerpt(&new, 0))),
            (None, None) => {}
        }
    }
}
