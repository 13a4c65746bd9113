//! The tables of `docs/plugins.md` have every key. That its commands work is tested with those of all pages.

const GUIDE: &str = include_str!("../../../../docs/plugins.md");

#[test]
fn the_page_knows_every_key() {
    for key in [
        "grant",
        "start",
        "sha256",
        "queue_capacity",
        "queue_policy",
        "queue_block_ms",
        "findings_per_second",
        "name",
        "version",
        "command",
        "subscriptions",
        "capabilities",
        "env",
        "read",
        "write",
        "[limits]",
        "limits",
        "memory_mib",
        "restarts",
        "restart_backoff_ms",
    ] {
        assert!(GUIDE.contains(&format!("\n| `{key}` |")), "{key}");
    }
}
