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
    let mut printer = Printer::default();
    let mut before_is_text = true;
    for value in values {
        let is_text = value.bytes().is_some();
        if !is_text && !before_is_text {
            printer.out.push(b' ');
        }
        printer.print(value, 'v', &Spec::default());
        before_is_text = is_text;
    }
    printer.out
}

/// As templates print what their actions give: what a pointer points to, and `<no value>` where there is none.
pub(super) fn show(values: &[Value]) -> Vec<u8> {
    let shown = |value: &Value| match value {
        Value::Nil => Value::text("<no value>"),
        Value::Sample(Some(sample)) => {
            let mut printer = Printer::default();
            printer.sample(sample, 'v', &Spec::default());
            // Not a text to `print`, but samples next to each other are not worth a kind of their own.
            Value::text(printer.out)
        }
        value => value.clone(),
    };
    print(&values.iter().map(shown).collect::<Vec<_>>())
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
