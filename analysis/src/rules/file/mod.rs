//! Rule files: YAML as Prometheus has it, or PrometheusRule objects of Kubernetes.
//!
//! In: a file. Out: its rules, each with its place, or all that is wrong with it. Not here: what the rules do.

mod error;
mod raw;
pub(super) mod yaml;

use std::{collections::BTreeMap, fs, path::Path};

use serde_saphyr::{Location, Spanned};

pub use self::error::{Place, RuleError};
use self::{
    raw::{Document, RawGroup, RawRule},
    yaml::{Pair, Pairs},
};
use super::{
    rule::{DEFAULT_INTERVAL, Group, Kind, Lines, Rule, RuleFile, Text},
    template::Template,
};
use crate::{
    metrics::labels::NAME,
    promql::{ParseError, Query, caret, duration},
};

/// Reads a rule file.
///
/// # Errors
/// All that is wrong with it, as far as that can be told apart.
pub fn load(path: &Path) -> Result<RuleFile, Vec<RuleError>> {
    let text = fs::read_to_string(path).map_err(|source| vec![RuleError::io(path, &source)])?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<RuleFile, Vec<RuleError>> {
    let documents: Vec<Document> =
        yaml::documents(text).map_err(|error| vec![RuleError::yaml(path, text, error)])?;
    let mut reader = Reader { path, lines: text.lines().collect(), errors: Vec::new() };
    let mut groups = Vec::new();
    for document in documents {
        // Of a file of its own kind Prometheus reads the first document alone.
        let is_last = document.kind.is_none();
        reader.document(document, &mut groups);
        if is_last {
            break;
        }
    }
    if reader.errors.is_empty() { Ok(RuleFile { path: path.to_owned(), groups }) } else { Err(reader.errors) }
}

struct Reader<'a> {
    path: &'a Path,
    /// The file's.
    lines: Vec<&'a str>,
    errors: Vec<RuleError>,
}

