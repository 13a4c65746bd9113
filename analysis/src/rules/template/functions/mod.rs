//! The functions that templates have: Go's own and those of Prometheus.
//!
//! In: a name, then values of the types that the function takes. Out: a value, or why there is none in Go's words. Not
//! here: `and` and `or`, which leave some of what they are given unread; `tmpl`, which only consoles have.

mod address;
mod compare;
mod convert;
mod escape;
mod humanize;
mod index;
mod pattern;
mod samples;
mod word;

pub(super) use convert::to_float;

use super::{
    Context, fmt,
    value::{Type, Value},
};

/// What a function gives.
pub(super) type Given = Result<Value, String>;

/// A function: what it takes, and what it does.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) takes: &'static [Type],
    /// Whether the last of these may come any number of times.
    pub(super) variadic: bool,
    pub(super) run: fn(&Context<'_>, &[Value]) -> Given,
}

/// What is in a nil pointer.
pub(super) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

const fn fixed(
    name: &'static str,
    takes: &'static [Type],
    run: fn(&Context<'_>, &[Value]) -> Given,
) -> Function {
    Function { name, takes, variadic: false, run }
}

const fn variadic(
    name: &'static str,
    takes: &'static [Type],
    run: fn(&Context<'_>, &[Value]) -> Given,
) -> Function {
    Function { name, takes, variadic: true, run }
}

use Type::{Any, Reflected, Sample, Samples, Text};

static FUNCTIONS: &[Function] = &[
    // Go's.
    variadic("and", &[Reflected, Reflected], |_, values| Ok(last(values))),
    variadic("or", &[Reflected, Reflected], |_, values| Ok(last(values))),
    fixed("not", &[Reflected], |_, values| Ok(Value::Bool(!at(values, 0).is_true()))),
    variadic("call", &[Reflected, Reflected], |_, values| index::call(values)),
    variadic("html", &[Any], |_, values| Ok(Value::Text(escape::html(&fmt::show(values)).into()))),
    variadic("js", &[Any], |_, values| Ok(Value::Text(escape::js(&fmt::show(values)).into()))),
    variadic("urlquery", &[Any], |_, values| Ok(Value::text(escape::query(&fmt::show(values))))),
    variadic("index", &[Reflected, Reflected], |_, values| index::index(values)),
    variadic("slice", &[Reflected, Reflected], |_, values| index::slice(values)),
    fixed("len", &[Reflected], |_, values| index::len(&at(values, 0))),
    variadic("print", &[Any], |_, values| Ok(Value::text(fmt::print(values)))),
    variadic("printf", &[Text, Any], |_, values| {
        Ok(Value::text(fmt::printf(&bytes(values, 0), &values[1..])))
    }),
    variadic("println", &[Any], |_, values| Ok(Value::text(fmt::println(values)))),
    variadic("eq", &[Reflected, Reflected], |_, values| compare::equal(values).map(Value::Bool)),
    fixed("ne", &[Reflected, Reflected], |_, values| compare::equal(values).map(|is| Value::Bool(!is))),
    fixed("lt", &[Reflected, Reflected], |_, values| compare::less(values).map(Value::Bool)),
    fixed("le", &[Reflected, Reflected], |_, values| compare::less_or_equal(values).map(Value::Bool)),
    fixed("gt", &[Reflected, Reflected], |_, values| {
        compare::less_or_equal(values).map(|is| Value::Bool(!is))
    }),
    fixed("ge", &[Reflected, Reflected], |_, values| compare::less(values).map(|is| Value::Bool(!is))),
    // Prometheus'.
    fixed("query", &[Text], |context, values| samples::query(context, &text(values, 0))),
    fixed("first", &[Samples], |_, values| samples::first(&at(values, 0))),
    fixed("label", &[Text, Sample], |_, values| samples::label(&text(values, 0), &at(values, 1))),
    fixed("value", &[Sample], |_, values| samples::value(&at(values, 0))),
    fixed("strvalue", &[Sample], |_, values| samples::label("__value__", &at(values, 0))),
    fixed("sortByLabel", &[Text, Samples], |_, values| samples::sort(&text(values, 0), &at(values, 1))),
    variadic("args", &[Any], |_, values| Ok(samples::args(values))),
    fixed("reReplaceAll", &[Text, Text, Text], |_, values| {
        pattern::replace_all(&text(values, 0), &text(values, 1), &text(values, 2))
    }),
    fixed("match", &[Text, Text], |_, values| pattern::matches(&text(values, 0), &text(values, 1))),
    fixed("title", &[Text], |_, values| Ok(Value::text(word::title(&text(values, 0))))),
    fixed("toUpper", &[Text], |_, values| Ok(Value::text(word::upper(&text(values, 0))))),
    fixed("toLower", &[Text], |_, values| Ok(Value::text(word::lower(&text(values, 0))))),
    fixed("safeHtml", &[Text], |_, values| Ok(Value::Html(bytes(values, 0).into()))),
    fixed("graphLink", &[Text], |_, values| Ok(Value::text(escape::link(&bytes(values, 0), 0)))),
    fixed("tableLink", &[Text], |_, values| Ok(Value::text(escape::link(&bytes(values, 0), 1)))),
    fixed("urlQueryEscape", &[Text], |_, values| Ok(Value::text(escape::query(&bytes(values, 0))))),
    fixed("stripPort", &[Text], |_, values| Ok(Value::text(address::without_port(&text(values, 0))))),
    fixed("stripDomain", &[Text], |_, values| Ok(Value::text(address::without_domain(&text(values, 0))))),
    fixed("humanize", &[Any], |_, values| humanize::by_thousands(&at(values, 0))),
    fixed("humanize1024", &[Any], |_, values| humanize::by_1024(&at(values, 0))),
    fixed("humanizeDuration", &[Any], |_, values| humanize::duration(&at(values, 0))),
    fixed("humanizePercentage", &[Any], |_, values| humanize::percentage(&at(values, 0))),
    fixed("humanizeTimestamp", &[Any], |_, values| humanize::timestamp(&at(values, 0))),
    fixed("toTime", &[Any], |_, values| convert::to_time(&at(values, 0))),
    fixed("toDuration", &[Any], |_, values| convert::to_duration(&at(values, 0))),
    fixed("parseDuration", &[Text], |_, values| convert::parse_duration(&text(values, 0))),
    fixed("now", &[], |context, _| Ok(Value::Float(context.time as f64 / 1000.0))),
    fixed("pathPrefix", &[], |context, _| Ok(Value::text(address::path(context.external_url)))),
    fixed("externalURL", &[], |context, _| Ok(Value::text(context.external_url))),
];

/// The function of a name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Whether there is a function of that name.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// The function whose name is most like one that there is not.
pub(super) fn most_like(name: &str) -> Option<&'static str> {
    let far = name.chars().count() / 3 + 1;
    let near = FUNCTIONS.iter().map(|function| (distance(name, function.name), function.name)).min()?;
    (near.0 <= far).then_some(near.1)
}

/// How many letters have to be changed, added or taken away, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.to_lowercase().chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, d) in b.iter().enumerate() {
            let changed = before + usize::from(c != *d);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

fn at(values: &[Value], index: usize) -> Value {
    values.get(index).cloned().unwrap_or(Value::Nil)
}

fn last(values: &[Value]) -> Value {
    values.last().cloned().unwrap_or(Value::Nil)
}

fn bytes(values: &[Value], index: usize) -> Vec<u8> {
    values.get(index).and_then(Value::bytes).map(|text| text.to_vec()).unwrap_or_default()
}

/// As text; what is none is replaced.
fn text(values: &[Value], index: usize) -> String {
    String::from_utf8_lossy(&bytes(values, index)).into_owned()
}
