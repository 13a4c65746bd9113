//! Numbers that an expression may give: from a lowest to a highest, and perhaps NaN.

use std::fmt;

use crate::promql::{ast::BinaryOp, number};

/// A range of numbers, both ends in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Whether NaN is possible too.
    pub(super) nan: bool,
}

impl Interval {
    /// Any number.
    pub(super) const ANY: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY, nan: true };
    /// Nothing at all: there is never an element.
    pub(super) const NEVER: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, nan: false };

    pub(super) fn of(low: f64, high: f64) -> Self {
        Self { low, high, nan: false }
    }

    pub(super) fn point(value: f64) -> Self {
        if value.is_nan() { Self { nan: true, ..Self::NEVER } } else { Self::of(value, value) }
    }

    pub(super) fn or_nan(self) -> Self {
        Self { nan: true, ..self }
    }

    /// Whether there is never an element.
    pub(super) fn is_never(self) -> bool {
        self.is_without_numbers() && !self.nan
    }

    fn is_without_numbers(self) -> bool {
        self.low > self.high
    }

    /// The only number that there is.
    pub(super) fn only(self) -> Option<f64> {
        (self.low == self.high && !self.nan).then_some(self.low)
    }

    pub(super) fn is_within(self, low: f64, high: f64) -> bool {
        self.low >= low && self.high <= high
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high), nan: self.nan || other.nan }
    }

    pub(super) fn meet(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high), nan: self.nan && other.nan }
    }

    /// With other bounds, if it has any.
    pub(super) fn ends(self, of: impl Fn(f64, f64) -> (f64, f64)) -> Self {
        if self.is_without_numbers() {
            return self;
        }
        let (low, high) = of(self.low, self.high);
        Self { low, high, ..self }
    }

    /// What is left of these numbers if a comparison leaves those out that it is not true for.
    pub(super) fn compared(self, op: BinaryOp, other: Self) -> Self {
        let numbers = !self.is_without_numbers() && !other.is_without_numbers();
        let above = |low: f64| {
            if low == f64::INFINITY { Self::NEVER } else { Self::of(low.next_up(), f64::INFINITY) }
        };
        let below = |high: f64| {
            if high == f64::NEG_INFINITY {
                Self::NEVER
            } else {
                Self::of(f64::NEG_INFINITY, high.next_down())
            }
        };
        let allowed = match op {
            BinaryOp::NotEqual => return self.unequal(other),
            _ if !numbers => return Self::NEVER,
            BinaryOp::Equal => Self::of(other.low, other.high),
            BinaryOp::Greater => above(other.low),
            BinaryOp::GreaterEqual => Self::of(other.low, f64::INFINITY),
            BinaryOp::Less => below(other.high),
            BinaryOp::LessEqual => Self::of(f64::NEG_INFINITY, other.high),
            _ => Self::ANY,
        };
        let left = self.meet(allowed);
        if left.is_without_numbers() { Self::NEVER } else { left }
    }

    fn unequal(self, other: Self) -> Self {
        let Some(value) = other.only() else { return self };
        let (low, high) = match (self.low == value, self.high == value) {
            (true, true) => return Self { nan: self.nan, ..Self::NEVER },
            (true, false) => (value.next_up(), self.high),
            (false, true) => (self.low, value.next_down()),
            (false, false) => (self.low, self.high),
        };
        Self { low, high, ..self }
    }

    /// What an operator makes of two.
    pub(super) fn computed(self, op: BinaryOp, other: Self) -> Self {
        if let (Some(a), Some(b)) = (self.only(), other.only()) {
            return Self::point(match op {
                BinaryOp::Add => a + b,
                BinaryOp::Sub => a - b,
                BinaryOp::Mul => a * b,
                BinaryOp::Div => a / b,
                BinaryOp::Mod => a % b,
                BinaryOp::Pow => a.powf(b),
                BinaryOp::Atan2 => a.atan2(b),
                _ => return Self::ANY,
            });
        }
        if self.is_never() || other.is_never() {
            return Self::NEVER;
        }
        if self.is_without_numbers() || other.is_without_numbers() {
            return Self::ANY;
        }
        let has_zero = other.low <= 0.0 && other.high >= 0.0;
        let (low, high) = match op {
            BinaryOp::Add => (self.low + other.low, self.high + other.high),
            BinaryOp::Sub => (self.low - other.high, self.high - other.low),
            BinaryOp::Mul => self.corners(other, |a, b| a * b),
            BinaryOp::Div if has_zero && self.low >= 0.0 && other.low >= 0.0 => (0.0, f64::INFINITY),
            BinaryOp::Div if !has_zero => self.corners(other, |a, b| a / b),
            _ => return Self::ANY,
        };
        // An infinity less itself may be anything.
        let or = |value: f64, instead: f64| if value.is_nan() { instead } else { value };
        Self { low: or(low, f64::NEG_INFINITY), high: or(high, f64::INFINITY), nan: true }
    }

    /// The least and the greatest of what an operator makes of the ends. Where infinity and zero, or infinity and itself,
    /// meet, the other ends have what they come close to.
    fn corners(self, other: Self, of: impl Fn(f64, f64) -> f64) -> (f64, f64) {
        let ends =
            [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)];
        let made = ends.map(|(a, b)| Some(of(a, b)).filter(|value| !value.is_nan()).unwrap_or(0.0));
        let least = made.into_iter().fold(f64::INFINITY, f64::min);
        (least, made.into_iter().fold(f64::NEG_INFINITY, f64::max))
    }
}

