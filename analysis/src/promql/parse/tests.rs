use std::fmt::Write;

use super::*;
use crate::promql::{ExprKind, caret};

/// The tree in one line, with parentheses around every operation.
fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Number(n) | ExprKind::Duration(n) => n.to_string(),
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
        ExprKind::Plus(inner) => format!("(+{})", shape(inner)),
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

/// Each node of the tree, from the outermost on: the text that it covers.
fn parts(text: &str) -> Vec<String> {
    fn collect(expr: &Expr, text: &str, parts: &mut Vec<String>) {
        parts.push(text[expr.range.start..expr.range.end].to_owned());
        expr.children().into_iter().for_each(|child| collect(child, text, parts));
    }
    let mut all = Vec::new();
    collect(&Query::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).expr, text, &mut all);
    all
}

#[test]
fn nodes_know_their_place() {
    let table: [(&str, &[&str]); 18] = [
        (" 5 ", &["5"]),
        (" - 5m ", &["- 5m"]),
        (" 'a' ", &["'a'"]),
        ("  ( a ) ", &["( a )", "a"]),
        (" a { b = 'c' , } ", &["a { b = 'c' , }"]),
        (" { 'a' } ", &["{ 'a' }"]),
        ("(a offset 5m)", &["(a offset 5m)", "a offset 5m"]),
        ("(a @ start ( ) offset -1)", &["(a @ start ( ) offset -1)", "a @ start ( ) offset -1"]),
        ("rate( a [ 5m ] @ -1e3 )", &["rate( a [ 5m ] @ -1e3 )", "a [ 5m ] @ -1e3"]),
        ("rate(a[5m: ] offset 1h)", &["rate(a[5m: ] offset 1h)", "a[5m: ] offset 1h", "a"]),
        ("(sum(a) )", &["(sum(a) )", "sum(a)", "a"]),
        ("(sum by (b) (a) )", &["(sum by (b) (a) )", "sum by (b) (a)", "a"]),
        ("(sum (a) by ( b ) )", &["(sum (a) by ( b ) )", "sum (a) by ( b )", "a"]),
        ("topk(3 , a)", &["topk(3 , a)", "3", "a"]),
        ("(time ( ) )", &["(time ( ) )", "time ( )"]),
        (" a +  on (b) (c) ", &["a +  on (b) (c)", "a", "(c)", "c"]),
        (" - a ^ b ", &["- a ^ b", "a ^ b", "a", "b"]),
        (" + (a) ", &["+ (a)", "(a)", "a"]),
    ];
    for (text, expected) in table {
        assert_eq!(parts(text), expected, "{text}");
    }
}

#[test]
fn expressions_are_printed_as_prometheus_does() {
    let table = [
        ("SUM( a ) BY ( b , 'c.d' )", "sum by (b, \"c.d\") (a)"),
        ("sum by () (a)", "sum(a)"),
        ("sum without () (a)", "sum without () (a)"),
        ("count_values ('x', a)", "count_values(\"x\", a)"),
        ("limitk(2, a) + limit_ratio(-0.5, b)", "limitk(2, a) + limit_ratio(-0.5, b)"),
        ("a{z='1',b!~\"x\\\"\"}", "a{b!~\"x\\\"\",z=\"1\"}"),
        ("{'a', l=`\\d`}", "{__name__=\"a\",l=\"\\\\d\"}"),
        ("a{}", "a"),
        ("{\"l.x\"='v'}", "{\"l.x\"=\"v\"}"),
        ("a offset 90m @ 1.5", "a @ 1.500 offset 1h30m"),
        ("a[90] OFFSET -1", "a[1m30s] offset -1s"),
        ("a[8d] @ -0.25", "a[8d] @ -0.250"),
        ("a @ start() [5m]", "a[5m] @ start()"),
        ("a[2w:] @ end()", "a[2w:] @ end()"),
        ("a[1h:1m30s] offset 1m", "a[1h:1m30s] offset 1m"),
        ("1e3 - 0x10 + .5", "1000 - 16 + 0.5"),
        ("1e21 * 1e-7", "1000000000000000000000 * 0.0000001"),
        ("inf + -INF - NaN", "+Inf + -Inf - NaN"),
        ("90m * - 2s", "1h30m * -2s"),
        ("-(1) ^ -a", "-(1) ^ -a"),
        ("+a", "+a"),
        ("- inf ^ 2 * Inf", "-Inf ^ 2 * +Inf"),
        ("a == BOOL 1", "a == bool 1"),
        ("a AND ON (b) c", "a and on (b) c"),
        ("a + ignoring () b", "a + b"),
        ("a * ignoring() group_right b", "a * ignoring () group_right () b"),
        ("a / on(x) group_left(y , z) b", "a / on (x) group_left (y, z) b"),
        ("1 + on() group_left a", "1 + a"),
        ("label_join(a,'b',  \"\\n\")", "label_join(a, \"b\", \"\\n\")"),
    ];
    for (text, expected) in table {
        let printed = Query::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).expr.to_string();
        assert_eq!(printed, expected, "{text}");
        assert_eq!(Query::parse(&printed).unwrap().expr.to_string(), printed, "{text}");
    }
}

