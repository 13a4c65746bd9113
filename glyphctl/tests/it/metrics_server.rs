//! `glyphctl metrics … --prometheus URL`: against a server that is scripted.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::harness::{Run, ended, glyphctl, piped};

/// A request: its first line and headers, and its form, decoded.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    head: String,
    pub(crate) query: String,
    pub(crate) time: f64,
}

/// A server whose answers a test decides.
pub(crate) struct Api {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Api {
    pub(crate) fn answering(answer: impl Fn(&Asked) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                while let Some(request) = read(&stream) {
                    let (status, body) = answer(&request);
                    log.lock().unwrap().push(request);
                    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
                    if stream.write_all((head + &body).as_bytes()).is_err() {
                        break;
                    }
                }
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: "))?.parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let field = |name: &str| decoded(body.split('&').find_map(|f| f.strip_prefix(name)).unwrap());
    Some(Asked { head, query: field("query="), time: field("time=").parse().unwrap() })
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

fn matrix(series: &Value) -> (u16, String) {
    (200, json!({"status": "success", "data": {"resultType": "matrix", "result": series}}).to_string())
}

/// A sample every ten seconds of the window that is asked for, as long as these are few.
pub(crate) fn samples(asked: &Asked, most: usize) -> (u16, String) {
    let window: i64 = asked.query.split(['[', ']']).nth(1).unwrap().trim_end_matches("ms").parse().unwrap();
    let until = (asked.time * 1e3).round() as i64;
    let times = (0..=until / 10_000).map(|i| i * 10_000).filter(|t| *t > until - window);
    let values: Vec<_> = times.map(|t| json!([t / 1000, (t / 10_000).to_string()])).collect();
    if values.len() > most {
        let error = "query processing would load too many samples into memory in query execution";
        return (422, json!({"status": "error", "errorType": "execution", "error": error}).to_string());
    }
    matrix(&json!([{"metric": {"__name__": "x_total", "a": "1"}, "values": values}]))
}

pub(crate) fn query(url: &str, args: &[&str]) -> Run {
    query_in(url, args, &[])
}

fn query_in(url: &str, args: &[&str], env: &[(&str, &str)]) -> Run {
    let mut command = glyphctl();
    command.args(["metrics", "query", "--prometheus", url]).args(args).envs(env.iter().copied());
    let mut child = piped(&mut command);
    drop(child.stdin.take());
    ended(child)
}

pub(crate) fn result(run: Run) -> Value {
    let answer: Value = serde_json::from_str(&run.fine().stdout).unwrap();
    answer["data"]["result"].clone()
}

#[test]
fn what_an_expression_needs_is_fetched_and_evaluated_here() {
    let api = Api::answering(|asked| samples(asked, usize::MAX));
    let run = query(
        &api.url("/select/0/prometheus/"),
        &["rate(x_total{a=~\"1|2\"}[1m] offset 30s)", "--time", "600", "--format", "json"],
    );
    assert_eq!(result(run), json!([{"metric": {"a": "1"}, "value": [600, "0.1"]}]));
    let asked = api.asked();
    assert_eq!(asked.len(), 1, "{asked:#?}");
    assert!(asked[0].head.starts_with("POST /select/0/prometheus/api/v1/query HTTP/1.1\r\n"), "{asked:#?}");
    assert_eq!(asked[0].query, "{__name__=\"x_total\",a=~\"1|2\"}[60000ms]");
    assert_eq!(asked[0].time, 570.0);
}

#[test]
fn a_server_that_refuses_so_many_is_asked_for_less() {
    let expr = ["sum_over_time(x_total[10m])", "--time", "600", "--format", "json"];
    let whole = Api::answering(|asked| samples(asked, usize::MAX));
    let small = Api::answering(|asked| samples(asked, 17));
    let expected = result(query(&whole.url(""), &expr));
    assert_eq!(result(query(&small.url(""), &expr)), expected);
    assert_eq!(expected[0]["value"][1], "1830");
    assert!(small.asked().len() > 4);
}

#[test]
fn series_that_two_selectors_find_are_one() {
    let api = Api::answering(|asked| samples(asked, usize::MAX));
    let expr = "x_total - x_total offset 1m + on() group_left() sum(max_over_time({a=\"1\"}[2m]))";
    let run = query(&api.url(""), &[expr, "--time", "600", "--format", "json"]);
    assert_eq!(result(run)[0]["value"][1], "66");
    // The two that differ in their offset only are asked for together.
    assert_eq!(api.asked().len(), 2);
}

#[test]
fn credentials_come_from_files_or_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        format!("@{}", path.display())
    };
    let (token, password) = (file("token", "s3cret\n"), file("password", "pass word\n"));
    let headers = file("headers", "X-Scope-OrgID: tenant\n\nX-More: a: b\n");
    let heads = |args: &[&str], env: &[(&str, &str)]| {
        let api = Api::answering(|asked| samples(asked, usize::MAX));
        let run = query_in(&api.url(""), &[&["x_total", "--time", "600"], args].concat(), env).fine();
        assert_eq!(run.stderr, "");
        api.asked()[0].head.clone()
    };
    let bearer = "authorization: Bearer s3cret\r\n";
    assert!(heads(&["--prometheus-token", &token], &[]).contains(bearer));
    assert!(heads(&[], &[("GLYPH_PROMETHEUS_TOKEN", "s3cret")]).contains(bearer));
    let basic = "authorization: Basic bWU6cGFzcyB3b3Jk\r\n";
    assert!(heads(&["--prometheus-user", "me", "--prometheus-password", &password], &[]).contains(basic));
    let user = ["--prometheus-user", "me"];
    assert!(heads(&user, &[("GLYPH_PROMETHEUS_PASSWORD", "pass word")]).contains(basic));
    let head = heads(&["--prometheus-headers", &headers], &[]);
    assert!(head.contains("x-scope-orgid: tenant\r\n") && head.contains("x-more: a: b\r\n"), "{head}");
    // A secret in a flag is refused, and not repeated.
    let run = query("http://127.0.0.1:1", &["x", "--prometheus-token", "s3cret"]).unable();
    assert!(run.stderr.contains("--prometheus-token") && !run.stderr.contains("s3cret"), "{}", run.stderr);
    let run = query("http://me:s3cret@127.0.0.1:1", &["x"]);
    assert!(run.code == 2 && run.stderr.contains("a secret in a flag"), "{run:#?}");
}

#[test]
fn what_a_server_says_is_told() {
    let answers = [
        (401, "who are you?".to_owned(), "the answer is 401 Unauthorized\nhint: --prometheus-token"),
        (404, "what?".to_owned(), "404 Not Found\nhint: the URL is what stands before /api/v1"),
        (200, "<html>".to_owned(), "expected"),
        (200, "{}".to_owned(), "no answer of Prometheus' query API"),
        (
            400,
            json!({"status": "error", "errorType": "bad_data", "error": "no\u{1b}[2J"}).to_string(),
            "bad_data: no\\u{1b}[2J",
        ),
    ];
    for (status, body, expected) in answers {
        let api = Api::answering(move |_| (status, body.clone()));
        let run = query(&api.url(""), &["x", "--time", "1"]).unable();
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        assert_eq!(api.asked().len(), 1);
    }
    let run = query("http://127.0.0.1:1", &["x", "--format", "json"]);
    assert_eq!(run.code, 2, "{run:#?}");
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&answer["status"], &answer["errorType"]), (&json!("error"), &json!("internal")));
}

#[test]
fn series_and_labels_of_a_server_are_listed() {
    let api = Api::answering(|asked| samples(asked, usize::MAX));
    let list = |args: &[&str]| {
        let mut command = glyphctl();
        command.arg("metrics").args(args).args(["--prometheus", &api.url(""), "--format", "json"]);
        command.args(["--start", "100", "--end", "600"]);
        let mut child = piped(&mut command);
        drop(child.stdin.take());
        serde_json::from_str::<Value>(&ended(child).fine().stdout).unwrap()
    };
    let series = list(&["series", "x_total"]);
    assert_eq!(series["series"][0]["samples"], 51, "{series}");
    assert_eq!((&series["series"][0]["first"], &series["series"][0]["last"]), (&json!(100), &json!(600)));
    assert_eq!(list(&["labels"])["labels"][1]["label"], "a");
    assert_eq!(api.asked()[1].query, "{__name__!=\"\"}[500001ms]");
}
