//! Collectors that are not there, slow, or speak nonsense: they cost their spans and one warning, and nothing else.

use std::{
    fs,
    time::{Duration, Instant},
};

use glyph_formats::{
    Span,
    recording::{METRICS, TRACES},
};
use http::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{
    DaemonProcess, Ended, FakeCollector, FakeOrigin, RawOrigin, client, origin, records, told,
};

/// More spans than wait for a collector: four each, and 16,384 have room.
const MANY: usize = 5_000;
/// How long the daemon's end waits for a collector, and what the rest of it may take here.
const PATIENCE: Duration = Duration::from_secs(5);
const REST: Duration = Duration::from_secs(10);
/// What a daemon has at most when that many spans wait: it is 60 MiB or so.
const MEMORY: u64 = 200 << 20;

/// A run that is over: what the log said, what is in the file, what its metrics say, and what it took.
struct Run {
    ended: Ended,
    spans: Vec<Span>,
    metrics: String,
    end_took: Duration,
    memory: u64,
}

/// A run of so many exchanges with that collector.
async fn run_with(endpoint: &str, exchanges: usize) -> Run {
    let origin = FakeOrigin::ok().await;
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    let recording_flag = recording.to_str().unwrap();
    let daemon = DaemonProcess::start(["--trace-endpoint", endpoint, "--record", recording_flag]).await;
    let mut client = daemon.client().await;
    for _ in 0..exchanges {
        assert_eq!(client.get(&origin.url("/")).await.text(), "ok");
    }
    let memory = most_memory(daemon.pid().as_raw_nonzero().get());
    let began = Instant::now();
    let ended = daemon.stop().await;
    let end_took = began.elapsed();
    let metrics = fs::read_to_string(recording.join(METRICS)).unwrap();
    Run { ended, spans: records::lines(&recording.join(TRACES)), metrics, end_took, memory }
}

/// The most that the process had in memory.
fn most_memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

impl Run {
    fn counted(&self, exporter: &str, outcome: &str) -> usize {
        let labels = [("exporter", exporter), ("outcome", outcome)];
        told::value(&self.metrics, "glyph_trace_spans_total", &labels) as usize
    }

    /// It ended well, with one warning; the file has every span, and the collector's loss is counted.
    #[track_caller]
    fn cost_the_collectors_spans_alone(&self, exchanges: usize) {
        let log = &self.ended.stderr;
        assert_eq!(self.ended.code, Some(0), "{log}");
        let of_collector: Vec<_> =
            self.ended.warnings().into_iter().filter(|line| line.contains("does not take spans")).collect();
        assert_eq!(of_collector.len(), 1, "{log}");
        assert!(self.spans.len() >= 4 * exchanges, "{}", self.spans.len());
        assert_eq!(
            (self.counted("file", "exported"), self.counted("file", "dropped")),
            (self.spans.len(), 0)
        );
        let outcomes = (self.counted("otlp", "exported"), self.counted("otlp", "dropped"));
        assert_eq!(outcomes, (0, self.spans.len()), "each that is lost is counted: {log}");
        assert_eq!(self.told_of_losses(), self.spans.len(), "{log}");
        assert!(self.end_took < PATIENCE + REST, "{:?}", self.end_took);
        assert!(self.memory < MEMORY, "{} bytes", self.memory);
    }

    /// How many spans the log says the collector lacks.
    fn told_of_losses(&self) -> usize {
        let line = self.ended.stderr.lines().find(|line| line.contains("the collector did not get")).unwrap();
        line.rsplit_once("dropped=").unwrap().1.trim().parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_costs_one_warning_and_no_line_of_the_file() {
    let dead = format!("http://{}", origin::nobody().await);
    run_with(&dead, MANY).await.cost_the_collectors_spans_alone(MANY);
    let run = run_with("http://otel-collector.invalid:4318", 20).await;
    run.cost_the_collectors_spans_alone(20);
    assert_eq!(run.ended.warnings().len(), 1, "{}", run.ended.stderr);
    assert!(run.end_took < PATIENCE, "nobody is waited for who is not there: {:?}", run.end_took);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_refuses_is_one_that_does_not_take_spans() {
    for answer in
        ["HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"]
    {
        let origin = RawOrigin::answering(answer.as_bytes()).await;
        run_with(&origin.url(""), 20).await.cost_the_collectors_spans_alone(20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_speaks_nonsense_is_one_that_does_not_take_spans() {
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        drop(stream.write_all(&[0x16; 100_000]).await);
    })
    .await;
    run_with(&origin.url(""), MANY).await.cost_the_collectors_spans_alone(MANY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_delays_the_end_but_not_for_ever() {
    let origin = RawOrigin::serving(|mut stream| async move {
        let mut taken = [0; 65_536];
        while stream.read(&mut taken).await.is_ok_and(|n| n > 0) {}
    })
    .await;
    let run = run_with(&origin.url(""), MANY).await;
    assert_eq!(run.ended.code, Some(0), "{}", run.ended.stderr);
    assert!(run.end_took >= PATIENCE && run.end_took < PATIENCE + REST, "{:?}", run.end_took);
    assert_eq!((run.counted("file", "exported"), run.counted("file", "dropped")), (run.spans.len(), 0));
    assert_eq!(run.counted("otlp", "dropped"), run.spans.len());
    assert!(run.memory < MEMORY, "{} bytes", run.memory);
}

/// An answer of 200 is that the spans were taken, whatever stands in it; but it is not read without end.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_whose_answers_are_no_otlp_has_taken_the_spans() {
    let collector =
        FakeCollector::answering(|_| Response::new(client::full("<html>welcome to the network</html>")))
            .await;
    let run = run_with(&collector.url(""), 20).await;
    assert_eq!((run.ended.code, run.ended.warnings().len()), (Some(0), 0), "{}", run.ended.stderr);
    assert_eq!((run.counted("otlp", "exported"), run.counted("otlp", "dropped")), (run.spans.len(), 0));
}
