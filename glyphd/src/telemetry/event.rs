//! The vocabulary: one function for each thing that happens, which does the log line and the count together.
//! Everything that belongs to an exchange names its trace.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use glyph_formats::jsonl::{Appender, Refused};

use super::{DropReason, QueueMeter, Telemetry, TraceContext};

/// How often things happened that are told at the end.
#[derive(Debug, Default)]
pub struct Counters {
    /// Exchanges that were recorded as flows.
    pub flows: AtomicU64,
    /// Exchanges that could not be recorded.
    pub flows_dropped: AtomicU64,
    /// Handshakes that clients broke off, as those do that do not trust the CA.
    pub disbelieved: AtomicU64,
    /// Flow events that a plugin did not get, because its queue was full or its session ended first.
    pub events_dropped: AtomicU64,
    /// Flow events that a plugin answered with FlowDone.
    pub events_answered: AtomicU64,
    /// Findings that were stored.
    pub findings: AtomicU64,
    /// Spans of other programs that were taken.
    pub spans_received: AtomicU64,
    /// Scrapes of targets other than the daemon.
    pub scrapes: AtomicU64,
    /// Those of them that failed.
    pub scrapes_failed: AtomicU64,
}

impl Counters {
    /// The count so far.
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Telemetry {
    /// An exchange became a flow.
    pub(crate) fn flow_recorded(&self, trace: TraceContext, method: &str, url: &str, status: Option<u16>) {
        count(&self.inner.counters.flows);
        tracing::debug!(trace_id = %trace.trace_id, method, url, status, "flow");
    }

    /// An exchange came to its end that nobody was to see.
    pub(crate) fn flow_passed(&self) {
        count(&self.inner.counters.flows);
    }

    /// An exchange or its flow could not be kept. The warning comes with [`Telemetry::tell_drops`].
    pub(crate) fn flow_dropped(&self, trace: TraceContext, reason: DropReason) {
        self.flows_dropped(1, reason);
        tracing::debug!(trace_id = %trace.trace_id, reason = reason.as_str(), "a flow was not recorded");
    }

    /// So many flows could not be kept.
    pub(crate) fn flows_dropped(&self, flows: u64, reason: DropReason) {
        self.inner.counters.flows_dropped.fetch_add(flows, Ordering::Relaxed);
        self.inner.metrics.flows_dropped(flows, reason);
        self.inner.drops.add(flows, reason);
    }

    /// Tells how many flows were dropped since it was told last, a line for each reason.
    pub(crate) fn tell_drops(&self) {
        for (reason, flows) in self.inner.drops.take() {
            tracing::warn!(reason = reason.as_str(), flows, "flows were not recorded");
        }
    }

    /// An exchange has come to its end, and its client was answered so; 0 if it was not.
    pub(crate) fn exchange_ended(&self, trace: TraceContext, method: &str, status: u16, took: Duration) {
        self.inner.metrics.http_request(method, status, took, trace);
    }

    /// So many secrets in a flow were replaced.
    pub(crate) fn redacted(&self, kind: &str, count: u64) {
        self.inner.metrics.redacted(kind, count);
    }

    /// A client has connected.
    pub(crate) fn connection_opened(&self) {
        self.inner.metrics.connections().inc();
    }

    /// A client's connection has closed.
    pub(crate) fn connection_closed(&self) {
        self.inner.metrics.connections().dec();
    }

    /// As many clients are connected as may be.
    pub(crate) fn connections_full(&self, most: usize) {
        tracing::warn!(most, "no further connections are accepted until one has closed (--max-connections)");
    }

    /// An exchange that is none of our scope has come to its end.
    pub(crate) fn exchange_out_of_scope(&self) {
        self.inner.metrics.flow_skipped(1, "out_of_scope");
    }

    /// A flow that is not written, since only a part of them is (`--flow-sample-ratio`).
    pub(crate) fn flow_not_sampled(&self) {
        self.inner.metrics.flow_skipped(1, "not_sampled");
    }

    /// An exchange failed. `url` is without secrets.
    pub(crate) fn exchange_failed(&self, trace: TraceContext, kind: &str, url: &str, cause: &str) {
        if kind == "client_tls" {
            count(&self.inner.counters.disbelieved);
        }
        tracing::info!(trace_id = %trace.trace_id, kind, url, cause, "an exchange failed");
    }

    /// A CONNECT is tunnelled, not looked into.
    pub(crate) fn tunnel_opened(&self, trace: TraceContext, host: &str, port: u16) {
        tracing::info!(trace_id = %trace.trace_id, host, port, "a blind tunnel: its content is not recorded");
    }

    /// The proxy could not take a connection.
    pub(crate) fn accept_failed(&self, error: &io::Error) {
        tracing::warn!(%error, "a connection could not be accepted");
    }

    /// A client's connection broke, or it did not speak HTTP.
    pub(crate) fn connection_failed(&self, client: SocketAddr, error: &hyper::Error) {
        tracing::debug!(%client, %error, "a client's connection failed");
    }

    /// A flow event is in so many plugins' queues.
    pub(crate) fn events_queued(&self, subscription: &'static str, variant: &'static str, count: u64) {
        self.inner.metrics.events_queued(subscription, variant, count);
    }

    /// A flow event found a plugin's queue full, or was in it when the session ended.
    pub(crate) fn event_dropped(
        &self,
        trace: TraceContext,
        plugin: &str,
        subscription: &'static str,
        reason: &'static str,
    ) {
        count(&self.inner.counters.events_dropped);
        self.inner.metrics.event_dropped(subscription, plugin, reason);
        tracing::debug!(trace_id = %trace.trace_id, plugin, reason, "an event for the plugin was dropped");
    }

    /// A flow is in the queues of its subscribers.
    pub(crate) fn flow_dispatched(&self, trace: TraceContext, took: Duration) {
        self.inner.metrics.dispatched(took, trace);
    }

    /// A plugin has a queue now, which says its length itself.
    pub(crate) fn queue(&self, plugin: &str, capacity: usize) -> QueueMeter {
        self.inner.metrics.queue(plugin, capacity)
    }

    /// A plugin has no queue any more.
    pub(crate) fn queue_gone(&self, plugin: &str) {
        self.inner.metrics.queue_gone(plugin);
    }

    /// A plugin has answered an event with FlowDone.
    pub(crate) fn event_done(&self, trace: TraceContext, plugin: &str, took: Duration) {
        count(&self.inner.counters.events_answered);
        self.inner.metrics.plugin_event(plugin, "flow", took, trace);
    }

    /// A plugin will not answer an event any more.
    pub(crate) fn event_abandoned(&self, plugin: &str) {
        self.inner.metrics.plugin_event_failed(plugin, "flow");
    }

    /// A call of the plugin bus was answered. `code` is gRPC's, for example `OK`.
    pub(crate) fn rpc_answered(
        &self,
        trace: TraceContext,
        method: &'static str,
        code: &'static str,
        took: Duration,
    ) {
        self.inner.metrics.rpc(method, code, took, trace);
    }

    /// A plugin's session began.
    pub(crate) fn plugin_connected(&self, plugin: &str, version: &str) {
        self.inner.metrics.active_plugins().inc();
        tracing::info!(plugin, version, "a plugin is connected");
    }

    /// A plugin's session ended.
    pub(crate) fn plugin_disconnected(&self, plugin: &str, reason: &str) {
        self.inner.metrics.active_plugins().dec();
        self.queue_gone(plugin);
        tracing::info!(plugin, reason, "a plugin's session has ended");
    }

    /// A plugin was refused something.
    pub(crate) fn plugin_refused(&self, plugin: &str, reason: &str) {
        tracing::warn!(plugin, reason, "a plugin was refused");
    }

    /// A plugin is to be started.
    pub(crate) fn plugin_expected(&self, plugin: &str) {
        self.inner.metrics.plugin_known(plugin);
    }

    /// A plugin's process was started.
    pub(crate) fn plugin_started(&self, plugin: &str, pid: u32) {
        tracing::info!(plugin, pid, "a plugin was started");
    }

    /// A plugin's process could not be started: `fault` is `start`, or `digest` for a file that is not the pinned one.
    pub(crate) fn plugin_failed_to_start(&self, plugin: &str, fault: &'static str, error: &str) {
        self.inner.metrics.plugin_error(plugin, fault);
        tracing::error!(plugin, error, "a plugin could not be started");
    }

    /// A plugin's process has ended as it was told to.
    pub(crate) fn plugin_exited(&self, plugin: &str, exit: &str) {
        tracing::info!(plugin, exit, "a plugin has stopped");
    }

    /// A plugin's process has ended otherwise. `reason` says more, if it was ended for what it used, killed, or crashed.
    pub(crate) fn plugin_failed(&self, plugin: &str, exit: &str, reason: Option<&'static str>) {
        self.inner.metrics.plugin_error(plugin, "exit");
        match reason {
            Some(reason @ ("timeout" | "memory_limit" | "cpu_limit")) => {
                tracing::warn!(plugin, exit, reason, "a plugin was ended for what it used");
            }
            reason => tracing::warn!(plugin, exit, reason, "a plugin has ended by itself"),
        }
    }

    /// A plugin's process ended that should not have, and what is found of it is stored.
    pub(crate) fn plugin_terminated(&self, trace: TraceContext, plugin: &str, reason: &'static str) {
        self.inner.metrics.plugin_terminated(plugin, reason, trace);
    }

    /// The daemon has found something itself.
    pub(crate) fn own_finding_stored(&self, trace: TraceContext, plugin: &str, kind: &str) {
        count(&self.inner.counters.findings);
        tracing::debug!(trace_id = %trace.trace_id, plugin, kind, "finding");
    }

    /// A finding of the daemon's own could not be kept.
    pub(crate) fn own_finding_lost(&self, plugin: &str, kind: &str, error: &dyn std::fmt::Display) {
        self.inner.metrics.plugin_error(plugin, "finding_lost");
        tracing::warn!(plugin, kind, %error, "a finding was lost");
    }

    /// A plugin is to be started again.
    pub(crate) fn plugin_restarts(&self, plugin: &str, failures: u32, pause: Duration) {
        tracing::info!(plugin, failures, ?pause, "a plugin is started again");
    }

    /// A plugin is not started any more.
    pub(crate) fn plugin_given_up(&self, plugin: &str, failures: u32, last: &str) {
        tracing::error!(plugin, failures, last, "a plugin is given up: it has failed too often in a row");
    }

    /// A plugin's process wrote a line.
    pub(crate) fn plugin_said(&self, plugin: &str, stream: &'static str, line: &str) {
        tracing::info!(plugin, stream, line, "a plugin says");
    }

    /// So many lines of a plugin's process are not in the log.
    pub(crate) fn plugin_said_too_much(&self, plugin: &str, stream: &'static str, lines: u64) {
        tracing::warn!(plugin, stream, lines, "a plugin says too much: lines were passed over");
    }

    /// A plugin's request was sent, and has come to its end; `status` is 0 if it was not answered.
    pub(crate) fn fetched(
        &self,
        trace: TraceContext,
        plugin: &str,
        capability: &'static str,
        method: &str,
        status: u16,
        took: Duration,
    ) {
        self.inner.metrics.fetched(plugin, capability, method, status, took, trace);
        tracing::debug!(trace_id = %trace.trace_id, plugin, method, status, "a plugin's request has ended");
    }

    /// A plugin's request waits for the rate limits: `scope` is `global` or `host`.
    pub(crate) fn fetch_throttled(&self, scope: &'static str) {
        self.inner.metrics.throttled(scope);
    }

    /// A plugin's request is to be sent again, after that status; 0 if there was no answer.
    pub(crate) fn fetch_backed_off(&self, plugin: &str, status: u16) {
        self.inner.metrics.backed_off(plugin, status);
    }

    /// A plugin's request was not sent. The audit has the details.
    pub(crate) fn fetch_denied(&self, trace: TraceContext, plugin: &str, reason: &'static str) {
        tracing::debug!(trace_id = %trace.trace_id, plugin, reason, "a plugin's request was denied");
    }

    /// A finding was stored.
    pub(crate) fn finding_stored(&self, trace: TraceContext, plugin: &str, kind: &str, took: Duration) {
        count(&self.inner.counters.findings);
        self.inner.metrics.plugin_event(plugin, "finding", took, trace);
        tracing::debug!(trace_id = %trace.trace_id, plugin, kind, "finding");
    }

    /// A finding was not kept: `fault` is `finding_denied`, `finding_rate_limited` or `finding_lost`.
    pub(crate) fn finding_refused(&self, plugin: &str, fault: &'static str, reason: &str) {
        self.inner.metrics.plugin_event_failed(plugin, "finding");
        self.inner.metrics.plugin_error(plugin, fault);
        tracing::debug!(plugin, reason, "a finding was refused");
    }

    /// A plugin sent what it may not, so often since it was told last.
    pub(crate) fn plugin_denied(&self, plugin: &str, reason: &str, times: u64) {
        tracing::warn!(plugin, reason, times, "a plugin was refused");
    }

    /// A plugin's session was ended for what it did: `fault` is `protocol`, `heartbeat` or `denials`.
    pub(crate) fn plugin_at_fault(&self, plugin: &str, fault: &'static str) {
        self.inner.metrics.plugin_error(plugin, fault);
    }

    /// An audit entry could not be written.
    pub(crate) fn audit_failed(&self, error: &io::Error) {
        self.inner.metrics.audit_failed();
        tracing::error!(%error, "the audit can't be written; what must be audited is refused");
    }

    /// A file gets its last lines, under a span of that name.
    pub(crate) fn closing<T: Send + 'static>(
        &self,
        name: &'static str,
        file: &Appender<T>,
    ) -> io::Result<()> {
        let mut span = self.span(name).start();
        let closed = file.close();
        span.set("glyph.records", file.counts().written);
        match &closed {
            Ok(()) => span.succeed(),
            Err(error) => span.fail("io", error.to_string()),
        }
        closed
    }

