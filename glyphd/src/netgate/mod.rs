//! The only way out for a plugin's own requests: it decides, it waits, it sends, and it records all three.
//!
//! In: who asks (`Caller`) and for what (`Request`). Out: the answer's parts, at the end of which stands a response, a
//! verdict (what may not be sent, with a reason) or a failure. `policy` says what may be sent and where, `limiter` when,
//! `budget` how much, `retry` and `redirect` what comes after an answer: these are pure. `resolver`, `connect` and `client`
//! make connections, to addresses that were judged; `fetch` is one request's way through all of them, `record` what is
//! said of it.
//!
//! Not here: who the caller is, and gRPC; that is for `plugin/`.

pub mod options;
pub mod policy;
pub mod resolver;
pub mod budget;
pub mod limiter;
mod retry;
mod redirect;
mod answer;
mod body;
mod connect;
mod client;
mod slots;
mod record;
mod fetch;

use std::{net::SocketAddr, sync::Arc};

use rustls::ClientConfig;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    answer::{Answer, Caller, End, Failure, Fault, Parts, Request},
    policy::{Denied, Origin, Reach},
};
pub use self::{budget::Budget, options::NetgateOptions, policy::Allow, resolver::Resolver};
use self::{
    budget::Budgets,
    client::Client,
    connect::{Connector, Dialer},
    limiter::Limiter,
    policy::Policy,
    resolver::Names,
    slots::Slots,
};
use crate::{audit::Audit, listeners::Listeners, sanitize::Sanitizer, telemetry::Telemetry};

/// What the netgate speaks to.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) sanitizer: Arc<Sanitizer>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) telemetry: Telemetry,
}

/// The gate. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Netgate {
    around: Surroundings,
    /// None if nothing is sent anywhere.
    open: Option<Arc<Open>>,
}

/// What it takes to send something.
#[derive(Debug)]
struct Open {
    options: NetgateOptions,
    dialer: Arc<Dialer>,
    client: Client,
    limiter: Limiter,
    budgets: Arc<Budgets>,
    slots: Slots,
    /// Whether requests say to which trace they belong.
    propagate: bool,
}

impl Netgate {
    /// One through which requests go. `own`: where glyphd itself listens; `tls`: whom it believes; connections end with
    /// `cut`. Must be called on a runtime.
    pub(crate) fn new(
        options: NetgateOptions,
        own: Vec<SocketAddr>,
        tls: Arc<ClientConfig>,
        propagate: bool,
        around: Surroundings,
        cut: CancellationToken,
    ) -> Self {
        let dialer = Arc::new(Dialer {
            names: Names::new(options.resolver.clone()),
            policy: Policy::new(options.allow.clone()),
            own: Listeners::new(own),
            tls,
        });
        let open = Open {
            client: client::client(Connector(Arc::clone(&dialer)), cut),
            dialer,
            limiter: Limiter::new(options.rates()),
            budgets: Arc::new(Budgets::new(options.budget())),
            slots: Slots::new(options.plugin_concurrency),
            options,
            propagate,
        };
        Self { around, open: Some(Arc::new(open)) }
    }

    /// One through which nothing goes.
    pub(crate) fn closed(around: Surroundings) -> Self {
        Self { around, open: None }
    }

    /// Does what the caller asks for, unless `stop` comes first, and answers; who does not listen any more ends it.
    pub(crate) async fn fetch(
        &self,
        caller: Caller,
        request: Request,
        parts: Parts,
        answers: mpsc::Sender<Answer>,
        stop: CancellationToken,
    ) {
        fetch::run(self, caller, request, parts, answers, stop).await;
    }
}
