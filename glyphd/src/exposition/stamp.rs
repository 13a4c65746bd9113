//! The samples of one scrape as a recording has them: OpenMetrics, whatever the target wrote, each with the target's
//! labels and the time of the scrape. Either all lines are good, or none is taken: the file stays readable.

use std::{collections::HashSet, time::Duration};

use super::{
    ExpositionError, Format, LineError,
    line::{Label, Line, Sample, parse, push_labels},
};

/// What Prometheus says of every scrape, and so do we: a target's own samples of these series give way.
const REPORT: [&str; 3] = ["up", "scrape_duration_seconds", "scrape_samples_scraped"];

/// What every sample of one scrape gets.
#[derive(Debug, Clone)]
pub struct Stamp {
    job: String,
    instance: String,
    time: String,
}

/// Samples with their stamp.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamped {
    /// The lines, without `# EOF`.
    pub text: String,
    /// How many samples the target gave.
    pub samples: usize,
}

impl Stamp {
    /// The labels of a target, and the time of its scrape in milliseconds since the Unix epoch.
    pub fn new(job: &str, instance: &str, scraped_ms: u64) -> Self {
        Self {
            job: escape(job),
            instance: escape(instance),
            time: format!("{}.{:03}", scraped_ms / 1_000, scraped_ms % 1_000),
        }
    }

    /// The samples of the scrape. Their own times give way to the scrape's; of a series that comes twice the first
    /// sample is kept.
    ///
    /// # Errors
    /// If a line is wrong, or the end is missing where there must be one.
    pub fn samples(&self, exposition: &str, format: Format) -> Result<Stamped, ExpositionError> {
        let mut out = Output::new(exposition.len() * 2);
        for name in REPORT {
            out.is_new(&self.series(name, Vec::new()));
        }
        let mut ended = false;
        for (index, line) in exposition.lines().enumerate() {
            let wrong = |cause| ExpositionError::Line { line: index + 1, cause };
            let line = parse(line).map_err(wrong)?;
            match line {
                Line::End if format == Format::OpenMetrics => ended = true,
                Line::End | Line::Other => {}
                _ if ended => return Err(wrong(LineError::Trailing)),
                Line::Help { family, text } => out.help(family, text),
                Line::Type { family, kind } => out.family(family, kind, format).map_err(wrong)?,
                Line::Sample(Sample { exemplar: Some(_), .. }) if format == Format::Classic => {
                    return Err(wrong(LineError::Trailing));
                }
                Line::Sample(sample) => self.sample(sample, &mut out),
            }
        }
        if format == Format::OpenMetrics && !ended {
            return Err(ExpositionError::NoEnd);
        }
        out.flush_help();
        Ok(Stamped { text: out.text, samples: out.samples })
    }

    /// How the scrape went, as Prometheus has it of every scrape.
    pub fn report(&self, up: bool, took: Duration, samples: usize) -> String {
        let values = [u8::from(up).to_string(), took.as_secs_f64().to_string(), samples.to_string()];
        let mut text = String::new();
        for (name, value) in REPORT.iter().zip(values) {
            let series = self.series(name, Vec::new());
            text.push_str(&format!("# TYPE {name} gauge\n{series} {value} {}\n", self.time));
        }
        text
    }

    fn sample(&self, sample: Sample<'_>, out: &mut Output<'_>) {
        out.flush_help();
        out.samples += 1;
        let series = self.series(sample.name, sample.labels);
        if !out.is_new(&series) {
            return;
        }
        let text = &mut out.text;
        text.push_str(&series);
        text.push_str(&format!(" {} {}", sample.value, self.time));
        if let Some(exemplar) = sample.exemplar {
            text.push_str(" # ");
            if exemplar.labels.is_empty() {
                text.push_str("{}");
            }
            push_labels(text, &exemplar.labels);
            text.push_str(&format!(" {}", exemplar.value));
            if let Some(time) = exemplar.time {
                text.push_str(&format!(" {time}"));
            }
        }
        text.push('\n');
    }

    /// Name and labels, those of the target among them, in their order: the same series is the same text. A label of
    /// the sample that has a target's name keeps its value as `exported_…`; one without a value is none.
    fn series(&self, name: &str, labels: Vec<Label<'_>>) -> String {
        let mut all: Vec<Label<'_>> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        for (own, value) in [("job", &self.job), ("instance", &self.instance)] {
            if let Some(at) = all.iter().position(|(name, _)| name == own) {
                let mut exported = format!("exported_{own}");
                while all.iter().any(|(name, _)| *name == exported) {
                    exported.insert_str(0, "exported_");
                }
                all[at].0 = exported.into();
            }
            all.push((own.into(), value));
        }
        all.sort_unstable();
        let mut series = name.to_owned();
        push_labels(&mut series, &all);
        series
    }
}

/// The lines so far.
struct Output<'a> {
    text: String,
    samples: usize,
    series: HashSet<String>,
    /// HELP and TYPE of a family come together, and the name depends on the type, which may come second.
    help: Option<(&'a str, &'a str)>,
    /// The last family that had a type, as the target names it and as the recording does.
    typed: (&'a str, &'a str),
}

impl<'a> Output<'a> {
    fn new(capacity: usize) -> Self {
        let text = String::with_capacity(capacity);
        Self { text, samples: 0, series: HashSet::new(), help: None, typed: ("", "") }
    }

    fn is_new(&mut self, series: &str) -> bool {
        self.series.insert(series.to_owned())
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
        self.text.push_str(&format!("# TYPE {name} {kind}\n"));
        Ok(())
    }

    fn flush_help(&mut self) {
        if let Some((family, text)) = self.help.take() {
            let name = if family == self.typed.0 { self.typed.1 } else { family };
            self.text.push_str(&format!("# HELP {name} {text}\n"));
        }
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamped(text: &str, format: Format) -> Result<Stamped, ExpositionError> {
        Stamp::new("api", "a:1", 1_500).samples(text, format)
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
        assert_eq!(stamped("", Format::Classic), Ok(Stamped { text: String::new(), samples: 0 }));
    }

    #[test]
    fn a_scrape_is_reported_as_prometheus_does() {
        insta::assert_snapshot!(
            Stamp::new("a\"b", "a:1", 1_500).report(false, Duration::from_millis(20), 0), @r##"
        # TYPE up gauge
        up{instance="a:1",job="a\"b"} 0 1.500
        # TYPE scrape_duration_seconds gauge
        scrape_duration_seconds{instance="a:1",job="a\"b"} 0.02 1.500
        # TYPE scrape_samples_scraped gauge
        scrape_samples_scraped{instance="a:1",job="a\"b"} 0 1.500
        "##);
    }
}
