//! Labels and annotations filled in.

use super::{World, results::vector_of};
use crate::{
    metrics::{Labels, Store},
    promql::{Evaluator, Query, line_and_column},
    rules::{rule::Text, template::Context},
};

/// A label or an annotation filled in, of an evaluation at a time. Queries in it look at a store.
pub(in crate::rules) fn fill(
    text: &Text,
    labels: &Labels,
    value: f64,
    world: &World,
    time: i64,
    store: Option<&Store>,
) -> String {
    if text.template.is_plain() {
        return text.template.text().to_owned();
    }
    let query = |text: &str| {
        let store = store.ok_or("there are no series to look at")?;
        let query = Query::parse(text).map_err(|e| {
            let (line, column) = line_and_column(text, e.range.start);
            format!("{line}:{column}: parse error: {}", e.what)
        })?;
        let value = Evaluator::new(&query, world.settings).instant(store, time);
        value.map_err(|e| e.to_string()).and_then(vector_of)
    };
    let context = Context {
        labels,
        value,
        time,
        external_labels: &world.external_labels,
        external_url: &world.external_url,
        query: &query,
    };
    text.template.expand(&context)
}
