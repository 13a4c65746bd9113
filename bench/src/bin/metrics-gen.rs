//! Writes scrapes of an invented daemon as OpenMetrics text: the same bytes for the same seed, on every machine.
//!
//! In: the command line. Out: a histogram for each plugin, 18 buckets, a count and a sum, scrape after scrape, which is
//! what `metrics.om` of a recording is. Counters grow and never restart; one bucket of each plugin has an exemplar.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use span_gen::{
    program::{self, Args, Out, number},
    random::Random,
};

const USAGE: &str = "\
usage: metrics-gen --scrapes N [--plugins N] [--seed N] [--out FILE]

Scrapes 15 seconds apart, to standard output if no file is named; 10 plugins, 20 series each, if no number is given.
";

const BOUNDS: [&str; 18] = [
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0",
    "10.0", "25.0", "50.0", "100.0", "+Inf",
];
const FIRST_MS: u64 = 1_700_000_000_123;
const INTERVAL_MS: u64 = 15_000;

struct Told {
    scrapes: u64,
    plugins: usize,
    seed: u64,
    out: Option<String>,
}

/// What one plugin has counted so far: observations in each bucket alone, and their sum in microseconds.
#[derive(Default, Clone)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    sum: u64,
    exemplar: Option<(usize, u64, u64)>,
}

fn main() -> ExitCode {
    program::main::<Told>()
}

impl Args for Told {
    const NAME: &'static str = "metrics-gen";
    const USAGE: &'static str = USAGE;

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let (mut scrapes, mut plugins, mut seed, mut out) = (None, 10, 1, None);
        while let Some(flag) = words.next() {
            if matches!(flag.as_str(), "-h" | "--help") {
                return Ok(None);
            }
            let value = words.next().ok_or_else(|| format!("{flag}: no value"))?;
            match flag.as_str() {
                "--scrapes" => scrapes = Some(number(&flag, &value)?),
                "--plugins" => plugins = number(&flag, &value)? as usize,
                "--seed" => seed = number(&flag, &value)?,
                "--out" => out = Some(value),
                _ => return Err(format!("{flag}: no such option")),
            }
        }
        let scrapes = scrapes.ok_or("--scrapes is missing")?;
        Ok(Some(Self { scrapes, plugins, seed, out }))
    }

    fn out(&self) -> Option<&str> {
        self.out.as_deref()
    }

    fn write(&self, out: &mut Out) -> io::Result<()> {
        let mut random = Random::new(self.seed);
        let mut plugins = vec![Histogram::default(); self.plugins];
        for scrape in 0..self.scrapes {
            let now = FIRST_MS + scrape * INTERVAL_MS;
            writeln!(
                out,
                "# HELP delivery_seconds Time from a flow to its answer.\n# TYPE delivery_seconds histogram"
            )?;
            for (number, plugin) in plugins.iter_mut().enumerate() {
                plugin.observe(&mut random, now);
                plugin.write(number, now, out)?;
            }
        }
        writeln!(out, "# EOF")
    }
}

impl Histogram {
    fn observe(&mut self, random: &mut Random, now: u64) {
        for _ in 0..random.below(20) {
            // The lesser of two: most observations are short.
            let bucket = random.below(18).min(random.below(18)) as usize;
            let micros = 300 << bucket.min(20);
            self.buckets[bucket] += 1 + random.below(9);
            self.sum += micros;
            self.exemplar = Some((bucket, random.number(), now - random.below(INTERVAL_MS)));
        }
    }

    fn write(&self, number: usize, now: u64, out: &mut impl Write) -> io::Result<()> {
        let time = Seconds(now);
        let mut count = 0;
        for (i, (bound, here)) in BOUNDS.iter().zip(self.buckets).enumerate() {
            count += here;
            write!(out, "delivery_seconds_bucket{{plugin=\"p{number:02}\",le=\"{bound}\"}} {count} {time}")?;
            if let Some((_, id, at)) = self.exemplar.filter(|(bucket, ..)| *bucket == i) {
                write!(out, " # {{trace_id=\"{id:032x}\"}} {bound} {}", Seconds(at))?;
            }
            writeln!(out)?;
        }
        writeln!(out, "delivery_seconds_count{{plugin=\"p{number:02}\"}} {count} {time}")?;
        let (whole, micros) = (self.sum / 1_000_000, self.sum % 1_000_000);
        writeln!(out, "delivery_seconds_sum{{plugin=\"p{number:02}\"}} {whole}.{micros:06} {time}")
    }
}

/// Milliseconds, written as seconds.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}
