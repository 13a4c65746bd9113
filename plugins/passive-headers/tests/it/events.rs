use glyph_plugin::{FlowEvent, Severity};

use crate::{event, findings};

const HTML: (&str, &[u8]) = ("content-type", b"text/html");

#[test]
fn a_bare_page_over_plain_http_has_three_findings() {
    let found = findings(&event("http", &[HTML], b"<h1>Results</h1>"));
    let kinds: Vec<_> = found.iter().map(|f| f.r#type.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "passive-headers.missing.x-content-type-options",
            "passive-headers.missing.content-security-policy",
            "passive-headers.missing.x-frame-options",
        ]
    );
    assert!(found.iter().all(|f| f.target == "http://example.test/page" && f.evidence.is_empty()));
}

#[test]
fn evidence_and_metadata_reach_the_finding() {
    let found = findings(&event("https", &[HTML], b"<iframe src=http://a.test/></iframe>"));
    let mixed = found.iter().find(|f| f.r#type == "passive-headers.mixed-content.active").unwrap();
    assert_eq!((mixed.severity(), mixed.evidence.as_str()), (Severity::High, "http://a.test/"));
    assert_eq!(mixed.metadata["count"], "1");
}

#[test]
fn an_exchange_without_a_response_has_no_findings() {
    let mut failed = event("http", &[HTML], b"");
    failed.response = None;
    assert!(findings(&failed).is_empty());
    assert!(findings(&FlowEvent::default()).is_empty());
}
