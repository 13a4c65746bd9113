//! The samples of one target's scrapes as a recording has them: OpenMetrics, whatever the target wrote, each with the
//! target's labels and the time of the scrape. Either all lines of a scrape are good, or none is taken: the file stays
//! readable.

use std::{fmt::Write, time::Duration};

use super::{
    ExpositionError, Format, LineError,
    known::{Known, Place},
    line::{Exemplar, Label, Line, Sample, behind_series, parse, push_labels},
};

/// What Prometheus says of every scrape, and so do we: a target's own samples of these series give way.
const REPORT: [&str; 3] = ["up", "scrape_duration_seconds", "scrape_samples_scraped"];

/// What every sample of a target gets, and the series that it had before.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// By their names; the values escaped.
    labels: Vec<(String, String)>,
    known: Known,
}

/// Samples with their stamp.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamped {
    /// The lines, without `# EOF`.
    pub text: String,
    /// How many samples the target gave.
    pub samples: usize,
    /// Of how many series they are.
    pub series: usize,
}

impl Stamp {
    /// The labels of a target: names, each once, and values.
    pub fn new<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut labels: Vec<_> = labels.into_iter().map(|(n, v)| (n.to_owned(), escape(v))).collect();
        labels.sort_unstable();
        Self { labels, known: Known::default() }
    }

    /// The samples of a scrape at that time, in milliseconds since the Unix epoch. Their own times give way to it; of a
    /// series that comes twice the first sample is kept.
    ///
    /// # Errors
    /// If a line is wrong, or the end is missing where there must be one.
    pub fn samples(
        &mut self,
        exposition: &str,
        format: Format,
        at_ms: u64,
    ) -> Result<Stamped, ExpositionError> {
        self.known.begin();
        for name in REPORT {
            let series = series(name, Vec::new(), &self.labels);
            self.known.exclude(series);
        }
        let read = self.read(exposition, format, Output::new(exposition.len() * 2, at_ms));
        let series = self.known.end();
        read.map(|out| Stamped { text: out.text, samples: out.samples, series })
    }

    fn read<'a>(
        &mut self,
        exposition: &'a str,
        format: Format,
        mut out: Output<'a>,
    ) -> Result<Output<'a>, ExpositionError> {
        let mut ended = false;
        for (index, line) in exposition.lines().enumerate() {
            let wrong = |cause| ExpositionError::Line { line: index + 1, cause };
            if !ended && self.repeated(line, format, &mut out).map_err(wrong)? {
                continue;
            }
            match parse(line).map_err(wrong)? {
                Line::End if format == Format::OpenMetrics => ended = true,
                Line::End | Line::Other => {}
                _ if ended => return Err(wrong(LineError::Trailing)),
                Line::Help { family, text } => out.help(family, text),
                Line::Type { family, kind } => out.family(family, kind, format).map_err(wrong)?,
                Line::Sample(sample) => self.sample(sample, format, &mut out).map_err(wrong)?,
            }
        }
        if format == Format::OpenMetrics && !ended {
            return Err(ExpositionError::NoEnd);
        }
        out.flush_help();
        Ok(out)
    }

    /// How the scrape at that time went, as Prometheus has it of every scrape.
    pub fn report(&self, up: bool, took: Duration, samples: usize, at_ms: u64) -> String {
        let values = [u8::from(up).to_string(), took.as_secs_f64().to_string(), samples.to_string()];
        let (mut text, time) = (String::new(), time(at_ms));
        for (name, value) in REPORT.iter().zip(values) {
            let series = series(name, Vec::new(), &self.labels);
            text.push_str(&format!("# TYPE {name} gauge\n{series} {value} {time}\n"));
        }
        text
    }

    /// Takes a line that begins as that did which came here before; tells whether it was one.
    fn repeated<'a>(
        &mut self,
        line: &'a str,
        format: Format,
        out: &mut Output<'a>,
    ) -> Result<bool, LineError> {
        let Some((place, rest)) = self.known.expected(line) else { return Ok(false) };
        let Some(measured) = behind_series(rest) else { return Ok(false) };
        let (value, exemplar) = measured?;
        self.push(place, value, exemplar.as_ref(), format, out).map(|()| true)
    }

    fn sample<'a>(
        &mut self,
        sample: Sample<'a>,
        format: Format,
        out: &mut Output<'a>,
    ) -> Result<(), LineError> {
        let Sample { series: text, name, labels, value, exemplar } = sample;
        let own = &self.labels;
        let place = self.known.find(text, || series(name, labels, own));
        self.push(place, value, exemplar.as_ref(), format, out)
    }

    fn push(
        &mut self,
        place: Place,
        value: &str,
        exemplar: Option<&Exemplar<'_>>,
        format: Format,
        out: &mut Output<'_>,
    ) -> Result<(), LineError> {
        if exemplar.is_some() && format == Format::Classic {
            return Err(LineError::Trailing);
        }
        out.flush_help();
        out.samples += 1;
        if let Some(series) = self.known.take(place) {
            out.sample(series, value, exemplar);
        }
        Ok(())
    }
}

