//! What templates are filled with: a few series with different values, and a configuration.

use glyph_analysis::{
    metrics::{Labels, Store},
    promql::{Evaluator, Query, Sample, Settings, Value},
    rules::template::{Context, Template},
};

/// The values of the series, which differ in the label `case`.
pub(super) const VALUES: [&str; 8] = ["0", "1", "1234567.891", "-1.5", "0.00012", "+Inf", "NaN", "86461"];
pub(super) const EXTERNAL_URL: &str = "http://prom.example:9090/x";
/// When the rules are evaluated, in milliseconds.
const TIME: i64 = 60_000;

pub(super) struct World {
    store: Store,
    external_labels: Labels,
}

impl World {
    pub(super) fn new() -> Self {
        let mut store = Store::new();
        for (case, value) in VALUES.iter().enumerate() {
            let value = value.parse().unwrap();
            store.append(&Self::labels(case), 0, value).unwrap();
            store.append(&Self::labels(case), TIME, value).unwrap();
        }
        Self { store, external_labels: Labels::of([("region", "eu"), ("zone", "b")]) }
    }

    fn labels(case: usize) -> Labels {
        let case = case.to_string();
        Labels::of([("__name__", "v"), ("case", &case), ("instance", "a.example:9090"), ("job", "node")])
    }

    /// What the configuration adds, in promtool's words.
    pub(super) fn external_labels(&self) -> String {
        let pairs = self.external_labels.pairs().iter().map(|(name, value)| format!("{name}: {value}"));
        pairs.collect::<Vec<_>>().join(", ")
    }

    /// The series in promtool's words.
    pub(super) fn series(case: usize) -> String {
        let labels = Self::labels(case);
        let value = VALUES[case];
        format!("{{series: '{labels}', values: '{value} {value} {value}'}}")
    }

    /// The expression of a rule.
    pub(super) fn expression(rule: usize) -> String {
        format!("v{{case=\"{}\"}}", rule % VALUES.len())
    }

    /// What becomes of the template of a rule.
    pub(super) fn expand(&self, template: &Template, rule: usize) -> String {
        let case = rule % VALUES.len();
        let query = |text: &str| self.query(text);
        template.expand(&Context {
            labels: &Self::labels(case),
            value: VALUES[case].parse().unwrap(),
            time: TIME,
            external_labels: &self.external_labels,
            external_url: EXTERNAL_URL,
            query: &query,
        })
    }

    fn query(&self, text: &str) -> Result<Vec<Sample>, String> {
        let query =
            Query::parse(text).map_err(|e| format!("1:{}: parse error: {}", e.range.start + 1, e.what))?;
        match Evaluator::new(&query, Settings::default()).instant(&self.store, TIME) {
            Ok(Value::Vector(samples)) => Ok(samples),
            Ok(Value::Scalar(value)) => Ok(vec![Sample::new(Labels::empty(), value)]),
            Ok(_) => Err("rule result is not a vector or scalar".to_owned()),
            Err(e) => Err(e.to_string()),
        }
    }
}
