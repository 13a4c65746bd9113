//! Which exchanges stand beside each other: both recordings are gone through at once, in the order of their keys.
//!
//! Those of one key are paired in the order in which they began. What is left of one method and URL differs in its bodies, and is
//! paired in that order, too.

use std::{cmp::Ordering, io, iter::Peekable};

use glyph_formats::jsonl::index::{LineIndex, Place};

use super::request::BODY_BITS;

/// So many of one method and URL whose bodies have no like are held at most; with more, the first are settled before all are known.
const LEFT: usize = 1 << 15;

/// Where an exchange of the first recording lies, and the one of the second that stands beside it.
pub(super) type Pair = (Option<Place>, Option<Place>);

/// Gives `see` each pair, and each exchange that stands alone.
pub(super) fn each(
    recorded: &LineIndex,
    new: &LineIndex,
    mut see: impl FnMut(Pair) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut olds, mut news) = (recorded.iter()?.peekable(), new.iter()?.peekable());
    let (mut left, mut others, mut request) = (Vec::new(), Vec::new(), None);
    loop {
        let (old, other) = (key(&mut olds)?, key(&mut news)?);
        let Some(least) = old.into_iter().chain(other).min() else { break };
        if request.replace(least >> BODY_BITS).is_some_and(|before| before != least >> BODY_BITS) {
            settle(&mut left, &mut others, 0, &mut see)?;
        }
        let order =
            old.map_or(Ordering::Greater, |old| other.map_or(Ordering::Less, |other| old.cmp(&other)));
        match order {
            Ordering::Less => left.extend(olds.next().transpose()?),
            Ordering::Greater => others.extend(news.next().transpose()?),
            Ordering::Equal => see((olds.next().transpose()?, news.next().transpose()?))?,
        }
        if left.len().max(others.len()) >= LEFT {
            settle(&mut left, &mut others, LEFT / 2, &mut see)?;
        }
    }
    settle(&mut left, &mut others, 0, &mut see)
}

fn key(places: &mut Peekable<impl Iterator<Item = io::Result<Place>>>) -> io::Result<Option<u64>> {
    match places.next_if(Result::is_err) {
        Some(error) => error.map(|place| Some(place.key)),
        None => Ok(places.peek().and_then(|place| place.as_ref().ok()).map(|place| place.key)),
    }
}

/// Pairs what is left in the order in which it began, and leaves so many of those that have no partner.
fn settle(
    left: &mut Vec<Place>,
    others: &mut Vec<Place>,
    keep: usize,
    see: &mut impl FnMut(Pair) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for side in [&mut *left, &mut *others] {
        side.sort_by_key(|place| place.order);
    }
    let pairs = left.len().min(others.len());
    left.drain(..pairs)
        .zip(others.drain(..pairs))
        .try_for_each(|(old, other)| see((Some(old), Some(other))))?;
    let alone = |side: &Vec<Place>| side.len().saturating_sub(keep);
    left.drain(..alone(left)).try_for_each(|old| see((Some(old), None)))?;
    others.drain(..alone(others)).try_for_each(|other| see((None, Some(other))))
}
