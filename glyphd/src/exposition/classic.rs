//! OpenMetrics as the classic text format: counters' families carry `_total`, and there are no exemplars.

use std::borrow::Cow;

use super::line::{Line, parse, push_labels};

/// The classic text of an exposition that is known to be good.
pub fn classic(openmetrics: &str) -> String {
    let mut out = String::with_capacity(openmetrics.len());
    let mut counter = "";
    // HELP and TYPE of a family come together, and the name depends on the type, which may come second.
    let mut help: Option<(&str, &str)> = None;
    for line in openmetrics.lines() {
        if is_plain(line) && !is_created(line, counter) {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let Ok(line) = parse(line) else { continue };
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
            Line::Sample(sample) => {
                if is_created(sample.name, counter) {
                    continue;
                }
                out.push_str(sample.name);
                push_labels(&mut out, &sample.labels);
                out.push_str(&format!(" {}\n", sample.value));
            }
            Line::End | Line::Other => {}
        }
    }
    out
}

/// Whether it is a sample of a name, labels and a value, with nothing behind them: most are, and stand so in both formats.
fn is_plain(line: &str) -> bool {
    let value = line.rfind("} ").map_or(line, |at| &line[at + 1..]);
    !line.starts_with('#') && !line.contains(" # ") && value.bytes().filter(|b| *b == b' ').count() == 1
}

/// Whether it tells when a counter was made, which has no place here.
fn is_created(sample: &str, counter: &str) -> bool {
    !counter.is_empty() && sample.strip_prefix(counter).is_some_and(|rest| rest.starts_with("_created"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classic_format_names_counters_in_full_and_has_no_exemplars() {
        let openmetrics = "\
# HELP a_b Things.
# TYPE a_b counter
a_b_total{x=\"1} # {\\\"\"} 3
a_b_total{x=\"} 2\"} 4
a_b_total{x=\"timed\"} 5 1.5
a_b_created{x=\"1} # {\\\"\"} 1.5
# TYPE t_seconds histogram
# UNIT t_seconds seconds
t_seconds_sum 0.5
t_seconds_count 1
t_seconds_bucket{le=\"1.0\"} 1 # {trace_id=\"ab\"} 0.5 1.25
# TYPE g gauge
g 7
# EOF
";
        assert_eq!(
            classic(openmetrics),
            "\
# HELP a_b_total Things.
# TYPE a_b_total counter
a_b_total{x=\"1} # {\\\"\"} 3
a_b_total{x=\"} 2\"} 4
a_b_total{x=\"timed\"} 5
# TYPE t_seconds histogram
t_seconds_sum 0.5
t_seconds_count 1
t_seconds_bucket{le=\"1.0\"} 1
# TYPE g gauge
g 7
"
        );
    }
}
