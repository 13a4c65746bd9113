//! A plugin that reports more than it may.

use glyph_formats::Decision;
use glyph_plugin::Phase;

use super::{GUEST, Scene, guests, noted, only};

const SENT: usize = 20_000;
/// As the policy has it; five seconds' worth may come at once.
const PER_SECOND: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_findings_is_taken_as_far_as_it_may_go_and_the_rest_is_counted() {
    let mut scene = Scene::with(&format!("findings_per_second = {PER_SECOND}"), |_| {}).await;
    let mut plugin = scene.guest.take().await;
    scene.others_are_served().await;
    let (event, _) = plugin.event().await;
    for _ in 0..SENT {
        plugin.report(&event.flow_id, "guest.flood", "").await;
    }
    plugin.done(&event.flow_id, Phase::Request).await;
    // It lives, and so do the others.
    scene.others_are_served().await;
    let (response, _) = plugin.event_among_refusals().await;
    plugin.done(&response.flow_id, Phase::Response).await;
    let (next, refused) = plugin.event_among_refusals().await;
    assert!(next.request.unwrap().url.ends_with("/witness/2"));
    assert!(refused.iter().all(|r| r.r#type == "guest.flood" && r.reason.contains("more findings a second")));
    plugin.done(&next.flow_id, Phase::Request).await;
    // The answer to its last event comes after all findings: the session does not end before.
    let work = tokio::spawn(plugin.work());
    let recorded = scene.drain().await;
    assert_eq!(work.await.unwrap(), [(next.flow_id, Phase::Response.into())]);

    let (stored, refused) = (recorded.findings.len(), recorded.times("finding_reported", Decision::Deny));
    assert_eq!(stored + usize::try_from(refused).unwrap(), SENT);
    assert!((5 * PER_SECOND..SENT / 2).contains(&stored), "{stored} were taken");
    assert_eq!(guests(&recorded, "finding_reported", Decision::Allow).len(), stored);
    let limited = [("plugin", GUEST), ("reason", "finding_rate_limited")];
    assert_eq!(recorded.counted("glyph_plugin_errors_total", &limited).to_bits(), (refused as f64).to_bits());
    let entries = guests(&recorded, "finding_reported", Decision::Deny).len();
    assert!(entries < 100, "{entries} entries: two a second are enough");
    let closed = only(&recorded, "session_closed", Decision::Info);
    assert_eq!(
        (noted(closed, "findings"), noted(closed, "refused")),
        (stored.to_string(), refused.to_string())
    );
}
