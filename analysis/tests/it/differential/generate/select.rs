//! Selectors, ranges and subqueries, with `offset` and `@`.

use rand::Rng;

use super::{Generator, Shape, Want};

impl Generator {
    /// A vector without anything around it but what its shape makes necessary.
    pub(super) fn leaf(&mut self, want: Want) -> String {
        match want.shape {
            Shape::Code | Shape::Instance => self.selector(want.shape, true),
            Shape::Job | Shape::Nothing => {
                if want.shape == Shape::Nothing && self.odds(3) {
                    return format!("vector({})", self.number());
                }
                let op = self.pick(&["sum", "max", "min", "count", "group"]);
                let of = self.selector(want.shape.finer().finer(), true);
                format!("{op} by ({}) ({of})", want.shape.labels().join(", "))
            }
        }
    }

    /// Series of a shape, at another time perhaps.
    fn selector(&mut self, shape: Shape, shifts: bool) -> String {
        let metric = match shape {
            Shape::Code => self.pick(&["requests_total", "requests_total", "errors_total"]),
            _ => self.pick(&["load", "load", "queue", "queue", "wild", "sparse"]),
        };
        let series = self.matched(metric, shape);
        let shift = if shifts { self.shift() } else { String::new() };
        format!("{series}{shift}")
    }

    fn matched(&mut self, metric: &str, shape: Shape) -> String {
        if self.odds(12) {
            return format!("{{__name__=\"{metric}\"}}");
        }
        let mut matchers = Vec::new();
        if self.odds(7) {
            let any = ["job=\"api\"", "job!=\"db\"", "job=~\"api|web\"", "job!~\".*b\"", "job=~\".+\""];
            matchers.push(self.pick(&any));
        }
        if self.odds(6) {
            let any =
                ["instance=\"0\"", "instance=~\"0|2\"", "instance!=\"\"", "missing=\"\"", "missing!~\".+\""];
            matchers.push(self.pick(&any));
        }
        if shape == Shape::Code && self.odds(4) {
            matchers.push(self.pick(&["code=\"200\"", "code=~\"2..\"", "code!~\"5.*\"", "code!=\"404\""]));
        }
        if matchers.is_empty() { metric.to_owned() } else { format!("{metric}{{{}}}", matchers.join(",")) }
    }

    /// `offset`, `@`, both in either order, or mostly nothing.
    fn shift(&mut self) -> String {
        let offset = self.pick(&["10s", "1m", "7m", "-1m", "-45s", "1h", "1m30s"]);
        let at = match self.rng.random_range(0..4) {
            0 => "start()".to_owned(),
            1 => "end()".to_owned(),
            _ => format!("{}.123", self.rng.random_range(500..4_300)),
        };
        match self.rng.random_range(0..20) {
            0..3 => format!(" offset {offset}"),
            3..5 => format!(" @ {at}"),
            5 => format!(" offset {offset} @ {at}"),
            6 => format!(" @ {at} offset {offset}"),
            _ => String::new(),
        }
    }

    /// A range vector whose series are of a shape.
    pub(super) fn window(&mut self, want: Want) -> String {
        let plain = matches!(want.shape, Shape::Code | Shape::Instance);
        if plain && (want.depth == 0 || self.subqueries > 1 || !self.odds(5)) {
            let range = self.pick(&["20s", "1m", "1m", "90s", "2m", "5m", "5m", "5m", "10m", "20m", "1h"]);
            let series = self.selector(want.shape, false);
            let shift = self.shift();
            return format!("{series}[{range}]{shift}");
        }
        self.subqueries += 1;
        let depth = if self.subqueries > 1 { 0 } else { want.depth.saturating_sub(1) };
        let inner = self.vector(Want { depth, ..want });
        self.subqueries -= 1;
        // No whole number of seconds: a subquery in a subquery is evaluated at whole ones.
        let range = self.pick(&["45s500ms", "2m500ms", "5m500ms", "11m500ms"]);
        let step = self.pick(&["", "10s", "15s", "20s", "30s", "1m", "2m"]);
        let shift = self.shift();
        format!("({inner})[{range}:{step}]{shift}")
    }
}