/// In words: `from 0 to 1`, `more than 5`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What lies next to a number that is short is all beyond that number.
        let beside =
            |value: f64, other: f64| (number(other).len() < number(value).len()).then(|| number(other));
        let (low, high) = (beside(self.low, self.low.next_down()), beside(self.high, self.high.next_up()));
        match (self.low > f64::NEG_INFINITY, self.high < f64::INFINITY) {
            _ if self.is_without_numbers() => f.write_str(if self.nan { "NaN" } else { "never there" }),
            _ if self.low == self.high => f.write_str(&number(self.low)),
            (false, false) => f.write_str("any number"),
            (true, false) => match low {
                Some(low) => write!(f, "more than {low}"),
                None => write!(f, "{} or more", number(self.low)),
            },
            (false, true) => match high {
                Some(high) => write!(f, "less than {high}"),
                None => write!(f, "{} or less", number(self.high)),
            },
            (true, true) => {
                let (from, to) = (low.map(|n| format!("above {n}")), high.map(|n| format!("below {n}")));
                let (from, to) =
                    (from.unwrap_or_else(|| number(self.low)), to.unwrap_or_else(|| number(self.high)));
                write!(f, "from {from} to {to}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BinaryOp::*, *};

    #[test]
    fn comparisons_leave_what_can_meet_them() {
        let share = Interval::of(0.0, 1.0).or_nan();
        let of = Interval::point;
        let table = [
            (share, Greater, of(1.0), "never there"),
            (share, GreaterEqual, of(1.0), "1"),
            (share, Greater, of(0.5), "from above 0.5 to 1"),
            (share, Less, of(0.0), "never there"),
            (share, Equal, of(2.0), "never there"),
            (share, NotEqual, of(1.0), "from 0 to below 1"),
            (of(1.0), NotEqual, of(1.0), "never there"),
            (of(1.0), NotEqual, of(f64::NAN), "1"),
            (Interval::ANY, Greater, of(5.0), "more than 5"),
            (Interval::ANY, Less, of(f64::NAN), "never there"),
            (Interval::ANY, Greater, of(f64::INFINITY), "never there"),
            (Interval::ANY, Greater, Interval::of(3.0, 7.0), "more than 3"),
        ];
        for (interval, op, other, expected) in table {
            assert_eq!(interval.compared(op, other).to_string(), expected, "{interval} {op} {other}");
        }
    }

    #[test]
    fn ends_are_computed_with() {
        let positive = Interval::of(0.0, f64::INFINITY);
        let of = Interval::of;
        let table = [
            (of(0.0, 1.0), Mul, Interval::point(100.0), "from 0 to 100"),
            (of(0.0, 1.0), Mul, Interval::point(-1.0), "from -1 to -0"),
            (positive, Mul, positive, "0 or more"),
            (positive, Div, positive, "0 or more"),
            (positive, Sub, positive, "any number"),
            (of(1.0, f64::INFINITY), Div, of(2.0, f64::INFINITY), "0 or more"),
            (of(1.0, 2.0), Div, of(-1.0, 1.0), "any number"),
            (of(2.0, 2.0), Pow, of(3.0, 3.0), "8"),
            (Interval::NEVER, Add, positive, "never there"),
        ];
        for (one, op, other, expected) in table {
            assert_eq!(one.computed(op, other).to_string(), expected, "{one} {op} {other}");
        }
    }
}
