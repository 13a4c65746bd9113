//! What an expression needs of the samples: which series, over which time.
//!
//! In: a tree, and the steps of a query. Out: for each selector the window in which a sample of its series can count.
//! It is what Prometheus hints its storage with (`getTimeRangesForSelector` in its `promql/engine.go`). Not here: the
//! samples.

use super::{
    Settings,
    ast::{Expr, ExprKind, Selector, Shift},
};

/// What one selector needs: samples in `(after, until]`.
#[derive(Debug, Clone, Copy)]
pub struct Need<'q> {
    /// Which series.
    pub selector: &'q Selector,
    /// Milliseconds since the epoch; a sample then is too old.
    pub after: i64,
    /// Milliseconds since the epoch; a sample then is the last that can count.
    pub until: i64,
}

/// What an expression needs, if it is evaluated from `start` to `end`, in milliseconds since the epoch. An instant query
/// starts and ends at its time.
pub fn of(expr: &Expr, settings: Settings, start: i64, end: i64) -> Vec<Need<'_>> {
    let mut walk = Walk { lookback: settings.lookback + settings.edge(), edge: settings.edge(), start, end, needs: Vec::new() };
    walk.expr(expr, start, end);
    walk.needs
}

struct Walk<'q> {
    lookback: i64,
    edge: i64,
    start: i64,
    end: i64,
    needs: Vec<Need<'q>>,
}

impl<'q> Walk<'q> {
    /// An expression that is evaluated from the one time to the other.
    fn expr(&mut self, expr: &'q Expr, start: i64, end: i64) {
        match &expr.kind {
            ExprKind::Selector(selector) => self.need(selector, self.lookback, start, end),
            ExprKind::Range { selector, window } => self.need(selector, *window + self.edge, start, end),
            ExprKind::Subquery(subquery) => {
                let (start, end) = self.shifted(subquery.shift, start, end);
                self.expr(&subquery.expr, start.saturating_sub(subquery.window + self.edge), end);
            }
            _ => expr.children().into_iter().for_each(|child| self.expr(child, start, end)),
        }
    }

    fn need(&mut self, selector: &'q Selector, window: i64, start: i64, end: i64) {
        let (start, until) = self.shifted(selector.shift, start, end);
        self.needs.push(Need { selector, after: start.saturating_sub(window), until });
    }

    /// The times that `@` and `offset` make of these.
    fn shifted(&self, shift: Shift, start: i64, end: i64) -> (i64, i64) {
        let of = |time| shift.of(time, self.start, self.end);
        (of(start), of(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Query;

    #[test]
    fn windows_reach_as_far_as_samples_count() {
        // From 1,000 s to 2,000 s; in seconds.
        let table: [(&str, &[(i64, i64)]); 12] = [
            ("x", &[(700, 2000)]),
            ("x offset 1m", &[(640, 1940)]),
            ("x offset -1m", &[(760, 2060)]),
            ("x @ 500", &[(200, 500)]),
            ("x @ 500 offset 100s", &[(100, 400)]),
            ("x @ start() + x @ end()", &[(700, 1000), (1700, 2000)]),
            ("rate(x[10m])", &[(400, 2000)]),
            ("rate(x[10m] offset 10s)", &[(390, 1990)]),
            ("max_over_time(rate(x[1m])[100s:10s])", &[(840, 2000)]),
            ("max_over_time(x[100s:10s] @ 500 offset 10s)", &[(90, 490)]),
            ("max_over_time((x @ 50)[100s:10s])", &[(-250, 50)]),
            ("1 + vector(2)", &[]),
        ];
        for (text, expected) in table {
            let query = Query::parse(text).unwrap();
            let needs = of(&query.expr, Settings::default(), 1_000_000, 2_000_000);
            let found: Vec<_> = needs.iter().map(|n| (n.after / 1000, n.until / 1000)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
