//! Events one by one: what each phase must have; and the names of processes and threads.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{Fault, Thread};

/// The object form. The other forms have no place for the unit and the start.
#[derive(Deserialize)]
pub(crate) struct File {
    #[serde(rename = "traceEvents")]
    pub(crate) trace_events: Vec<Fields>,
}

/// An event as it stands there. What is no object of these types is no trace.
#[derive(Deserialize)]
pub(crate) struct Fields {
    ph: String,
    // speedscope takes no file in which one has none.
    pid: u64,
    tid: u64,
    ts: Box<RawValue>,
    dur: Option<Box<RawValue>>,
    name: String,
    cat: Option<String>,
    id: Option<String>,
    bp: Option<String>,
    s: Option<String>,
    #[serde(default)]
    args: Value,
}

/// An event that has what its phase needs.
pub(crate) struct Event<'a> {
    pub(crate) at: usize,
    pub(crate) phase: &'a str,
    pub(crate) thread: Thread,
    pub(crate) name: &'a str,
    pub(crate) args: &'a Value,
    pub(crate) time: Time,
    /// Zero for all but `X`.
    pub(crate) duration: Time,
    /// What the two ends of an arrow have in common.
    pub(crate) arrow: Option<(&'a str, &'a str, &'a str)>,
}

/// A time of the file: as the text says, and as viewers have it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Time {
    pub(crate) ns: u64,
    pub(crate) micros: f64,
}

impl Time {
    /// Reads `12.345`: no more decimals than nanoseconds have, and no exponent.
    fn read(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if part.len() > 3 {
            return None;
        }
        let ns =
            whole.parse::<u64>().ok()?.checked_mul(1_000)? + format!("{part:0<3}").parse::<u64>().ok()?;
        Some(Self { ns, micros: text.parse().ok()? })
    }
}

impl<'a> Event<'a> {
    pub(crate) fn read(at: usize, fields: &'a Fields) -> Result<Self, Fault> {
        let fault = |why: &str| Fault::new(at, format!("ph {:?}: {why}", fields.ph));
        let time = Time::read(fields.ts.get()).ok_or_else(|| fault("ts is no time"))?;
        let mut event = Self {
            at,
            phase: &fields.ph,
            thread: Thread { pid: fields.pid, tid: fields.tid },
            name: &fields.name,
            args: &fields.args,
            time,
            duration: Time::default(),
            arrow: None,
        };
        if !(fields.args.is_null() || fields.args.is_object()) {
            return Err(fault("args is no object"));
        }
        match event.phase {
            "M" => {}
            "X" => {
                let dur = fields.dur.as_ref().ok_or_else(|| fault("no dur"))?;
                event.duration = Time::read(dur.get()).ok_or_else(|| fault("dur is no time from 0 on"))?;
            }
            "i" if matches!(fields.s.as_deref(), Some("t" | "p" | "g")) => {}
            "i" => return Err(fault("no scope s")),
            "s" | "f" => {
                let (Some(cat), Some(id)) = (&fields.cat, &fields.id) else {
                    return Err(fault("no cat or no id"));
                };
                // Perfetto takes ids for hexadecimal numbers.
                u64::from_str_radix(id, 16).map_err(|_| fault("id is no number of 64 bits"))?;
                if event.phase == "f" && fields.bp.as_deref() != Some("e") {
                    return Err(fault("leads to the next slice, not to the one around it: no bp e"));
                }
                event.arrow = Some((cat, &fields.name, id));
            }
            _ => return Err(fault("is not among the phases M, X, i, s, f")),
        }
        Ok(event)
    }
}

/// Every process and thread has one name, and no two processes or threads of one process have the same.
pub(crate) fn names(events: &[Event<'_>]) -> Result<(), Fault> {
    let (mut processes, mut threads) = (BTreeMap::new(), BTreeMap::new());
    for event in events.iter().filter(|e| e.phase == "M") {
        let name = || event.args["name"].as_str().ok_or_else(|| Fault::new(event.at, "names nothing"));
        let again = match event.name {
            "process_name" => processes.insert(event.thread.pid, name()?).is_some(),
            "thread_name" => threads.insert(event.thread, name()?).is_some(),
            "process_sort_index" | "thread_sort_index" if event.args["sort_index"].is_u64() => false,
            other => {
                return Err(Fault::new(event.at, format!("metadata {other:?} is not what viewers know")));
            }
        };
        if again {
            return Err(Fault::new(event.at, format!("{}: has a {} already", event.thread, event.name)));
        }
    }
    for event in events.iter().filter(|e| e.phase != "M") {
        let thread = event.thread;
        if !processes.contains_key(&thread.pid) || !threads.contains_key(&thread) {
            return Err(Fault::new(event.at, format!("{thread}: has no name")));
        }
    }
    // speedscope and others take the number of a thread alone for it.
    let mut of = BTreeMap::new();
    for thread in threads.keys() {
        if let Some(pid) = of.insert(thread.tid, thread.pid) {
            return Err(Fault { at: None, why: format!("{thread}: is also a thread of pid {pid}") });
        }
    }
    let mut seen = BTreeMap::new();
    for (thread, name) in &threads {
        if seen.insert((thread.pid, name), thread.tid).is_some() {
            return Err(Fault { at: None, why: format!("{thread}: {name:?} is another thread's name, too") });
        }
    }
    let mut seen = BTreeMap::new();
    for (pid, name) in &processes {
        if seen.insert(name, pid).is_some() {
            return Err(Fault { at: None, why: format!("pid {pid}: {name:?} is another process, too") });
        }
    }
    Ok(())
}