#[test]
fn keywords_are_names_where_prometheus_lets_them() {
    for name in
        ["sum", "by", "offset", "and", "unless", "without", "start", "step", "limitk", "anchored", "fill"]
    {
        assert_eq!(Query::parse(name).unwrap().expr.to_string(), name);
        assert_eq!(Query::parse(&format!("x + {name}")).unwrap().expr.to_string(), format!("x + {name}"));
    }
    for label in ["sum", "by", "on", "bool", "offset", "atan2", "group_left", "start", "fill", "a:b"] {
        let text = format!("sum by ({label}) (x)");
        assert_eq!(parts(&text)[1], "x");
    }
    for label in ["sum", "by", "on", "bool", "without", "atan2", "inf", "nan"] {
        let text = format!("{{{label}=\"x\"}}");
        assert_eq!(Query::parse(&text).unwrap().expr.to_string(), text);
    }
    for text in ["on", "x + bool", "atan2", "group_left", "sum by (without) (x)", "sum by (inf) (x)"] {
        assert!(Query::parse(text).is_err(), "{text}");
    }
}

#[test]
fn faults_are_shown_where_they_are() {
    let cases = [
        "",
        "# nothing",
        "a + + ",
        "a +",
        "(a",
        "a)",
        "a b",
        "a by (b)",
        "sum(a",
        "sum(a b)",
        "sum(a,)",
        "sum()",
        "sum by a (b)",
        "sum by (a",
        "sum by (a b) (c)",
        "sum by (1) (c)",
        "sum by (\"\") (c)",
        "sum by (a)",
        "topk(a)",
        "topk(a, a)",
        "sum(1)",
        "count_values(1, a)",
        "rate(a)",
        "rate(a[5m], 1)",
        "rate()",
        "round(a, 1, 2)",
        "label_join(a)",
        "label_replace(a, 1, \"\", \"\", \"\")",
        "foo(a)",
        "holt_winters(a[5m], 1, 1)",
        "a:b(c)",
        "a{b=c}",
        "a{b}",
        "a{b=\"c\"",
        "a{b=\"c\" d}",
        "a{,}",
        "a{1=\"x\"}",
        "a{b=~\"(\"}",
        "a{b==\"c\"}",
        "{}",
        "{a=\"\"}",
        "{a=~\".*\"}",
        "a{__name__=\"b\"}",
        "a[0s]",
        "a[-5m]",
        "a[]",
        "a[5m",
        "a[b]",
        "a[5m b]",
        "a[5m:1m:]",
        "a[1m1h]",
        "a[300y]",
        "(a + b)[5m]",
        "a[5m][5m]",
        "a offset 5m [5m]",
        "a @ 5 [5m]",
        "1[5m:]",
        "a[5m][5m:]",
        "a offset",
        "a offset b",
        "a offset 1m offset 1m",
        "(a) offset 5m",
        "sum(a) @ 5",
        "a @",
        "a @ b",
        "a @ start",
        "a @ +Inf",
        "a @ 1 @ 2",
        "1 > 2",
        "1 and a",
        "a and on(x) group_left() b",
        "a + group_left b",
        "a + on b c",
        "a + bool b",
        "1 + on(x) a",
        "a + on(x) group_left(x) b",
        "a[5m] + 1",
        "\"x\" + 1",
        "-a[5m]",
        "-\"x\"",
        "on",
        "a \u{e9}",
        "a =~ b",
        "a ! b",
        "\"a",
        "`a",
        "'\\q'",
        "1.5h",
        "1__0",
        "1e999",
        "5x",
        "a\n  + (\n  b c\n)",
        "a anchored",
        "rate(a[5m] smoothed)",
        "a[5m + 1m]",
        "a[(5m)]",
        "a[step()]",
        "a offset min(1m, 2m)",
        "a[5m::1m]",
        "a + fill(0) b",
        "a + on(x) group_left fill_right(0) b",
        "info(a)",
        "a[0.0001]",
    ];
    let mut told = String::new();
    for text in cases {
        let error = Query::parse(text).expect_err(text);
        writeln!(told, "{error}\n{}\n", caret(text, error.range)).unwrap();
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_endless_is_refused() {
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        "a + ".repeat(100_000) + "a",
        "sum(".repeat(10_000),
        "a^".repeat(10_000),
    ] {
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
