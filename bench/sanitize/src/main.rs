//! What sanitizing costs: `sanitize-bench SCENARIO` measures on one thread and prints one JSON object; `bench/run.py --only
//! sanitizing` judges.
//!
//! `exchange ROUNDS`: the CPU time of a small JSON exchange. `bodies FOLDER BYTES`: texts out of the HAR files in the
//! folder, so many bytes of each, through the sanitizer and through regular expressions for the same keys.

mod bodies;
mod exchange;
mod expressions;

use std::time::Duration;

use anyhow::bail;
use bytes::Bytes;
use glyphd::sanitize::Message;
use http::{HeaderMap, HeaderName, HeaderValue};
use mimalloc::MiMalloc;
use rustix::time::{ClockId, clock_gettime};

/// The daemon's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let figures = match args[..] {
        ["exchange", rounds] => exchange::measure(rounds.parse()?)?,
        ["bodies", folder, bytes] => bodies::measure(folder.as_ref(), bytes.parse()?)?,
        _ => bail!("sanitize-bench exchange ROUNDS | bodies FOLDER BYTES"),
    };
    #[expect(clippy::print_stdout, reason = "it is what this program is for")]
    {
        println!("{figures}");
    }
    Ok(())
}

/// The CPU time that it takes this thread.
fn cpu_time<T>(work: impl FnOnce() -> T) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
    };
    let start = now();
    std::hint::black_box(work());
    now().saturating_sub(start)
}

fn message(headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> anyhow::Result<Message> {
    let content = body.into();
    let pairs = headers.iter().map(|(name, value)| Ok((HeaderName::from_static(name), value.parse()?)));
    let pairs: Vec<(HeaderName, HeaderValue)> = pairs.collect::<anyhow::Result<_>>()?;
    let size = content.len() as u64;
    Ok(Message { headers: HeaderMap::from_iter(pairs), trailers: None, content, size, complete: true })
}
