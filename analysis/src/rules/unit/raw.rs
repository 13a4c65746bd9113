//! The shape of a test file: promtool's, and what there is beyond it.

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::rules::file::yaml::{Number, Pairs, nullable};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) rule_files: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) evaluation_interval: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) group_eval_order: Vec<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) fuzzy_compare: bool,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) tests: Vec<Spanned<RawTest>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTest {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) interval: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) start_timestamp: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) input_series: Vec<RawSeries>,
    /// Beyond promtool: what was recorded, instead of series that are written down.
    #[serde(default)]
    pub(super) input_recording: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) alert_rule_test: Vec<Spanned<RawAlertTest>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) promql_expr_test: Vec<Spanned<RawExprTest>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) external_labels: Pairs,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) external_url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSeries {
    pub(super) series: Spanned<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) values: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlertTest {
    #[serde(default)]
    pub(super) eval_time: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) alertname: String,
    #[serde(default)]
    pub(super) exp_alerts: Option<Vec<RawAlert>>,
    /// Beyond promtool: which alerts are meant, `firing` or `pending`.
    #[serde(default)]
    pub(super) exp_state: Option<Spanned<String>>,
    /// Beyond promtool: labels of which no alert may have all, pending or firing.
    #[serde(default, deserialize_with = "nullable")]
    pub(super) exp_no_alerts: Vec<Pairs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlert {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) exp_labels: Pairs,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) exp_annotations: Pairs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExprTest {
    #[serde(default)]
    pub(super) eval_time: Option<Spanned<String>>,
    pub(super) expr: Spanned<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) exp_samples: Vec<RawSample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSample {
    #[serde(default)]
    pub(super) labels: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) value: Number,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) histogram: String,
}
