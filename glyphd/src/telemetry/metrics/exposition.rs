//! One rewriter of exposition lines. In: OpenMetrics text of one scrape, as `prometheus-client` encodes it. Out: the
//! [classic text format](https://prometheus.io/docs/instrumenting/exposition_formats/) for scrapers that do not ask
//! for OpenMetrics, or the same samples with the target's labels and the time of the scrape, for a recording.

use std::borrow::Cow;

/// A line of an exposition.
enum Line<'a> {
    /// `# TYPE family kind`
    Type { family: &'a str, kind: &'a str },
    /// `# HELP family text`
    Help { family: &'a str, text: &'a str },
    /// `name{labels} value # exemplar`, the labels without braces.
    Sample { name: &'a str, labels: &'a str, value: &'a str, exemplar: Option<&'a str> },
    /// `# UNIT`, `# EOF`, or nothing.
    Other,
}

/// The classic text format: counters' families carry `_total`, and there are no exemplars.
pub fn classic(openmetrics: &str) -> String {
    let mut out = String::with_capacity(openmetrics.len());
    let mut counter = "";
    // HELP and TYPE of a family come together, and the name depends on the type, which may come second.
    let mut help: Option<(&str, &str)> = None;
    for line in openmetrics.lines().map(parse) {
        match line {
            Line::Help { family, text } => help = Some((family, text)),
            Line::Type { family, kind } => {
                let name =
                    if kind == "counter" { Cow::Owned(format!("{family}_total")) } else { family.into() };
                let kind = match kind {
                    "unknown" => "untyped",
                    "info" | "stateset" => "gauge",
                    kind => kind,
                };
                if let Some((_, text)) = help.take().filter(|(of, _)| *of == family) {
                    out.push_str(&format!("# HELP {name} {text}\n"));
                }
                out.push_str(&format!("# TYPE {name} {kind}\n"));
                counter = if kind == "counter" { family } else { "" };
            }
            Line::Sample { name, labels, value, .. } => {
                // The time of a counter's making has no place here.
                if !counter.is_empty() && name.strip_prefix(counter) == Some("_created") {
                    continue;
                }
                push_sample(&mut out, name, labels, value);
                out.push('\n');
            }
            Line::Other => {}
        }
    }
    out
}

/// The samples as the recording has them: labels `job` and `instance`, the scrape's time in seconds, exemplars kept;
/// then `up 1`, and no `# EOF`. `scraped_ms` is in milliseconds since the Unix epoch.
pub fn stamped(openmetrics: &str, job: &str, instance: &str, scraped_ms: u64) -> String {
    let target = format!("instance=\"{}\",job=\"{}\"", escape(instance), escape(job));
    let time = format!("{}.{:03}", scraped_ms / 1_000, scraped_ms % 1_000);
    let mut out = String::with_capacity(openmetrics.len() * 2);
    for line in openmetrics.lines() {
        match parse(line) {
            Line::Type { .. } | Line::Help { .. } => {
                out.push_str(line);
                out.push('\n');
            }
            Line::Sample { name, labels, value, exemplar } => {
                let labels = if labels.is_empty() { target.clone() } else { format!("{target},{labels}") };
                push_sample(&mut out, name, &labels, value);
                out.push_str(&format!(" {time}"));
                if let Some(exemplar) = exemplar {
                    out.push_str(&format!(" # {exemplar}"));
                }
                out.push('\n');
            }
            Line::Other => {}
        }
    }
    out.push_str(&format!("# TYPE up gauge\nup{{{target}}} 1 {time}\n"));
    out
}

fn push_sample(out: &mut String, name: &str, labels: &str, value: &str) {
    out.push_str(name);
    if !labels.is_empty() {
        out.push_str(&format!("{{{labels}}}"));
    }
    out.push(' ');
    out.push_str(value);
}

fn parse(line: &str) -> Line<'_> {
    let described =
        |rest: &'static str| line.strip_prefix(rest).map(|rest| rest.split_once(' ').unwrap_or((rest, "")));
    if let Some((family, kind)) = described("# TYPE ") {
        return Line::Type { family, kind };
    }
    if let Some((family, text)) = described("# HELP ") {
        return Line::Help { family, text };
    }
    if line.starts_with('#') || line.is_empty() {
        return Line::Other;
    }
    let (name, labels, rest) = match line.find(['{', ' ']) {
        Some(at) if line.as_bytes()[at] == b'{' => {
            let end = at + 1 + end_of_labels(&line[at + 1..]);
            (&line[..at], &line[at + 1..end], line.get(end + 1..).unwrap_or(""))
        }
        Some(at) => (&line[..at], "", &line[at..]),
        None => (line, "", ""),
    };
    let (value, exemplar) = match rest.split_once(" # ") {
        Some((value, exemplar)) => (value, Some(exemplar)),
        None => (rest, None),
    };
    Line::Sample { name, labels, value: value.trim(), exemplar }
}

/// Where the brace stands that closes the labels: one within a quoted value does not.
fn end_of_labels(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRAPE: &str = "\
# HELP a_b Things.
# TYPE a_b counter
a_b_total{x=\"1} # {\\\"\"} 3
# TYPE t_seconds histogram
# UNIT t_seconds seconds
t_seconds_sum 0.5
t_seconds_count 1
t_seconds_bucket{le=\"1.0\"} 1 # {trace_id=\"ab\"} 0.5 1.25
# TYPE g gauge
g 7
# EOF
";

    #[test]
    fn the_classic_format_names_counters_in_full_and_has_no_exemplars() {
        assert_eq!(
            classic(SCRAPE),
            "\
# HELP a_b_total Things.
# TYPE a_b_total counter
a_b_total{x=\"1} # {\\\"\"} 3
# TYPE t_seconds histogram
t_seconds_sum 0.5
t_seconds_count 1
t_seconds_bucket{le=\"1.0\"} 1
# TYPE g gauge
g 7
"
        );
    }

    #[test]
    fn a_recordings_samples_have_target_and_time_and_keep_their_exemplars() {
        let text = stamped(SCRAPE, "glyphd", "a:1", 1_500);
        for line in [
            "a_b_total{instance=\"a:1\",job=\"glyphd\",x=\"1} # {\\\"\"} 3 1.500",
            "t_seconds_bucket{instance=\"a:1\",job=\"glyphd\",le=\"1.0\"} 1 1.500 # {trace_id=\"ab\"} 0.5 1.25",
            "g{instance=\"a:1\",job=\"glyphd\"} 7 1.500",
            "up{instance=\"a:1\",job=\"glyphd\"} 1 1.500",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(!text.contains("EOF"));
    }
}
