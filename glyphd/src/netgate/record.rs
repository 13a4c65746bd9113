//! What is put on record of a fetch: in its span, and in the audit, before anything comes of a decision.

use std::{net::SocketAddr, sync::OnceLock};

use glyph_formats::{Attributes, Decision};

use super::{
    Netgate,
    answer::{Caller, Fault},
    policy::Denied,
};
use crate::{
    audit::{Entry, Event},
    sanitize::{Sanitizer, Secrets},
    telemetry::Span,
};

/// The part of the daemon that the audit names.
const COMPONENT: &str = "netgate";
/// How much of a method and of a URL is put on record, in bytes.
const METHOD: usize = 32;
const URL: usize = 2 << 10;

/// The request that was judged last, and what came of it.
#[derive(Default)]
pub(super) struct Last {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) server: Option<(String, u16)>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) status: Option<u16>,
    /// The URL as the audit and the span have it.
    clean_url: OnceLock<String>,
}

impl Last {
    /// Nothing yet but what is asked for.
    pub(super) fn of(method: impl Into<String>, url: String) -> Self {
        Self { method: method.into(), url, ..Self::default() }
    }

    fn clean_url(&self, clean: &Clean<'_>) -> &str {
        self.clean_url.get_or_init(|| clean.url(&self.url))
    }

    /// Tells the span.
    pub(super) fn tell(&self, span: &mut Span, clean: &Clean<'_>) {
        span.set_with("http.request.method", || cut(&self.method, METHOD).to_owned());
        span.set_with("url.full", || self.clean_url(clean).to_owned());
        if let Some((host, port)) = &self.server {
            span.set_with("server.address", || clean.text(host));
            span.set("server.port", *port);
        }
        if let Some(peer) = self.peer {
            span.set_with("network.peer.address", || peer.ip().to_string());
            span.set("network.peer.port", peer.port());
        }
        if let Some(status) = self.status {
            span.set("http.response.status_code", status);
        }
    }
}

impl Netgate {
    /// Puts on record that this is sent.
    pub(super) fn allowed(
        &self,
        caller: &Caller,
        last: &Last,
        flow_id: &str,
        span: &Span,
    ) -> Result<(), Denied> {
        let recorded = self.around.audit.record(Entry {
            component: COMPONENT,
            plugin: &caller.plugin,
            event: Event::HttpRequested,
            decision: Decision::Allow,
            reason: None,
            metadata: self.metadata(caller, last, flow_id),
            context: Some(span.context()),
        });
        recorded.map_err(|e| Denied::Audit(e.to_string()))
    }

    /// Puts a denial on record. What can't be recorded is denied all the same, for that reason.
    pub(super) fn denied(&self, denied: Denied, caller: &Caller, last: &Last, span: &Span) -> Fault {
        let mut metadata = self.metadata(caller, last, "");
        metadata.push("denied", denied.reason());
        let recorded = self.around.audit.record(Entry {
            component: COMPONENT,
            plugin: &caller.plugin,
            event: Event::HttpRequested,
            decision: Decision::Deny,
            reason: Some(self.clean(caller).text(&denied.to_string())),
            metadata,
            context: Some(span.context()),
        });
        self.around.telemetry.fetch_denied(span.context(), &caller.plugin, denied.reason());
        match recorded {
            Ok(()) => denied.into(),
            Err(e) => Denied::Audit(e.to_string()).into(),
        }
    }

    /// What cleans what this caller says.
    pub(super) fn clean<'a>(&'a self, caller: &'a Caller) -> Clean<'a> {
        Clean { sanitizer: &self.around.sanitizer, secrets: &caller.secrets }
    }

    fn metadata(&self, caller: &Caller, last: &Last, flow_id: &str) -> Attributes {
        let mut metadata = Attributes::default();
        metadata.push("method", cut(&last.method, METHOD).to_owned());
        metadata.push("url", last.clean_url(&self.clean(caller)).to_owned());
        if let Some(reach) = &caller.reach {
            metadata.push("capability", reach.capability());
        }
        if !flow_id.is_empty() {
            metadata.push("flow_id", flow_id.to_owned());
        }
        metadata
    }
}

/// What a plugin says, without secrets: neither those of the flow at hand, whoever found them, nor what looks like one.
pub(super) struct Clean<'a> {
    sanitizer: &'a Sanitizer,
    secrets: &'a Secrets,
}

impl Clean<'_> {
    fn url(&self, url: &str) -> String {
        self.sanitizer.url(&self.secrets.replace_in(cut(url, URL)))
    }

    pub(super) fn text(&self, text: &str) -> String {
        self.sanitizer.text(&self.secrets.replace_in(text))
    }
}

/// The text, but not more than so many bytes of it.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
