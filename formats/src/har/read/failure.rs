//! What browsers call a failure, in the words of flows.

use crate::flow::{ErrorOrigin, FlowError};

/// Parts of the names that Chromium and Firefox have for them, the first that fits counts.
const KINDS: [(&str, &str, ErrorOrigin); 14] = [
    ("CONNECTION_REFUSED", "connect_refused", ErrorOrigin::Upstream),
    ("CONNECTION_TIMED_OUT", "connect_timeout", ErrorOrigin::Upstream),
    ("NET_TIMEOUT", "connect_timeout", ErrorOrigin::Upstream),
    ("TIMED_OUT", "upstream_timeout", ErrorOrigin::Upstream),
    ("NAME_NOT_RESOLVED", "resolve", ErrorOrigin::Upstream),
    ("UNKNOWN_HOST", "resolve", ErrorOrigin::Upstream),
    ("CERT", "upstream_tls", ErrorOrigin::Upstream),
    ("SSL", "upstream_tls", ErrorOrigin::Upstream),
    ("PROXY", "upstream_proxy", ErrorOrigin::Upstream),
    ("CONNECTION", "upstream_closed", ErrorOrigin::Upstream),
    ("EMPTY_RESPONSE", "upstream_closed", ErrorOrigin::Upstream),
    ("INVALID", "upstream_invalid", ErrorOrigin::Upstream),
    ("ABORTED", "client_gone", ErrorOrigin::Client),
    ("BLOCKED", "client_gone", ErrorOrigin::Client),
];

/// Of a request that came to no answer, and of what its writer says of it.
pub(super) fn of(said: &str) -> FlowError {
    let name = said.to_ascii_uppercase();
    let known = KINDS.iter().find(|(part, ..)| name.contains(part));
    let (kind, origin) = known.map_or(("upstream_closed", ErrorOrigin::Upstream), |(_, k, o)| (*k, *o));
    let message = if said.is_empty() { "the HAR has no response, and no reason" } else { said };
    FlowError { kind: kind.to_owned(), origin, message: message.to_owned() }
}
