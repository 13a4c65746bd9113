use crate::harness::{run, run_with_stdin, testdata};

fn show(name: &str, more: &[&str]) -> crate::harness::Run {
    let file = testdata(name);
    let mut args = vec!["trace", "show", file.to_str().unwrap(), "--width", "90"];
    args.extend(more);
    run(args)
}

#[test]
fn the_slowest_trace_is_a_waterfall() {
    insta::assert_snapshot!(show("checkout", &[]).fine().stdout);
}

#[test]
fn a_trace_is_found_by_the_beginning_of_its_id_and_shown_in_full() {
    insta::assert_snapshot!(show("checkout", &["4BF92f", "--attributes", "--events"]).fine().stdout);
}

#[test]
fn only_traces_with_errors_are_shown_if_wanted() {
    let run = show("checkout", &["--errors", "--slowest", "9"]).fine();
    assert_eq!(run.stdout.matches("trace 4bf92f35").count(), 1);
    assert_eq!(run.stdout.matches("trace ").count(), 1, "{}", run.stdout);
    let run = show("odd", &["--errors"]).fine();
    assert_eq!(run.stdout, "");
    assert!(run.stderr.ends_with("glyphctl: no trace with an error there\n"), "{}", run.stderr);
}

#[test]
fn only_traces_within_a_window_are_shown_if_wanted() {
    let run = show("checkout", &["--window", "..29ms", "--slowest", "9"]).fine();
    assert!(run.stdout.starts_with("trace 4bf92f35"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("trace ").count(), 1, "{}", run.stdout);
    for (flags, says) in [
        (&["--window", "42ms.."][..], "no trace within 42.0ms.. there"),
        (&["--window", "42ms..", "--errors"], "no trace with an error within 42.0ms.. there"),
    ] {
        let run = show("checkout", flags).fine();
        assert_eq!((run.stdout.as_str(), run.stderr), ("", format!("glyphctl: {says}\n")));
    }
}

#[test]
fn a_trace_that_is_not_there_is_named() {
    let run = show("checkout", &["ffff"]).unable();
    assert!(
        run.stderr.starts_with("glyphctl: \"ffff\": no trace with that id there\nhint: "),
        "{}",
        run.stderr
    );
}

#[test]
fn names_do_no_harm() {
    let run = show("hostile", &["--attributes", "--events"]).fine();
    assert!(!run.stdout.contains(|c| c != '\n' && glyph_analysis::text::is_hidden(c)), "{}", run.stdout);
}

#[test]
fn what_can_be_read_once_only_is_shown_the_same() {
    let file = testdata("checkout");
    let flags = ["--slowest", "2", "--attributes", "--events"];
    let again = show("checkout", &flags).fine();
    let text = std::fs::read(file).unwrap();
    let once = run_with_stdin(["trace", "show", "-", "--width", "90"].iter().chain(&flags), &text).fine();
    assert_eq!(once.stdout, again.stdout);
    assert_eq!(again.stdout.matches("trace ").count(), 2);
}
