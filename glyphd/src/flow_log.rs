//! Flows onto the disk: one JSON line each, on a thread of its own. Between it and its callers is room for a number of
//! bytes, which is waited for within a limit, without blocking a thread.

use std::{io, sync::Arc, time::Duration};

use glyph_formats::{
    flow::Body,
    jsonl::{Appender, AppenderOptions, Writer},
};

use crate::{
    room::{Held, Room},
    sanitize::Flow,
    telemetry::{DropReason, Telemetry, name},
};

/// What may wait for the disk, in bytes.
const ROOM: usize = 64 << 20;
/// How long a flow waits for room before it is dropped, counted.
const PATIENCE: Duration = Duration::from_secs(1);

/// The flow log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FlowLog {
    appender: Arc<Appender<(Flow, Held)>>,
    room: Room,
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
        let write = move |(flow, _held): (Flow, Held), writer: &mut Writer| {
            let written = writer.write(flow.record());
            if written.is_err() {
                drops.flow_dropped(flow.context(), DropReason::DiskRefused);
            }
            written
        };
        // Who has room has a place in the queue.
        let options = AppenderOptions { capacity: room.most(), ..AppenderOptions::default() };
        let appender = Arc::new(Appender::spawn("flow-log", writer, options, write)?);
        Ok(Self { appender, room, telemetry })
    }

    /// Hands a flow over; waits for room. One that finds none is dropped, counted.
    pub async fn write(&self, flow: &Flow) {
        let taken = match self.room.take(size(flow)).await {
            Some(held) => self.appender.try_send((flow.clone(), held)).is_ok(),
            None => false,
        };
        if !taken {
            self.telemetry.flow_dropped(flow.context(), DropReason::LogFull);
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

/// About how many bytes a flow holds, beside what each does.
fn size(flow: &Flow) -> usize {
    let body =
        |body: &Body| body.utf8.as_ref().map_or(0, String::len) + body.base64.as_ref().map_or(0, String::len);
    let headers =
        |headers: &[(String, String)]| -> usize { headers.iter().map(|(k, v)| k.len() + v.len()).sum() };
    let request = body(&flow.request.body) + headers(&flow.request.headers) + flow.request.url.len();
    let response = flow.response.as_ref();
    request + response.map_or(0, |response| body(&response.body) + headers(&response.headers))
}
