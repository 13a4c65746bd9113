//! The threads that bring requests to the senders: one reads and prepares them, ahead of time; one keeps time.

use std::{
    ops::ControlFlow,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::{
    pace::{Pace, wait_until},
    plan::{Plan, Planned, Preparer, Tally},
    send::Desk,
};

/// Nobody waits longer.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Brings all requests, as often as is asked for. Gives what becomes of the flows, or why they could not be read.
pub(super) fn feed(
    plan: &Plan,
    preparer: &Preparer,
    times: u64,
    pace: Pace,
    desk: &Arc<Desk>,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let fed = match pace {
        Pace::Max => plan.each(preparer, times, &mut tally, |planned| {
            let wanted = desk.admit(planned.request.bytes());
            if wanted {
                desk.push(planned, None);
            }
            flow(wanted)
        }),
        pace => thread::scope(|scope| {
            let (to, timed) = mpsc::channel();
            scope.spawn(move || keep_time(&timed, pace, desk));
            plan.each(preparer, times, &mut tally, |planned| {
                flow(desk.admit(planned.request.bytes()) && to.send(planned).is_ok())
            })
        }),
    };
    desk.close();
    fed?;
    Ok(tally)
}

fn flow(is_wanted: bool) -> ControlFlow<()> {
    if is_wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// Hands each request over when it is due.
fn keep_time(requests: &mpsc::Receiver<Planned>, pace: Pace, desk: &Desk) {
    let mut start = None;
    for (n, planned) in requests.iter().enumerate() {
        // The first is due when it is there.
        let start = *start.get_or_insert_with(Instant::now);
        let due = pace.due(n as u64, planned.after).map(|after| start + after.min(NEVER));
        if let Some(due) = due
            && !wait_until(due, || !desk.is_stopped())
        {
            return;
        }
        desk.push(planned, due);
    }
}
