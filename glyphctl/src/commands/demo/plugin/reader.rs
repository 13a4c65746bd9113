//! Reads reports, slowly: what the demo's alert is about.

use std::time::Duration;

use glyph_plugin::{Finding, FlowEvent, Plugin, Report, Severity, Subscription};

/// How long it needs for one.
const READING: Duration = Duration::from_millis(260);

/// Reads every report from its beginning to its end, and takes its time.
pub(super) struct ReportReader;

impl Plugin for ReportReader {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    #[expect(clippy::disallowed_methods, reason = "it plays a plugin that is slow")]
    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
        let is_report = event.request.as_ref().is_some_and(|request| request.url.contains("/reports/"));
        if is_report {
            std::thread::sleep(READING);
            let message = "a report, read from its beginning to its end";
            report.finding(Finding::new("demo.report_read", Severity::Info, message));
        }
    }
}
