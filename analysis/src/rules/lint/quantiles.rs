//! `histogram_quantile` of buckets that have no bounds any more.
//!
//! Only where all that is selected are classic buckets, by their names: native histograms need no `le`.

use super::{
    Code, Finding,
    labels::Sight,
    place::{Place, walk},
    world::name_of,
};
use crate::promql::{Expr, ExprKind};

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    walk(place.expr(), &mut |expr| {
        let ExprKind::Call(call) = &expr.kind else { return };
        let at = match call.function.name {
            "histogram_quantile" => 1,
            "histogram_quantiles" => 0,
            "histogram_fraction" => 2,
            _ => return,
        };
        let Some(buckets) = call.args.get(at) else { return };
        if !are_buckets(buckets) || Sight::of_data(place.world).labels(buckets).has("le") {
            return;
        }
        let dropped = !Sight::of_rules(place.world).labels(buckets).has("le");
        let why = if dropped { "was aggregated away" } else { "is not there in the recording" };
        let what = format!("{} needs the label le, which {why}: it gives nothing", call.function.name);
        let hint = "keep le: sum by (le, …) (rate(…_bucket[…]))".to_owned();
        findings.push(place.at(expr.range, Code::QuantileWithoutLe, what).hinted(hint));
    });
}

/// Whether all series that an expression selects are called buckets, and there are some.
fn are_buckets(expr: &Expr) -> bool {
    let (mut some, mut all) = (false, true);
    walk(expr, &mut |expr| {
        if let ExprKind::Selector(selector) | ExprKind::Range { selector, .. } = &expr.kind {
            some = true;
            all &= name_of(selector).is_some_and(|name| name.ends_with("_bucket"));
        }
    });
    some && all
}
