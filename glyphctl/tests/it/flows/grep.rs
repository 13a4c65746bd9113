use super::{Flows, flow, json_of, mixed, text};

#[test]
fn what_is_found_is_shown_with_its_place() {
    insta::assert_snapshot!(
        mixed().run("grep", &["-e", "teapot|refused|has it|key=", "--context", "1"]).fine().stdout
    );
}

#[test]
fn only_where_it_is_to_be_looked_for() {
    let flows = mixed();
    let ids = |args: &[&str]| {
        let run = flows.run("grep", &[args, &["--format", "json"]].concat());
        run.stdout.lines().map(|line| json_of(line)["place"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["blue teapot"]), ["request.body"]);
    assert_eq!(ids(&["hidden"]), ["response.body"]);
    assert_eq!(ids(&["hidden", "--in", "url,headers"]), [""; 0]);
    assert_eq!(ids(&["Content-Encoding: gzip"]), ["response.headers.content-encoding"]);
    assert_eq!(ids(&["-i", "BLUE"]), ["request.body"]);
    assert_eq!(ids(&["connect_refused"]), ["error"]);
    assert_eq!(ids(&["key=glyph"]), ["request.url"]);
}

#[test]
fn it_counts_and_names_flows() {
    let flows = mixed();
    assert_eq!(flows.run("grep", &["teapot", "--count"]).fine().stdout, "3\n");
    assert_eq!(
        flows.run("grep", &["teapot", "--ids", "--method", "POST"]).fine().stdout,
        "01M826AC300000000000000003\n"
    );
    assert_eq!(
        flows.run("grep", &["teapot", "--format", "har"]).fine().stdout.matches("startedDateTime").count(),
        3
    );
}

#[test]
fn nothing_found_is_1_as_in_grep() {
    let flows = mixed();
    for args in [&["coffee"][..], &["coffee", "--count"], &["teapot", "--method", "PUT"]] {
        assert_eq!(flows.run("grep", args).code, 1, "{args:?}");
    }
    flows.run("grep", &["-e", "("]).unable();
    flows.run("grep", &["a\nb"]).unable();
}

#[test]
fn a_match_says_exactly_where() {
    let flows = Flows::of(&[flow(1, "GET", "http://a/", 200, 1, text("one\r\ntwo ä needle\nthree"))]);
    let found = json_of(&flows.run("grep", &["needle", "--format", "json", "-C", "1"]).fine().stdout);
    assert_eq!((&found["line"], &found["text"]), (&2.into(), &"two ä needle".into()));
    assert_eq!((&found["start"], &found["end"]), (&7.into(), &13.into()));
    assert_eq!((&found["before"][0], &found["after"][0]), (&"one".into(), &"three".into()));
}

#[test]
fn of_a_long_line_there_is_as_much_as_has_room() {
    let body = format!("{}needle{}", "x".repeat(9_000), "y".repeat(9_000));
    let flows = Flows::of(&[flow(1, "GET", "http://a/", 200, 1, text(&body))]);
    let found = flows.run("grep", &["needle", "--width", "80"]).fine().stdout;
    let line = found.lines().nth(1).unwrap();
    assert!(line.contains("needle") && line.chars().count() <= 80, "{line}");
}

#[test]
fn no_line_of_context_comes_twice() {
    let flows = Flows::of(&[flow(1, "GET", "http://a/", 200, 1, text("one\nhit\ntwo\nhit\nthree"))]);
    let found = flows.run("grep", &["hit", "-C", "1"]).fine().stdout;
    let lines: Vec<_> = found.lines().skip(1).map(|line| line.split_whitespace().last().unwrap()).collect();
    assert_eq!(lines, ["one", "hit", "two", "hit", "three"]);
    assert!(found.contains("response.body:1-  one") && found.contains("response.body:5-  three"), "{found}");
}
