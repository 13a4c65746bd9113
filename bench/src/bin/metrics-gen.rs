//! Writes scrapes of an invented daemon as OpenMetrics text: the same bytes for the same seed, on every machine.
//!
//! In: the command line. Out: a histogram for each plugin, 18 buckets, a count and a sum, scrape after scrape, which is
//! what `metrics.om` of a recording is. Counters grow and never restart; one bucket of each plugin has an exemplar.

#[path = "../random.rs"]
#[allow(dead_code, reason = "spans need more of it")]
mod random;

use std::{
    env,
    fs::File,
    io::{self, BufWriter, ErrorKind, Write},
    process::ExitCode,
};

use random::Random;

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

struct Args {
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
    let args = match args(env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprint!("metrics-gen: {why}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("metrics-gen: {}: {error}", args.out.as_deref().unwrap_or("standard output"));
            ExitCode::from(2)
        }
    }
}

/// The command line, or none if it asks for help.
fn args(mut words: impl Iterator<Item = String>) -> Result<Option<Args>, String> {
    let number = |flag: &str, value: String| {
        value.replace('_', "").parse::<u64>().map_err(|e| format!("{flag} {value}: {e}"))
    };
    let (mut scrapes, mut plugins, mut seed, mut out) = (None, 10, 1, None);
    while let Some(flag) = words.next() {
        if matches!(flag.as_str(), "-h" | "--help") {
            return Ok(None);
        }
        let value = words.next().ok_or_else(|| format!("{flag}: no value"))?;
        match flag.as_str() {
            "--scrapes" => scrapes = Some(number(&flag, value)?),
            "--plugins" => plugins = number(&flag, value)? as usize,
            "--seed" => seed = number(&flag, value)?,
            "--out" => out = Some(value),
            _ => return Err(format!("{flag}: no such option")),
        }
    }
    let scrapes = scrapes.ok_or("--scrapes is missing")?;
    Ok(Some(Args { scrapes, plugins, seed, out }))
}

fn run(args: &Args) -> io::Result<()> {
    let sink: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 20, sink);
    let mut random = Random::new(args.seed);
    let mut plugins = vec![Histogram::default(); args.plugins];
    for scrape in 0..args.scrapes {
        let now = FIRST_MS + scrape * INTERVAL_MS;
        writeln!(
            out,
            "# HELP delivery_seconds Time from a flow to its answer.\n# TYPE delivery_seconds histogram"
        )?;
        for (number, plugin) in plugins.iter_mut().enumerate() {
            plugin.observe(&mut random, now);
            plugin.write(number, now, &mut out)?;
        }
    }
    writeln!(out, "# EOF")?;
    out.flush()
}

impl Histogram {
    fn observe(&mut self, random: &mut Random, now: u64) {
        for _ in 0..random.below(20) {
            // The lesser of two: most observations are short.
            let bucket = random.below(18).min(random.below(18)) as usize;
            let micros = 300 << bucket.min(20);
            self.buckets[bucket] += 1 + random.below(9);
            self.sum += micros;
            self.exemplar = Some((bucket, random.next(), now - random.below(INTERVAL_MS)));
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
