//! From a test file to tests.

use std::{collections::BTreeMap, fs, path::Path};

use serde_saphyr::Spanned;

use super::{
    AlertTest, ExprTest, Input, Series, Test, TestFile, Told,
    raw::{RawAlertTest, RawExprTest, RawFile, RawSeries, RawTest},
};
use crate::{
    metrics::{Labels, Str},
    promql::{Query, Sample, caret, duration},
    promqltest::{self, Described},
    rules::{
        file::{
            Place, RuleError,
            yaml::{self, Pairs},
        },
        rule::DEFAULT_INTERVAL,
        run::ALERT_NAME,
        state::State,
    },
};

/// Reads a test file, and the rules that it names.
///
/// # Errors
/// All that is wrong with it, and with the rules.
pub fn load(path: &Path) -> Result<TestFile, Vec<RuleError>> {
    let text = fs::read_to_string(path).map_err(|source| vec![RuleError::io(path, &source)])?;
    let documents: Vec<RawFile> =
        yaml::documents(&text).map_err(|error| vec![of_yaml(RuleError::yaml(path, &text, error))])?;
    let raw = documents.into_iter().next().unwrap_or_default();
    let mut reader = Reader { path, errors: Vec::new(), warnings: Vec::new() };
    let interval = reader.duration(raw.evaluation_interval.as_ref(), &Place::default());
    let evaluation_interval = interval.filter(|ms| *ms > 0).unwrap_or(DEFAULT_INTERVAL);
    let mut order: Vec<String> = Vec::new();
    for group in raw.group_eval_order {
        if order.contains(&group.value) {
            let place = Place { line: group.defined.line(), ..Place::default() };
            reader.error(place, format!("group name repeated in evaluation order: {}", group.value));
        }
        order.push(group.value);
    }
    let rules = reader.rules(&raw.rule_files);
    let tests = raw.tests.into_iter().enumerate();
    let tests: Vec<Test> = tests.map(|(i, test)| reader.test(i, test, evaluation_interval)).collect();
    let Reader { errors, warnings, .. } = reader;
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(TestFile {
        path: path.to_owned(),
        rules,
        evaluation_interval,
        order,
        fuzzy: raw.fuzzy_compare,
        tests,
        warnings,
    })
}

/// What has a name here is a test.
fn of_yaml(mut error: RuleError) -> RuleError {
    error.place.test = error.place.group.take();
    error.place.rule = None;
    error
}

