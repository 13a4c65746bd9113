//! Findings about what a response shows by itself: its security headers, its cookies, the versions it tells, and
//! what its page loads without TLS.
//!
//! In: one response at a time. Out: findings. Nothing is remembered: the same weakness in two responses is two findings.
//! Nothing is sent to anyone, hence *passive*, but for one thing, if the operator grants `CAP_HTTP_PASSIVE`: each origin is
//! asked once for its `security.txt`. A finding's type is `passive-headers.<fault>.<subject>`; the
//! faults are a closed set, [`Fault`], and the README has every type, how bad it is, and what it rests on.
//!
//! Not here: what needs more than one response to tell.

mod response;
mod claim;
mod date;
mod set_cookie;
mod session;
mod policy;
mod insecure;
mod page;
mod checks;
mod security_txt;

use glyph_plugin::{Capability, Finding, FlowEvent, Plugin, Report, Subscription};

pub use checks::check;
pub use claim::{Claim, Fault};
pub use response::Response;

/// The plugin.
#[derive(Debug, Default)]
pub struct PassiveHeaders {
    asked: security_txt::Asked,
}

impl Plugin for PassiveHeaders {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::CapEmitFindings, Capability::CapFlowInspect, Capability::CapHttpPassive]
    }

    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
        let (Some(request), Some(response)) = (&event.request, &event.response) else { return };
        let headers: Vec<_> =
            response.headers.iter().map(|h| (h.name.as_str(), String::from_utf8_lossy(&h.value))).collect();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let response = Response {
            method: &request.method,
            https: request.scheme == "https",
            status: u16::try_from(response.status).unwrap_or(0),
            headers: &headers,
            body: response.body.as_ref().map_or(&[], |body| &body.content),
        };
        for claim in check(&response) {
            report.finding(finding(claim));
        }
        if let Some((claim, target)) = self.asked.look(request, report) {
            report.finding(Finding { target, ..finding(claim) });
        }
    }
}

fn finding(claim: Claim) -> Finding {
    let mut finding = Finding::new(claim.kind(), claim.severity, claim.message);
    finding.evidence = claim.evidence.unwrap_or_default();
    finding.metadata = claim.metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    finding
}
