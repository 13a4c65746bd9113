//! The thread on which a plugin's own code runs, so that it may take its time and heartbeats are answered
//! meanwhile.

use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use crate::{
    Plugin, RunError, WINDOW,
    fetch::{Fetch, Outlet},
    plugin::Report,
    wire::{FlowDone, FlowEvent, PluginMessage, Refused, plugin_message::Message},
};

/// What the plugin is to be told.
#[derive(Debug)]
pub(crate) enum Task {
    /// A flow event with its trace context, and where the answers go.
    Flow(Box<FlowEvent>, String, Session),
    Refused(Refused),
}

/// The session that something belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) answers: mpsc::Sender<PluginMessage>,
    /// None if it may not fetch.
    pub(crate) outlet: Option<Outlet>,
}

/// The thread.
#[derive(Debug)]
pub(crate) struct Worker {
    tasks: mpsc::Sender<Task>,
    thread: JoinHandle<()>,
    /// Closes when the thread ends, however that comes.
    ended: oneshot::Receiver<()>,
}

impl Worker {
    pub(crate) fn start(plugin: impl Plugin) -> Self {
        let (tasks, received) = mpsc::channel(WINDOW);
        let (alive, ended) = oneshot::channel();
        let thread = thread::spawn(move || {
            let _alive = alive;
            work(plugin, received);
        });
        Self { tasks, thread, ended }
    }

    /// Hands a task over; waits for room.
    pub(crate) async fn take(&self, task: Task) {
        // A thread that has ended is noticed by `ended`.
        drop(self.tasks.send(task).await);
    }

    /// Waits for the thread's end, which comes before its time only if the plugin's code panicked.
    pub(crate) async fn ended(&mut self) -> RunError {
        drop((&mut self.ended).await);
        RunError::Panicked
    }

    /// Lets the plugin's code come to the end of what it was given.
    pub(crate) async fn finish(self) -> Result<(), RunError> {
        drop(self.tasks);
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        if matches!(joined, Ok(Ok(()))) { Ok(()) } else { Err(RunError::Panicked) }
    }
}

fn work(mut plugin: impl Plugin, mut tasks: mpsc::Receiver<Task>) {
    while let Some(task) = tasks.blocking_recv() {
        match task {
            Task::Refused(refused) => plugin.on_refused(&refused),
            Task::Flow(event, traceparent, Session { answers, outlet }) => {
                let fetch = outlet.map(|outlet| move |fetch: Fetch| outlet.fetch(fetch));
                let mut report = Report::new(&event, &traceparent);
                if let Some(fetch) = &fetch {
                    report = report.fetching(fetch);
                }
                plugin.on_flow(&event, &mut report);
                let found = report.into_found().map(|(f, context)| (Message::Finding(f), context));
                let done = FlowDone { flow_id: event.flow_id.clone(), phase: event.phase, raw: event.raw };
                let done = std::iter::once((Message::FlowDone(done), traceparent.clone()));
                for (message, traceparent) in found.chain(done) {
                    let message = PluginMessage { message: Some(message), traceparent };
                    // Answers to a session that has ended interest nobody.
                    if answers.blocking_send(message).is_err() {
                        break;
                    }
                }
            }
        }
    }
}
