//! A tree as text with parentheses around every operation, so that two trees can be told apart.

use glyph_analysis::promql::{
    Expr, ExprKind,
    ast::{At, Binary, Selector, Shift, Side},
};

/// The tree, without where its parts stand and without parentheses that were written.
pub(super) fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Number(n) | ExprKind::Duration(n) => n.to_string(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Selector(s) => format!("{}{}", selector(s), shift(s.shift)),
        ExprKind::Range { selector: s, window } => format!("{}[{window}]{}", selector(s), shift(s.shift)),
        ExprKind::Subquery(s) => {
            format!("{}[{}:{}]{}", shape(&s.expr), s.window, s.step.unwrap_or(0), shift(s.shift))
        }
        ExprKind::Aggregate(a) => {
            let args: Vec<_> = a.param.iter().chain([&a.expr]).map(shape).collect();
            let kind = if a.grouping.without { "without" } else { "by" };
            format!("{}({}) {kind} {:?}", a.op.name(), args.join(", "), a.grouping.labels)
        }
        ExprKind::Call(call) => {
            format!("{}({})", call.function.name, call.args.iter().map(shape).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Binary(b) => format!("({} {} {})", shape(&b.lhs), operator(b), shape(&b.rhs)),
        ExprKind::Negate(inner) => format!("(-{})", shape(inner)),
        ExprKind::Plus(inner) | ExprKind::Paren(inner) => shape(inner),
    }
}

fn selector(s: &Selector) -> String {
    let mut conditions: Vec<String> =
        s.matchers.iter().map(|m| format!("{:?}{}{:?}", &*m.name, m.op, &*m.value)).collect();
    conditions.sort_unstable();
    format!("{{{}}}", conditions.join(","))
}

fn shift(shift: Shift) -> String {
    let at = match shift.at {
        Some(At::Time(ms)) => format!(" @{ms}"),
        Some(At::Start) => " @start".to_owned(),
        Some(At::End) => " @end".to_owned(),
        None => String::new(),
    };
    if shift.offset == 0 { at } else { format!("{at} offset {}", shift.offset) }
}

fn operator(b: &Binary) -> String {
    let is_bool = if b.is_bool { " bool" } else { "" };
    let m = &b.matching;
    let many = match m.many {
        Side::Neither => String::new(),
        Side::Left => format!(" left {:?}", m.include),
        Side::Right => format!(" right {:?}", m.include),
    };
    let on = if m.on { "on" } else { "ignoring" };
    format!("{}{is_bool} {on} {:?}{many}", b.op, m.labels)
}
