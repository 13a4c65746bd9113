//! Values of one series at the steps of a grid.

use crate::metrics::stale;

/// Stands where there is no value: the marker of ended series, which no sample and no result is. Arithmetic never
/// makes it: it is a signalling NaN, and what arithmetic makes of a NaN is a quiet one.
const ABSENT: f64 = stale::MARKER;

/// Values at some of the steps of a grid. Takes room from the first to the last step that has one.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    first: usize,
    values: Vec<f64>,
}

impl Column {
    /// A column without values that has room for some.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { first: 0, values: Vec::with_capacity(count) }
    }

    /// The same value at all steps.
    pub(super) fn constant(value: f64, count: usize) -> Self {
        Self { first: 0, values: vec![value; count] }
    }

    /// What `value` gives for each step.
    pub(super) fn build(count: usize, mut value: impl FnMut(usize) -> Option<f64>) -> Self {
        let mut column = Self::default();
        for step in 0..count {
            if let Some(value) = value(step) {
                if column.values.is_empty() {
                    column.values.reserve_exact(count - step);
                }
                column.push(step, value);
            }
        }
        // A series that lives shortly gives back the room for what it did not live to see.
        if column.values.len() < column.values.capacity() / 2 {
            column.values.shrink_to_fit();
        }
        column
    }

    /// Adds a value at a step behind all that have one.
    pub(super) fn push(&mut self, step: usize, value: f64) {
        if self.values.is_empty() {
            self.first = step;
        }
        self.values.resize(step - self.first, ABSENT);
        self.values.push(value);
    }

    /// The value at a step.
    pub(super) fn at(&self, step: usize) -> Option<f64> {
        let value = *self.values.get(step.wrapping_sub(self.first))?;
        (!stale::is_marker(value)).then_some(value)
    }

    /// The steps that have values, and these.
    pub(super) fn present(&self) -> impl Iterator<Item = (usize, f64)> {
        let numbered = self.values.iter().enumerate();
        numbered.filter(|(_, v)| !stale::is_marker(**v)).map(|(i, v)| (self.first + i, *v))
    }

    /// Whether there is no value.
    pub(super) fn is_empty(&self) -> bool {
        // Neither end of a column is absent.
        self.values.is_empty()
    }

    /// For how many steps it has room.
    pub(super) fn cells(&self) -> usize {
        self.values.len()
    }

    /// Each value replaced.
    #[must_use]
    pub(super) fn map(mut self, mut of: impl FnMut(usize, f64) -> f64) -> Self {
        for (i, value) in self.values.iter_mut().enumerate() {
            if !stale::is_marker(*value) {
                *value = of(self.first + i, *value);
            }
        }
        self
    }

    /// Each value replaced, or left out.
    pub(super) fn filter_map(&self, mut of: impl FnMut(usize, f64) -> Option<f64>) -> Self {
        let mut column = Self::default();
        for (step, value) in self.present() {
            if let Some(value) = of(step, value) {
                if column.values.is_empty() {
                    column.values.reserve_exact(self.first + self.values.len() - step);
                }
                column.push(step, value);
            }
        }
        column
    }

    /// The values of both; the first step at which both have one is an error.
    pub(super) fn join(&self, other: &Self) -> Result<Self, usize> {
        let (from, to) =
            (self.first.min(other.first), (self.first + self.cells()).max(other.first + other.cells()));
        let mut column = Self::with_capacity(to - from);
        for step in from..to {
            match (self.at(step), other.at(step)) {
                (Some(_), Some(_)) => return Err(step),
                (Some(value), None) | (None, Some(value)) => column.push(step, value),
                (None, None) => {}
            }
        }
        Ok(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[(usize, f64)]) -> Column {
        let mut column = Column::default();
        values.iter().for_each(|(step, value)| column.push(*step, *value));
        column
    }

    #[test]
    fn columns_know_where_they_have_values() {
        let column = of(&[(2, 1.0), (5, f64::NAN), (6, 3.0)]);
        assert_eq!(column.cells(), 5);
        assert_eq!((0..8).filter(|step| column.at(*step).is_some()).collect::<Vec<_>>(), [2, 5, 6]);
        let odd = column.filter_map(|step, v| (step % 2 == 1).then_some(v));
        assert_eq!((odd.cells(), odd.present().count()), (1, 1));
        assert!(odd.filter_map(|_, _| None).is_empty());
        assert_eq!(column.clone().map(|_, v| v * 2.0).at(6), Some(6.0));
    }

    #[test]
    fn columns_join_if_they_never_meet() {
        let joined = of(&[(0, 1.0), (3, 4.0)]).join(&of(&[(1, 2.0), (7, 8.0)])).unwrap();
        assert_eq!(joined.present().collect::<Vec<_>>(), [(0, 1.0), (1, 2.0), (3, 4.0), (7, 8.0)]);
        assert_eq!(of(&[(0, 1.0), (3, 4.0)]).join(&of(&[(3, 2.0)])).unwrap_err(), 3);
    }
}
