//! The columns of a summary: their names, and what stands in them.

use std::borrow::Cow;

use clap::ValueEnum;
use glyph_analysis::{
    text::{duration, grouped, rate},
    trace::{group::Key, summary::Row},
};

/// What rows can be sorted by: a column of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    Service,
    Name,
    Count,
    Rate,
    Errors,
    P50,
    P90,
    P95,
    P99,
    Max,
    Total,
    #[value(name = "self")]
    SelfTime,
    Critical,
}

/// What a cell of figures holds.
enum Cell {
    Count(u64),
    Ns(u64),
    PerSecond(Option<f64>),
}

impl Column {
    /// The figures.
    pub(super) const ALL: [Self; 11] = [
        Self::Count,
        Self::Rate,
        Self::Errors,
        Self::P50,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::Max,
        Self::Total,
        Self::SelfTime,
        Self::Critical,
    ];
    /// Those that people are shown.
    pub(super) const SHOWN: [Self; 10] = [
        Self::Count,
        Self::Rate,
        Self::Errors,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Max,
        Self::Total,
        Self::SelfTime,
        Self::Critical,
    ];

    /// Those that they are shown on a narrow terminal.
    pub(super) const FEWER: [Self; 8] = [
        Self::Count,
        Self::Errors,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Total,
        Self::SelfTime,
        Self::Critical,
    ];
    /// And on a narrower one.
    pub(super) const FEWEST: [Self; 5] =
        [Self::Count, Self::Errors, Self::P95, Self::SelfTime, Self::Critical];

    /// The key that it shows; none if it shows a figure.
    pub(crate) fn key(self) -> Option<Key> {
        match self {
            Self::Service => Some(Key::Service),
            Self::Name => Some(Key::Name),
            _ => None,
        }
    }

    pub(super) fn title(self, exact: bool) -> &'static str {
        match (self, exact) {
            (Self::Service, _) => "service",
            (Self::Name, _) => "name",
            (Self::Count, _) => "count",
            (Self::Rate, false) => "rate",
            (Self::Rate, true) => "rate_per_second",
            (Self::Errors, _) => "errors",
            (Self::P50, false) => "p50",
            (Self::P50, true) => "p50_ns",
            (Self::P90, false) => "p90",
            (Self::P90, true) => "p90_ns",
            (Self::P95, false) => "p95",
            (Self::P95, true) => "p95_ns",
            (Self::P99, false) => "p99",
            (Self::P99, true) => "p99_ns",
            (Self::Max, false) => "max",
            (Self::Max, true) => "max_ns",
            (Self::Total, false) => "total",
            (Self::Total, true) => "total_ns",
            (Self::SelfTime, false) => "self",
            (Self::SelfTime, true) => "self_ns",
            (Self::Critical, false) => "critical",
            (Self::Critical, true) => "critical_path_ns",
        }
    }

    /// The figure; none if it shows a key.
    fn cell(self, row: &Row) -> Option<Cell> {
        Some(match self {
            Self::Service | Self::Name => return None,
            Self::Count => Cell::Count(row.count),
            Self::Rate => Cell::PerSecond(row.rate_per_second),
            Self::Errors => Cell::Count(row.errors),
            Self::P50 => Cell::Ns(row.p50_ns),
            Self::P90 => Cell::Ns(row.p90_ns),
            Self::P95 => Cell::Ns(row.p95_ns),
            Self::P99 => Cell::Ns(row.p99_ns),
            Self::Max => Cell::Ns(row.max_ns),
            Self::Total => Cell::Ns(row.total_ns),
            Self::SelfTime => Cell::Ns(row.self_ns),
            Self::Critical => Cell::Ns(row.critical_path_ns),
        })
    }

    /// How great it is; what is greater comes first. None if it shows a key.
    pub(super) fn figure(self, row: &Row) -> Option<u64> {
        self.cell(row).map(|cell| match cell {
            Cell::Count(n) | Cell::Ns(n) => n,
            // All rates are over the same time.
            Cell::PerSecond(_) => row.count,
        })
    }

    /// What stands in it; none if it shows a key.
    pub(super) fn text(self, row: &Row, exact: bool) -> Option<Cow<'static, str>> {
        Some(match self.cell(row)? {
            Cell::Count(n) | Cell::Ns(n) if exact => n.to_string().into(),
            Cell::Count(n) => grouped(n).into(),
            Cell::Ns(ns) => duration(ns).into(),
            Cell::PerSecond(None) => "".into(),
            Cell::PerSecond(Some(per_second)) if exact => per_second.to_string().into(),
            Cell::PerSecond(Some(per_second)) => rate(per_second).into(),
        })
    }
}