    /// Spans of other programs can come from now on.
    pub(crate) fn receiver_known(&self) {
        self.inner.metrics.receiver_known();
    }

    /// Spans of other programs have come: lines for the trace file, all of which are taken or none. `room` is dropped once
    /// they are written.
    pub(crate) fn receive(&self, lines: &[u8], spans: u64, room: Box<dyn Send>) -> Result<(), Refused> {
        let outlets = self.inner.outlets.as_deref().ok_or(Refused)?;
        outlets.receive(lines, room)?;
        self.inner.counters.spans_received.fetch_add(spans, Ordering::Relaxed);
        self.inner.metrics.spans_received("taken", spans);
        Ok(())
    }

    /// So many spans of a post were none.
    pub(crate) fn spans_rejected(&self, spans: u64) {
        self.inner.metrics.spans_received("rejected", spans);
    }

    /// A post of spans, or of what else OTLP has, was answered.
    pub(crate) fn otlp_answered(&self, signal: &'static str, status: u16) {
        self.inner.metrics.otlp_answered(signal, status);
    }

    /// A target was scraped.
    pub(crate) fn scraped(&self, failed: bool) {
        count(&self.inner.counters.scrapes);
        if failed {
            count(&self.inner.counters.scrapes_failed);
        }
    }

    /// A target can't be scraped any more, or could not be from the start.
    pub(crate) fn target_down(job: &str, instance: &str, reason: &dyn std::fmt::Display) {
        tracing::warn!(job, instance, %reason, "a target can't be scraped");
    }

    /// A target can be scraped, after it could not.
    pub(crate) fn target_up(job: &str, instance: &str) {
        tracing::info!(job, instance, "a target can be scraped again");
    }
}
