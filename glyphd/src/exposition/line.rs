//! One line of an exposition, taken apart, and put together again.

use std::{borrow::Cow, collections::BTreeSet};

/// A line.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// `# TYPE family kind`
    Type { family: &'a str, kind: &'a str },
    /// `# HELP family text`
    Help { family: &'a str, text: &'a str },
    /// `name{labels} value time # exemplar`
    Sample(Sample<'a>),
    /// `# EOF`
    End,
    /// `# UNIT`, a comment, or nothing.
    Other,
}

/// A name and a value. What is quoted in the line is still escaped here.
pub(super) type Label<'a> = (Cow<'a, str>, &'a str);

/// A sample without its time, which is the scrape's.
#[derive(Debug, PartialEq)]
pub(super) struct Sample<'a> {
    /// Name and labels, as they stand in the line.
    pub(super) series: &'a str,
    pub(super) name: &'a str,
    pub(super) labels: Vec<Label<'a>>,
    pub(super) value: &'a str,
    pub(super) exemplar: Option<Exemplar<'a>>,
}

/// The trace behind a sample.
#[derive(Debug, PartialEq)]
pub(super) struct Exemplar<'a> {
    pub(super) labels: Vec<Label<'a>>,
    pub(super) value: &'a str,
    pub(super) time: Option<&'a str>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No metric's name stands where one should.
    #[error("a metric's name is missing")]
    Name,
    /// The type of a family is none.
    #[error("there is no such type")]
    Type,
    /// Labels do not end, or are not written as they should be.
    #[error("the labels are not well formed")]
    Labels,
    /// Two labels of a sample have the same name.
    #[error("a label stands there twice")]
    Twice,
    /// A value is no number.
    #[error("the value is no number")]
    Value,
    /// A time is no number.
    #[error("the time is no number")]
    Time,
    /// Something stands where the line should end, or behind the end of all.
    #[error("something stands behind the end")]
    Trailing,
    /// There is a NUL in it, which readers take for the end.
    #[error("it has a NUL")]
    Nul,
}

const TYPES: [&str; 9] =
    ["counter", "gauge", "histogram", "summary", "untyped", "unknown", "gaugehistogram", "info", "stateset"];

/// In seconds: the year 5138.
const LATEST: f64 = 1e11;

/// Takes a line apart. White space may stand where the classic format has it, whatever the format is.
pub(super) fn parse(line: &str) -> Result<Line<'_>, LineError> {
    if line.contains('\0') {
        return Err(LineError::Nul);
    }
    let mut rest = Rest(line);
    rest.blank();
    match rest.0.strip_prefix('#') {
        Some(comment) => described(Rest(comment)),
        None if rest.0.is_empty() => Ok(Line::Other),
        None => rest.sample().map(Line::Sample),
    }
}

/// Takes the rest of a sample's line apart, from the blank behind its series: value and exemplar. None if the series goes
/// on there.
pub(super) fn behind_series(rest: &str) -> Option<Result<(&str, Option<Exemplar<'_>>), LineError>> {
    let mut rest = Rest(rest);
    let before = rest.0.len();
    rest.blank();
    let is_apart = rest.0.len() < before && !rest.0.starts_with('{');
    is_apart.then(|| if rest.0.contains('\0') { Err(LineError::Nul) } else { rest.measured() })
}

fn described(mut rest: Rest<'_>) -> Result<Line<'_>, LineError> {
    rest.blank();
    match rest.word() {
        "EOF" => rest.end().map(|()| Line::End),
        "TYPE" => {
            let family = rest.family()?;
            let kind = rest.word();
            rest.end()?;
            if TYPES.contains(&kind) { Ok(Line::Type { family, kind }) } else { Err(LineError::Type) }
        }
        "HELP" => Ok(Line::Help { family: rest.family()?, text: rest.0 }),
        _ => Ok(Line::Other),
    }
}

/// What has not been read of a line.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn blank(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// Everything up to white space, which goes too.
    fn word(&mut self) -> &'a str {
        let word = self.take(self.0.find([' ', '\t']).unwrap_or(self.0.len()));
        self.blank();
        word
    }

    fn eat(&mut self, c: char) -> bool {
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        self.blank();
        rest.is_some()
    }

    fn end(&self) -> Result<(), LineError> {
        if self.0.is_empty() { Ok(()) } else { Err(LineError::Trailing) }
    }

    /// A name; empty if none stands here. Metrics may have colons in theirs.
    fn name(&mut self, of_metric: bool) -> &'a str {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && of_metric);
        if self.0.starts_with(|c: char| c.is_ascii_digit()) {
            return "";
        }
        self.take(self.0.find(|c| !is_part(c)).unwrap_or(self.0.len()))
    }

    fn family(&mut self) -> Result<&'a str, LineError> {
        let family = self.word();
        let mut name = Rest(family);
        if !family.is_empty() && name.name(true) == family { Ok(family) } else { Err(LineError::Name) }
    }

    fn sample(&mut self) -> Result<Sample<'a>, LineError> {
        let line = self.0;
        let name = self.name(true);
        // A name that goes on with what is part of none was no name.
        if name.is_empty() || self.0.starts_with(|c| !matches!(c, ' ' | '\t' | '{')) {
            return Err(LineError::Name);
        }
        self.blank();
        let labels = if self.eat('{') { self.labels()? } else { Vec::new() };
        let series = line[..line.len() - self.0.len()].trim_end_matches([' ', '\t']);
        let (value, exemplar) = self.measured()?;
        Ok(Sample { series, name, labels, value, exemplar })
    }

    /// What stands behind the labels.
    fn measured(&mut self) -> Result<(&'a str, Option<Exemplar<'a>>), LineError> {
        let value = self.number(LineError::Value)?;
        if !self.0.is_empty() && !self.0.starts_with('#') {
            self.number(LineError::Time)?;
        }
        let exemplar = if self.eat('#') { Some(self.exemplar()?) } else { None };
        self.end()?;
        Ok((value, exemplar))
    }

    fn exemplar(&mut self) -> Result<Exemplar<'a>, LineError> {
        if !self.eat('{') {
            return Err(LineError::Labels);
        }
        let labels = self.labels()?;
        let value = self.number(LineError::Value)?;
        let time = if self.0.is_empty() { None } else { Some(self.number(LineError::Time)?) };
        // This one is kept, and a reader must be able to count in milliseconds with it.
        if time.and_then(|t| t.parse::<f64>().ok()).is_some_and(|t| t.is_nan() || t.abs() > LATEST) {
            return Err(LineError::Time);
        }
        Ok(Exemplar { labels, value, time })
    }

    /// Labels behind their opening brace.
    fn labels(&mut self) -> Result<Vec<Label<'a>>, LineError> {
        let (mut labels, mut names) = (Vec::new(), BTreeSet::from(["__name__"]));
        while !self.eat('}') {
            let name = self.name(false);
            self.blank();
            if name.is_empty() || !self.eat('=') || !self.0.starts_with('"') {
                return Err(LineError::Labels);
            }
            let length = quoted(&self.0[1..]).ok_or(LineError::Labels)?;
            let value = &self.take(length + 2)[1..=length];
            self.blank();
            if !names.insert(name) {
                return Err(LineError::Twice);
            }
            labels.push((name.into(), value));
            if !self.eat(',') && !self.0.starts_with('}') {
                return Err(LineError::Labels);
            }
        }
        Ok(labels)
    }

    fn number(&mut self, error: LineError) -> Result<&'a str, LineError> {
        let word = self.word();
        // What is no number has several spellings, of which readers know different ones.
        match word.parse::<f64>().map_err(|_| error)? {
            number if number.is_finite() => Ok(word),
            number if number.is_nan() => Ok("NaN"),
            number => Ok(if number > 0.0 { "+Inf" } else { "-Inf" }),
        }
    }
}

