//! What would be sent, without sending anything.

use std::{ops::ControlFlow, process::ExitCode};

use anyhow::anyhow;

use super::{
    RunArgs, account,
    pace::Pace,
    plan::{Plan, Preparer, Tally},
};
use crate::output::{
    self,
    failure::HintExt,
    replay::dry_run::{self, DryRun, Host},
};

/// Looks at everything, and tells.
pub(super) fn run(flags: &RunArgs, plan: &Plan, preparer: &Preparer) -> anyhow::Result<ExitCode> {
    let (mut tally, mut last) = (Tally::default(), 0);
    plan.each(preparer, 1, &mut tally, |planned| {
        last = planned.after;
        ControlFlow::Continue(())
    })?;
    let requests = tally.sent.saturating_mul(flags.times);
    let pace = flags.pace();
    let after = match pace {
        Pace::Rate(_) => 0,
        _ => plan.length.saturating_mul(flags.times - 1).saturating_add(last),
    };
    let duration = pace.due(requests.saturating_sub(1), after);
    let dry = DryRun {
        target: preparer.target().to_string(),
        requests,
        loops: flags.times,
        concurrency: flags.options().concurrency as u64,
        body_bytes: tally.bytes,
        pace: pace.to_string(),
        duration_ns: duration.map(|d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
        hosts: tally.hosts.iter().map(|(host, n)| Host { host: host.clone(), requests: *n }).collect(),
        not_sent: account::not_sent(&tally),
        secrets: account::secrets(&tally),
    };
    output::to_stdout(|out| dry_run::write(&dry, flags.compare.format(), out))?;
    account::tell_tally(&tally);
    if requests == 0 {
        return Err(
            anyhow!("nothing of it can be sent").hint("glyphctl flows ls RECORDING lists what is in it")
        );
    }
    Ok(ExitCode::SUCCESS)
}
