//! Reports exchanges that went wrong: answers that say the server failed, and requests that got no answer.

use glyph_plugin::{Finding, FlowEvent, Plugin, Report, RunError, Severity, Subscription};

/// The plugin's name, as in plugin.toml. The types of its findings begin with it.
const NAME: &str = env!("CARGO_PKG_NAME");

struct Failures;

impl Plugin for Failures {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
        if let Some(error) = &event.error {
            let message = format!("the exchange failed: {}", error.kind);
            let finding = Finding::new(format!("{NAME}.failed"), Severity::Low, message);
            report.finding(finding.with_evidence(&error.message));
        }
        if let Some(response) = &event.response
            && response.status >= 500
        {
            let message = format!("the server answered {}", response.status);
            report.finding(Finding::new(format!("{NAME}.server-error"), Severity::Med, message));
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    glyph_plugin::run(Failures).await
}

#[cfg(test)]
mod tests {
    use glyph_plugin::wire::FlowResponse;

    use super::*;

    fn findings(status: u32) -> usize {
        let response = Some(FlowResponse { status, ..FlowResponse::default() });
        let event = FlowEvent { response, ..FlowEvent::default() };
        let mut report = Report::new(&event, "");
        Failures.on_flow(&event, &mut report);
        report.into_findings().len()
    }

    #[test]
    fn a_server_error_is_found_and_nothing_else_is() {
        assert_eq!([200, 404, 500, 503].map(findings), [0, 0, 1, 1]);
    }
}
