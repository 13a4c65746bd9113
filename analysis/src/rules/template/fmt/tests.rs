//! The right columns are what Go prints.

use std::{collections::BTreeMap, rc::Rc};

use super::*;
use crate::metrics::Labels;

fn shown(format: &str, values: &[Value]) -> String {
    String::from_utf8(printf(format.as_bytes(), values)).unwrap()
}

#[test]
fn numbers_are_printed_by_verb_and_flags() {
    let int = |number| [Value::Int(number)];
    let table = [
        ("%d|", int(42), "42|"),
        ("%5d|", int(42), "   42|"),
        ("%-5d|", int(42), "42   |"),
        ("%05d|", int(-42), "-0042|"),
        ("%+.3d|", int(7), "+007|"),
        ("%#x %", int(255), "0xff %!(NOVERB)"),
        ("%c", int(233), "é"),
        ("%q", int(10), "'\\n'"),
        ("%#U", int(128_512), "U+1F600 '😀'"),
        ("%s", int(1), "%!s(int=1)"),
        ("%v", [Value::Float(1_234_567.0)], "1.234567e+06"),
        ("%v", [Value::Float(123_456.0)], "123456"),
        ("%.2f", [Value::Float(2.675)], "2.67"),
        ("%08.2f", [Value::Float(-1.5)], "-0001.50"),
        ("%.4g", [Value::Float(1_234.56)], "1235"),
        ("%e", [Value::Float(0.0)], "0.000000e+00"),
        ("%x", [Value::Float(0.1)], "0x1.999999999999ap-04"),
        ("%#g", [Value::Float(1.0)], "1.00000"),
        ("%6.1f|", [Value::Float(f64::INFINITY)], "  +Inf|"),
        ("%.1200f", [Value::Float(0.5)], &format!("0.5{}", "0".repeat(1_199))),
        ("%d", [Value::Float(1.0)], "%!d(float64=1)"),
    ];
    for (format, values, expected) in table {
        assert_eq!(shown(format, &values), expected, "{format}");
    }
}

#[test]
fn texts_and_maps_are_printed_by_verb_and_flags() {
    let text = |text: &str| [Value::text(text)];
    let labels = [Value::Labels(Labels::of([("b", "2"), ("a", "1")]))];
    let args = [Value::Args(Rc::new(BTreeMap::from([("arg0".to_owned(), Value::Nil.boxed())])))];
    let table = [
        ("%5s|", text("é"), "    é|"),
        ("%.2s|", text("héé"), "hé|"),
        ("%q", text("a\"\n"), "\"a\\\"\\n\""),
        ("%+q", text("é"), "\"\\u00e9\""),
        ("%#q", text("a"), "`a`"),
        ("%# x", text("ab"), "0x61 0x62"),
        ("%d", text("a"), "%!d(string=a)"),
        ("%v", labels.clone(), "map[a:1 b:2]"),
        ("%#v", labels, "map[string]string{\"a\":\"1\", \"b\":\"2\"}"),
        ("%v", args.clone(), "map[arg0:<nil>]"),
        ("%T", args, "map[string]interface {}"),
    ];
    for (format, values, expected) in table {
        assert_eq!(shown(format, &values), expected, "{format}");
    }
}

#[test]
fn values_are_counted() {
    let values = [Value::Int(1), Value::Int(2)];
    let table = [
        ("%d", "1%!(EXTRA int=2)"),
        ("%d %d %d", "1 2 %!d(MISSING)"),
        ("%[2]d %[1]d", "2 1"),
        ("%[3]d", "%!d(BADINDEX)"),
        ("%*d|", "2|"),
        ("%[1]*[2]d|", "2|"),
        ("%d%%%d", "1%2"),
        ("%z%d", "%!z(int=1)2"),
        ("", "%!(EXTRA int=1, int=2)"),
    ];
    for (format, expected) in table {
        assert_eq!(shown(format, &values), expected, "{format}");
    }
}

#[test]
fn blanks_stand_between_what_is_no_text() {
    let values = [Value::Int(1), Value::Int(2), Value::text("a"), Value::Bool(true), Value::Nil, Value::Nil];
    assert_eq!(print(&values), b"1 2atrue <nil> <nil>");
    assert_eq!(println(&values[..3]), b"1 2 a\n");
    assert_eq!(show(&[Value::Nil]), b"<no value>");
}
