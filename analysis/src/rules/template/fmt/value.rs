//! One value by one verb.

use super::{float, integer, quote, spec::Spec};
use crate::{
    metrics::Labels,
    promql::Sample,
    rules::template::{
        time,
        value::{Pointed, Value},
    },
};

/// Where it is printed to.
#[derive(Default)]
pub(super) struct Printer {
    pub(super) out: Vec<u8>,
    /// Whether it says that a verb is wrong, which is no place for a value's own text.
    in_fault: bool,
}

impl Printer {
    /// Prints a value that was given as such.
    pub(super) fn print(&mut self, value: &Value, verb: char, spec: &Spec) {
        let value = value.unboxed();
        match (verb, &value) {
            ('T' | 'v', Value::Nil) => spec.pad(&mut self.out, b"<nil>"),
            (_, Value::Nil) => self.wrong_verb(&value, verb, spec),
            ('T', value) => spec.pad(&mut self.out, spec.truncated(value.type_name().as_bytes())),
            (verb, value) => self.print_at(value, verb, spec, true),
        }
    }

    /// Prints a value that may stand in another one; then what it points to is an address.
    fn print_at(&mut self, value: &Value, verb: char, spec: &Spec, outermost: bool) {
        if let Some(text) =
            named(value).filter(|_| matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !spec.sharp_v)
        {
            if !self.in_fault {
                return self.text(value, text.as_bytes(), verb, spec);
            }
        }
        match value {
            Value::Nil | Value::Interface(None) => match verb {
                'v' => self.out.extend_from_slice(b"<nil>"),
                _ => self.wrong_verb(&Value::Nil, verb, spec),
            },
            Value::Interface(Some(inner)) => self.print_at(inner, verb, spec, outermost),
            Value::Bool(flag) => match verb {
                't' | 'v' => spec.pad(&mut self.out, flag.to_string().as_bytes()),
                _ => self.wrong_verb(value, verb, spec),
            },
            Value::Float(number) => self.float(value, *number, verb, spec),
            Value::Complex(re, im) => self.complex(value, (*re, *im), verb, spec),
            Value::Text(text) | Value::Html(text) => self.text(value, text, verb, spec),
            Value::Labels(labels) => self.labels(labels, verb, spec),
            Value::Args(args) => {
                let pairs = args.iter().map(|(name, value)| (Value::text(name), value.clone()));
                self.map("map[string]interface {}", pairs, verb, spec);
            }
            Value::Samples(samples) => self.samples(samples.as_deref(), verb, spec),
            Value::Sample(Some(sample)) if outermost => {
                self.out.push(b'&');
                self.sample(sample, verb, spec);
            }
            Value::Sample(None) if matches!(verb, 'v') && !spec.sharp_v => spec.pad(&mut self.out, b"<nil>"),
            Value::Sample(_) | Value::Duration(_, Pointed::Yes) => self.address(value, verb, spec),
            Value::Data(data) => self.structure(value.type_name(), &data.fields(), verb, spec),
            Value::Time(time, _) => self.text(value, time.to_string().as_bytes(), 'v', spec),
            number => match number.whole() {
                Some(whole) => self.integer(value, i128::from(whole), verb, spec),
                None => self.wrong_verb(value, verb, spec),
            },
        }
    }

    /// `%!d(string=text)`
    fn wrong_verb(&mut self, value: &Value, verb: char, spec: &Spec) {
        let was = std::mem::replace(&mut self.in_fault, true);
        self.out.extend_from_slice(format!("%!{verb}(").as_bytes());
        if *value == Value::Nil {
            self.out.extend_from_slice(b"<nil>");
        } else {
            self.out.extend_from_slice(value.type_name().as_bytes());
            self.out.push(b'=');
            self.print_at(value, 'v', spec, true);
        }
        self.out.push(b')');
        self.in_fault = was;
    }

    fn integer(&mut self, value: &Value, number: i128, verb: char, spec: &Spec) {
        let is_byte = matches!(value, Value::Byte(_));
        let out = &mut self.out;
        match verb {
            'v' if spec.sharp_v && is_byte => {
                integer::write(out, &Spec { sharp: true, ..spec.clone() }, number, 16, false, false);
            }
            'v' | 'd' => integer::write(out, spec, number, 10, false, false),
            'b' => integer::write(out, spec, number, 2, false, false),
            'o' | 'O' => integer::write(out, spec, number, 8, false, verb == 'O'),
            'x' | 'X' => integer::write(out, spec, number, 16, verb == 'X', false),
            'c' => integer::write_char(out, spec, number),
            'q' => integer::write_quoted(out, spec, number),
            'U' => integer::write_unicode(out, spec, number),
            _ => self.wrong_verb(value, verb, spec),
        }
    }

    fn float(&mut self, value: &Value, number: f64, verb: char, spec: &Spec) {
        match verb {
            'v' => float::write(&mut self.out, spec, number, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => float::write(&mut self.out, spec, number, verb, None),
            'f' | 'e' | 'E' => float::write(&mut self.out, spec, number, verb, Some(6)),
            'F' => float::write(&mut self.out, spec, number, 'f', Some(6)),
            _ => self.wrong_verb(value, verb, spec),
        }
    }

    fn complex(&mut self, value: &Value, (re, im): (f64, f64), verb: char, spec: &Spec) {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.wrong_verb(value, verb, spec);
        }
        self.out.push(b'(');
        self.float(value, re, verb, spec);
        self.float(value, im, verb, &Spec { plus: true, ..spec.clone() });
        self.out.extend_from_slice(b"i)");
    }

