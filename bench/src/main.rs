//! Writes as many spans as asked for, of an invented shop: the same bytes for the same seed, on every machine.
//!
//! In: the command line. Out: a file in the format asked for. The data's way: the `shop` says what calls what,
//! `trace` grows traces out of that, `exporter` brings spans into the order in which they ended, `write` writes them.

mod attributes;
mod shop;
mod trace;
mod exporter;
mod write;

use std::{io, process::ExitCode};

use exporter::InOrderOfEnd;
use span_gen::program::{self, Args, Out, number};
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

struct Told {
    spans: u64,
    seed: u64,
    format: Format,
    out: Option<String>,
}

fn main() -> ExitCode {
    program::main::<Told>()
}

impl Args for Told {
    const NAME: &'static str = "span-gen";
    const USAGE: &'static str = USAGE;

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let (mut spans, mut seed, mut format, mut out) = (None, 1, Format::Glyph, None);
        while let Some(flag) = words.next() {
            if matches!(flag.as_str(), "-h" | "--help") {
                return Ok(None);
            }
            let value = words.next().ok_or_else(|| format!("{flag}: no value"))?;
            match flag.as_str() {
                "--spans" => spans = Some(number(&flag, &value)?),
                "--seed" => seed = number(&flag, &value)?,
                "--format" => {
                    format = Format::named(&value).ok_or_else(|| format!("{flag} {value}: no such"))?
                }
                "--out" => out = Some(value),
                _ => return Err(format!("{flag}: no such option")),
            }
        }
        let spans = spans.ok_or("--spans is missing")?;
        Ok(Some(Self { spans, seed, format, out }))
    }

    fn out(&self) -> Option<&str> {
        self.out.as_deref()
    }

    fn write(&self, out: &mut Out) -> io::Result<()> {
        let traces = Traces::new(self.seed, self.spans);
        match self.format {
            Format::Glyph => write::glyph::write(InOrderOfEnd::new(traces), out),
            Format::Otlp => write::otlp::write(InOrderOfEnd::new(traces), out),
            Format::Jaeger => write::jaeger::write(traces, out),
            Format::Zipkin => write::zipkin::write(InOrderOfEnd::new(traces), out),
        }
    }
}