/// Name and labels, those of the target among them, in their order: the same series is the same text. A label of the
/// sample that has the name of a target's keeps its value as `exported_…`; one without a value is none.
fn series(name: &str, labels: Vec<Label<'_>>, own: &[(String, String)]) -> String {
    let mut all: Vec<Label<'_>> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    for (own, value) in own {
        if let Some(at) = all.iter().position(|(name, _)| name == own) {
            let mut exported = format!("exported_{own}");
            while all.iter().any(|(name, _)| *name == exported) {
                exported.insert_str(0, "exported_");
            }
            all[at].0 = exported.into();
        }
        all.push((own.as_str().into(), value));
    }
    all.sort_unstable();
    let mut series = name.to_owned();
    push_labels(&mut series, &all);
    series
}

fn time(at_ms: u64) -> String {
    format!("{}.{:03}", at_ms / 1_000, at_ms % 1_000)
}

/// The lines so far.
struct Output<'a> {
    text: String,
    time: String,
    samples: usize,
    /// HELP and TYPE of a family come together, and the name depends on the type, which may come second.
    help: Option<(&'a str, &'a str)>,
    /// The last family that had a type, as the target names it and as the recording does.
    typed: (&'a str, &'a str),
}

impl<'a> Output<'a> {
    fn new(capacity: usize, at_ms: u64) -> Self {
        let text = String::with_capacity(capacity);
        Self { text, time: time(at_ms), samples: 0, help: None, typed: ("", "") }
    }

    fn sample(&mut self, series: &str, value: &str, exemplar: Option<&Exemplar<'_>>) {
        for part in [series, " ", value, " ", &self.time] {
            self.text.push_str(part);
        }
        if let Some(exemplar) = exemplar {
            self.exemplar(exemplar);
        }
        self.text.push('\n');
    }

    fn exemplar(&mut self, exemplar: &Exemplar<'_>) {
        let text = &mut self.text;
        text.push_str(" # ");
        if exemplar.labels.is_empty() {
            text.push_str("{}");
        }
        push_labels(text, &exemplar.labels);
        for part in [Some(exemplar.value), exemplar.time].into_iter().flatten() {
            text.push(' ');
            text.push_str(part);
        }
    }

    fn help(&mut self, family: &'a str, text: &'a str) {
        self.flush_help();
        self.help = Some((family, text));
    }

    fn family(&mut self, family: &'a str, kind: &str, format: Format) -> Result<(), LineError> {
        let (name, kind) = match (format, kind) {
            (Format::OpenMetrics, "untyped") => return Err(LineError::Type),
            // A counter's samples have `_total` in OpenMetrics, and its family has not. One without is of no type
            // that OpenMetrics knows.
            (Format::Classic, "counter") => match family.strip_suffix("_total").filter(|f| !f.is_empty()) {
                Some(family) => (family, "counter"),
                None => (family, "unknown"),
            },
            (Format::Classic, "untyped") => (family, "unknown"),
            (_, kind) => (family, kind),
        };
        self.typed = (family, name);
        self.flush_help();
        // To a text nothing is refused.
        let _written = writeln!(self.text, "# TYPE {name} {kind}");
        Ok(())
    }

