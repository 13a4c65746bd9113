//! Findings about the security headers of responses: those that are missing, and those that are too weak to help.
//!
//! In: one response at a time. Out: findings. Nothing is sent to anyone, hence *passive*. What is asked of each
//! header follows the [OWASP HTTP Headers Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html).

mod checks;

use glyph_plugin::{Finding, FlowEvent, Plugin, Report, Subscription};

pub use checks::{Claim, Response, check};

/// The plugin.
#[derive(Debug, Default)]
pub struct PassiveHeaders;

impl Plugin for PassiveHeaders {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
        let (Some(request), Some(response)) = (&event.request, &event.response) else { return };
        let headers: Vec<_> =
            response.headers.iter().map(|h| (h.name.as_str(), String::from_utf8_lossy(&h.value))).collect();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let https = request.scheme == "https";
        let status = u16::try_from(response.status).unwrap_or(0);
        for claim in check(&Response { https, status, headers: &headers }) {
            let finding = Finding::new(claim.kind(), claim.severity, claim.message);
            report.finding(match claim.evidence {
                Some(evidence) => finding.with_evidence(evidence),
                None => finding,
            });
        }
    }
}
