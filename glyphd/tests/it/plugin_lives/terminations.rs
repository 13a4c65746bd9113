//! Ends that should not have been: each is a finding, an entry on the audit, a count and a span's status, and all of them
//! have one trace.

use glyph_formats::{Decision, Severity, span::SpanStatus};
use glyphd::{
    config::Sandbox,
    launcher::{Launcher, Wall},
    telemetry::name,
};

use crate::harness::{
    PluginsDir, TestDaemon,
    process::GLYPHD,
    records::{attribute, number},
    told::{get, until_plugin},
};

/// Name, script, limits, and why it is ended.
const ENDS: [(&str, &str, &str, &str); 6] = [
    ("slow", "exec sleep 1000\n", "wall_seconds = 1", "timeout"),
    ("busy", "while :; do :; done\n", "cpu_seconds = 1", "cpu_limit"),
    (
        "greedy",
        "head -c 1000000000 /dev/zero | tail -c 900000000 > /dev/null\n",
        "memory_mib = 32",
        "memory_limit",
    ),
    ("shot", "kill -KILL $$\n", "", "killed"),
    ("faulty", "kill -SEGV $$\n", "", "crashed"),
    ("failing", "exit 7\n", "", "crashed"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_end_that_should_not_have_been_is_told_everywhere_in_one_trace() {
    let lacks = Launcher::new(GLYPHD.into(), Sandbox::BestEffort).unwrap();
    let has_cgroup = !lacks.lacks().iter().any(|lack| lack.wall == Wall::Memory);
    if !has_cgroup {
        eprintln!("skipped for memory_limit: there is no cgroup here: {:?}", lacks.lacks());
    }
    let ends = ENDS.into_iter().filter(|(_, _, _, reason)| has_cgroup || *reason != "memory_limit");
    let (plugins, ends) = (PluginsDir::new(), ends.collect::<Vec<_>>());
    for (name, script, limits, _) in &ends {
        plugins.script(name, script);
        plugins.and(name, &format!("[limits]\n{limits}\n"));
    }
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.sandbox = Sandbox::BestEffort;
    })
    .await;
    for (name, ..) in &ends {
        until_plugin(daemon.metrics(), name, "given up").await;
    }
    let metrics = crate::harness::Client::connect(daemon.metrics())
        .await
        .get_with("/metrics", &[("accept", "application/openmetrics-text")])
        .await
        .text();
    let recorded = daemon.drain().await;
    assert_eq!(recorded.findings.len(), ends.len(), "{:#?}", recorded.findings);
    assert_eq!(recorded.summary.findings, ends.len() as u64);
    for (name, _, _, reason) in ends {
        let finding = recorded.findings.iter().find(|f| f.plugin == name).unwrap();
        assert_eq!(
            (finding.kind.as_str(), finding.severity),
            ("glyph.supervisor.termination", Severity::High)
        );
        assert_eq!((finding.target.as_str(), finding.flow_id.as_ref()), (name, None));
        assert_eq!(finding.metadata.get("reason").unwrap().to_string(), reason, "{finding:?}");
        let exec = recorded.span(finding.trace_id, name::RUNNER_EXEC);
        assert_eq!((Some(exec.span_id), exec.status), (finding.span_id, SpanStatus::Error));
        assert_eq!(
            (attribute(exec, "error.type"), attribute(exec, "glyph.plugin.id")),
            (reason.into(), name.into())
        );
        assert!(number(exec, "glyph.usage.wall_ms") >= 0 && number(exec, "glyph.limit.open_files") == 1_024);
        let entries = recorded.audited("plugin_terminated", Decision::Info);
        let entry = entries.iter().find(|e| e.plugin.as_deref() == Some(name)).unwrap();
        assert_eq!((entry.trace_id, entry.span_id), (Some(exec.trace_id), Some(exec.span_id)));
        assert_eq!(entry.metadata.get("finding_id").unwrap().to_string(), finding.id);
        assert_eq!(entry.reason.as_ref(), Some(&finding.message));
        let labels = [("plugin", name), ("reason", reason)];
        assert!((recorded.counted("glyph_plugin_terminations_total", &labels) - 1.0).abs() < 0.5, "{name}");
        let series = format!("glyph_plugin_terminations_total{{plugin=\"{name}\",reason=\"{reason}\"}} 1 # ");
        let line =
            metrics.lines().find(|line| line.starts_with(&series)).unwrap_or_else(|| panic!("{metrics}"));
        assert!(line.contains(&exec.trace_id.to_string()), "an exemplar leads to the span: {line}");
    }
    let all = recorded.audited("plugin_terminated", Decision::Info);
    assert_eq!(all.len(), recorded.findings.len(), "{all:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_ends_as_it_is_told_to_is_no_termination() {
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    plugins.script("obedient", "trap 'exit 1' TERM\necho up > up\nwhile :; do sleep 1000 & wait; done\n");
    crate::harness::plugin::make_fifo(&plugins.path().join("obedient/up"));
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    crate::harness::plugin::line_from(&plugins.path().join("obedient/up")).await;
    until_plugin(daemon.metrics(), "passive-headers", "connected").await;
    assert!(get(daemon.metrics(), "/metrics").await.contains("glyph_plugin_terminations_total"));
    let recorded = daemon.drain().await;
    assert!(recorded.findings.is_empty(), "{:#?}", recorded.findings);
    let signals = recorded.audited("plugin_terminated", Decision::Info);
    assert_eq!(signals.len(), 1, "{signals:#?}");
    assert!(signals[0].reason.as_ref().unwrap().ends_with("SIGTERM"));
    assert!(recorded.spans_named(name::RUNNER_EXEC).iter().all(|span| span.status == SpanStatus::Ok));
}
