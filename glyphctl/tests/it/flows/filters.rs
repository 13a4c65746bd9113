use super::{Flows, flow, mixed, text};
use crate::harness::run_with_stdin;

#[test]
fn each_filter_leaves_what_it_says() {
    let flows = mixed();
    for (flags, expected) in [
        (&["--method", "get"][..], &[1, 4, 5, 6][..]),
        (&["--host", "*.example.com"], &[1, 2, 3, 4, 5]),
        (&["--host", "down.test:8*"], &[6]),
        (&["--path", "/v1/orders/*"], &[1, 4]),
        (&["--path", "/v1/orders"], &[3]),
        (&["--url", "[?&]key="], &[3]),
        (&["--status", "4xx"], &[2]),
        (&["--status", "200-299"], &[1, 3, 4, 7]),
        (&["--status", ">=500"], &[5]),
        (&["--status", "none"], &[6]),
        (&["--min-duration", "250ms"], &[4, 5, 7]),
        (&["--min-duration", "20ms", "--max-duration", "1.5s"], &[1, 3, 4, 5]),
        (&["--trace", "0003"], &[3]),
        (&["--id", "01m826ac3000000000000000"], &[1, 2, 3, 4, 5, 6, 7]),
        (&["--id", "6"], &[6]),
        (&["--error"], &[6]),
        (&["--error=connect_refused"], &[6]),
        (&["--error=upstream"], &[6]),
        (&["--error=client"], &[]),
        (&["--header", "content-encoding"], &[4]),
        (&["--header", "user-agent=TEST"], &[1, 2, 3, 4, 5, 6, 7]),
        (&["--body", "teapot"], &[1, 3, 4]),
        (&["--body-regex", "(red|hidden) tea"], &[1, 4]),
        (&["--is", "redacted"], &[3]),
        (&["--is", "partial", "--is", "tunnel"], &[5, 7]),
        (&["--window", "..2s"], &[1, 2, 3]),
        (&["--window", "2025-10-09T08:53:26Z.."], &[5, 6, 7]),
    ] {
        assert_eq!(flows.numbers(flags), expected, "{flags:?}");
    }
}

#[test]
fn a_flag_again_widens_and_another_narrows() {
    let flows = mixed();
    assert_eq!(flows.numbers(&["--method", "HEAD", "--method", "POST"]), [2, 3]);
    assert_eq!(flows.numbers(&["--method", "HEAD", "--method", "POST", "--status", "4xx"]), [2]);
    assert_eq!(flows.numbers(&["--body", "teapot", "--body-regex", "red"]), [1]);
    assert_eq!(flows.numbers(&["--window", "2s..", "--body", "teapot"]), [3, 4]);
}

#[test]
fn what_json_prints_can_be_filtered_again() {
    let flows = mixed();
    let once = flows.run("ls", &["--host", "api.*", "--format", "json"]).fine().stdout;
    let again = run_with_stdin(["flows", "ls", "-", "--format", "json", "--body", "hidden"], once.as_bytes());
    assert_eq!(again.fine().stdout.lines().count(), 1);
}

#[test]
fn what_is_no_filter_is_refused() {
    let flows = Flows::of(&[flow(1, "GET", "http://a/", 200, 1, text(""))]);
    for flags in [
        ["--status", "5x"],
        ["--min-duration", "5"],
        ["--url", "("],
        ["--body-regex", "("],
        ["--host", "a[b"],
        ["--header", "=x"],
        ["--is", "nice"],
        ["--window", "5"],
    ] {
        let run = flows.run("ls", &flags).unable();
        assert!(run.stderr.contains(flags[0].trim_start_matches('-')), "{run:#?}");
    }
}