impl Reader<'_> {
    fn error(&mut self, line: u64, place: &Place, what: impl Into<String>) -> &mut RuleError {
        self.errors.push(RuleError::at(self.path, Place { line, ..place.clone() }, what));
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }

    /// Adds the groups of a document. A file without any is one without rules, as for Prometheus.
    fn document(&mut self, document: Document, groups: &mut Vec<Group>) {
        let Document { groups: own, kind, spec, items, .. } = document;
        match (kind, spec) {
            (None, None) => groups.extend(self.groups(own.unwrap_or_default())),
            (Some(kind), Some(spec)) if kind.value == "PrometheusRule" => {
                groups.extend(self.groups(spec.groups));
            }
            (Some(kind), None) if kind.value.ends_with("List") => {
                items.into_iter().for_each(|item| self.document(item, groups));
            }
            (Some(kind), _) => {
                let what = format!("{:?} is no PrometheusRule with a `spec`", kind.value);
                self.error(kind.defined.line(), &Place::default(), what);
            }
            (None, Some(_)) => {
                let error = self.error(1, &Place::default(), "a `spec` without `kind: PrometheusRule`");
                error.hint = Some("a rule file has `groups` on top".to_owned());
            }
        }
    }

    /// The groups of one object, each with a name of its own.
    fn groups(&mut self, raw: Vec<Spanned<RawGroup>>) -> Vec<Group> {
        let groups: Vec<Group> = raw.into_iter().map(|group| self.group(group)).collect();
        self.check_names(&groups);
        groups
    }

    fn check_names(&mut self, groups: &[Group]) {
        let mut seen = BTreeMap::new();
        for group in groups {
            let place = Place { group: Some(group.name.clone()), ..Place::default() };
            if group.name.is_empty() {
                self.error(group.line, &Place::default(), "a group needs a name");
            } else if let Some(first) = seen.insert(&group.name, group.line) {
                self.error(group.line, &place, format!("the group stands in line {first} already"));
            }
        }
    }

    fn group(&mut self, raw: Spanned<RawGroup>) -> Group {
        let line = raw.referenced.line();
        let raw = raw.value;
        let name = raw.name.unwrap_or_default();
        let place = Place { group: Some(name.clone()), ..Place::default() };
        let interval = self.duration(raw.interval.as_ref(), "interval", &place);
        let query_offset = self.duration(raw.query_offset.as_ref(), "query_offset", &place).unwrap_or(0);
        // None below 1.
        let limit = raw.limit.0.max(0.0) as usize;
        self.check_labels(&raw.labels, &place);
        let rules = raw.rules.into_iter().filter_map(|rule| self.rule(rule, &raw.labels, &place)).collect();
        // An interval of 0 is none, as for Prometheus.
        let interval = interval.filter(|ms| *ms > 0);
        let has_interval = interval.is_some();
        let interval = interval.unwrap_or(DEFAULT_INTERVAL);
        Group { name, line, interval, has_interval, query_offset, limit, rules }
    }

    fn rule(&mut self, raw: Spanned<RawRule>, group_labels: &Pairs, group: &Place) -> Option<Rule> {
        let line = raw.referenced.line();
        let raw = raw.value;
        let named = |name: Option<String>| name.filter(|name| !name.is_empty());
        let (name, is_alert) = match (named(raw.alert), named(raw.record)) {
            (Some(alert), None) => (alert, true),
            (None, Some(record)) => (record, false),
            (Some(_), Some(_)) => {
                self.error(line, group, "only one of `record` and `alert` must be set");
                return None;
            }
            (None, None) => {
                self.error(line, group, "one of `record` and `alert` must be set");
                return None;
            }
        };
        let place = Place { rule: Some(name.clone()), ..group.clone() };
        let hold = self.duration(raw.hold.as_ref(), "for", &place).unwrap_or(0);
        let keep_firing = self.duration(raw.keep_firing_for.as_ref(), "keep_firing_for", &place).unwrap_or(0);
        if !is_alert {
            let alerts_only = [
                ("for", hold != 0),
                ("keep_firing_for", keep_firing != 0),
                ("annotations", !raw.annotations.0.is_empty()),
            ];
            for (key, _) in alerts_only.into_iter().filter(|(_, there)| *there) {
                let error = self.error(line, &place, format!("invalid field `{key}` in a recording rule"));
                error.hint = Some(format!("`{key}` belongs to alerts"));
            }
            if name.contains(['{', '}']) {
                let error = self.error(line, &place, "braces in the name of a recording rule");
                error.hint = Some("an expression belongs into `expr`, labels into `labels`".to_owned());
            }
        }
        self.check_labels(&raw.labels, &place);
        if let Some(pair) = raw.annotations.0.iter().find(|pair| pair.name.is_empty()) {
            self.error(pair.at.line(), &place, "invalid annotation name: it is empty");
        }
        let labels = merged(group_labels, raw.labels);
        let labels = self.templates(labels, is_alert, &place);
        let annotations = self.templates(raw.annotations.0, is_alert, &place);
        let Some(expr) = raw.expr.filter(|expr| !expr.value.is_empty()) else {
            self.error(line, &place, "field `expr` must be set in a rule");
            return None;
        };
        let query = self.query(&expr, &place)?;
        let expr_lines = self.lines(expr.defined, &expr.value);
        let kind = if is_alert { Kind::Alerting { hold, keep_firing, annotations } } else { Kind::Recording };
        Some(Rule { name, line, expr_lines, query, labels, kind })
    }

    fn query(&mut self, expr: &Spanned<String>, place: &Place) -> Option<Query> {
        match Query::parse(&expr.value) {
            Ok(query) => Some(query),
            Err(ParseError { what, range }) => {
                let line = self.lines(expr.defined, &expr.value).of(&expr.value, range.start);
                let shown = caret(&expr.value, range);
                self.error(line, place, format!("could not parse expression: {what}")).shown = Some(shown);
                None
            }
        }
    }

    /// Where a text stands: behind `|` or `>` in the next line. It is literal if its lines are those of the file.
    fn lines(&self, at: Location, text: &str) -> Lines {
        let line =
            |number: u64| self.lines.get(number.saturating_sub(1) as usize).copied().unwrap_or_default();
        let rest: String = line(at.line()).chars().skip(at.column().saturating_sub(1) as usize).collect();
        let first = at.line() + u64::from(rest.trim_start().starts_with(['|', '>']));
        let is_literal = text.lines().zip(first..).all(|(part, number)| line(number).trim() == part.trim());
        Lines { first, is_literal }
    }

    fn duration(&mut self, text: Option<&Spanned<String>>, key: &str, place: &Place) -> Option<i64> {
        let text = text?;
        let ms = duration::parse(&text.value);
        if ms.is_none() {
            let what = format!("{key}: not a valid duration string: {:?}", text.value);
            let error = self.error(text.defined.line(), place, what);
            error.hint = Some("durations are written as 30s, 5m or 1h30m, the largest unit first".to_owned());
        }
        ms
    }

    fn check_labels(&mut self, labels: &Pairs, place: &Place) {
        for pair in &labels.0 {
            if pair.name.is_empty() || pair.name == NAME {
                self.error(pair.at.line(), place, format!("invalid label name: {:?}", pair.name));
            }
        }
    }

    /// Recording rules have no templates: their labels are plain.
    fn templates(&mut self, pairs: Vec<Pair>, expands: bool, place: &Place) -> Vec<Text> {
        let mut texts = Vec::with_capacity(pairs.len());
        for Pair { name, text, at } in pairs {
            let lines = self.lines(at, &text);
            let alert = place.rule.as_deref().unwrap_or_default();
            let template = if expands { Template::parse(&text, alert) } else { Ok(Template::plain(&text)) };
            match template {
                Ok(template) => texts.push(Text { name, template, lines }),
                Err(e) => {
                    let line = lines.nth(u64::from(e.line.saturating_sub(1)));
                    let error = self.error(line, place, format!("{name}: {}", e.what));
                    error.hint = match e.hint {
                        Some(meant) => Some(format!("did you mean `{meant}`?")),
                        None if e.what.contains("undefined variable") => {
                            Some("there are $labels, $value, $externalLabels and $externalURL".to_owned())
                        }
                        None => None,
                    };
                }
            }
        }
        texts
    }
}

