//! All functions by name.

use super::{
    Body::{self, Call, Counter, Date, Each, Pick, Scalars, Window},
    Function, absent, date, histogram, labels, math, order, vector,
};
use crate::promql::{
    value::ValueType::{self, Range as R, Scalar as S, Text as T, Vector as V},
    window as w,
};

const fn function(
    name: &'static str,
    args: &'static [ValueType],
    optional: usize,
    returns: ValueType,
    body: Body,
) -> Function {
    Function { name, args, optional, more: None, returns, body }
}

const fn with_labels(name: &'static str, args: &'static [ValueType], body: Body) -> Function {
    Function { name, args, optional: 0, more: Some(T), returns: V, body }
}

const fn each(name: &'static str, of: fn(f64) -> f64) -> Function {
    function(name, &[V], 0, V, Each(of))
}

const fn date(name: &'static str, of: fn(&date::Date) -> f64) -> Function {
    function(name, &[V], 1, V, Date(of))
}

const fn over(name: &'static str, of: super::OfWindow) -> Function {
    function(name, &[R], 0, V, Window(of))
}

const fn of_native(name: &'static str) -> Function {
    function(name, &[V], 0, V, Call(histogram::of_native))
}

/// The function of that name.
pub(in crate::promql) fn find(name: &str) -> Option<&'static Function> {
    TABLE.iter().find(|f| f.name == name)
}

/// Whether Prometheus has a function of that name, and this evaluator not.
pub(in crate::promql) fn is_unsupported(name: &str) -> bool {
    name == "info"
}

static TABLE: [Function; 88] = [
    // One value.
    each("abs", f64::abs),
    each("ceil", f64::ceil),
    each("floor", f64::floor),
    each("exp", f64::exp),
    each("sqrt", f64::sqrt),
    each("ln", f64::ln),
    each("log2", f64::log2),
    each("log10", f64::log10),
    each("sgn", math::sgn),
    each("sin", f64::sin),
    each("cos", f64::cos),
    each("tan", f64::tan),
    each("asin", f64::asin),
    each("acos", f64::acos),
    each("atan", f64::atan),
    each("sinh", f64::sinh),
    each("cosh", f64::cosh),
    each("tanh", f64::tanh),
    each("asinh", f64::asinh),
    each("acosh", f64::acosh),
    each("atanh", f64::atanh),
    each("deg", f64::to_degrees),
    each("rad", f64::to_radians),
    function("round", &[V, S], 1, V, Call(math::round)),
    function("clamp", &[V, S, S], 0, V, Call(math::clamp)),
    function("clamp_min", &[V, S], 0, V, Call(math::clamp_min)),
    function("clamp_max", &[V, S], 0, V, Call(math::clamp_max)),
    // A time.
    date("year", |d| d.year as f64),
    date("month", |d| d.month as f64),
    date("day_of_month", |d| d.day as f64),
    date("day_of_week", |d| d.weekday as f64),
    date("day_of_year", |d| d.day_of_year as f64),
    date("days_in_month", |d| d.days_in_month as f64),
    date("hour", |d| d.hour as f64),
    date("minute", |d| d.minute as f64),
    function("timestamp", &[V], 0, V, Call(vector::timestamp)),
    // No vector.
    function("time", &[], 0, S, Call(vector::time)),
    function("step", &[], 0, S, Call(vector::step)),
    function("range", &[], 0, S, Call(vector::range)),
    function("start", &[], 0, S, Call(vector::start)),
    function("end", &[], 0, S, Call(vector::end)),
    function("pi", &[], 0, S, Scalars(|_| std::f64::consts::PI)),
    function("min_of", &[S, S], 0, S, Scalars(math::least)),
    function("max_of", &[S, S], 0, S, Scalars(math::greatest)),
    function("scalar", &[V], 0, S, Call(vector::scalar)),
    function("vector", &[S], 0, V, Call(vector::vector)),
    // A whole vector.
    function("sort", &[V], 0, V, Call(order::ascending)),
    function("sort_desc", &[V], 0, V, Call(order::descending)),
    with_labels("sort_by_label", &[V], Call(order::by_label)),
    with_labels("sort_by_label_desc", &[V], Call(order::by_label_descending)),
    function("label_replace", &[V, T, T, T, T], 0, V, Call(labels::replace)),
    with_labels("label_join", &[V, T, T], Call(labels::join)),
    function("absent", &[V], 0, V, Call(absent::absent)),
    function("absent_over_time", &[R], 0, V, Call(absent::absent_over_time)),
    function("histogram_quantile", &[S, V], 0, V, Call(histogram::quantile)),
    Function {
        more: Some(S),
        ..function("histogram_quantiles", &[V, T, S], 0, V, Call(histogram::quantiles))
    },
    function("histogram_fraction", &[S, S, V], 0, V, Call(histogram::fraction)),
    of_native("histogram_avg"),
    of_native("histogram_count"),
    of_native("histogram_sum"),
    of_native("histogram_stddev"),
    of_native("histogram_stdvar"),
    // Windows.
    function("rate", &[R], 0, V, Counter(w::rate)),
    function("increase", &[R], 0, V, Counter(w::increase)),
    over("irate", w::irate),
    over("delta", w::delta),
    over("idelta", w::idelta),
    over("resets", w::resets),
    over("changes", w::changes),
    over("deriv", w::deriv),
    function("predict_linear", &[R, S], 0, V, Window(w::predict_linear)),
    function("double_exponential_smoothing", &[R, S, S], 0, V, Window(w::double_exponential_smoothing)),
    over("sum_over_time", w::sum),
    over("avg_over_time", w::avg),
    over("min_over_time", w::min),
    over("max_over_time", w::max),
    over("count_over_time", w::count),
    over("present_over_time", w::present),
    over("stddev_over_time", w::stddev),
    over("stdvar_over_time", w::stdvar),
    over("mad_over_time", w::mad),
    over("ts_of_min_over_time", w::time_of_min),
    over("ts_of_max_over_time", w::time_of_max),
    over("ts_of_first_over_time", w::time_of_first),
    over("ts_of_last_over_time", w::time_of_last),
    function("quantile_over_time", &[S, R], 0, V, Window(w::quantile_of)),
    function("last_over_time", &[R], 0, V, Pick(w::last)),
    function("first_over_time", &[R], 0, V, Pick(w::first)),
];
