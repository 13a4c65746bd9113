//! `printf`: a format and what it is filled with.

use super::{
    spec::{Spec, first},
    value::Printer,
};
use crate::rules::template::value::Value;

/// Wider is nothing.
const WIDEST: i64 = 1_000_000;

/// `fmt.Sprintf`.
pub(in crate::rules::template) fn printf(format: &[u8], values: &[Value]) -> Vec<u8> {
    let mut scan = Scan { format, at: 0, values, next: 0, reordered: false, good: true };
    let mut printer = Printer::default();
    while scan.at < format.len() {
        scan.good = true;
        let length = format[scan.at..].iter().position(|byte| *byte == b'%');
        let text = &format[scan.at..scan.at + length.unwrap_or(format.len() - scan.at)];
        printer.out.extend_from_slice(text);
        scan.at += text.len();
        if scan.at < format.len() {
            scan.at += 1;
            if !scan.verb(&mut printer) {
                break;
            }
        }
    }
    if !scan.reordered && scan.next < values.len() {
        printer.out.extend_from_slice(b"%!(EXTRA ");
        for (i, value) in values[scan.next..].iter().enumerate() {
            if i > 0 {
                printer.out.extend_from_slice(b", ");
            }
            if *value != Value::Nil {
                printer.out.extend_from_slice(value.type_name().as_bytes());
                printer.out.push(b'=');
            }
            printer.print(value, 'v', &Spec::default());
        }
        printer.out.push(b')');
    }
    printer.out
}

struct Scan<'a> {
    format: &'a [u8],
    at: usize,
    values: &'a [Value],
    /// The value that is next.
    next: usize,
    /// Whether values were named by their number.
    reordered: bool,
    /// Whether the number was one.
    good: bool,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// Takes a verb and prints what it is for. Says whether there was one.
    fn verb(&mut self, printer: &mut Printer) -> bool {
        let mut spec = self.flags();
        let mut behind_index = self.index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            let width = self.from_values();
            if width.is_none() {
                printer.out.extend_from_slice(b"%!(BADWIDTH)");
            }
            if width.is_some_and(|width| width < 0) {
                spec.minus = true;
                spec.zero = false;
            }
            spec.width = width.and_then(|width| usize::try_from(width.abs()).ok());
            behind_index = false;
        } else {
            spec.width = self.number();
            if behind_index && spec.width.is_some() {
                self.good = false;
            }
        }
        if self.peek() == Some(b'.') && self.at + 1 < self.format.len() {
            self.at += 1;
            if behind_index {
                self.good = false;
            }
            behind_index = self.index();
            if self.peek() == Some(b'*') {
                self.at += 1;
                spec.precision = self.from_values().and_then(|n| usize::try_from(n).ok());
                if spec.precision.is_none() {
                    printer.out.extend_from_slice(b"%!(BADPREC)");
                }
                behind_index = false;
            } else {
                spec.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !behind_index {
            self.index();
        }
        if self.at >= self.format.len() {
            printer.out.extend_from_slice(b"%!(NOVERB)");
            return false;
        }
        let (c, length) = first(&self.format[self.at..]);
        self.at += length;
        self.print(printer, c.unwrap_or(char::REPLACEMENT_CHARACTER), spec);
        true
    }

    fn print(&mut self, printer: &mut Printer, verb: char, mut spec: Spec) {
        if verb == '%' {
            return printer.out.push(b'%');
        }
        let wrong = match self.values.get(self.next) {
            _ if !self.good => "(BADINDEX)",
            None => "(MISSING)",
            Some(value) => {
                if verb == 'v' {
                    spec.sharp_v = std::mem::take(&mut spec.sharp);
                    spec.plus_v = std::mem::take(&mut spec.plus);
                }
                printer.print(value, verb, &spec);
                self.next += 1;
                return;
            }
        };
        printer.out.extend_from_slice(format!("%!{verb}{wrong}").as_bytes());
    }

    fn flags(&mut self) -> Spec {
        let mut spec = Spec::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => spec.sharp = true,
                b'0' => spec.zero = true,
                b'+' => spec.plus = true,
                b'-' => spec.minus = true,
                b' ' => spec.space = true,
                _ => break,
            }
            self.at += 1;
        }
        spec
    }

    fn number(&mut self) -> Option<usize> {
        let digits = self.format[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.format[self.at..self.at + digits]).ok()?;
        if digits == 0 {
            return None;
        }
        match text.parse::<i64>() {
            // A digit more than the widest has is still read.
            Ok(number) if number <= WIDEST * 10 + 9 => {
                self.at += digits;
                usize::try_from(number).ok()
            }
            _ => {
                self.at = self.format.len();
                None
            }
        }
    }

    /// A width or a precision that is a value.
    fn from_values(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        value.whole().filter(|n| (-WIDEST..=WIDEST).contains(n))
    }

    /// Takes `[1]`, the number of a value. Says whether there was one.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = rest.iter().position(|byte| *byte == b']').filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.good = false;
            self.at += 1;
            return false;
        };
        self.at += close + 1;
        let number = std::str::from_utf8(&rest[1..close]).ok();
        let number = number.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(number) = number.and_then(|text| text.parse::<usize>().ok()) else {
            self.good = false;
            return false;
        };
        match number.checked_sub(1).filter(|index| *index < self.values.len()) {
            Some(index) => self.next = index,
            None => self.good = false,
        }
        true
    }
}
