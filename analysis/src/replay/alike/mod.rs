//! Whether two texts, or two numbers, are the same but for what may differ: redaction tokens, and, if the rules say so, dates
//! and ids.
//!
//! In: a value as it was recorded, and as it is now. Out: whether they are alike, or where they part. Not here: documents.

mod dates;
mod ids;
mod tokens;

use glyph_formats::Flow;

pub(super) use self::tokens::may_hold as may_hold_token;
use self::{
    dates::{Date, units_of_unix_time},
    ids::Id,
    tokens::{Pairs, is_like_number},
};
use super::rules::Rules;

/// Unix times of two exchanges may lie so much further apart than the exchanges.
const LEEWAY_SECONDS: u64 = 86_400;

/// Compares values of two exchanges, and remembers which tokens belong together.
#[derive(Debug)]
pub(super) struct Alike {
    dates: bool,
    ids: bool,
    seconds_apart: u64,
    pairs: Pairs,
    /// Whether in text, too, a number of 15 digits can stand for another.
    numbers_in_text: bool,
}

/// Where two texts part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parting {
    pub(super) recorded: usize,
    pub(super) new: usize,
}

/// What looks like something that may differ.
#[derive(Clone, Copy)]
enum Look {
    Date(Date),
    Id(Id),
    UnixTime,
}

impl Alike {
    /// For these two. Their requests are read for the tokens in them.
    pub(super) fn new(recorded: &Flow, new: &Flow, rules: &Rules) -> Self {
        let numbers = |flow: &Flow| {
            flow.redactions.iter().any(|r| r.kind == "json" && r.place.starts_with("response.body"))
        };
        Self {
            dates: rules.dates,
            ids: rules.ids,
            seconds_apart: recorded.start_time_unix_nano.0.abs_diff(new.start_time_unix_nano.0)
                / 1_000_000_000,
            pairs: Pairs::of_requests(recorded, new),
            numbers_in_text: numbers(recorded) && numbers(new),
        }
    }

    /// Whether there may be tokens in texts that don't look like them.
    pub(super) fn numbers_are_tokens(&self) -> bool {
        self.numbers_in_text
    }

    /// Whether two texts are alike; otherwise where they part.
    pub(super) fn texts(&mut self, recorded: &str, new: &str) -> Result<(), Parting> {
        if recorded == new && !may_hold_token(recorded) {
            return Ok(());
        }
        let (end, other_end) = self.run(recorded, new);
        if (end, other_end) == (recorded.len(), new.len()) {
            return Ok(());
        }
        Err(Parting { recorded: end, new: other_end })
    }

    /// The same of two beginnings: where one ends, the other may go on. What was cut may have a token for its last word.
    pub(super) fn beginnings(&mut self, recorded: &str, new: &str) -> Result<(), Parting> {
        let (end, other_end) = self.run(recorded, new);
        let is_over = |text: &str, end: usize| {
            let rest = &text[end..];
            rest.is_empty() || tokens::at_start(rest) == Some(rest)
        };
        if is_over(recorded, end) || is_over(new, other_end) {
            return Ok(());
        }
        Err(Parting { recorded: end, new: other_end })
    }

    /// Two numbers in place of which something else may stand.
    pub(super) fn number_tokens(&mut self, recorded: &str, new: &str) -> bool {
        is_like_number(recorded) && is_like_number(new) && self.pairs.meet(recorded, new)
    }

    /// Whether two numbers are times that are no further apart than their exchanges.
    pub(super) fn unix_times(&self, recorded: &str, new: &str) -> bool {
        let seconds = |text: &str| {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let unit = units_of_unix_time(whole.len()).filter(|_| digits(whole) && digits(fraction))?;
            Some((unit, whole.parse::<u64>().ok()? / unit))
        };
        self.dates
            && seconds(recorded).zip(seconds(new)).is_some_and(|((unit, seconds), (other_unit, others))| {
                unit == other_unit && seconds.abs_diff(others) <= self.seconds_apart + LEEWAY_SECONDS
            })
    }

