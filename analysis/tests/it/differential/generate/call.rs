//! Functions and aggregations.

use rand::Rng;

use super::{Generator, Shape, Want};

/// Of a window, to the last bit.
const EXACT: [&str; 10] = [
    "sum_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "changes",
    "resets",
    "idelta",
    "last_over_time",
];
/// Of a window, up to rounding.
const ROUNDED: [&str; 12] = [
    "rate",
    "rate",
    "rate",
    "increase",
    "increase",
    "irate",
    "delta",
    "deriv",
    "avg_over_time",
    "avg_over_time",
    "stddev_over_time",
    "stdvar_over_time",
];
/// Of a number, to the last bit.
const STEPS: [&str; 5] = ["abs", "ceil", "floor", "sgn", "round"];
/// Of a number, up to rounding.
const CURVES: [&str; 18] = [
    "exp", "sqrt", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
    "tanh", "asinh", "acosh", "deg", "rad",
];
/// Of a time.
const DATES: [&str; 8] =
    ["year", "month", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute"];

impl Generator {
    /// A function of a window.
    pub(super) fn over_time(&mut self, want: Want) -> String {
        let window = self.window(want.exact());
        if want.exact || self.odds(2) {
            return format!("{}({window})", self.pick(&EXACT));
        }
        match self.rng.random_range(0..8) {
            0 => {
                let q = self.quantile();
                format!("quantile_over_time({q}, {window})")
            }
            1 => {
                let seconds = self.pick(&["60", "-30", "3600", "0"]);
                format!("predict_linear({window}, {seconds})")
            }
            2 => {
                let (smoothing, trend) =
                    (self.pick(&["0.5", "0.1", "0.9"]), self.pick(&["0.5", "0.3", "1.5"]));
                format!("double_exponential_smoothing({window}, {smoothing}, {trend})")
            }
            _ => format!("{}({window})", self.pick(&ROUNDED)),
        }
    }

    /// A function of each element.
    pub(super) fn of_each(&mut self, want: Want) -> String {
        let shape = want.shape;
        match self.rng.random_range(0..14) {
            0..3 if !want.exact => format!("{}({})", self.pick(&CURVES), self.vector(want.exact())),
            3 if !want.exact => {
                let (to, of) = (self.pick(&["5", "0.5", "0.1"]), self.vector(want.exact()));
                format!("round({of}, {to})")
            }
            4..6 => {
                let (least, most) = (self.number(), self.number());
                let of = self.vector(want);
                self.pick(&[
                    format!("clamp({of}, {least}, {most})").as_str(),
                    format!("clamp_min({of}, {least})").as_str(),
                    format!("clamp_max({of}, {most})").as_str(),
                ])
                .to_owned()
            }
            6..8 => {
                let of = if self.odds(2) { self.leaf(want) } else { self.vector(want) };
                format!("timestamp({of})")
            }
            8 if shape == Shape::Nothing => format!("{}()", self.pick(&DATES)),
            8 | 9 => {
                // What is no time has no date: Go makes one up, for each processor another.
                let of = self.vector(want.exact());
                let scale = self.pick(&["1", "1000", "100000"]);
                format!("{}(clamp({of}, -1e5, 1e5) * {scale} > -1e18)", self.pick(&DATES))
            }
            10 if shape == Shape::Nothing => format!("vector({})", self.scalar(want)),
            _ => format!("{}({})", self.pick(&STEPS), self.vector(want.exact())),
        }
    }

    fn quantile(&mut self) -> &'static str {
        self.pick(&["0.5", "0.9", "0.95", "0", "1", "0.25", "-1", "2", "NaN"])
    }

    /// The quantile of a histogram.
    pub(super) fn quantile_of_buckets(&mut self, want: Want) -> String {
        let matcher = self.pick(&["", "", "{job=\"api\"}", "{le!=\"+Inf\"}"]);
        let buckets = match self.rng.random_range(0..5) {
            0 => format!("latency_bucket{matcher}"),
            1 => format!("increase(latency_bucket{matcher}[5m])"),
            2 => format!("sum_over_time(latency_bucket{matcher}[2m])"),
            _ => format!("rate(latency_bucket{matcher}[5m])"),
        };
        let q = self.quantile();
        match want.shape {
            _ if want.exact => self.leaf(want),
            Shape::Code => self.leaf(want),
            Shape::Instance => format!("histogram_quantile({q}, {buckets})"),
            Shape::Job => format!("histogram_quantile({q}, sum by (job, le) ({buckets}))"),
            Shape::Nothing => format!("histogram_quantile({q}, sum by (le) ({buckets}))"),
        }
    }

    /// Fewer elements, or some of those that there are.
    pub(super) fn aggregation(&mut self, want: Want) -> String {
        if want.shape == Shape::Code || self.odds(4) {
            let k = match self.rng.random_range(0..20) {
                0 => {
                    let of = self.pick(&["count(queue)", "max(load)", "min(sparse)", "count(wild) - 3"]);
                    format!("scalar({of})")
                }
                _ => self.pick(&["1", "2", "3", "100", "0", "-1", "2.7"]).to_owned(),
            };
            let by = self.pick(&["", "by (job)", "without (instance)", "by (instance, job)"]);
            let op = self.pick(&["topk", "bottomk"]);
            // Elements that are equal in one and almost equal in the other would be others.
            return format!("{op} {by} ({k}, {})", self.vector(want.exact()));
        }
        let finer = match self.odds(3) {
            true => want.shape.finer().finer(),
            false => want.shape.finer(),
        };
        let kept = want.shape.labels();
        let gone: Vec<&str> = finer.labels().iter().filter(|l| !kept.contains(l)).copied().collect();
        let grouping = match self.odds(3) {
            true => format!("without ({})", gone.join(", ")),
            false => format!("by ({})", kept.join(", ")),
        };
        let inner = want.of(finer);
        if want.exact || self.odds(2) {
            let op = self.pick(&["sum", "sum", "min", "max", "count", "group"]);
            return format!("{op} {grouping} ({})", self.vector(inner));
        }
        match self.rng.random_range(0..6) {
            0 if self.odds(6) => {
                format!("quantile {grouping} ({}, {})", self.scalar(inner), self.vector(inner))
            }
            0 => format!("quantile {grouping} ({}, {})", self.quantile(), self.vector(inner)),
            1 => format!("stddev {grouping} ({})", self.vector(inner)),
            2 => format!("stdvar {grouping} ({})", self.vector(inner)),
            _ => format!("{} {grouping} ({})", self.pick(&["avg", "avg", "sum"]), self.vector(inner)),
        }
    }

    /// What has an order, at the outermost.
    pub(super) fn sorted(&mut self, want: Want) -> String {
        format!("{}({})", self.pick(&["sort", "sort_desc"]), self.vector(want.exact()))
    }

    /// What changes labels.
    pub(super) fn labelled(&mut self, want: Want) -> String {
        match self.rng.random_range(0..5) {
            0 => {
                let grouping = self.pick(&["", "by (job)", "without (instance)"]);
                let label = self.pick(&["value", "job", "code"]);
                format!("count_values {grouping} (\"{label}\", {})", self.vector(want.exact()))
            }
            1 => {
                let to = self.pick(&["both", "job", "instance"]);
                let from = self.pick(&["\"job\", \"instance\"", "\"code\"", "\"missing\"", "\"job\""]);
                format!("label_join({}, \"{to}\", \"-\", {from})", self.vector(want))
            }
            2 => {
                let by = self.pick(&["", "by (job, le)", "by (le)"]);
                format!("sum {by} (rate(latency_bucket[5m]))")
            }
            _ => {
                let to = self.pick(&["new", "job", "__name__", "instance"]);
                let from = self.pick(&["job", "instance", "missing", "__name__"]);
                let pattern = self.pick(&["(.*)", "(a|d)(.*)", "", "(?P<x>.)(.*)", "x", ".*(b)"]);
                let with = self.pick(&["$1", "$2-$1", "", "to", "${x}", "$x", "$$1"]);
                format!(
                    "label_replace({}, \"{to}\", \"{with}\", \"{from}\", \"{pattern}\")",
                    self.vector(want)
                )
            }
        }
    }

    /// What is there where nothing else is.
    pub(super) fn absent(&mut self, want: Want) -> String {
        let series = self.pick(&[
            "load{job=\"x\",instance=~\"a\"}",
            "load{job=\"api\"}",
            "none{a=\"1\",a=\"2\",b=\"\"}",
        ]);
        match self.rng.random_range(0..4) {
            0 => format!("absent({})", self.vector(want)),
            1 => format!("absent_over_time({})", self.window(want)),
            2 => format!("absent({series})"),
            _ => format!("absent_over_time({series}[1m])"),
        }
    }

    /// Series that are the same once their names are gone.
    pub(super) fn several_names(&mut self) -> String {
        let both = self.pick(&[
            "{__name__=~\"requests_total|errors_total\"}",
            "{__name__=~\"load|queue|sparse\",job=\"api\"}",
            "{job=\"api\",instance=\"0\"}",
            "{__name__=~\"phase_.*\"}",
            "{__name__=~\"phase_.*\",job=\"web\"}",
            "{__name__=~\".*_total\",code=\"200\"}",
        ]);
        match self.rng.random_range(0..10) {
            0 => both.to_owned(),
            1 => format!("{}({both}[2m])", self.pick(&["rate", "sum_over_time", "last_over_time"])),
            2 => format!("max_over_time(sum_over_time({both}[1m])[10m500ms:1m])"),
            3 => format!("sum by (__name__, job) ({both})"),
            4 => format!("-{both}"),
            5 => format!("{both} > 10"),
            6 => format!("topk by (__name__) (2, {both})"),
            7 => format!("count by (job) ({both})"),
            8 => format!("{both} + on (__name__, job, instance, code, le, version) {both}"),
            _ => format!("abs({both})"),
        }
    }
}
