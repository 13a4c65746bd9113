//! The service graph: who calls whom, how often, how long that takes and how often it fails.
//!
//! In: files of any size, or resolved [`Traces`] whose attributes were kept. Out: [`ServiceGraph`], which serialises as the
//! documented output of `glyphctl trace graph --format json`. Not here: how a graph is drawn.
//!
//! A call is, in this order:
//!
//! 1. a span whose parent is of another service, whatever their kinds, as in Jaeger's dependencies; or a `server` span
//!    whose parent is a `client` span of the same service, and a `consumer` span whose parent is a `producer` of it;
//! 2. a `client` or `producer` span with no call in it, that says whom it calls: what it names is a node without spans
//!    (`trace/peer.rs`), as in the OpenTelemetry collector's servicegraph connector and in Tempo;
//! 3. a `consumer` span without a producer, that names its messaging system: that is the caller;
//! 4. a `server` span that names no parent: the caller is `user`, as in these two.
//!
//! A span whose parent is in none of the files is nobody's call: it is counted among the oddities, as an orphan.
//!
//! Only durations count, never the times of one service beside those of another, so that clocks may differ.

mod calls;
mod named;
mod sorted;

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Serialize;

use self::calls::{Calls, Group};
pub use self::sorted::Sorted;
use super::{Traces, filter::Filter, group::Grouping, oddity::Oddities};

/// What `trace graph` says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ServiceGraph {
    /// The condition that the span that a call is measured by has to meet, in canonical form; absent without one. What is
    /// odd is counted over all spans all the same.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How many spans there are.
    pub spans: u64,
    /// How many traces they belong to.
    pub traces: u64,
    /// Every service, and what they call or are called by: services first, each kind by name.
    pub nodes: Vec<Node>,
    /// Who calls whom, by descending number of calls.
    pub edges: Vec<Edge>,
    /// How many `client` and `producer` spans there are besides, with no call in them, that name nobody whom they call.
    pub unnamed_calls: u64,
    /// How many edges more there are; absent unless `--top` left some out. Nodes of which no edge is left are left out, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges_left_out: Option<u64>,
    /// How many oddities of each kind the files hold; kinds that do not occur are absent. A call to an orphan has no edge.
    pub oddities: Oddities,
}

/// Who calls or is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Node {
    /// The kind and the name, `service:shop`, which no other node has; `user` for the one of that kind.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// The service's name, or what its callers call it.
    pub name: String,
    /// How many spans the service has; 0 for whatever is no service.
    pub spans: u64,
    /// How many of them have the status `error`.
    pub errors: u64,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// A service with spans.
    Service,
    /// A database without spans, by its system: all databases of one system are one node.
    Database,
    /// A messaging system without spans, by its name.
    Messaging,
    /// Something else without spans, by the name or address that its callers have for it.
    External,
    /// Whoever calls from outside: nobody, as far as the spans know.
    User,
}

/// Calls of one node to another.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Edge {
    /// The id of the node that calls.
    pub caller: String,
    /// The id of the node that is called.
    pub callee: String,
    /// Whether the caller waits.
    pub kind: EdgeKind,
    /// Whose spans the figures are of. Where some calls have a span of the callee's and others have none, there is an edge
    /// of each.
    pub measured_by: Side,
    /// How many there are.
    pub calls: u64,
    /// How many of them failed: the status of the callee's span is `error`, or that of the caller's `client` span.
    pub errors: u64,
    /// How long they took.
    #[serde(flatten)]
    pub latency: Latency,
    /// How long they took for the caller, of those for which a `client` span says it; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<PairedLatency>,
    /// What of the caller's time the callee's does not account for: the network, queues and connections between them. 0
    /// where the callee took longer. Absent together with `client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between: Option<PairedLatency>,
}

/// Whether the caller of an edge waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EdgeKind {
    /// A request and its response.
    Call,
    /// A message: from a `producer` span, or to a `consumer` span.
    Message,
}

/// One end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Who calls.
    Caller,
    /// Who is called.
    Callee,
}

/// How long calls took. Percentiles are nearest-rank: the `ceil(q·n)`-th of the `n` durations by size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Latency {
    /// The median.
    pub p50_ns: u64,
    /// The 95th percentile.
    pub p95_ns: u64,
    /// The 99th percentile.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// The sum; stops at 2⁶⁴−1.
    pub total_ns: u64,
}

/// How long those calls took of which both sides have a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct PairedLatency {
    /// How many these are.
    pub calls: u64,
    /// How long they took.
    #[serde(flatten)]
    pub latency: Latency,
}

impl NodeKind {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
            Self::Messaging => "messaging",
            Self::External => "external",
            Self::User => "user",
        }
    }
}

impl EdgeKind {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Message => "message",
        }
    }
}

impl Side {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
        }
    }
}

impl Edge {
    /// How many of the calls failed, from 0 to 1.
    pub fn error_rate(&self) -> f64 {
        self.errors as f64 / self.calls.max(1) as f64
    }
}

impl ServiceGraph {
    /// The node of that id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Leaves out all edges but the first `most`, and the nodes of which none is left; says how many edges these are.
    pub fn keep_first(&mut self, most: usize) {
        let hidden = self.edges.len().saturating_sub(most);
        if hidden == 0 {
            return;
        }
        self.edges.truncate(most);
        self.edges_left_out = Some(hidden as u64);
        let left: HashSet<&str> =
            self.edges.iter().flat_map(|e| [e.caller.as_str(), e.callee.as_str()]).collect();
        self.nodes.retain(|node| left.contains(node.id.as_str()));
    }
}

impl Traces {
    /// Who calls whom. Without attributes kept nobody names whom it calls: only calls between services are found, and
    /// those of `user`.
    pub fn graph(&self) -> ServiceGraph {
        self.graph_only(None)
    }

    /// The same of the calls whose span meets a condition. Attributes must have been kept for those that it names.
    pub fn graph_only(&self, filter: Option<Filter>) -> ServiceGraph {
        let grouping = Grouping::peers().only(filter);
        let (groups, group) = super::group::groups_of(&self.spans, &grouping);
        let mut calls = Calls::default();
        calls.add(self, &group, &Group::all(&groups, &grouping));
        named::graph(calls, &grouping, &groups, &self.spans.services, self.oddities.clone())
    }
}

#[cfg(test)]
mod tests;
