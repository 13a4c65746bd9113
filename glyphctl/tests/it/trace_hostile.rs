//! Span files as an attacker or an accident makes them: the binary takes bounded memory and stack, and says what was
//! wrong.

use std::{
    ffi::OsStr,
    io::{self, Write},
    process::Command,
};

use crate::harness::{Run, ended, glyphctl, piped, run_with_stdin};

/// Address space that the binary may have: what it needs for nothing at all, mapped code and stacks included, and the
/// largest trace that it holds, while it grows.
const KIB: u32 = 2 << 20;

/// Main thread's stack. What recursed once a level would need more.
const STACK_KIB: u32 = 512;

/// Runs the binary within these limits, with what `feed` writes on its standard input.
fn bounded<S: AsRef<OsStr>>(
    args: impl IntoIterator<Item = S>,
    feed: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Run {
    let bare = glyphctl();
    let mut command = Command::new("sh");
    let script = format!("ulimit -v {KIB} && ulimit -s {STACK_KIB} && exec \"$@\"");
    command.args(["-c", &script, "sh"]).arg(bare.get_program()).args(args);
    for (name, value) in bare.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // What each further core adds in threads is none of the trace's.
    command.env("MALLOC_ARENA_MAX", "2").env("POLARS_MAX_THREADS", "2");
    let mut child = piped(&mut command);
    let stdin = child.stdin.take().unwrap();
    // It may end without having read all.
    drop(feed(&mut io::BufWriter::with_capacity(1 << 16, stdin)));
    ended(child)
}

fn summarize(feed: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Run {
    bounded(["trace", "summarize", "-", "--format", "csv"], feed)
}

/// A line of glyph's.
fn span(id: u64, parent: u64, start: u64, end: u64) -> String {
    format!(
        "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\"name\":\"n\",\
         \"service_name\":\"s\",\"start_time_unix_nano\":{start},\"end_time_unix_nano\":{end}}}\n",
        1,
    )
}

/// A gibibyte.
fn much(out: &mut dyn Write) -> io::Result<()> {
    let mebibyte = vec![b'x'; 1 << 20];
    (0..1_024).try_for_each(|_| out.write_all(&mebibyte))
}

#[test]
fn a_line_of_a_gibibyte_is_left_out_and_reading_goes_on() {
    let begin = format!("{{\"trace_id\":\"{:032x}\",\"span_id\":\"{:016x}\",\"name\":\"", 1, 9);
    for before in [span(1, 0, 1, 2), String::new()] {
        let run = summarize(|out| {
            write!(out, "{before}{begin}")?;
            much(out)?;
            write!(out, "\"}}\n{}oops\n", span(2, 0, 1, 2))
        })
        .fine();
        let line = 1 + before.lines().count();
        let spans = line;
        assert!(run.stdout.contains(&format!("\"s\",\"n\",{spans},")), "{}", run.stdout);
        let says = format!("-:{line}: is no span and was left out: it is longer than 64 MiB\n");
        assert!(run.stderr.contains(&says), "{}", run.stderr);
        assert!(run.stderr.contains("2 unreadable lines"), "{}", run.stderr);
    }
}

#[test]
fn a_gibibyte_that_is_nothing_is_told() {
    let run = summarize(much).unable();
    assert!(run.stderr.contains("is no trace file: line 1: it is longer than 64 MiB"), "{}", run.stderr);
}

#[test]
fn a_text_of_a_gibibyte_in_a_document_ends_it() {
    let before = "{\"traceId\":\"a\",\"id\":\"1\",\"timestamp\":1,\"duration\":1}";
    for before in ["", before] {
        let run = summarize(|out| {
            write!(
                out,
                "[\n{before}{}{{\"traceId\":\"a\",\"id\":\"",
                if before.is_empty() { "" } else { "," }
            )?;
            much(out)?;
            write!(out, "\"}}]")
        });
        assert_eq!(run.code, if before.is_empty() { 2 } else { 0 }, "{run:#?}");
        assert!(run.stderr.contains("a text in it is longer than 64 MiB"), "{}", run.stderr);
    }
}

#[test]
fn a_document_is_held_a_trace_at_a_time_and_no_further() {
    // Every two bytes would be a value of 32.
    for begin in ["[{\"traceId\":\"a\",\"id\":\"1\",\"tags\":", "{\"data\":[{\"traceID\":\"a\",\"spans\":"] {
        let run = summarize(|out| {
            write!(out, "{begin}[")?;
            let zeroes = b"0,".repeat(1 << 19);
            (0..1_024).try_for_each(|_| out.write_all(&zeroes))
        })
        .unable();
        let says = "a single trace or resource in it is larger than 256 MiB";
        assert!(run.stderr.contains(says), "{begin}: {}", run.stderr);
    }
}

#[test]
fn a_resource_of_any_size_is_read_as_it_comes() {
    let spans = 400_000;
    let run = summarize(|out| {
        write!(out, "{{\"resourceSpans\":[{{\"resource\":{{}},\"scopeSpans\":[{{\"spans\":[")?;
        let padding = "p".repeat(700);
        for id in 1..=spans {
            let comma = if id > 1 { "," } else { "" };
            write!(out, "{comma}{{\"traceId\":\"a\",\"spanId\":\"{id:x}\",\"name\":\"n\",\"startTimeUnixNano\":\"1\",\"endTimeUnixNano\":\"2\",\"traceState\":\"{padding}\"}}")?;
        }
        write!(out, "]}}]}}]}}")
    })
    .fine();
    assert!(run.stdout.contains(&format!("\"unknown\",\"n\",{spans},")), "{}", run.stdout);
}

#[test]
fn a_span_that_is_nested_too_deep_costs_no_other() {
    let deep = ["[".repeat(10_000), "]".repeat(10_000)].concat();
    let zipkin = |tags: &str| {
        format!(
            "{{\"traceId\":\"a\",\"id\":\"1\",\"timestamp\":1,\"duration\":1,\"name\":\"n\",\"tags\":{tags}}}"
        )
    };
    let document = format!("[\n{},\n{}\n]", zipkin(&deep), zipkin("{}"));
    let lines = format!("{}\n{}\n", zipkin(&deep), zipkin("{}"));
    for text in [document, lines] {
        let run = summarize(|out| out.write_all(text.as_bytes())).fine();
        assert!(run.stdout.contains("\"unknown\",\"n\",1,"), "{run:#?}");
        assert!(
            run.stderr.contains("1 span without usable ids") || run.stderr.contains("1 unreadable line"),
            "{run:#?}"
        );
    }
    for (text, says) in [(deep.clone(), "recursion limit"), (format!("[\n{deep}"), "recursion limit")] {
        let run = summarize(|out| out.write_all(text.as_bytes())).unable();
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
    // An attribute of glyph's own is not looked into, and so is read.
    let own = span(1, 0, 1, 2).replace("\"name\"", &format!("\"attributes\":{{\"a\":{deep}}},\"name\""));
    for args in [&["summarize", "-", "--by", "attr:a"][..], &["show", "-", "--attributes"]] {
        let run = bounded([&["trace"], args].concat(), |out| out.write_all(own.as_bytes())).fine();
        assert!(run.stdout.contains('1'), "{run:#?}");
    }
}

/// A trace of an odd shape: what it is, how many spans it has, and the line of each.
type Shape = (&'static str, u64, fn(u64) -> String);

fn shapes() -> Vec<Shape> {
    const MANY: u64 = 100_000;
    const END: u64 = 10 * MANY;
    vec![
        ("deep", 10_000, |i| span(i + 1, i, i, END - i)),
        ("deep, each outlives its parent", 10_000, |i| span(i + 1, i, i, END + i)),
        ("wide", MANY, |i| if i == 0 { span(1, 0, 0, END) } else { span(i + 1, 1, 9 * i, 9 * i + 5) }),
        ("concurrent", MANY, |i| if i == 0 { span(1, 0, 0, END) } else { span(i + 1, 1, i, END - i) }),
        ("overlapping", MANY, |i| if i == 0 { span(1, 0, 0, 2 * END) } else { span(i + 1, 1, i, END + i) }),
        ("empty", MANY, |i| if i == 0 { span(1, 0, 0, END) } else { span(i + 1, 1, 7, 7) }),
        ("a cycle", MANY, |i| span(i + 1, (i + 1) % MANY + 1, i, END - i)),
        ("one id", MANY, |i| span(7, 7, i, END - i)),
        ("one shared id", MANY, |i| {
            let kind = if i == 0 { "client" } else { "server" };
            let line = span(7, 7, i, END - i).replace("\"s\"", &format!("\"s{i}\""));
            line.replace("\"name\"", &format!("\"kind\":\"{kind}\",\"name\""))
        }),
    ]
}

#[test]
fn traces_of_any_shape_are_written_in_every_way() {
    for (shape, spans, line) in shapes() {
        let text: String = (0..spans).map(line).collect();
        let dir = tempfile::tempdir().unwrap();
        let (chrome, folded) = (dir.path().join("chrome.json"), dir.path().join("stacks.txt"));
        let outputs = ["-o", chrome.to_str().unwrap(), "--folded", folded.to_str().unwrap()];
        let args = [&["trace", "summarize", "-", "--top", "1", "--format", "json"][..], &outputs].concat();
        let run = bounded(args, |out| out.write_all(text.as_bytes())).fine();
        assert!(run.stdout.contains(&format!("\"spans\": {spans},")), "{shape}: {}", run.stdout);
        let drawn = std::fs::read_to_string(&chrome).unwrap().matches("\"ph\":\"X\"").count() as u64;
        assert_eq!(drawn, spans, "{shape}");
        assert!(folded.metadata().unwrap().len() < 8 << 20, "{shape}");
        let run =
            bounded(["trace", "show", "-", "--width", "90"], |out| out.write_all(text.as_bytes())).fine();
        assert_eq!(run.stdout.lines().count() as u64, spans + 1, "{shape}");
    }
}

#[test]
fn times_that_are_none_are_counted_and_never_wrap() {
    let whole = span(1, 0, 1, 2);
    for (time, oddity) in [
        ("NaN", "unreadable_lines"),
        ("Infinity", "unreadable_lines"),
        ("1e400", "unreadable_lines"),
        ("-1", "times_beyond_range"),
        ("16725225600000000000", "times_beyond_range"),
        ("18446744073709551615", "times_beyond_range"),
        ("18446744073709551616", "times_beyond_range"),
        ("\"soon\"", "times_beyond_range"),
        ("[]", "times_beyond_range"),
        ("null", "spans_without_start"),
    ] {
        let odd = span(2, 0, 77, 88).replace(":77", &format!(":{time}"));
        for text in [format!("{whole}{odd}"), format!("{odd}{whole}")] {
            let run = run_with_stdin(["trace", "summarize", "-", "--format", "json"], text.as_bytes()).fine();
            assert!(run.stdout.contains(&format!("\"{oddity}\": 1")), "{time}: {}", run.stdout);
            assert!(run.stdout.contains("\"spans\": 1,"), "{time}: {}", run.stdout);
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_counted() {
    let whole = span(1, 0, 1, 2);
    let crlf =
        run_with_stdin(["trace", "summarize", "-"], whole.replace('\n', "\r\n").repeat(2).as_bytes()).fine();
    assert!(crlf.stdout.starts_with("2 spans"), "{crlf:#?}");
    for bad in [&b"\xff\xfe\xff"[..], b"\0\0\0", b"{\"trace_id\":\"\xc3\x28\"}", b"\xed\xa0\x80", b"\r\r"] {
        let text = [whole.as_bytes(), bad, b"\n", span(2, 0, 1, 2).as_bytes()].concat();
        let run = run_with_stdin(["trace", "summarize", "-"], &text).fine();
        assert!(run.stdout.starts_with("2 spans"), "{bad:?}: {run:#?}");
        let is_blank = bad == b"\r\r";
        assert_eq!(run.stderr.contains("1 unreadable line"), !is_blank, "{bad:?}: {run:#?}");
    }
}

/// A small file of each format.
const SAMPLES: [&str; 6] = [
    "{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\",\"name\":\"n\",\"service_name\":\"s\",\"start_time_unix_nano\":1,\"end_time_unix_nano\":2}\n",
    "{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[{\"spans\":[{\"traceId\":\"a\",\"spanId\":\"1\",\"startTimeUnixNano\":\"1\"}]}]}]}",
    "{\"data\":[{\"traceID\":\"a\",\"spans\":[{\"traceID\":\"a\",\"spanID\":\"1\",\"operationName\":\"n\",\"startTime\":1,\"processID\":\"p\"}],\"processes\":{}}]}",
    "[{\"traceId\":\"a\",\"id\":\"1\",\"timestamp\":1,\"duration\":2},\n{\"traceId\":\"a\",\"id\":\"2\",\"timestamp\":1,\"duration\":2}]",
    "{\"traceId\":\"a\",\"spanId\":\"1\",\"startTimeUnixNano\":1,\"durationNano\":2}\n",
    "{\n\"context\":{\"trace_id\":\"0xa\",\"span_id\":\"0x1\"},\n\"start_time\":\"2026-01-01T00:00:00Z\"\n}\n",
];

/// Every cut is made where the crate is tested that does the reading; here, that the program ends as it should.
#[test]
fn a_file_that_is_cut_short_is_read_or_refused() {
    for sample in SAMPLES {
        for cut in (0..sample.len()).step_by(13) {
            let run = run_with_stdin(["trace", "summarize", "-"], &sample.as_bytes()[..cut]);
            assert!(matches!(run.code, 0 | 2), "{cut} of {sample:?}: {run:#?}");
            assert!(!run.stderr.is_empty() && !run.stderr.contains("panic"), "{cut} of {sample:?}: {run:#?}");
        }
    }
}
