use super::*;
use crate::promql::caret;

/// The tree in one line, with parentheses around every operation.
fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Number(n) => n.to_string(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Selector(s) => format!("{}{}", written(s), shift(s.shift)),
        ExprKind::Range { selector, window } => {
            format!("{}[{window}]{}", written(selector), shift(selector.shift))
        }
        ExprKind::Subquery(s) => format!("{}[{}:{:?}]{}", shape(&s.expr), s.window, s.step, shift(s.shift)),
        ExprKind::Aggregate(a) => {
            let args: Vec<_> = a.param.iter().chain([&a.expr]).map(shape).collect();
            format!("{:?}({}) {:?}", a.op, args.join(", "), a.grouping.labels)
        }
        ExprKind::Call(call) => {
            format!("{}({})", call.function.name, call.args.iter().map(shape).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Binary(b) => format!("({} {} {})", shape(&b.lhs), b.op, shape(&b.rhs)),
        ExprKind::Negate(inner) => format!("(-{})", shape(inner)),
        ExprKind::Paren(inner) => shape(inner),
    }
}

fn written(selector: &crate::promql::ast::Selector) -> String {
    selector.matchers.iter().map(|m| format!("<{m}>")).collect()
}

fn shift(shift: crate::promql::ast::Shift) -> String {
    let at = shift.at.map_or(String::new(), |at| format!(" @{at:?}"));
    if shift.offset == 0 { at } else { format!("{at} -{}", shift.offset) }
}

#[test]
fn operators_bind_as_in_prometheus() {
    let table = [
        ("1 + 2 * 3 ^ 2 ^ 2", "(1 + (2 * (3 ^ (2 ^ 2))))"),
        ("-1 ^ 2", "(-(1 ^ 2))"),
        ("2 ^ -1 * 3", "((2 ^ -1) * 3)"),
        ("-a * b", "((-<__name__=\"a\">) * <__name__=\"b\">)"),
        (
            "a or b and c unless d",
            "(<__name__=\"a\"> or ((<__name__=\"b\"> and <__name__=\"c\">) unless <__name__=\"d\">))",
        ),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("1 > bool 2 + 3", "(1 > (2 + 3))"),
        ("5m + 1", "(300 + 1)"),
        ("sum by (a,) (x) + 1", "(Sum(<__name__=\"x\">) [\"a\"] + 1)"),
        ("topk(3, x) without (b)", "Topk(3, <__name__=\"x\">) [\"b\"]"),
        ("rate({\"a.b\", c=~'d'}[5m] offset -1m)", "rate(<__name__=\"a.b\"><c=~\"d\">[300000] --60000)"),
        ("x[1h:5m] @ start() offset 1m", "<__name__=\"x\">[3600000:Some(300000)] @Start -60000"),
        ("x @ 1.5", "<__name__=\"x\"> @Time(1500)"),
        ("sum", "<__name__=\"sum\">"),
        ("a:b{c!=\"\"} # all", "<__name__=\"a:b\"><c!=\"\">"),
        ("a * on(x) group_left(y) b", "(<__name__=\"a\"> * <__name__=\"b\">)"),
        ("Inf - nAn", "(inf - NaN)"),
    ];
    for (text, expected) in table {
        assert_eq!(shape(&Query::parse(text).unwrap().expr), expected, "{text}");
    }
}

#[test]
fn nodes_know_their_place() {
    let text = "sum(rate(a_total[5m] offset 1m)) / (b)";
    let query = Query::parse(text).unwrap();
    let part = |expr: &Expr| text[expr.range.start..expr.range.end].to_owned();
    let ExprKind::Binary(b) = &query.expr.kind else { panic!() };
    assert_eq!(
        [part(&query.expr), part(&b.lhs), part(&b.rhs)],
        [text, "sum(rate(a_total[5m] offset 1m))", "(b)"]
    );
    let inner = b.lhs.children()[0];
    assert_eq!(part(inner), "rate(a_total[5m] offset 1m)");
    assert_eq!(part(inner.children()[0]), "a_total[5m] offset 1m");
}

#[test]
fn faults_are_shown_where_they_are() {
    let cases = [
        "",
        "a + + ",
        "a +",
        "(a",
        "a)",
        "sum(a",
        "rate(a)",
        "rate(a[5m], 1)",
        "foo(a)",
        "a{b=c}",
        "a{b=~\"(\"}",
        "{}",
        "{a=\"\"}",
        "a[0s]",
        "a[5m] offset",
        "a offset 1m offset 1m",
        "1 > 2",
        "1 and a",
        "a and on(x) group_left() b",
        "a + bool b",
        "1 + on(x) a",
        "a[5m] + 1",
        "\"x\" + 1",
        "-a[5m]",
        "a{__name__=\"b\"}",
        "(a + b)[5m]",
        "1[5m:]",
        "a anchored",
        "a[5m + 1m]",
        "histogram_sum(a)",
        "limitk(1, a)",
        "a + fill(0) b",
        "sum by a (b)",
        "topk(a)",
        "label_replace(a, 1, \"\", \"\", \"\")",
        "on",
        "a \u{e9}",
        "a{b=\"c\"",
    ];
    let mut told = String::new();
    for text in cases {
        let error = Query::parse(text).unwrap_err();
        told += &format!("{error}\n{}\n\n", caret(text, error.range));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_endless_is_refused() {
    for text in
        ["(".repeat(100_000), "-".repeat(100_000), "a + ".repeat(100_000) + "a", "sum(".repeat(10_000)]
    {
        assert!(Query::parse(&text).is_err());
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_an_expression_or_an_error(text in "[ a-c0-9(){}\\[\\],:=~\"'+*/^@<>_-]{0,40}|.{0,40}") {
        match Query::parse(&text) {
            Ok(query) => proptest::prop_assert!(query.expr.range.end <= text.len()),
            Err(error) => drop(caret(&text, error.range)),
        }
    }
}