/// The length of a quoted text, behind its opening quote.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Writes labels; nothing if there are none.
pub(super) fn push_labels(out: &mut String, labels: &[Label<'_>]) {
    let mut before = '{';
    for (name, value) in labels {
        out.push(before);
        out.push_str(name);
        out.push_str("=\"");
        out.push_str(value);
        out.push('"');
        before = ',';
    }
    if before == ',' {
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(line: &str) -> Sample<'_> {
        match parse(line) {
            Ok(Line::Sample(sample)) => sample,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn samples_are_taken_apart() {
        let s = sample(r#"a:b{ x = "1} # {\"" , y="\\",} 3 1.5 # {trace_id="t"} 0.5 1.25"#);
        assert_eq!((s.name, s.value), ("a:b", "3"));
        assert_eq!(s.labels, [("x".into(), r#"1} # {\""#), ("y".into(), r"\\")]);
        let exemplar = s.exemplar.unwrap();
        assert_eq!((exemplar.value, exemplar.time), ("0.5", Some("1.25")));
        assert_eq!(sample("\ta {} -inf\t1700000000000").value, "-Inf");
        assert_eq!(sample("a +nan").value, "NaN");
        assert_eq!(sample("a 1 # {} 2").exemplar.unwrap().labels, []);
    }

    #[test]
    fn other_lines_are_known() {
        assert_eq!(parse("#  TYPE\ta counter "), Ok(Line::Type { family: "a", kind: "counter" }));
        assert_eq!(parse("# HELP a b  c"), Ok(Line::Help { family: "a", text: "b  c" }));
        assert_eq!(parse("# EOF"), Ok(Line::End));
        for line in ["", " ", "#", "# a comment", "# UNIT a_seconds seconds", "#TYPEWRITER"] {
            assert_eq!(parse(line), Ok(Line::Other), "{line}");
        }
    }

    #[test]
    fn faults_have_names() {
        for (line, error) in [
            ("<html>", LineError::Name),
            ("1a 2", LineError::Name),
            ("a-b 2", LineError::Name),
            ("a+1", LineError::Name),
            ("{\"a.b\"} 1", LineError::Name),
            ("# TYPE a.b counter", LineError::Name),
            ("# HELP", LineError::Name),
            ("# TYPE a meter", LineError::Type),
            ("# TYPE a counter x", LineError::Trailing),
            ("a", LineError::Value),
            ("a x", LineError::Value),
            ("a 1 x", LineError::Time),
            ("a 1 1 1", LineError::Trailing),
            ("a{b=\"c\"", LineError::Labels),
            ("a{b=\"c} 1", LineError::Labels),
            ("a{b=c} 1", LineError::Labels),
            ("a{b=\"c\"d=\"e\"} 1", LineError::Labels),
            ("a{,} 1", LineError::Labels),
            ("a{b=\"1\",b=\"2\"} 1", LineError::Twice),
            ("a{__name__=\"b\"} 1", LineError::Twice),
            ("a 1 # x", LineError::Labels),
            ("a 1 # {} x", LineError::Value),
            ("a 1 # {} 1 1 1", LineError::Trailing),
            ("a 1 # {} 1 NaN", LineError::Time),
            ("a 1 # {} 1 -1e300", LineError::Time),
            ("a{b=\"\0\"} 1", LineError::Nul),
        ] {
            assert_eq!(parse(line), Err(error), "{line}");
        }
    }
}