struct Reader<'a> {
    path: &'a Path,
    errors: Vec<RuleError>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn error(&mut self, place: Place, what: impl Into<String>) {
        self.errors.push(RuleError::at(self.path, place, what));
    }

    /// The rule files that patterns name, which are relative to the test file.
    fn rules(&mut self, patterns: &[Spanned<String>]) -> Vec<crate::rules::RuleFile> {
        let base = self.path.parent().unwrap_or(Path::new(""));
        let mut files = Vec::new();
        for pattern in patterns {
            let place = Place { line: pattern.defined.line(), ..Place::default() };
            // What stands before the pattern is no part of it.
            let whole = if Path::new(&pattern.value).is_absolute() {
                pattern.value.clone()
            } else {
                let base = glob::Pattern::escape(&base.to_string_lossy());
                if base.is_empty() { pattern.value.clone() } else { format!("{base}/{}", pattern.value) }
            };
            let found: Vec<_> = match glob::glob(&whole) {
                Ok(paths) => paths.filter_map(Result::ok).collect(),
                Err(e) => {
                    self.error(place, format!("{:?} is no pattern: {e}", pattern.value));
                    continue;
                }
            };
            if found.is_empty() {
                let (path, line) = (self.path.display(), place.line);
                self.warnings.push(format!("{path}:{line}: no file match pattern {:?}", pattern.value));
            }
            for path in found {
                match crate::rules::load(&path) {
                    Ok(file) => files.push(file),
                    Err(errors) => self.errors.extend(errors),
                }
            }
        }
        files
    }

    fn test(&mut self, i: usize, raw: Spanned<RawTest>, evaluation_interval: i64) -> Test {
        let line = raw.referenced.line();
        let raw = raw.value;
        let name = if raw.name.is_empty() { format!("unnamed#{i}") } else { raw.name.clone() };
        let place = Place { line, test: Some(name.clone()), ..Place::default() };
        let interval = self.duration(raw.interval.as_ref(), &place).filter(|ms| *ms > 0);
        let start = raw.start_timestamp.as_ref().and_then(|text| self.time(text, &place));
        let input = match raw.input_recording {
            Some(recording) => {
                if !raw.input_series.is_empty() {
                    let place = Place { line: recording.defined.line(), ..place.clone() };
                    self.error(place, "either `input_series` or `input_recording`, not both");
                }
                let base = self.path.parent().unwrap_or(Path::new(""));
                Input::Recording(base.join(recording.value))
            }
            None => Input::Series(self.series(raw.input_series, &place)),
        };
        let alerts = raw.alert_rule_test.into_iter().filter_map(|test| self.alert_test(test, &place));
        let alerts = alerts.collect();
        let exprs = raw.promql_expr_test.into_iter().filter_map(|test| self.expr_test(test, &place)).collect();
        let external = raw.external_labels.0.into_iter();
        let external: Vec<(Str, Str)> =
            external.map(|pair| (pair.name.as_str().into(), pair.text.as_str().into())).collect();
        Test {
            is_named: !raw.name.is_empty(),
            name,
            line,
            interval: interval.unwrap_or(evaluation_interval),
            start,
            input,
            alerts,
            exprs,
            external_labels: Labels::new(external),
            external_url: raw.external_url,
        }
    }

    /// Of a series that stands twice the last counts, as in promtool.
    fn series(&mut self, raw: Vec<RawSeries>, place: &Place) -> Vec<Series> {
        let mut series: Vec<Series> = Vec::new();
        let mut known: BTreeMap<Labels, usize> = BTreeMap::new();
        for RawSeries { series: text, values } in raw {
            let line = text.defined.line();
            let values = values.replace('\n', " ");
            match promqltest::describe(&format!("{} {values}", text.value.trim())) {
                Ok(described) => {
                    let Described { labels, points, .. } = described;
                    let at = *known.entry(labels.clone()).or_insert(series.len());
                    let new = Series { labels, points };
                    if at < series.len() { series[at] = new } else { series.push(new) }
                }
                Err(what) => self.error(Place { line, ..place.clone() }, what),
            }
        }
        series
    }

    fn alert_test(&mut self, raw: Spanned<RawAlertTest>, place: &Place) -> Option<AlertTest> {
        let place = Place { line: raw.referenced.line(), ..place.clone() };
        let raw = raw.value;
        let eval_time = self.duration(raw.eval_time.as_ref(), &place).unwrap_or(0);
        if raw.alertname.is_empty() {
            let at = duration::format(eval_time);
            let what =
                format!("an item under alert_rule_test misses required attribute alertname at eval_time {at}");
            self.error(place, what);
            return None;
        }
        let state = match raw.exp_state.as_ref().map(|state| state.value.as_str()) {
            None | Some("firing") => State::Firing,
            Some("pending") => State::Pending,
            Some(other) => {
                self.error(place.clone(), format!("exp_state: {other:?} is neither \"firing\" nor \"pending\""));
                State::Firing
            }
        };
        let absent: Vec<_> = raw.exp_no_alerts.into_iter().map(labels).collect();
        // Who says only what must not be, says nothing of the others.
        let expected = match (raw.exp_alerts, absent.is_empty()) {
            (None, false) => None,
            (alerts, _) => Some(
                alerts
                    .into_iter()
                    .flatten()
                    .map(|alert| Told { labels: labels(alert.exp_labels), annotations: map(alert.exp_annotations) })
                    .collect(),
            ),
        };
        Some(AlertTest { line: place.line, eval_time, alertname: raw.alertname, state, expected, absent })
    }

    fn expr_test(&mut self, raw: Spanned<RawExprTest>, place: &Place) -> Option<ExprTest> {
        let place = Place { line: raw.referenced.line(), ..place.clone() };
        let raw = raw.value;
        let eval_time = self.duration(raw.eval_time.as_ref(), &place).unwrap_or(0);
        let query = match Query::parse(&raw.expr.value) {
            Ok(query) => query,
            Err(e) => {
                let line = raw.expr.defined.line();
                let mut error =
                    RuleError::at(self.path, Place { line, ..place }, format!("could not parse expression: {}", e.what));
                error.shown = Some(caret(&raw.expr.value, e.range));
                self.errors.push(error);
                return None;
            }
        };
        let mut expected = Vec::new();
        let mut needs_native = false;
        for sample in raw.exp_samples {
            needs_native |= !sample.histogram.is_empty();
            let text = sample.labels.as_ref().map_or("{}", |text| text.value.trim());
            let text = if text.is_empty() { "{}" } else { text };
            match promqltest::describe(text) {
                Ok(described) => expected.push(Sample::new(described.labels, sample.value.0)),
                Err(what) => {
                    let line = sample.labels.as_ref().map_or(place.line, |text| text.defined.line());
                    self.error(Place { line, ..place.clone() }, format!("labels {text:?}: {what}"));
                }
            }
        }
        Some(ExprTest { line: place.line, eval_time, query, expected, needs_native })
    }

    fn duration(&mut self, text: Option<&Spanned<String>>, place: &Place) -> Option<i64> {
        let text = text?;
        let ms = duration::parse(&text.value);
        if ms.is_none() {
            let place = Place { line: text.defined.line(), ..place.clone() };
            let error = RuleError::at(self.path, place, format!("not a valid duration string: {:?}", text.value));
            self.errors.push(error.hinted("durations are written as 30s, 5m or 1h30m, the largest unit first"));
        }
        ms
    }

    /// A time, in milliseconds since the epoch.
    fn time(&mut self, text: &Spanned<String>, place: &Place) -> Option<i64> {
        let seconds = text.value.parse::<f64>().ok().filter(|s| s.is_finite());
        let rfc3339 = || {
            let time = time::OffsetDateTime::parse(&text.value, &time::format_description::well_known::Rfc3339);
            time.ok().map(|time| (time.unix_timestamp_nanos() / 1_000_000) as i64)
        };
        let ms = seconds.map(|s| (s * 1e3).round() as i64).or_else(rfc3339);
        if ms.is_none() {
            let place = Place { line: text.defined.line(), ..place.clone() };
            let error =
                RuleError::at(self.path, place, format!("cannot parse {:?} to a valid timestamp", text.value));
            self.errors.push(error.hinted("times are seconds since the epoch, or as 2026-11-25T18:00:00Z"));
        }
        ms
    }
}

/// Labels without the alert's name, which promtool sets to that of the test.
fn labels(pairs: Pairs) -> BTreeMap<String, String> {
    let mut labels = map(pairs);
    labels.remove(ALERT_NAME);
    labels
}

fn map(pairs: Pairs) -> BTreeMap<String, String> {
    pairs.0.into_iter().map(|pair| (pair.name, pair.text)).collect()
}
