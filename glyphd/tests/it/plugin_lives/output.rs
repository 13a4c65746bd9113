//! Plugins that say too much.

use std::time::Instant;

use crate::harness::{DaemonProcess, FakeOrigin, PluginsDir};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_floods_its_output_costs_so_many_lines_a_second_and_the_rest_is_counted() {
    let (plugins, origin) = (PluginsDir::new(), FakeOrigin::ok().await);
    plugins.script("flood", "exec yes 'and on it goes'\n");
    let folder = plugins.path();
    let start = Instant::now();
    let mut daemon = DaemonProcess::start(["--plugins-dir", folder.to_str().unwrap()]).await;
    for _ in 0..3 {
        let line = daemon.line("a plugin says too much: lines were passed over").await;
        assert!(line.contains("plugin=\"flood\" stream=\"stdout\" lines="), "{line}");
    }
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.text(), "ok");
    let ended = daemon.stop().await;
    let seconds = start.elapsed().as_secs() as usize + 1;
    let (said, told): (Vec<_>, Vec<_>) =
        ended.stderr.lines().partition(|line| line.contains("line=\"and on it goes\""));
    assert!((500..=500 + 100 * seconds).contains(&said.len()), "{} lines in {seconds} s", said.len());
    assert!(told.len() < 30 + 2 * seconds, "{}", told.join("\n"));
    let passed_over =
        told.iter().filter_map(|line| line.split_once(" lines=")?.1.parse::<u64>().ok()).sum::<u64>();
    assert!(passed_over > 10_000, "{passed_over}");
    // A line takes fifteen bytes, and no more than 4 MiB are read within a second.
    let most = (seconds as u64 + 1) * ((4 << 20) + (16 << 10)) / 15;
    assert!(passed_over <= most, "{passed_over} of {most} in {seconds} s");
}
