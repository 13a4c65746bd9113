//! The flows that a plugin was shown, the last of them: what it may report about, and for which it may fetch.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    netgate::Origin,
    sanitize::{Flow, Secrets},
    telemetry::TraceContext,
};

/// A plugin may report about a flow until it was shown so many others.
const REMEMBERED: usize = 4_096;

/// What is remembered of a flow.
#[derive(Debug)]
pub(in crate::plugin) struct KnownFlow {
    pub(in crate::plugin) context: TraceContext,
    pub(super) url: String,
    pub(in crate::plugin) secrets: Secrets,
    server: Server,
}

/// Where it went.
#[derive(Debug)]
struct Server {
    scheme: String,
    host: String,
    port: u16,
}

impl KnownFlow {
    fn of(flow: &Flow) -> Self {
        let request = &flow.request;
        let (scheme, host) = (request.scheme.clone(), request.host.clone());
        Self {
            context: flow.context(),
            url: request.url.clone(),
            secrets: flow.secrets(),
            server: Server { scheme, host, port: request.port },
        }
    }

    /// Scheme, host and port; none for a tunnel.
    pub(in crate::plugin) fn origin(&self) -> Option<Origin> {
        Origin::of_parts(&self.server.scheme, &self.server.host, self.server.port)
    }
}

/// By the flow's id. Cheap to clone: the session's own requests ask for them, too.
#[derive(Debug, Clone, Default)]
pub(in crate::plugin) struct KnownFlows(Arc<Mutex<Books>>);

#[derive(Debug, Default)]
struct Books {
    flows: HashMap<String, Arc<KnownFlow>>,
    order: VecDeque<String>,
}

impl KnownFlows {
    pub(super) fn remember(&self, flow: &Flow) {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if books.flows.contains_key(&flow.id) {
            return;
        }
        books.flows.insert(flow.id.clone(), Arc::new(KnownFlow::of(flow)));
        books.order.push_back(flow.id.clone());
        if books.order.len() > REMEMBERED
            && let Some(oldest) = books.order.pop_front()
        {
            books.flows.remove(&oldest);
        }
    }

    pub(in crate::plugin) fn get(&self, id: &str) -> Option<Arc<KnownFlow>> {
        let books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        books.flows.get(id).map(Arc::clone)
    }
}