    fn text(&mut self, value: &Value, text: &[u8], verb: char, spec: &Spec) {
        match verb {
            'v' if spec.sharp_v => self.quoted(text, spec),
            'v' | 's' => spec.pad(&mut self.out, spec.truncated(text)),
            'q' => self.quoted(text, spec),
            'x' | 'X' => self.hexadecimal(text, verb == 'X', spec),
            _ => self.wrong_verb(value, verb, spec),
        }
    }

    fn quoted(&mut self, text: &[u8], spec: &Spec) {
        let text = spec.truncated(text);
        let quoted = if spec.sharp && quote::fits_backquotes(text) {
            quote::raw(text)
        } else {
            quote::text(text, '"', spec.plus)
        };
        spec.pad(&mut self.out, quoted.as_bytes());
    }

    /// `%x` of a text: two digits for each byte.
    fn hexadecimal(&mut self, text: &[u8], upper: bool, spec: &Spec) {
        let text = &text[..text.len().min(spec.precision.unwrap_or(usize::MAX))];
        let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        let mark = match (spec.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let bytes: Vec<String> = text.iter().map(digits).collect();
        let digits = if spec.space { bytes.join(&format!(" {mark}")) } else { bytes.concat() };
        let mark = if bytes.is_empty() { "" } else { mark };
        spec.pad(&mut self.out, format!("{mark}{digits}").as_bytes());
    }

    fn labels(&mut self, labels: &Labels, verb: char, spec: &Spec) {
        let pairs = labels.pairs().iter();
        let pairs = pairs.map(|(name, value)| (Value::text(&**name), Value::text(&**value)));
        self.map("map[string]string", pairs, verb, spec);
    }

    fn map(&mut self, name: &str, pairs: impl Iterator<Item = (Value, Value)>, verb: char, spec: &Spec) {
        let (open, between, close) =
            if spec.sharp_v { (format!("{name}{{"), ", ", "}") } else { ("map[".to_owned(), " ", "]") };
        self.out.extend_from_slice(open.as_bytes());
        for (i, (key, value)) in pairs.enumerate() {
            if i > 0 {
                self.out.extend_from_slice(between.as_bytes());
            }
            self.print_at(&key, verb, spec, false);
            self.out.push(b':');
            self.print_at(&value, verb, spec, false);
        }
        self.out.extend_from_slice(close.as_bytes());
    }

    fn samples(&mut self, samples: Option<&[std::rc::Rc<Sample>]>, verb: char, spec: &Spec) {
        if spec.sharp_v {
            self.out.extend_from_slice(b"template.queryResult");
        }
        if spec.sharp_v && samples.is_none() {
            return self.out.extend_from_slice(b"(nil)");
        }
        self.out.push(if spec.sharp_v { b'{' } else { b'[' });
        for (i, sample) in samples.unwrap_or_default().iter().enumerate() {
            if i > 0 {
                self.out.extend_from_slice(if spec.sharp_v { b", " } else { b" " });
            }
            self.address(&Value::Sample(Some(sample.clone())), verb, spec);
        }
        self.out.push(if spec.sharp_v { b'}' } else { b']' });
    }

    /// A sample that is no pointer.
    pub(super) fn sample(&mut self, sample: &Sample, verb: char, spec: &Spec) {
        let fields =
            [("Labels", Value::Labels(sample.labels.clone())), ("Value", Value::Float(sample.value).boxed())];
        self.structure("template.sample", &fields, verb, spec);
    }

    /// `{a b}`, with names if the flags say so.
    pub(super) fn structure(&mut self, name: &str, fields: &[(&str, Value)], verb: char, spec: &Spec) {
        if spec.sharp_v {
            self.out.extend_from_slice(name.as_bytes());
        }
        self.out.push(b'{');
        for (i, (name, value)) in fields.iter().enumerate() {
            if i > 0 {
                self.out.extend_from_slice(if spec.sharp_v { b", " } else { b" " });
            }
            if spec.plus_v || spec.sharp_v {
                self.out.extend_from_slice(format!("{name}:").as_bytes());
            }
            self.print_at(value, verb, spec, false);
        }
        self.out.push(b'}');
    }

    /// Where something is in Go's memory. Nobody can rely on it: it is always the same here.
    fn address(&mut self, value: &Value, verb: char, spec: &Spec) {
        match verb {
            'v' | 'p' | 'x' | 'X' | 'd' | 'b' | 'o' => self.out.extend_from_slice(b"0xc000000000"),
            _ => self.wrong_verb(value, verb, spec),
        }
    }
}

/// The text of a value that has one of its own.
fn named(value: &Value) -> Option<String> {
    Some(match value {
        Value::Time(time, _) => time.to_string(),
        Value::Duration(ns, _) => time::duration(*ns),
        Value::Month(month) => time::month(*month),
        Value::Weekday(day) => time::weekday(*day),
        _ => return None,
    })
}
