//! The flows that a plugin was shown, the last of them: what it may report about.

use std::collections::{HashMap, VecDeque};

use crate::{
    sanitize::{Flow, Secrets},
    telemetry::TraceContext,
};

/// A plugin may report about a flow until it was shown so many others.
const REMEMBERED: usize = 4_096;

/// What is remembered of a flow.
#[derive(Debug, Clone)]
pub(super) struct KnownFlow {
    pub(super) context: TraceContext,
    pub(super) url: String,
    pub(super) secrets: Secrets,
}

/// By the flow's id.
#[derive(Debug, Default)]
pub(super) struct KnownFlows {
    flows: HashMap<String, KnownFlow>,
    order: VecDeque<String>,
}

impl KnownFlows {
    pub(super) fn remember(&mut self, flow: &Flow) {
        if self.flows.contains_key(&flow.id) {
            return;
        }
        let known =
            KnownFlow { context: flow.context(), url: flow.request.url.clone(), secrets: flow.secrets() };
        self.flows.insert(flow.id.clone(), known);
        self.order.push_back(flow.id.clone());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.flows.remove(&oldest);
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&KnownFlow> {
        self.flows.get(id)
    }
}
