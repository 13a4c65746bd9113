//! A daemon's trace file against the tables of spans, both ways.

use super::{
    document::{self, differences},
    stage::everything,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_of_spans_what_is_and_nothing_else() {
    let recorded = everything(|_| {}, async |_| {}).await;
    let rows = document::spans(&document::text(), "### Spans of glyphd");
    let differences = differences(&recorded.spans, &rows);
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(recorded.summary.spans, recorded.spans.len() as u64);
}
