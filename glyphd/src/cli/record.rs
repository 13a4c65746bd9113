//! The flags that say how record files are written.

use std::time::Duration;

use clap::{Args, ValueEnum};
use glyph_formats::jsonl::{Fsync, Rotation, WriterOptions};

const MAX_FLUSH_INTERVAL: Duration = Duration::from_secs(60);

/// How record files are written: flows, spans, findings, audit entries and metrics alike.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// How long a record may wait in memory for the ones after it (up to 1m); a glyphd that is killed loses no more than
    /// the records of that time, and never part of a line that is not the last
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = flush_interval, help_heading = "Recording")]
    pub flush_interval: Duration,

    /// When records are forced onto the disk, so that they outlive a power cut
    #[arg(long, value_name = "WHEN", value_enum, default_value = "never", help_heading = "Recording")]
    pub fsync: FsyncPolicy,

    /// Close a record file of this size, and compress it
    #[arg(long, value_name = "BYTES", default_value = "256MiB", value_parser = bytes, help_heading = "Recording")]
    pub rotate_bytes: u64,

    /// Close a record file that was begun so long ago, if there is anything in it [default: never]
    #[arg(long, value_name = "DURATION", value_parser = age, help_heading = "Recording")]
    pub rotate_age: Option<Duration>,

    /// Delete the oldest closed files of a kind when they take more than this together, compressed
    #[arg(long, value_name = "BYTES", default_value = "16GiB", value_parser = bytes, help_heading = "Recording")]
    pub rotate_keep_bytes: u64,
}

/// When records are forced onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FsyncPolicy {
    /// When the system likes: a killed glyphd loses nothing by it, a power cut what the system had not written
    Never,
    /// After each flush interval: a power cut loses no more than two intervals; of the audit, a second
    Interval,
    /// As soon as they are written, without waiting for the interval; an audit entry before what it is about
    Always,
}

impl RecordArgs {
    /// What the flags mean.
    pub fn into_options(self) -> WriterOptions {
        WriterOptions {
            rotation: Some(Rotation {
                segment_bytes: self.rotate_bytes,
                segment_age: self.rotate_age,
                total_bytes: self.rotate_keep_bytes,
            }),
            flush_interval: self.flush_interval,
            fsync: match self.fsync {
                FsyncPolicy::Never => Fsync::Never,
                FsyncPolicy::Interval => Fsync::Interval,
                FsyncPolicy::Always => Fsync::Always,
            },
        }
    }
}

fn flush_interval(text: &str) -> Result<Duration, String> {
    let interval = time(text)?;
    let fits = interval <= MAX_FLUSH_INTERVAL;
    fits.then_some(interval).ok_or_else(|| "expected at most 1m".to_owned())
}

fn age(text: &str) -> Result<Duration, String> {
    let age = time(text)?;
    let fits = age >= Duration::from_secs(1);
    fits.then_some(age).ok_or_else(|| "expected at least 1s".to_owned())
}

/// A duration of so many seconds at least and at most; a number without a unit is seconds.
pub fn within(least: u64, most: u64) -> impl Fn(&str) -> Result<Duration, String> + Clone {
    move |text| {
        let seconds = text.parse().map(Duration::from_secs);
        let duration = seconds.or_else(|_| time(text))?;
        let fits = (Duration::from_secs(least)..=Duration::from_secs(most)).contains(&duration);
        fits.then_some(duration).ok_or_else(|| format!("expected {least}s to {most}s"))
    }
}

/// `200ms`, `30s`, `15m`, `24h`, `7d`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time, for example 200ms, 30s, 15m, 24h or 7d".to_owned();
    let (number, unit) = quantity(text).ok_or_else(wrong)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// `1000`, `64KiB`, `256MiB`, `16GiB`.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong =
        || "expected a number of bytes of at least 1KiB, for example 1000000, 256MiB or 16GiB".to_owned();
    let (number, unit) = quantity(text).ok_or_else(wrong)?;
    let one: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(one).filter(|bytes| *bytes >= 1 << 10).ok_or_else(wrong)
}

/// A number and what follows it.
fn quantity(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units_and_limits() {
        assert_eq!(flush_interval("0ms"), Ok(Duration::ZERO));
        assert_eq!(flush_interval("1 s"), Ok(Duration::from_secs(1)));
        assert!(flush_interval("61s").unwrap_err().contains("at most 1m"));
        assert_eq!(age("7d"), Ok(Duration::from_secs(604_800)));
        assert!(age("999ms").unwrap_err().contains("at least 1s"));
        assert_eq!(within(1, 60)("30"), Ok(Duration::from_secs(30)));
        assert_eq!(within(1, 60)("1500ms"), Ok(Duration::from_millis(1_500)));
        for wrong in ["0", "999ms", "61", "2m"] {
            assert_eq!(within(1, 60)(wrong), Err("expected 1s to 60s".to_owned()), "{wrong}");
        }
        assert_eq!((bytes("4096"), bytes("16GiB")), (Ok(4_096), Ok(16 << 30)));
        for wrong in ["", "s", "5", "-1s", "1.5s", "1w", "99999999999999999999s", "18446744073709551615d"] {
            assert!(time(wrong).unwrap_err().contains("for example 200ms"), "{wrong}");
        }
        for wrong in ["", "MiB", "1MB", "0", "-1", "1023", "99999999999TiB"] {
            assert!(bytes(wrong).unwrap_err().contains("for example 1000000"), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_said_is_as_the_options_are() {
        #[derive(clap::Parser)]
        struct Only {
            #[command(flatten)]
            record: RecordArgs,
        }
        let options = <Only as clap::Parser>::parse_from([""; 1]).record.into_options();
        assert_eq!(
            options,
            WriterOptions { rotation: Some(Rotation::default()), ..WriterOptions::default() }
        );
    }
}
