//! What plugins cost: `plugin-bench SCENARIO` measures and prints one JSON object; `bench/run.py --only plugins` judges.
//!
//! `dispatch`: a flow to eight subscribers in this process. `throughput`, `pace`: recorded flows to a real plugin
//! process, as fast as they go and at a set rate. `stalled`: a daemon with 32 sessions, one of which answers nothing.
//! `flow-log`: flows into the log, and what of them is there; `crash`: daemons that are killed while they record.
//! `price`: the CPU time of the proxy with and without plugins; `drive`: the same requests through another proxy.
//! `fetch`: a plugin's own requests, beside a bare client's; `limiter`: the decisions of the rate limits.

mod clock;
mod crash;
mod daemon;
mod dispatch;
mod fetch;
mod flow_log;
mod flows;
mod load;
mod price;
mod probe;
mod sessions;
mod stalled;
mod start;
mod throughput;

use std::process::ExitCode;

use anyhow::bail;

fn main() -> anyhow::Result<ExitCode> {
    // Some scenarios start plugins out of this process.
    glyphd::launcher::run_if_asked();
    bench()
}

#[tokio::main]
async fn bench() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let figures = match args[..] {
        ["plugin", "probe"] => return probe::run().await,
        ["plugin", "passive-headers"] => {
            glyph_plugin::run(passive_headers::PassiveHeaders::default()).await?;
            return Ok(ExitCode::SUCCESS);
        }
        ["serve"] => {
            fetch::serve().await?;
            return Ok(ExitCode::SUCCESS);
        }
        ["fetch", glyphd, requests, at_a_time] => {
            fetch::measure(glyphd, requests.parse()?, at_a_time.parse()?).await?
        }
        ["limiter", hosts, decisions] => fetch::limiter(hosts.parse()?, decisions.parse()?),
        ["dispatch", flows] => dispatch::measure(flows.parse()?)?,
        ["throughput", flows] => throughput::as_fast_as_it_goes(flows.parse()?).await?,
        ["pace", rate, seconds] => throughput::at_a_pace(rate.parse()?, seconds.parse()?).await?,
        ["stalled", glyphd, rate, seconds] => {
            stalled::measure(glyphd, rate.parse()?, seconds.parse()?).await?
        }
        ["flow-log", flows, fsync] => flow_log::measure(None, flows.parse()?, fsync).await?,
        ["flow-log", flows, fsync, rate] => {
            flow_log::measure(Some(rate.parse()?), flows.parse()?, fsync).await?
        }
        ["crash", glyphd, kills] => crash::measure(glyphd, kills.parse()?).await?,
        ["price", glyphd, requests] => price::measure(glyphd, requests.parse()?).await?,
        ["start", glyphd, starts] => start::measure(glyphd, starts.parse()?).await?,
        ["drive", proxy, requests] => load::through(proxy, requests.parse()?).await?,
        _ => bail!(
            "plugin-bench dispatch FLOWS | throughput FLOWS | pace RATE SECONDS | stalled GLYPHD RATE SECONDS | flow-log FLOWS FSYNC [RATE] | crash GLYPHD KILLS | price GLYPHD REQUESTS | start GLYPHD STARTS | drive PROXY REQUESTS | fetch GLYPHD REQUESTS AT_A_TIME | limiter HOSTS DECISIONS"
        ),
    };
    #[expect(clippy::print_stdout, reason = "it is what this program is for")]
    {
        println!("{figures}");
    }
    Ok(ExitCode::SUCCESS)
}
