//! Writes as many spans as asked for, of an invented shop: the same bytes for the same seed, on every machine.
//!
//! In: the command line. Out: a file in the format asked for. The data's way: the `shop` says what calls what,
//! `trace` grows traces out of that, `exporter` brings spans into the order in which they ended, `write` writes them.

mod random;
mod attributes;
mod shop;
mod trace;
mod exporter;
mod write;

use std::{
    env,
    fs::File,
    io::{self, BufWriter, ErrorKind, Write},
    process::ExitCode,
};

use exporter::InOrderOfEnd;
use trace::Traces;
use write::Format;

const USAGE: &str = "\
usage: span-gen --spans N [--seed N] [--format glyph|otlp|jaeger|zipkin] [--out FILE]

Spans of an invented shop, to standard output if no file is named. The same seed gives the same bytes.
  glyph   one span a line, in the order in which they ended
  otlp    OTLP/JSON, up to 512 spans of one resource a line, as the Collector's file exporter writes them
  jaeger  one document with a trace after the other, times in microseconds
  zipkin  one array of spans in the order in which they ended, times in microseconds
";

struct Args {
    spans: u64,
    seed: u64,
    format: Format,
    out: Option<String>,
}

fn main() -> ExitCode {
    let args = match args(env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprint!("span-gen: {why}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        // `span-gen … | head` has all it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("span-gen: {}: {error}", args.out.as_deref().unwrap_or("standard output"));
            ExitCode::from(2)
        }
    }
}

/// The command line, or none if it asks for help.
fn args(mut words: impl Iterator<Item = String>) -> Result<Option<Args>, String> {
    let number = |flag: &str, value: String| {
        value.replace('_', "").parse::<u64>().map_err(|e| format!("{flag} {value}: {e}"))
    };
    let (mut spans, mut seed, mut format, mut out) = (None, 1, Format::Glyph, None);
    while let Some(flag) = words.next() {
        if matches!(flag.as_str(), "-h" | "--help") {
            return Ok(None);
        }
        let value = words.next().ok_or_else(|| format!("{flag}: no value"))?;
        match flag.as_str() {
            "--spans" => spans = Some(number(&flag, value)?),
            "--seed" => seed = number(&flag, value)?,
            "--format" => format = Format::named(&value).ok_or_else(|| format!("{flag} {value}: no such"))?,
            "--out" => out = Some(value),
            _ => return Err(format!("{flag}: no such option")),
        }
    }
    let spans = spans.ok_or("--spans is missing")?;
    Ok(Some(Args { spans, seed, format, out }))
}

fn run(args: &Args) -> io::Result<()> {
    let sink: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 20, sink);
    let traces = Traces::new(args.seed, args.spans);
    match args.format {
        Format::Glyph => write::glyph::write(InOrderOfEnd::new(traces), &mut out)?,
        Format::Otlp => write::otlp::write(InOrderOfEnd::new(traces), &mut out)?,
        Format::Jaeger => write::jaeger::write(traces, &mut out)?,
        Format::Zipkin => write::zipkin::write(InOrderOfEnd::new(traces), &mut out)?,
    }
    out.flush()
}
