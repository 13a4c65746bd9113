//! A file of OpenMetrics or Prometheus text on its way into the store.

use std::path::Path;

use glyph_formats::jsonl::Block;

use super::{
    repeating::{Expected, Repeating},
    warning::{BEHIND_THE_END, CARRIAGE_RETURN, DUPLICATE, OUT_OF_ORDER, Odd, TORN},
};
use crate::metrics::{
    Exemplar, ExpositionError, Refusal, SeriesId, Store,
    text::{self, ExemplarText, Line, Sample, number},
};

/// Integers of more than this are milliseconds: as seconds they would be in the year 5138.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

pub(super) struct File<'a> {
    store: &'a mut Store,
    odd: &'a mut Odd,
    /// Whether times are seconds, as soon as that is known.
    in_seconds: Option<bool>,
    series: Repeating,
    ended: bool,
}

impl<'a> File<'a> {
    pub(super) fn new(path: &Path, store: &'a mut Store, odd: &'a mut Odd) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let named = name.split('.').skip(1).any(|part| part == "om" || part == "openmetrics");
        Self { store, odd, in_seconds: named.then_some(true), series: Repeating::default(), ended: false }
    }

    /// Whether there was an `# EOF`.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Takes some lines. A fault comes with the number of its line.
    pub(super) fn take(&mut self, block: Block<'_>) -> Result<(), (u64, ExpositionError)> {
        let mut rest = block.bytes;
        let mut number = block.first_line;
        while !rest.is_empty() {
            let length = match self.repeated(number, rest) {
                Some(length) => length,
                None => match memchr::memchr(b'\n', rest) {
                    Some(end) => {
                        self.line(number, &rest[..end]).map_err(|fault| (number, fault))?;
                        end + 1
                    }
                    None => {
                        self.last(number, rest);
                        rest.len()
                    }
                },
            };
            rest = &rest[length..];
            number += 1;
        }
        Ok(())
    }

    /// What stands behind the last line end. A file that ends well ends with a line end, or with its mark; what else
    /// has none is torn, even if it could be read: its time may lack digits.
    fn last(&mut self, number: u64, line: &[u8]) {
        match line {
            b"# EOF" => self.ended = true,
            _ if line.iter().all(u8::is_ascii_whitespace) => {}
            _ => self.odd.note(number, TORN),
        }
    }

    /// Takes a line that is what nearly all are, and tells its length: the next sample of the series that came here the
    /// last time, with short numbers. Of any other nothing is taken.
    #[inline]
    fn repeated(&mut self, number: u64, bytes: &[u8]) -> Option<usize> {
        let (expected, rest) = self.series.expected(bytes)?;
        let (value, end) = number::short_value(rest)?;
        let rest = rest[end..].strip_prefix(b" ")?;
        let (time, end) = number::short_time(rest, self.in_seconds?)?;
        let mut rest = &rest[end..];
        if rest.first() != Some(&b'\n') {
            let end = memchr::memchr(b'\n', rest)?;
            self.repeated_exemplar(expected, time, &rest[..end])?;
            rest = &rest[end..];
        }
        if self.ended {
            self.odd.note(number, BEHIND_THE_END);
        }
        self.series.advance(expected);
        self.push(number, expected.id, time, value);
        Some(bytes.len() - rest.len() + 1)
    }

    /// Takes the exemplar of such a line, unless it is the one that came before; none if there is something else.
    fn repeated_exemplar(&mut self, expected: Expected, time: i64, rest: &[u8]) -> Option<()> {
        let text = std::str::from_utf8(rest).ok()?.strip_prefix(" # ")?;
        if self.series.has_exemplar(expected, text) {
            return Some(());
        }
        let exemplar = text::exemplar_text(text).ok()?;
        if exemplar.time.is_some() {
            self.series.keep_exemplar(expected, text);
        }
        self.push_exemplar(expected.id, &exemplar, time).ok()
    }

    fn line(&mut self, number: u64, line: &[u8]) -> Result<(), ExpositionError> {
        let line = match line.strip_suffix(b"\r") {
            None => line,
            Some(line) => {
                self.odd.note(number, CARRIAGE_RETURN);
                line
            }
        };
        match text::line(line)? {
            Line::Sample(sample) => {
                if self.ended {
                    self.odd.note(number, BEHIND_THE_END);
                }
                self.sample(number, &sample)?;
            }
            Line::Type { family, kind } => self.store.set_kind(&family, kind),
            Line::Eof => self.ended = true,
            Line::Nothing => {}
        }
        Ok(())
    }

    fn sample(&mut self, number: u64, sample: &Sample<'_>) -> Result<(), ExpositionError> {
        let store = &mut *self.store;
        let id = self
            .series
            .find(sample.series, || text::labels(sample.series).map(|labels| store.id_of(&labels)))?;
        let time = self.time(sample.time)?;
        if let Some(exemplar) = &sample.exemplar {
            self.push_exemplar(id, exemplar, time)?;
        }
        self.push(number, id, time, sample.value);
        Ok(())
    }

    #[inline]
    fn push(&mut self, number: u64, id: SeriesId, time: i64, value: f64) {
        match self.store.push(id, time, value) {
            Ok(()) => {}
            Err(Refusal::OutOfOrder) => self.odd.note(number, OUT_OF_ORDER),
            Err(Refusal::Duplicate) => self.odd.note(number, DUPLICATE),
        }
    }

    fn push_exemplar(
        &mut self,
        id: SeriesId,
        exemplar: &ExemplarText<'_>,
        time: i64,
    ) -> Result<(), ExpositionError> {
        let labels = text::exemplar_labels(exemplar.labels)?;
        let time = exemplar.time.unwrap_or(time);
        self.store.push_exemplar(id, Exemplar { labels, value: exemplar.value, time });
        Ok(())
    }

    fn time(&mut self, text: &str) -> Result<i64, ExpositionError> {
        let is_seconds = || !text.parse::<i64>().is_ok_and(|time| time.unsigned_abs() > MILLISECONDS_FROM);
        if *self.in_seconds.get_or_insert_with(is_seconds) {
            text::time_in_seconds(text)
        } else {
            text::time_in_milliseconds(text)
        }
    }
}
