//! What becomes of events for a plugin that is behind, as the policy has it.

use glyph_plugin::{Phase, Subscription, wire::Hello};

use http::StatusCode;

use crate::harness::{
    FakeOrigin, FakePlugin, TestDaemon,
    bus::{hello, open},
    operator, text,
    told::{counted, until},
};

/// How many events the daemon sends ahead of a plugin's answers.
const WINDOW: u64 = glyph_plugin::WINDOW as u64;
/// How many find neither room there nor in the queue of two.
const TOO_MANY: u64 = 8;

async fn subscribed(daemon: &TestDaemon, name: &str) -> FakePlugin {
    let (bus, secret) = open(&operator::token(daemon.control(), name).await).await;
    let hello = Hello { subscriptions: vec![Subscription::FlowResponse.into()], ..hello(name) };
    FakePlugin::open(bus, &secret, hello).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_queue_keeps_what_its_policy_says_and_what_is_dropped_is_told_by_reason() {
    let origin = FakeOrigin::ok().await;
    let plugin = |name, more: &str| format!("[plugins.{name}]\nstart = false\nqueue_capacity = 2\n{more}\n");
    let policy = [
        plugin("newest", ""),
        plugin("oldest", "queue_policy = \"drop-oldest\""),
        plugin("block", "queue_policy = \"block\"\nqueue_block_ms = 20"),
    ];
    let daemon = TestDaemon::with(|config| config.policy = toml::from_str(&policy.concat()).unwrap()).await;
    let (first, last) = ([WINDOW + 1, WINDOW + 2], [WINDOW + TOO_MANY + 1, WINDOW + TOO_MANY + 2]);
    let policies = [("newest", first), ("oldest", last), ("block", first)];
    let mut plugins = Vec::new();
    for (name, _) in policies {
        plugins.push(subscribed(&daemon, name).await);
    }
    let mut client = daemon.client().await;
    let mut sent = Vec::new();
    for _ in 0..WINDOW {
        client.get(&origin.url("/")).await;
        // Nothing waits in the queues before the window is full.
        for plugin in &mut plugins {
            sent.push(plugin.event().await.0);
        }
    }
    for _ in 0..TOO_MANY + 2 {
        client.get(&origin.url("/")).await;
    }
    let metrics = daemon.metrics();
    let dropped = |reason| async move {
        let labels = [("subscription", "FLOW_RESPONSE"), ("reason", reason)];
        counted(metrics, "glyph_flow_events_dropped_total", &labels).await.round() as u64
    };
    // One waits in vain for the plugin that blocks. Those after it do not: they find its queue full.
    for (reason, times) in
        [("queue_full", 2 * TOO_MANY - 1), ("dropped_oldest", TOO_MANY), ("blocked_too_long", 1)]
    {
        until(reason, async || dropped(reason).await >= times).await;
        assert_eq!(dropped(reason).await, times, "{reason}");
    }
    for (name, _) in policies {
        let queue = [("plugin", name), ("event", "flow")];
        let full = counted(metrics, "glyph_plugin_queue_dropped_total", &queue).await.round() as u64;
        assert_eq!(full, TOO_MANY, "{name}");
    }
    for (plugin, (name, kept)) in plugins.iter_mut().zip(policies) {
        for flow in sent.iter().map(|event| &event.flow_id).step_by(policies.len()) {
            plugin.done(flow, Phase::Response).await;
        }
        assert_eq!([plugin.event().await.0.sequence, plugin.event().await.0.sequence], kept, "{name}");
    }
    drop(plugins);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.summary.events_dropped, 3 * TOO_MANY);
    assert_eq!(recorded.flows.len() as u64, WINDOW + TOO_MANY + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_waited_for_makes_the_proxy_wait_once_and_costs_flows_only_when_memory_is_full() {
    const LARGE: usize = 130_000;
    let origin = FakeOrigin::answering(|_| text("x".repeat(LARGE))).await;
    let policy = "[plugins.block]\nstart = false\nqueue_capacity = 2\nqueue_policy = \"block\"\nqueue_block_ms = 8000\n";
    let daemon = TestDaemon::with(|config| config.policy = toml::from_str(policy).unwrap()).await;
    let _plugin = subscribed(&daemon, "block").await;
    let (mut client, metrics) = (daemon.client().await, daemon.metrics());
    let dropped =
        async || counted(metrics, "glyph_flow_log_dropped_total", &[("reason", "queue_full")]).await;
    let mut asked = 0;
    // About 480 find room to wait for the plugin, and as many to wait for that.
    while dropped().await < 1.0 {
        for _ in 0..50 {
            assert_eq!(client.get(&origin.url("/")).await.status, StatusCode::OK, "traffic goes on");
            asked += 1;
        }
        assert!(asked < 10_000, "nothing bounds what waits");
    }
    assert!(asked > 400, "{asked}");
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows.len() as u64 + recorded.summary.flows_dropped, asked, "there, or counted");
}
