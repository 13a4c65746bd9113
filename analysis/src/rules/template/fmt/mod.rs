//! Go's `fmt`: `print`, `println` and `printf` of the values that templates have.
//!
//! In: values, perhaps a format. Out: bytes. Not here: which values are printed and how they came to be.

mod float;
mod format;
mod integer;
pub(super) mod quote;
mod spec;
mod value;

pub(super) use float::{general, precise};
pub(super) use format::printf;

use self::{spec::Spec, value::Printer};
use super::value::Value;

/// `fmt.Sprint`: blanks between two values of which neither is a text.
pub(super) fn print(values: &[Value]) -> Vec<u8> {
    with_blanks(values, |printer, value| printer.print(value, 'v', &Spec::default()))
}

/// As templates print what their actions give: what a pointer points to, and `<no value>` where there is none.
pub(super) fn show(values: &[Value]) -> Vec<u8> {
    let shown = |value: &Value| if *value == Value::Nil { Value::text("<no value>") } else { value.clone() };
    let values: Vec<Value> = values.iter().map(shown).collect();
    with_blanks(&values, |printer, value| match value {
        Value::Sample(Some(sample)) => printer.sample(sample, 'v', &Spec::default()),
        value => printer.print(value, 'v', &Spec::default()),
    })
}

fn with_blanks(values: &[Value], print: impl Fn(&mut Printer, &Value)) -> Vec<u8> {
    let mut printer = Printer::default();
    let mut before_is_text = true;
    for value in values {
        let is_text = value.bytes().is_some();
        if !is_text && !before_is_text {
            printer.out.push(b' ');
        }
        print(&mut printer, value);
        before_is_text = is_text;
    }
    printer.out
}

/// `fmt.Sprintln`.
pub(super) fn println(values: &[Value]) -> Vec<u8> {
    let mut printer = Printer::default();
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            printer.out.push(b' ');
        }
        printer.print(value, 'v', &Spec::default());
    }
    printer.out.push(b'\n');
    printer.out
}

#[cfg(test)]
mod tests;
