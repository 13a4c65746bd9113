//! `--sandbox`: what a machine lacks is told, and is a reason not to start only where it is required.

use std::fs;

use glyphd::{config::Sandbox, launcher::Launcher};

use crate::harness::{
    DaemonProcess, PluginsDir,
    process::{self, GLYPHD},
    told::{get, until_plugin},
};

#[tokio::test(flavor = "multi_thread")]
async fn each_value_of_the_flag_is_what_it_says() {
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    // What it asks for, and the operator does not grant.
    plugins.and("passive-headers", "read = [\"/root\"]\n");
    let folder = plugins.path();
    for (value, sandbox) in
        [("required", Sandbox::Required), ("best-effort", Sandbox::BestEffort), ("off", Sandbox::Off)]
    {
        let args = ["--plugins-dir", folder.to_str().unwrap()];
        let command = || process::command(args.into_iter().chain(["--sandbox", value]));
        let launcher = match Launcher::new(GLYPHD.into(), sandbox) {
            Ok(launcher) => launcher,
            Err(error) => {
                let ended = process::run(command()).await;
                assert_eq!(ended.code, Some(2), "{}", ended.stderr);
                assert!(ended.stderr.contains(&error.to_string()), "{error}: {}", ended.stderr);
                assert!(ended.stderr.contains("hint: --sandbox=best-effort"), "{}", ended.stderr);
                continue;
            }
        };
        let daemon = DaemonProcess::spawn(command()).await;
        until_plugin(daemon.metrics, "passive-headers", "connected").await;
        let told = get(daemon.metrics, "/readyz").await;
        let lacks = launcher.lacks().iter().map(|lack| format!("sandbox: no {lack}\n"));
        let want = format!("ready\nplugin passive-headers: connected\n{}", lacks.collect::<String>());
        assert_eq!(told, want, "what is lacking does not make it less ready");
        let ended = daemon.stop().await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let told = ended.stderr.lines().filter(|l| l.contains("plugins do without a wall")).count();
        assert_eq!(told, launcher.lacks().len(), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_none_is_refused_with_those_that_are() {
    let ended = process::run(process::command(["--sandbox", "sometimes"])).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("required, best-effort, off"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_limits_is_told_with_its_line() {
    let plugins = PluginsDir::new();
    let dir = plugins.script("guest", "exit 0\n");
    plugins.and("guest", "[limits]\nmemory_mib = 0\n");
    let folder = plugins.path();
    let ended = process::run(process::command(["--plugins-dir", folder.to_str().unwrap()])).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let line = fs::read_to_string(dir.join("plugin.toml")).unwrap().lines().count();
    for part in ["guest/plugin.toml", &format!("line {line}"), "nonzero"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}