/// The labels of a group and of a rule of it, whose own count; sorted by name, as Prometheus has them.
fn merged(group: &Pairs, rule: Pairs) -> Vec<Pair> {
    let all = group.0.iter().cloned().chain(rule.0);
    let by_name: BTreeMap<String, Pair> = all.map(|pair| (pair.name.clone(), pair)).collect();
    by_name.into_values().collect()
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
        assert_eq!((group.line, group.rules[1].line, group.rules[1].expr_lines.first), (2, 8, 10));
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
    fn documents_are_read_as_who_loads_them_does() {
        let object = |name: &str| {
            format!(
                "kind: PrometheusRule\nspec: {{groups: [{{name: {name}, rules: [{{record: a, expr: b}}]}}]}}\n"
            )
        };
        let groups = |text: &str| parse(Path::new("r.yaml"), text).unwrap().groups.len();
        assert_eq!(groups(&format!("{}---\n{}", object("g"), object("g"))), 2);
        let items = object("g").replace("kind", "- kind").replace("\nspec", "\n  spec");
        assert_eq!(groups(&format!("kind: List\nitems:\n{items}{items}")), 2);
        // Prometheus stops at the second document.
        assert_eq!(groups("groups: [{name: g}]\n---\ngroups: [{name: g}, {name: h}]\n"), 1);
        assert_eq!((groups(""), groups("groups:\n")), (0, 0));
    }

    #[test]
    fn faults_have_file_line_group_and_rule() {
        let table = [
            (
                ("> 5", "> > 5"),
                r#"r.yaml:11: group "g", rule "A": could not parse expression: unexpected <op:>>, expected an expression"#,
            ),
            (
                ("for: 1m30s", "for: soon"),
                r#"r.yaml:12: group "g", rule "A": for: not a valid duration string: "soon""#,
            ),
            (
                ("keep_firing_for", "keep_fireing_for"),
                r#"r.yaml:13: group "g", rule "A": unknown field `keep_fireing_for`"#,
            ),
            (
                ("- alert: A", "- alert: A\n        record: b"),
                r#"r.yaml:8: group "g": only one of `record` and `alert` must be set"#,
            ),
            (
                ("- record: a:b", "- record: a:b\n        for: 1m"),
                r#"r.yaml:6: group "g", rule "a:b": invalid field `for` in a recording rule"#,
            ),
            (
                ("labels: {team: t}", "labels: {__name__: t}"),
                r#"r.yaml:4: group "g": invalid label name: "__name__""#,
            ),
            (("expr: sum", "exper: sum"), r#"r.yaml:7: group "g", rule "a:b": unknown field `exper`"#),
        ];
        for ((from, to), expected) in table {
            let text = GOOD.replace(from, to);
            assert_eq!(errors(&text)[0], expected, "{text}");
        }
        // In quotes, a line's end does not end a line of the file.
        let quoted = "groups: [{name: g, rules: [{alert: A,\n expr: \"a\\n> > 5\"}]}]";
        assert!(errors(quoted)[0].starts_with("r.yaml:2: "), "{:?}", errors(quoted));
        assert_eq!(errors("groups: [\n"), ["r.yaml:1: unclosed bracket '['"]);
        let hint = |text: &str| parse(Path::new("r.yaml"), text).unwrap_err().remove(0).hint.unwrap();
        assert_eq!(
            hint(&GOOD.replace("keep_firing_for", "keep_fireing_for")),
            "did you mean `keep_firing_for`?"
        );
        assert_eq!(hint("rules: []\n"), "there are groups, apiVersion, kind, metadata, spec, status, items");
        assert_eq!(
            errors("groups: [{name: g}, {name: g}]\n"),
            [r#"r.yaml:1: group "g": the group stands in line 1 already"#]
        );
    }
}
