//! Reads reports, slowly, and follows their links: what the demo's alert is about.

use std::time::Duration;

use glyph_plugin::{Capability, Finding, FlowEvent, Plugin, Report, Severity, Subscription};

use super::links::Links;

/// How long it needs for one.
const READING: Duration = Duration::from_millis(260);

/// Reads every report from its beginning to its end, and takes its time.
#[derive(Debug, Default)]
pub(super) struct ReportReader {
    links: Links,
}

impl Plugin for ReportReader {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::CapEmitFindings, Capability::CapFlowInspect, Capability::CapHttpActive]
    }

    #[expect(clippy::disallowed_methods, reason = "it plays a plugin that is slow")]
    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
        let is_report = event.request.as_ref().is_some_and(|request| request.url.contains("/reports/"));
        if is_report {
            std::thread::sleep(READING);
            let message = "a report, read from its beginning to its end";
            report.finding(Finding::new("demo.report_read", Severity::Info, message));
            self.links.follow(event, report);
        }
    }
}
