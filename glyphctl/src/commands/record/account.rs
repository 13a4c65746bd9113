//! What is said of a recording: where it is, what is in it, and what to type next.

use glyph_analysis::text::counted;
use glyphd::app::Summary;

use super::{place::Place, surroundings};
use crate::output::{hint_at, note, warn};

/// Before the command runs.
pub(super) fn announce(place: &Place) {
    note(format_args!("recording into {}", place.dir.display()));
    if let Some((name, hosts)) = surroundings::exempt() {
        note(format_args!("{name} is set: requests to {hosts} go past the proxy and are not recorded"));
    }
    if let Some(name) = surroundings::other_proxy() {
        note(format_args!("{name} was set: the proxy that it named is not used, requests go out directly"));
    }
    if let Some(name) = surroundings::other_collector() {
        note(format_args!("{name} is set: the command's own spans go there and are not recorded"));
    }
}

/// After everything is written.
pub(super) fn tell(summary: &Summary, place: &Place) {
    let dir = place.dir.display();
    let dropped = summary.flows_dropped + summary.events_dropped + summary.spans_dropped;
    let spans = match summary.spans_received {
        0 => counted(summary.spans, "span"),
        own => format!("{} ({own} of the command's own)", counted(summary.spans, "span")),
    };
    let mut figures = vec![counted(summary.flows, "flow"), spans, counted(summary.findings, "finding")];
    if summary.scrapes > 0 {
        figures.push(format!("{} ({} failed)", counted(summary.scrapes, "scrape"), summary.scrapes_failed));
    }
    note(format_args!("{dir}: {}; {dropped} dropped", figures.join(", ")));
    if summary.scrapes > 0 && summary.scrapes == summary.scrapes_failed {
        warn("no target of --scrape could be scraped even once");
    }
    if summary.disbelieved > 0 {
        let handshakes = counted(summary.disbelieved, "TLS handshake");
        warn(format_args!(
            "{handshakes} came to nothing: the client does not trust the CA of this recording"
        ));
        hint_at(&format!(
            "glyphctl flows ls {dir} --error=client_tls tells which; --tls-passthrough HOST leaves a host alone, \
             --no-intercept all of them"
        ));
    }
    if summary.flows == 0 {
        warn("no request came through the proxy");
        hint_at(
            "a client has to heed http_proxy; some want a flag of their own, and Go's never do for this \
             machine's own addresses",
        );
    }
    note(format_args!("next: glyphctl check {dir}, or glyphctl trace show {dir}"));
}
