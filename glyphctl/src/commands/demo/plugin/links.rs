//! Follows the links of pages, each once, and says which lead nowhere. Its requests go through the daemon, which does not send
//! all of them.

use std::collections::HashSet;

use glyph_plugin::{
    Capability, Fetch, FetchError, Finding, FlowEvent, Plugin, Report, Severity, Subscription,
};

pub(in crate::commands::demo) const NAME: &str = "link-checker";

#[derive(Debug, Default)]
pub(super) struct LinkChecker {
    followed: HashSet<String>,
}

impl Plugin for LinkChecker {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::CapEmitFindings, Capability::CapFlowInspect, Capability::CapHttpActive]
    }

    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
        let (Some(request), Some(response)) = (&event.request, &event.response) else { return };
        let Some(body) = &response.body else { return };
        let page = String::from_utf8_lossy(&body.content);
        for link in links(&request.url, &page) {
            if self.followed.insert(link.clone())
                && let Some(finding) = follow(&link, report)
            {
                report.finding(Finding { target: link, ..finding });
            }
        }
    }
}

/// The links of a page, absolute.
fn links(page: &str, html: &str) -> Vec<String> {
    let hrefs = html.split("href=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0));
    let Ok(base) = url::Url::parse(page) else { return Vec::new() };
    hrefs.filter_map(|href| Some(base.join(href).ok()?.into())).collect()
}

/// What there is to say of it.
fn follow(link: &str, report: &Report<'_>) -> Option<Finding> {
    let told =
        |kind: &str, severity, message| Some(Finding::new(format!("{NAME}.{kind}"), severity, message));
    match report.fetch(Fetch::new("HEAD", link)) {
        Ok(fetched) if fetched.status >= 400 => told(
            "broken",
            Severity::Low,
            format!("a page links to it, and the server says {}", fetched.status),
        ),
        Ok(_) => None,
        Err(FetchError::Denied { message, .. }) => told(
            "leads_inside",
            Severity::Med,
            format!("a page links to it, and nobody may follow: {message}"),
        ),
        Err(error) => told("dead", Severity::Low, format!("a page links to it: {error}")),
    }
}
