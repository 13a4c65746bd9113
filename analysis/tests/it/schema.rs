//! What `glyphctl … --format json` prints has the shape that `docs/schemas/` documents.

use std::{fs, path::Path};

use glyph_analysis::{
    gate::Judgement,
    response::{LabelListing, QueryResponse, SeriesListing, ValueListing},
    trace::{diff::Diff, graph::ServiceGraph, summary::Summary},
};
use schemars::{Schema, schema_for};

/// `GLYPH_BLESS=1 cargo test -p glyph-analysis` writes them anew.
#[track_caller]
fn assert_documented(name: &str, schema: &Schema) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/schemas/{name}.json"));
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}

#[test]
fn the_schema_of_the_summary_in_docs_is_that_of_the_type() {
    assert_documented("trace-summary", &schema_for!(Summary));
}

#[test]
fn the_schema_of_the_graph_in_docs_is_that_of_the_type() {
    assert_documented("trace-graph", &schema_for!(ServiceGraph));
}

#[test]
fn the_schema_of_the_comparison_in_docs_is_that_of_the_type() {
    assert_documented("trace-diff", &schema_for!(Diff));
}

#[test]
fn the_schema_of_the_verdict_in_docs_is_that_of_the_type() {
    assert_documented("check", &schema_for!(Judgement));
}

#[test]
fn the_schemas_of_metrics_in_docs_are_those_of_the_types() {
    assert_documented("metrics-query", &schema_for!(QueryResponse));
    assert_documented("metrics-series", &schema_for!(SeriesListing));
    assert_documented("metrics-labels", &schema_for!(LabelListing));
    assert_documented("metrics-label-values", &schema_for!(ValueListing));
}
