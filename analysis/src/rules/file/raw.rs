//! The shape of a rule file: Prometheus' own, or a PrometheusRule object of Kubernetes, or a list of those.

use serde::{Deserialize, de::IgnoredAny};
use serde_saphyr::Spanned;

use super::yaml::{Number, Pairs, nullable};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) groups: Option<Vec<Spanned<RawGroup>>>,
    // What Kubernetes puts around it.
    #[serde(rename = "apiVersion", default)]
    _api_version: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) kind: Option<Spanned<String>>,
    #[serde(rename = "metadata", default)]
    _metadata: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) spec: Option<Spec>,
    #[serde(rename = "status", default)]
    _status: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) items: Vec<Document>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) groups: Vec<Spanned<RawGroup>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroup {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) interval: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) query_offset: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) limit: Number,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) labels: Pairs,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) rules: Vec<Spanned<RawRule>>,
    // Thanos' own, which changes nothing in an evaluation over one recording.
    #[serde(rename = "partial_response_strategy", default)]
    _partial_response_strategy: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    #[serde(default)]
    pub(super) record: Option<String>,
    #[serde(default)]
    pub(super) alert: Option<String>,
    #[serde(default)]
    pub(super) expr: Option<Spanned<String>>,
    #[serde(rename = "for", default)]
    pub(super) hold: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) keep_firing_for: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) labels: Pairs,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) annotations: Pairs,
}
