//! What frames the page: its policy, style and script, the bar at the top, and the list of keys.

use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::Section;

const STYLE: &str = concat!(
    include_str!("style/palette.css"),
    include_str!("style/page.css"),
    include_str!("style/table.css"),
    include_str!("style/charts.css"),
    include_str!("style/traces.css"),
    include_str!("style/media.css"),
);

/// One module: what the files have in common is a name.
const SCRIPT: &str = concat!(
    include_str!("script/text.js"),
    include_str!("script/theme.js"),
    include_str!("script/filter.js"),
    include_str!("script/table.js"),
    include_str!("script/durations.js"),
    include_str!("script/flame.js"),
    include_str!("script/traces.js"),
    include_str!("script/main.js"),
);

/// The keys, and what they do.
const KEYS: [(&str, &str); 8] = [
    ("/", "filter services and spans"),
    ("Esc", "empty the filter; leave a part of the flame graph"),
    ("Tab", "from one control to the next"),
    ("↑ ↓", "from row to row, span to span, frame to frame"),
    ("← →", "to the frames beside in the flame graph"),
    ("Enter", "open a row or a span; show a frame in full width"),
    ("t", "light, dark, or as the system has it"),
    ("?", "this list"),
];

/// Nothing is loaded, nothing runs but the page's own script, nothing is sent. Where bars and frames lie stands in `style`
/// attributes, which hold numbers of ours alone.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src {}; style-src-elem {}; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        digest(SCRIPT),
        digest(STYLE)
    )
}

fn digest(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// The head.
pub(super) fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { (title) " · glyph" }
            style { (PreEscaped(STYLE)) }
        }
    }
}

/// The bar at the top.
pub(super) fn bar(sections: &[Section]) -> Markup {
    html! {
        a.skip href="#overview" { "Skip to the report" }
        header.top {
            span.brand { "glyph" }
            nav aria-label="Sections" {
                @for (id, name, _) in sections { a href={ "#" (id) } { (name) } }
            }
            div.controls.needs-script {
                div role="search" {
                    input #filter type="search" placeholder="Filter services, spans" aria-label="Filter services and spans"
                        aria-keyshortcuts="/" autocomplete="off" spellcheck="false";
                    kbd aria-hidden="true" { "/" }
                }
                output #filtered for="filter" {}
                button #theme type="button" aria-keyshortcuts="t" title="Light, dark, or as the system has it (t)" { "Auto" }
                button #help type="button" aria-keyshortcuts="?" aria-label="Keys" title="Keys (?)" { "?" }
            }
        }
    }
}

/// The list of keys.
pub(super) fn keys() -> Markup {
    html! {
        dialog #keys aria-labelledby="keys-title" {
            h2 #keys-title { "Keys" }
            dl { @for (key, what) in KEYS { dt { kbd { (key) } } dd { (what) } } }
            form method="dialog" { button { "Close" } }
        }
    }
}

/// The script, which must come last: it works on what is there.
pub(super) fn script() -> Markup {
    html! { script type="module" { (PreEscaped(SCRIPT)) } }
}
