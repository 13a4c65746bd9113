//! Flows onto the disk: one JSON line each, on a thread of its own. Between it and its callers is room for a number of
//! bytes, which is waited for within a limit, without blocking a thread.

use std::{
    io, mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use glyph_formats::jsonl::{Appender, AppenderOptions, Writer, write_line};

use crate::{
    room::{Held, Room},
    sanitize::Flow,
    telemetry::{DropReason, Telemetry, TraceContext, name},
};

/// What may wait for the disk, in bytes.
const ROOM: usize = 64 << 20;
/// How long a flow waits for room before it is dropped, counted.
const PATIENCE: Duration = Duration::from_secs(1);
/// Room for a line of that size is kept for the next.
const KEPT: usize = 1 << 20;

/// The flow log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FlowLog {
    appender: Arc<Appender<(TraceContext, Held)>>,
    room: Room,
    /// Where the next flow becomes a line.
    line: Arc<Mutex<Vec<u8>>>,
    telemetry: Telemetry,
}

impl FlowLog {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(writer: Writer, telemetry: Telemetry) -> io::Result<Self> {
        let room = Room::new(ROOM, PATIENCE);
        let drops = telemetry.clone();
        let write = move |(context, _held): (TraceContext, Held), line: &[u8], writer: &mut Writer| {
            let written = writer.write_lines(line);
            if written.is_err() {
                drops.flow_dropped(context, DropReason::DiskRefused);
            }
            written
        };
        // Who has room has a place in the queue.
        let options = AppenderOptions { capacity: room.most(), ..AppenderOptions::default() };
        let appender = Arc::new(Appender::spawn("flow-log", writer, options, write)?);
        Ok(Self { appender, room, line: Arc::default(), telemetry })
    }

    /// Hands a flow over; waits for room. One that finds none is dropped, counted.
    pub async fn write(&self, flow: &Flow) {
        let mut line = mem::take(&mut *self.line.lock().unwrap_or_else(PoisonError::into_inner));
        line.clear();
        let taken = write_line(&mut line, flow.record()).is_ok()
            && match self.room.take(line.len()).await {
                Some(held) => self.appender.try_send_lines((flow.context(), held), &line).is_ok(),
                None => false,
            };
        if !taken {
            self.telemetry.flow_dropped(flow.context(), DropReason::LogFull);
        }
        if line.capacity() <= KEPT {
            *self.line.lock().unwrap_or_else(PoisonError::into_inner) = line;
        }
    }

    /// Writes all that was handed over, and closes the file. Blocks.
    ///
    /// # Errors
    /// If the disk refuses the last flows.
    pub fn close(&self) -> io::Result<()> {
        let closed = self.telemetry.closing(name::WRITE_FLOWS, &self.appender);
        self.telemetry.flows_dropped(self.appender.counts().unwritten, DropReason::DiskRefused);
        self.telemetry.tell_drops();
        closed
    }
}
