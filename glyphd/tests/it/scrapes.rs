//! Other targets scraped into `metrics.om`: both formats, targets that fail, and what Prometheus' own tool says of
//! the file.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use glyph_formats::recording::METRICS;
use glyphd::{Config, Daemon, StartError, app::Summary, config::ScrapeTarget};
use http::Response;

use crate::harness::{
    DaemonProcess, FakeOrigin, RawOrigin, Recorded, TestDaemon,
    client::{Body, full},
    origin::nobody,
    peers, within,
};

const OPENMETRICS: &str = "\
# HELP jobs Jobs that were done.
# TYPE jobs counter
jobs_total{job=\"nightly\"} 3 # {trace_id=\"ab\"} 1.0 1700000000.5
# TYPE took_seconds histogram
# UNIT took_seconds seconds
took_seconds_bucket{le=\"1.0\"} 1 # {trace_id=\"cd\"} 0.5
took_seconds_bucket{le=\"+Inf\"} 2
took_seconds_sum 4
took_seconds_count 2
# EOF
";

const CLASSIC: &str = "\
# Written by hand.
# HELP jobs_total Jobs that were done.
# TYPE jobs_total counter
jobs_total{instance=\"x\",} 3 1700000000000
# HELP bytes Without the suffix.
# TYPE bytes counter
bytes 12
# TYPE load untyped
load NaN
# TYPE wait_seconds summary
wait_seconds{quantile=\"0.5\"} 1e-3
wait_seconds_sum 0.25
wait_seconds_count 2
";

/// How often a target is scraped where a test waits for more than the first time.
const OFTEN: Duration = Duration::from_millis(100);
const SELDOM: Duration = Duration::from_secs(3_600);

fn answer(kind: &str, body: &'static str) -> Response<Body> {
    Response::builder().header("content-type", kind).body(full(body)).unwrap()
}

fn openmetrics(body: &'static str) -> Response<Body> {
    answer("application/openmetrics-text; version=1.0.0; charset=utf-8", body)
}

fn classic(body: &'static str) -> Response<Body> {
    answer("text/plain; version=0.0.4", body)
}

fn target(job: &str, url: &str) -> ScrapeTarget {
    ScrapeTarget::new(job, url).unwrap()
}

async fn scraping(every: Duration, targets: Vec<ScrapeTarget>) -> TestDaemon {
    TestDaemon::with(|config| {
        config.record_metrics_interval = every;
        config.scrape = targets;
    })
    .await
}

fn metrics(recorded: &Recorded) -> String {
    fs::read_to_string(recorded.dir.join(METRICS)).unwrap()
}

/// The lines of a job, without their times, and with `[took]` where a duration stands.
fn of_job(text: &str, job: &str, instance: &str) -> Vec<String> {
    let label = format!("job=\"{job}\"");
    let lines = text.lines().filter(|line| line.contains(&label) && !line.starts_with('#'));
    lines
        .map(|line| {
            let line = line.replace(instance, "[instance]");
            let (sample, exemplar) = line.split_once(" # ").map_or((&*line, None), |(s, e)| (s, Some(e)));
            let (sample, time) = sample.rsplit_once(' ').unwrap();
            assert!(time.parse::<f64>().unwrap() > 1.7e9, "{line}");
            let sample = match sample.rsplit_once(' ').unwrap() {
                (series, _) if series.starts_with("scrape_duration_seconds") => format!("{series} [took]"),
                _ => sample.to_owned(),
            };
            exemplar.map_or(sample.clone(), |exemplar| format!("{sample} # {exemplar}"))
        })
        .collect()
}

/// The values of a job's `up`, in their order.
fn up(text: &str, job: &str) -> Vec<String> {
    let (label, value) = (format!("job=\"{job}\""), |line: &str| line.split(' ').nth(1).unwrap().to_owned());
    text.lines().filter(|l| l.starts_with("up{") && l.contains(&label)).map(value).collect()
}

fn is_accepted_by_promtool(metrics: &Path) {
    let blocks = tempfile::tempdir().unwrap();
    let out = blocks.path().join("tsdb");
    let args =
        ["tsdb", "create-blocks-from", "openmetrics", metrics.to_str().unwrap(), out.to_str().unwrap()];
    if let Some(output) = peers::run("promtool", &args, b"") {
        assert!(output.status.success(), "{output:?}");
        assert!(fs::read_dir(&out).unwrap().count() > 0, "promtool made a block of it");
    }
}

fn scrapes(summary: &Summary) -> (u64, u64) {
    (summary.scrapes, summary.scrapes_failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_are_recorded_as_one() {
    let modern = FakeOrigin::answering(|_| openmetrics(OPENMETRICS)).await;
    let old = FakeOrigin::answering(|_| classic(CLASSIC)).await;
    let targets = vec![target("modern", &modern.url("/")), target("old", &old.url("/own/path?x=y"))];
    let recorded = scraping(SELDOM, targets).await.drain().await;
    let text = metrics(&recorded);
    assert!(text.ends_with("# EOF\n"), "{text}");
    // The first scrape may have given way to the last.
    let last = |job: &str, origin: &FakeOrigin| {
        let lines = of_job(&text, job, &origin.address().to_string());
        assert!(!lines.is_empty() && up(&text, job).iter().all(|up| up == "1"), "{text}");
        let first = lines.iter().position(|line| line.starts_with("scrape_samples_scraped")).unwrap();
        assert!(
            lines.chunks(first + 1).all(|chunk| chunk == &lines[..=first]),
            "each scrape is whole: {text}"
        );
        lines[..=first].join("\n")
    };
    insta::assert_snapshot!(last("modern", &modern), @r##"
    jobs_total{exported_job="nightly",instance="[instance]",job="modern"} 3 # {trace_id="ab"} 1.0 1700000000.5
    took_seconds_bucket{instance="[instance]",job="modern",le="1.0"} 1 # {trace_id="cd"} 0.5
    took_seconds_bucket{instance="[instance]",job="modern",le="+Inf"} 2
    took_seconds_sum{instance="[instance]",job="modern"} 4
    took_seconds_count{instance="[instance]",job="modern"} 2
    up{instance="[instance]",job="modern"} 1
    scrape_duration_seconds{instance="[instance]",job="modern"} [took]
    scrape_samples_scraped{instance="[instance]",job="modern"} 5
    "##);
    insta::assert_snapshot!(last("old", &old), @r##"
    jobs_total{exported_instance="x",instance="[instance]",job="old"} 3
    bytes{instance="[instance]",job="old"} 12
    load{instance="[instance]",job="old"} NaN
    wait_seconds{instance="[instance]",job="old",quantile="0.5"} 1e-3
    wait_seconds_sum{instance="[instance]",job="old"} 0.25
    wait_seconds_count{instance="[instance]",job="old"} 2
    up{instance="[instance]",job="old"} 1
    scrape_duration_seconds{instance="[instance]",job="old"} [took]
    scrape_samples_scraped{instance="[instance]",job="old"} 6
    "##);
    for line in [
        "# TYPE jobs counter",
        "# TYPE bytes unknown",
        "# TYPE load unknown",
        "# HELP jobs Jobs that were done.",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    is_accepted_by_promtool(&recorded.dir.join(METRICS));

    let seen = modern.seen().remove(0);
    assert!(seen.header("accept").starts_with(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    ));
    assert_eq!((seen.header("accept-encoding"), seen.header("traceparent")), ("gzip", ""));
    assert_eq!(
        (seen.target.path(), &*old.seen().remove(0).target.to_string()),
        ("/metrics", "/own/path?x=y")
    );
    assert_eq!(recorded.flows, [], "a scrape is no traffic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_fails_is_down_and_comes_back() {
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    // Good, broken in each of these ways, and good again.
    let origin = FakeOrigin::answering(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        1 => openmetrics("jobs_total 98765\n<html>\n# EOF\n"),
        2 => openmetrics("jobs_total 98765\n"),
        3 => Response::builder().status(503).body(full("jobs_total 98765\n")).unwrap(),
        4 => classic("jobs_total \"98765\"\n"),
        _ => openmetrics(OPENMETRICS),
    })
    .await;
    let daemon = scraping(OFTEN, vec![target("api", &origin.url("/metrics"))]).await;
    within("the target to have come back", async {
        while asked.load(Ordering::Relaxed) < 6 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let recorded = daemon.drain().await;
    let text = metrics(&recorded);
    let up = up(&text, "api");
    assert_eq!(up[..6], ["1", "0", "0", "0", "0", "1"].map(str::to_owned), "{text}");
    assert_eq!(scrapes(&recorded.summary), (up.len() as u64, 4));
    assert!(!text.contains("html") && !text.contains("98765"), "nothing of a broken scrape is kept: {text}");
    is_accepted_by_promtool(&recorded.dir.join(METRICS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_not_there_or_hangs_delays_nobody() {
    let good = FakeOrigin::answering(|_| classic("good 1\n")).await;
    let torn = RawOrigin::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\na 1\n").await;
    // Never answers.
    let mute = RawOrigin::serving(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let targets = vec![
        target("good", &good.url("")),
        target("torn", &torn.url("")),
        target("mute", &mute.url("")),
        target("none", &format!("http://{}", nobody().await)),
    ];
    let daemon = scraping(OFTEN, targets).await;
    within("scrapes of the good one", async {
        while good.seen().len() < 5 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let recorded = daemon.drain().await;
    let text = metrics(&recorded);
    assert!(up(&text, "good").len() >= 5 && up(&text, "good").iter().all(|up| up == "1"), "{text}");
    for job in ["torn", "mute", "none"] {
        let up = up(&text, job);
        assert!(up.len() >= 2 && up.iter().all(|up| up == "0"), "{job}: {text}");
    }
    let failed = ["torn", "mute", "none"].iter().map(|job| up(&text, job).len() as u64).sum::<u64>();
    assert_eq!(recorded.summary.scrapes_failed, failed);
    is_accepted_by_promtool(&recorded.dir.join(METRICS));
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_that_cannot_be_told_apart_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::on_free_ports();
    config.record = Some(dir.path().join("recording"));
    config.scrape = vec![target("api", "http://localhost:1/a"), target("api", "http://localhost:1/b")];
    let error = Daemon::start(config).await.err().unwrap();
    assert!(matches!(error, StartError::Scrape(_)), "{error}");
    assert!(error.to_string().contains("api=http://localhost:1/b: another target"), "{error}");
    assert!(error.hint().unwrap().contains("JOB=URL"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemons_own_flags_name_targets_and_who_asks() {
    let origin = FakeOrigin::answering(|_| classic("good 1\n")).await;
    let dir = tempfile::tempdir().unwrap();
    let (recording, token) = (dir.path().join("run"), dir.path().join("token"));
    fs::write(&token, "s3cret\n").unwrap();
    let target = format!("api={},env=ci", origin.address());
    let token = format!("@{}", token.display());
    let flags = ["--scrape", &target, "--scrape-token", &token, "--scrape-label", "zone=a"];
    let args = [&["--record", recording.to_str().unwrap()], &flags[..]].concat();
    let daemon = DaemonProcess::start(args).await;
    within("a scrape", async {
        while origin.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    daemon.stop().await;
    let text = fs::read_to_string(recording.join(METRICS)).unwrap();
    let series = format!("good{{env=\"ci\",instance=\"{}\",job=\"api\",zone=\"a\"}} 1 ", origin.address());
    assert!(text.contains(&series), "{series}: {text}");
    assert_eq!(origin.seen()[0].header("authorization"), "Bearer s3cret");
}

/// glyphd speaks both formats itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_can_be_scraped_by_another() {
    let other = DaemonProcess::start([""; 0]).await;
    let targets = vec![target("other", &format!("http://{}", other.metrics))];
    let recorded = scraping(SELDOM, targets).await.drain().await;
    let text = metrics(&recorded);
    assert!(up(&text, "other").iter().all(|up| up == "1"), "{text}");
    for job in ["glyphd", "other"] {
        let is_its = |l: &str| l.starts_with("glyph_connections{") && l.contains(&format!("job=\"{job}\""));
        assert!(text.lines().any(is_its), "{job}: {text}");
    }
    is_accepted_by_promtool(&recorded.dir.join(METRICS));
    other.stop().await;
}