    /// A text with which those that could be alike are equal; what it says of a text does not depend on another one.
    pub(super) fn masked(&self, text: &str) -> String {
        let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
        while at < text.len() {
            let rest = &text[at..];
            if let Some(token) = tokens::at_start(rest) {
                masked.push('\0');
                at += token.len();
            } else if let Some((look, length)) = begins_word(text, at).then(|| self.look(rest)).flatten() {
                masked.push(match look {
                    Look::Date(date) => char::from(1 + date as u8),
                    Look::Id(Id::Uuid) => '\u{10}',
                    Look::Id(Id::Ulid) => '\u{11}',
                    Look::Id(Id::XRay) => '\u{12}',
                    Look::Id(Id::Hex { digits, .. }) => {
                        char::from_u32(0x100 + digits as u32).unwrap_or('\u{13}')
                    }
                    Look::UnixTime => char::from(0x14),
                });
                at += length;
            } else {
                let c = rest.chars().next().unwrap_or_default();
                masked.push(c);
                at += c.len_utf8();
            }
        }
        masked
    }

    /// How far both go on alike.
    fn run(&mut self, recorded: &str, new: &str) -> (usize, usize) {
        let (mut i, mut j) = (0, 0);
        // Looks only where it may be of use: most text is equal, byte for byte.
        let looks = self.dates || self.ids || self.numbers_in_text;
        while i < recorded.len() && j < new.len() {
            let (old, other) = (&recorded[i..], &new[j..]);
            if let (Some(token), Some(new_token)) = (tokens::at_start(old), tokens::at_start(other)) {
                if !self.pairs.meet(token, new_token) {
                    break;
                }
                i += token.len();
                j += new_token.len();
            } else if looks
                && begins_word(recorded, i)
                && begins_word(new, j)
                && let Some((length, other_length)) = self.look_alike(old, other)
            {
                i += length;
                j += other_length;
            } else {
                let (Some(c), Some(d)) = (old.chars().next(), other.chars().next()) else { break };
                if c != d {
                    break;
                }
                i += c.len_utf8();
                j += d.len_utf8();
            }
        }
        (i, j)
    }

    /// The lengths of what both begin with, if that may differ.
    fn look_alike(&mut self, recorded: &str, new: &str) -> Option<(usize, usize)> {
        if self.numbers_in_text {
            let (number, other) = (digits(recorded), digits(new));
            if number != other && self.number_tokens(number, other) {
                return Some((number.len(), other.len()));
            }
        }
        if self.dates
            && let (Some((look, length)), Some((other, other_length))) = (date(recorded), date(new))
            && match (look, other) {
                (Look::UnixTime, Look::UnixTime) => {
                    self.unix_times(&recorded[..length], &new[..other_length])
                }
                (Look::Date(date), Look::Date(other)) => date == other,
                _ => false,
            }
        {
            return Some((length, other_length));
        }
        let ids = if self.ids { ids::at_start(recorded).zip(ids::at_start(new)) } else { None };
        let ((id, length), (other, other_length)) = ids?;
        id.is_like(other).then_some((length, other_length))
    }

    fn look(&self, text: &str) -> Option<(Look, usize)> {
        let found = if self.dates { date(text) } else { None };
        let id = || ids::at_start(text).map(|(id, length)| (Look::Id(id), length));
        found.or_else(|| if self.ids { id() } else { None })
    }
}

/// The date, or the unix time, that a text begins with.
fn date(text: &str) -> Option<(Look, usize)> {
    let found = dates::at_start(text).map(|(date, length)| (Look::Date(date), length)).or_else(|| {
        let length = digits(text).len();
        units_of_unix_time(length).map(|_| (Look::UnixTime, length))
    });
    found.filter(|(_, length)| !text.as_bytes().get(*length).is_some_and(u8::is_ascii_alphanumeric))
}

fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// Whether what stands there is not the rest of a word or a number.
fn begins_word(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    bytes[at].is_ascii_alphanumeric() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