    fn flush_help(&mut self) {
        if let Some((family, text)) = self.help.take() {
            let name = if family == self.typed.0 { self.typed.1 } else { family };
            let _written = writeln!(self.text, "# HELP {name} {text}");
        }
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp() -> Stamp {
        Stamp::new([("job", "api"), ("instance", "a:1")])
    }

    fn stamped(text: &str, format: Format) -> Result<Stamped, ExpositionError> {
        stamp().samples(text, format, 1_500)
    }

    fn text(text: &str, format: Format) -> String {
        stamped(text, format).unwrap().text
    }

    #[test]
    fn samples_have_target_and_time_and_keep_their_exemplars() {
        let openmetrics = "\
# HELP a_b Things.
# TYPE a_b counter
a_b_total{x=\"1} # {\\\"\"} 3 0.25
# TYPE t_seconds histogram
# UNIT t_seconds seconds
t_seconds_bucket{le=\"1.0\"} 1 # {trace_id=\"ab\"} 0.5 1.25
g 7 # {} 1
# EOF
";
        insta::assert_snapshot!(text(openmetrics, Format::OpenMetrics), @r##"
        # HELP a_b Things.
        # TYPE a_b counter
        a_b_total{instance="a:1",job="api",x="1} # {\""} 3 1.500
        # TYPE t_seconds histogram
        t_seconds_bucket{instance="a:1",job="api",le="1.0"} 1 1.500 # {trace_id="ab"} 0.5 1.25
        g{instance="a:1",job="api"} 7 1.500 # {} 1
        "##);
    }

    #[test]
    fn the_classic_format_becomes_openmetrics() {
        let classic = "\
# A comment.
# HELP a_total Things.
# TYPE a_total counter
a_total 3 1700000000000
# HELP b Things.
# TYPE b counter
b 4

# TYPE c untyped
# HELP c Any.
c 5
# HELP d Only help.
d{le=\"x\"} nan
# TYPE s summary
s{quantile=\"0.5\"} 1
s_sum 2
s_count 3";
        insta::assert_snapshot!(text(classic, Format::Classic), @r##"
        # HELP a Things.
        # TYPE a counter
        a_total{instance="a:1",job="api"} 3 1.500
        # HELP b Things.
        # TYPE b unknown
        b{instance="a:1",job="api"} 4 1.500
        # TYPE c unknown
        # HELP c Any.
        c{instance="a:1",job="api"} 5 1.500
        # HELP d Only help.
        d{instance="a:1",job="api",le="x"} NaN 1.500
        # TYPE s summary
        s{instance="a:1",job="api",quantile="0.5"} 1 1.500
        s_sum{instance="a:1",job="api"} 2 1.500
        s_count{instance="a:1",job="api"} 3 1.500
        "##);
    }

    #[test]
    fn a_targets_labels_stand_above_those_of_its_samples() {
        let lines = "\
a{job=\"x\",exported_job=\"y\",empty=\"\"} 1
a{instance=\"\"} 2
a 3
b{x=\"1\",y=\"2\"} 4
b{y=\"2\",x=\"1\"} 5
up 6
up{of=\"another\"} 7
";
        let stamped = stamped(lines, Format::Classic).unwrap();
        assert_eq!(stamped.samples, 7);
        insta::assert_snapshot!(stamped.text, @r##"
        a{exported_exported_job="x",exported_job="y",instance="a:1",job="api"} 1 1.500
        a{instance="a:1",job="api"} 2 1.500
        b{instance="a:1",job="api",x="1",y="2"} 4 1.500
        up{instance="a:1",job="api",of="another"} 7 1.500
        "##);
    }

    #[test]
    fn a_wrong_line_spoils_the_scrape() {
        let line = |line, cause| Err(ExpositionError::Line { line, cause });
        for (text, format, expected) in [
            ("a 1\nb x\n", Format::Classic, line(2, LineError::Value)),
            ("a 1 # {} 1\n", Format::Classic, line(1, LineError::Trailing)),
            ("# TYPE a untyped\n# EOF\n", Format::OpenMetrics, line(1, LineError::Type)),
            ("# EOF\na 1\n", Format::OpenMetrics, line(2, LineError::Trailing)),
            ("a 1\n", Format::OpenMetrics, Err(ExpositionError::NoEnd)),
            ("", Format::OpenMetrics, Err(ExpositionError::NoEnd)),
        ] {
            assert_eq!(stamped(text, format), expected, "{text}");
        }
        assert_eq!(stamped("", Format::Classic), Ok(Stamped { text: String::new(), samples: 0, series: 0 }));
    }

    #[test]
    fn a_scrape_is_reported_as_prometheus_does() {
        insta::assert_snapshot!(
            Stamp::new([("job", "a\"b"), ("instance", "a:1")]).report(false, Duration::from_millis(20), 0, 1_500), @r##"
        # TYPE up gauge
        up{instance="a:1",job="a\"b"} 0 1.500
        # TYPE scrape_duration_seconds gauge
        scrape_duration_seconds{instance="a:1",job="a\"b"} 0.02 1.500
        # TYPE scrape_samples_scraped gauge
        scrape_samples_scraped{instance="a:1",job="a\"b"} 0 1.500
        "##);
    }

    #[test]
    fn a_target_can_have_more_labels() {
        let mut stamp = Stamp::new([("job", "api"), ("instance", "a:1"), ("env", "c\ni")]);
        let text = stamp.samples("a{env=\"x\",zone=\"y\"} 1\n", Format::Classic, 1_500).unwrap().text;
        assert_eq!(
            text,
            "a{env=\"c\\ni\",exported_env=\"x\",instance=\"a:1\",job=\"api\",zone=\"y\"} 1 1.500\n"
        );
    }

    /// What is known of the scrapes before must not be seen in what comes out.
    #[test]
    fn a_scrape_comes_out_the_same_whatever_came_before_it() {
        let scrapes = [
            "# TYPE a counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 2\nb 3\n",
            "# TYPE a counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 2\nb 3 7\nc 1\n",
            "b 3\nb{x=\"1\"} 4\nb {x=\"2\"} 5\nb\t6\nup 1\n",
            "b 3\nb 4\nb{x=\"1\"} 4\nbb 4\n",
            "a_total{x=\"2\"} 2\na_total{ x=\"2\" } 2\na_total{x=\"1\"}1\n",
            "b 3\nb{y=\"2\",x=\"1\"} 4\nb{x=\"1\",y=\"2\"} 5\n",
            "",
            "b 3 # {} 1\n",
            "b x\n",
            "b 3\nb \0\n",
        ];
        let mut known = stamp();
        for (i, scrape) in scrapes.iter().chain(&scrapes).chain(scrapes.iter().rev()).enumerate() {
            for (text, format) in
                [((*scrape).to_owned(), Format::Classic), (format!("{scrape}# EOF\n"), Format::OpenMetrics)]
            {
                assert_eq!(known.samples(&text, format, 1_500), stamped(&text, format), "{i}: {text:?}");
            }
        }
    }

    #[test]
    fn series_that_do_not_come_again_are_forgotten() {
        let mut stamp = stamp();
        for n in 0..10 {
            let text: String = (0..2_000).map(|i| format!("a{{n=\"{n}.{i}\"}} 1\n")).collect();
            assert_eq!(stamp.samples(&text, Format::Classic, 1_500).unwrap().samples, 2_000);
            assert!(stamp.known.len() <= 6_000, "{n}: {}", stamp.known.len());
        }
    }
}
