use glyph_analysis::trace::summary::Summary;

/// What `trace summarize --format json` prints is a contract: keys are added to it, never changed.
#[test]
fn the_summary_has_the_documented_shape() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Summary)).unwrap();
    insta::assert_snapshot!(schema);
}
