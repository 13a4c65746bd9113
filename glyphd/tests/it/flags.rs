//! Flags that have nothing to do with traffic: the version, colours, what the defaults are.

use crate::harness::{
    Ended,
    process::{command, run},
};

/// What turns colours on and off in a terminal.
const ESCAPE: &str = "\u{1b}[";

async fn ran(args: &[&str]) -> Ended {
    let ended = run(command(args)).await;
    assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
    ended
}

#[tokio::test]
async fn the_version_is_short_or_has_the_commit() {
    let short = concat!("glyphd ", env!("CARGO_PKG_VERSION"));
    assert_eq!(ran(&["-V"]).await.stdout.trim_end(), short);
    assert!(ran(&["--version"]).await.stdout.starts_with(short));
}

#[tokio::test]
async fn help_and_log_have_the_colours_that_are_asked_for() {
    assert!(ran(&["--help", "--color", "always"]).await.stdout.contains(ESCAPE));
    assert!(!ran(&["--help"]).await.stdout.contains(ESCAPE));
    let warned = |color| async move {
        let flags = ["--record", "r", "--scrape", "a", "--scrape-insecure-skip-verify", "--check-config"];
        ran(&[&flags[..], &["--color", color]].concat()).await.stderr
    };
    assert!(warned("always").await.contains(ESCAPE));
    let plain = warned("never").await;
    assert!(plain.contains("WARN") && !plain.contains(ESCAPE), "{plain}");
}
