//! Functions of counters on gauges, and functions of gauges on counters. What is what is told by `# TYPE` alone: of series
//! without one nothing is said.

use super::{
    Code, Finding,
    place::{Place, walk},
    world::name_of,
};
use crate::{
    metrics::Kind,
    promql::{
        Expr, ExprKind,
        ast::{Call, Selector},
    },
};

/// What Prometheus documents to be used with counters only.
const OF_COUNTERS: [&str; 3] = ["rate", "increase", "irate"];
/// And with gauges only.
const OF_GAUGES: [&str; 5] = ["delta", "idelta", "deriv", "predict_linear", "double_exponential_smoothing"];

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    walk(place.expr(), &mut |expr| {
        if let ExprKind::Call(call) = &expr.kind {
            findings.extend(of_call(place, expr, call));
        }
    });
}

fn of_call(place: &Place<'_>, expr: &Expr, call: &Call) -> Option<Finding> {
    let function = call.function.name;
    let selector = call.args.iter().find_map(selected)?;
    let name = name_of(selector)?;
    // What a rule records under that name may be something else.
    if !place.world.recorded(selector).is_empty() {
        return None;
    }
    let kind = place.world.kind(name)?;
    let finding =
        |code, what: String, hint: &str| Some(place.at(expr.range, code, what).hinted(hint.to_owned()));
    match kind {
        Kind::Gauge if OF_COUNTERS.contains(&function) => finding(
            Code::RateOfGauge,
            format!("{function} of {name}, which is a gauge: each fall is taken for a restart from 0"),
            "delta or deriv tells how a gauge changes",
        ),
        Kind::Counter | Kind::Histogram if OF_GAUGES.contains(&function) && !name.ends_with("_sum") => {
            finding(
                Code::GaugeFunctionOnCounter,
                format!("{function} of {name}, which {}: a restart is taken for a fall", called(kind)),
                "increase or rate tells how a counter grows",
            )
        }
        _ => None,
    }
}

fn called(kind: Kind) -> &'static str {
    if kind == Kind::Histogram { "counts what a histogram saw" } else { "is a counter" }
}

/// The series whose samples a function gets as they are.
pub(super) fn selected(arg: &Expr) -> Option<&Selector> {
    match &arg.kind {
        ExprKind::Range { selector, .. } => Some(selector),
        ExprKind::Paren(inner) => selected(inner),
        ExprKind::Subquery(subquery) => match &subquery.expr.bare().kind {
            ExprKind::Selector(selector) => Some(selector),
            _ => None,
        },
        _ => None,
    }
}
