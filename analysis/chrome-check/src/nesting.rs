//! Slices: sorted, and on each thread one inside the other or apart.

use std::collections::BTreeMap;

use crate::{
    Fault, Slice, Thread,
    events::{Event, Time},
};

/// What is open on a thread: positions of slices, and their times.
#[derive(Default)]
struct Open {
    stack: Vec<(usize, Time, Time)>,
    last_end: Option<Time>,
    first_start: Option<Time>,
}

/// Every slice with the one in which it is drawn.
///
/// Viewers differ in where a slice that starts at the end of another goes, and in which of two that start together and of
/// which one is empty is inside the other. So slices that touch must be apart by something, unless one is well inside.
pub(crate) fn slices(events: &[Event<'_>]) -> Result<Vec<Slice>, Fault> {
    let mut slices = Vec::new();
    let mut threads: BTreeMap<Thread, Open> = BTreeMap::new();
    let mut before = 0;
    for event in events.iter().filter(|e| e.phase == "X") {
        let fault = |why: String| Fault::new(event.at, format!("{:?}: {why}", event.name));
        let (start, duration) = (event.time, event.duration);
        if start.ns < before {
            return Err(fault("starts before the slice before it in the file".to_owned()));
        }
        before = start.ns;
        let on = threads.entry(event.thread).or_default();
        let zeros = [0.0, on.first_start.get_or_insert(start).micros];
        while let Some((at, from, lasts)) = on.stack.last().copied() {
            if from.ns + lasts.ns > start.ns {
                break;
            }
            on.stack.pop();
            if from.ns + lasts.ns == start.ns {
                return Err(fault(format!("touches slice {at}")));
            }
            // In the doubles that viewers add up, too.
            if from.micros + lasts.micros >= start.micros {
                return Err(fault(format!("touches slice {at} in doubles")));
            }
        }
        if let Some(end) = on.last_end.filter(|end| end.ns == start.ns) {
            return Err(fault(format!("starts at {} ns, where another has ended", end.ns)));
        }
        if let Some((at, from, lasts)) = on.stack.last().copied() {
            if start.ns + duration.ns > from.ns + lasts.ns {
                return Err(fault(format!("sticks out of slice {at}")));
            }
            for zero in zeros {
                let end = |start: Time, lasts: Time| start.micros - zero + lasts.micros;
                if end(start, duration) > end(from, lasts) {
                    return Err(fault(format!("sticks out of slice {at} in doubles")));
                }
            }
            if duration.ns == 0 && start.ns == from.ns {
                return Err(fault(format!("is empty at the start of slice {at}")));
            }
        }
        let within = on.stack.last().map(|(at, ..)| *at);
        on.stack.push((slices.len(), start, duration));
        let end = Time { ns: start.ns + duration.ns, micros: start.micros + duration.micros };
        if on.last_end.is_none_or(|last| last.ns < end.ns) {
            on.last_end = Some(end);
        }
        slices.push(Slice {
            name: event.name.to_owned(),
            thread: event.thread,
            start: start.ns,
            duration: duration.ns,
            within,
            args: event.args.clone(),
        });
    }
    Ok(slices)
}
