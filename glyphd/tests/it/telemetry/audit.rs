//! The audit against the table of its events.

use std::collections::BTreeSet;

use super::{document, stage::everything};

#[tokio::test(flavor = "multi_thread")]
async fn the_document_has_every_decision_that_is_put_on_record() {
    let recorded = everything(|_| {}, async |_| {}).await;
    let documented = document::audit(&document::text());
    let seen: BTreeSet<_> = recorded
        .audit
        .iter()
        .map(|e| {
            (
                e.event.to_string(),
                e.component.to_string(),
                serde_json::to_value(e.decision).unwrap().as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let unknown: Vec<_> = seen.difference(&documented).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let events = |all: &BTreeSet<(String, String, String)>| {
        all.iter().map(|(event, component, _)| (event.clone(), component.clone())).collect::<BTreeSet<_>>()
    };
    assert_eq!(events(&seen), events(&documented), "each event of each component happened");
}
