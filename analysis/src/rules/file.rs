//! Rule files: YAML as Prometheus has it, or a PrometheusRule object of Kubernetes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::IgnoredAny};
use serde_saphyr::{Location, Spanned};

use super::{
    rule::{DEFAULT_INTERVAL, Group, Kind, Rule, RuleFile},
    template::Template,
};
use crate::promql::{ParseError, Query, caret, duration};

/// Why a rule file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file can't be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no YAML, or not the YAML of rules.
    #[error("{path}:{line}: {what}", path = path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// A rule is not one.
    #[error("{path}:{line}: {place}: {what}", path = path.display())]
    Rule {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// Group and rule.
        place: String,
        /// What is wrong.
        what: String,
        /// The line of the expression and carets under the fault, if the fault is in one.
        shown: Option<String>,
    },
}

impl RuleError {
    /// The line of the expression and carets under the fault, if the fault is in one.
    pub fn shown(&self) -> Option<&str> {
        if let Self::Rule { shown, .. } = self { shown.as_deref() } else { None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    groups: Option<Vec<RawGroup>>,
    // What Kubernetes puts around it.
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    kind: Option<Spanned<String>>,
    #[serde(rename = "metadata")]
    _metadata: Option<IgnoredAny>,
    spec: Option<Spec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    #[serde(default)]
    groups: Vec<RawGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    name: Spanned<String>,
    interval: Option<Spanned<String>>,
    query_offset: Option<Spanned<String>>,
    #[serde(default)]
    limit: usize,
    #[serde(default)]
    labels: Pairs,
    #[serde(default)]
    rules: Vec<RawRule>,
    #[serde(rename = "partial_response_strategy")]
    _partial_response_strategy: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    record: Option<Spanned<String>>,
    alert: Option<Spanned<String>>,
    expr: Spanned<String>,
    #[serde(rename = "for")]
    hold: Option<Spanned<String>>,
    keep_firing_for: Option<Spanned<String>>,
    #[serde(default)]
    labels: Pairs,
    #[serde(default)]
    annotations: Pairs,
}

type Pairs = std::collections::BTreeMap<String, String>;

/// Reads a rule file.
///
/// # Errors
/// All that is wrong with it, as far as that can be told apart.
pub fn load(path: &Path) -> Result<RuleFile, Vec<RuleError>> {
    let text =
        fs::read_to_string(path).map_err(|source| vec![RuleError::Io { path: path.to_owned(), source }])?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<RuleFile, Vec<RuleError>> {
    let yaml = |line, what: String| vec![RuleError::Yaml { path: path.to_owned(), line, what }];
    let options = serde_saphyr::options! { with_snippet: false };
    let document: Document = serde_saphyr::from_str_with_options(text, options)
        .map_err(|e| yaml(e.location().map_or(1, |at| at.line()), without_location(&e.to_string())))?;
    let groups = match (document.groups, document.spec, document.kind) {
        (Some(groups), None, None) => groups,
        (None, Some(spec), Some(kind)) if kind.value == "PrometheusRule" => spec.groups,
        (_, _, Some(kind)) if kind.value != "PrometheusRule" => {
            return Err(yaml(kind.defined.line(), format!("{:?} is no PrometheusRule", kind.value)));
        }
        _ => return Err(yaml(1, "a rule file has `groups` on top".to_owned())),
    };
    let mut reader = Reader { path, text, errors: Vec::new(), warnings: Vec::new() };
    let groups: Vec<Group> = groups.into_iter().map(|group| reader.group(group)).collect();
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    let mut names: Vec<_> = groups.iter().map(|g| &g.name).collect();
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(yaml(1, format!("the group {:?} stands there twice", twice[0])));
    }
    Ok(RuleFile { path: path.to_owned(), groups, warnings: reader.warnings })
}

/// The message without the place at its end, which is told before it.
fn without_location(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    errors: Vec<RuleError>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn error(&mut self, line: u64, place: &str, what: String, shown: Option<String>) {
        let path = self.path.to_owned();
        self.errors.push(RuleError::Rule { path, line, place: place.to_owned(), what, shown });
    }

    fn group(&mut self, raw: RawGroup) -> Group {
        let place = format!("group {:?}", raw.name.value);
        let interval = self.duration(raw.interval.as_ref(), "interval", &place).unwrap_or(DEFAULT_INTERVAL);
        if interval <= 0 {
            let line = raw.interval.as_ref().map_or(1, |i| i.defined.line());
            self.error(line, &place, "the interval has to be more than 0".to_owned(), None);
        }
        let query_offset = self.duration(raw.query_offset.as_ref(), "query_offset", &place).unwrap_or(0);
        let rules = raw.rules.into_iter().filter_map(|rule| self.rule(rule, &raw.labels, &place)).collect();
        Group { name: raw.name.value, interval, query_offset, limit: raw.limit, rules }
    }

    fn rule(&mut self, raw: RawRule, group_labels: &Pairs, group: &str) -> Option<Rule> {
        let line = raw.expr.defined.line();
        let (name, is_alert) = match (raw.alert, raw.record) {
            (Some(alert), None) => (alert.value, true),
            (None, Some(record)) => (record.value, false),
            _ => {
                self.error(line, group, "a rule has either `alert` or `record`".to_owned(), None);
                return None;
            }
        };
        let place = format!("{group}, rule {name:?}");
        let hold = self.duration(raw.hold.as_ref(), "for", &place);
        let keep_firing = self.duration(raw.keep_firing_for.as_ref(), "keep_firing_for", &place);
        if !is_alert && (hold.is_some() || keep_firing.is_some() || !raw.annotations.is_empty()) {
            let what = "`for`, `keep_firing_for` and `annotations` belong to alerts".to_owned();
            self.error(line, &place, what, None);
        }
        let mut labels = group_labels.clone();
        labels.extend(raw.labels);
        let labels = self.templates(labels, is_alert, &place);
        let annotations = self.templates(raw.annotations, is_alert, &place);
        let query = self.query(&raw.expr, &place)?;
        let (hold, keep_firing) = (hold.unwrap_or(0), keep_firing.unwrap_or(0));
        let kind = if is_alert { Kind::Alerting { hold, keep_firing, annotations } } else { Kind::Recording };
        Some(Rule { name, query, labels, kind })
    }

    fn query(&mut self, expr: &Spanned<String>, place: &str) -> Option<Query> {
        match Query::parse(&expr.value) {
            Ok(query) => Some(query),
            Err(ParseError { what, range }) => {
                let before = &expr.value.as_bytes()[..range.start.min(expr.value.len())];
                let further = before.iter().filter(|b| **b == b'\n').count() as u64;
                let line = self.first_line(expr.defined) + further;
                self.error(line, place, what, Some(caret(&expr.value, range)));
                None
            }
        }
    }

    /// The line in which a text begins: behind `|` or `>` the next.
    fn first_line(&self, at: Location) -> u64 {
        let line = self.text.lines().nth(at.line().saturating_sub(1) as usize).unwrap_or_default();
        let rest: String = line.chars().skip(at.column().saturating_sub(1) as usize).collect();
        at.line() + u64::from(rest.trim_start().starts_with(['|', '>']))
    }

    fn duration(&mut self, text: Option<&Spanned<String>>, key: &str, place: &str) -> Option<i64> {
        let text = text?;
        let ms = duration::parse(&text.value);
        if ms.is_none() {
            let what = format!("{key}: {:?} is no duration such as 5m or 1h30m", text.value);
            self.error(text.defined.line(), place, what, None);
        }
        ms
    }

    /// Recording rules have no templates: their labels are plain.
    fn templates(&mut self, pairs: Pairs, expands: bool, place: &str) -> Vec<(String, Template)> {
        let mut templates = Vec::with_capacity(pairs.len());
        for (name, text) in pairs {
            let (template, left_alone) =
                if expands { Template::parse(&text) } else { (Template::plain(&text), Vec::new()) };
            for action in left_alone {
                let path = self.path.display();
                self.warnings.push(format!(
                    "{path}: {place}: {name}: {action} is not expanded yet; it stays as it is"
                ));
            }
            templates.push((name, template));
        }
        templates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        parse(Path::new("r.yaml"), text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    const GOOD: &str = r#"groups:
  - name: g
    interval: 30s
    labels: {team: t}
    rules:
      - record: a:b
        expr: sum by (x) (rate(a[5m]))
      - alert: A
        expr: |
          a:b
            > 5
        for: 1m30s
        keep_firing_for: 1m
        labels: {severity: "page {{ $labels.x }}"}
        annotations: {summary: "{{ $value | humanize }}"}
"#;

    #[test]
    fn rules_are_loaded_as_they_stand_there() {
        let file = parse(Path::new("r.yaml"), GOOD).unwrap();
        let group = &file.groups[0];
        assert_eq!((group.interval, group.rules.len()), (30_000, 2));
        let Kind::Alerting { hold, keep_firing, .. } = &group.rules[1].kind else { panic!("an alert") };
        assert_eq!((*hold, *keep_firing), (90_000, 60_000));
        assert_eq!(group.rules[0].labels.len(), 1);
        assert_eq!(file.warnings.len(), 1);
    }

    #[test]
    fn kubernetes_objects_are_taken_as_they_are() {
        let indented: String = GOOD.lines().map(|line| format!("  {line}\n")).collect();
        let text = format!(
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: x}}\nspec:\n{indented}"
        );
        assert_eq!(parse(Path::new("r.yaml"), &text).unwrap().groups.len(), 1);
        assert!(errors("kind: Service\nspec: {}\n")[0].contains("no PrometheusRule"));
    }

    #[test]
    fn faults_have_file_line_group_and_rule() {
        insta::assert_debug_snapshot!(errors(&GOOD.replace("> 5", "> > 5")));
        insta::assert_debug_snapshot!(errors(&GOOD.replace("for: 1m30s", "for: soon")));
        insta::assert_debug_snapshot!(errors(&GOOD.replace("keep_firing_for", "keep_fireing_for")));
        insta::assert_debug_snapshot!(errors(&GOOD.replace("- alert: A", "- alert: A\n        record: b")));
        insta::assert_debug_snapshot!(errors("groups: [\n"));
        insta::assert_debug_snapshot!(errors("rules: []\n"));
    }
}
