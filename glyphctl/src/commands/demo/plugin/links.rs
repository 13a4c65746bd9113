//! Follows the links of pages, each once, and says which lead nowhere. Its requests go through the daemon, which does not send
//! all of them.

use std::collections::HashSet;

use glyph_plugin::{Fetch, FetchError, Finding, FlowEvent, Report, Severity};

/// Those that were followed.
#[derive(Debug, Default)]
pub(super) struct Links {
    followed: HashSet<String>,
}

impl Links {
    /// Follows the page's, if it has any.
    pub(super) fn follow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
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
    let told = |kind: &str, severity, message| Some(Finding::new(kind, severity, message));
    match report.fetch(Fetch::new("HEAD", link)) {
        Ok(fetched) if fetched.status >= 400 => {
            let message = format!("a report links to it, and the server says {}", fetched.status);
            told("demo.link_broken", Severity::Low, message)
        }
        Ok(_) => None,
        Err(FetchError::Denied { message, .. }) => {
            let message = format!("a report links to it, and nobody may follow: {message}");
            told("demo.link_leads_inside", Severity::Med, message)
        }
        Err(error) => told("demo.link_dead", Severity::Low, format!("a report links to it: {error}")),
    }
}
