//! What may be sent, and where: pure decisions.
//!
//! In: a URL, a method, the addresses that a name stands for. Out: a `Denied` with its reason, or nothing. Not here:
//! resolving names, and whether there is room or budget.

mod address;
mod allow;
mod target;

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

use http::Method;

use super::budget::Exhausted;

use address::{Special, special};
pub use allow::Allow;
pub(crate) use target::{Origin, Scheme, Target};

/// Why a request is not sent. The reasons are a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("the plugin has neither CAP_HTTP_PASSIVE nor CAP_HTTP_ACTIVE")]
    Capability,
    #[error("{0}")]
    Method(Cow<'static, str>),
    #[error("{0}")]
    Origin(Cow<'static, str>),
    #[error("the URL can't be asked for: {0}")]
    Url(String),
    #[error("{0:?} is not spoken here, only http and https")]
    Scheme(String),
    #[error("{}", address_told(host, *address, *special))]
    Address { host: String, address: IpAddr, special: Special },
    #[error("glyphd itself listens at {0}")]
    Own(SocketAddr),
    #[error("{0}")]
    Budget(#[from] Exhausted),
    #[error("{0} requests of the plugin are under way")]
    Concurrency(usize),
    #[error("{0}")]
    Audit(String),
    #[error("a recording is shown: nothing is sent anywhere")]
    Offline,
}

impl Denied {
    /// As spans have it in `error.type`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Capability => "denied_capability",
            Self::Method(_) => "denied_method",
            Self::Origin(_) => "denied_origin",
            Self::Url(_) => "denied_url",
            Self::Scheme(_) => "denied_scheme",
            Self::Address { .. } => "denied_address",
            Self::Own(_) => "denied_own",
            Self::Budget(_) => "denied_budget",
            Self::Concurrency(_) => "denied_concurrency",
            Self::Audit(_) => "denied_audit",
            Self::Offline => "denied_offline",
        }
    }

    /// As audit entries have it.
    pub(crate) fn reason(&self) -> &'static str {
        self.kind().trim_start_matches("denied_")
    }
}

/// What is special about a host, by the address that it has or is.
fn address_told(host: &str, address: IpAddr, special: Special) -> String {
    let is_itself = host.trim_matches(['[', ']']).parse() == Ok(address);
    match is_itself {
        true => format!("{host} is {}", special.what()),
        false => format!("{host} is {address}, {}", special.what()),
    }
}

/// How far a plugin may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// `CAP_HTTP_PASSIVE`: the origin of the flow at hand, if there is one.
    Passive(Option<Origin>),
    /// `CAP_HTTP_ACTIVE`.
    Active,
}

impl Reach {
    /// The capability that it comes from.
    pub(crate) fn capability(&self) -> &'static str {
        match self {
            Self::Passive(_) => "CAP_HTTP_PASSIVE",
            Self::Active => "CAP_HTTP_ACTIVE",
        }
    }

    /// Whether that may be asked for, wherever it is.
    pub(crate) fn judge(&self, method: &Method, target: &Target) -> Result<(), Denied> {
        if [Method::CONNECT, Method::TRACE].contains(method) || method.as_str().eq_ignore_ascii_case("TRACK")
        {
            return Err(Denied::Method(format!("{method} is sent for nobody").into()));
        }
        let Self::Passive(origin) = self else { return Ok(()) };
        if ![Method::GET, Method::HEAD].contains(method) {
            return Err(Denied::Method("CAP_HTTP_PASSIVE is for GET and HEAD".into()));
        }
        match origin {
            None => Err(Denied::Origin("CAP_HTTP_PASSIVE is for a flow that the plugin was shown".into())),
            Some(origin) if *origin != target.origin => {
                let what =
                    format!("CAP_HTTP_PASSIVE is for {origin}, the flow's origin, not {}", target.origin);
                Err(Denied::Origin(what.into()))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Which addresses may be connected to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    allow: Vec<Allow>,
}

impl Policy {
    pub(crate) fn new(allow: Vec<Allow>) -> Self {
        Self { allow }
    }

    /// Whether that address of that host may be connected to.
    pub(crate) fn judge(&self, host: &str, address: IpAddr) -> Result<(), Denied> {
        let Some(special) = special(address) else { return Ok(()) };
        let canonical = address.to_canonical();
        if self.allow.iter().any(|allow| allow.opens(host, canonical)) {
            return Ok(());
        }
        Err(Denied::Address { host: host.to_owned(), address, special })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(from: Option<(&str, u16)>) -> Reach {
        Reach::Passive(from.and_then(|(host, port)| Origin::of_parts("https", host, port)))
    }

    #[test]
    fn passive_is_for_reading_from_the_flows_origin() {
        let flow = reach(Some(("a.example", 8443)));
        let judge = |reach: &Reach, method: Method, url: &str| {
            reach.judge(&method, &Target::parse(url).unwrap()).map_err(|d| d.reason())
        };
        assert_eq!(judge(&flow, Method::GET, "https://A.example.:8443/robots.txt"), Ok(()));
        assert_eq!(judge(&flow, Method::HEAD, "https://a.example:8443/"), Ok(()));
        for url in ["http://a.example:8443/", "https://a.example/", "https://b.a.example:8443/"] {
            assert_eq!(judge(&flow, Method::GET, url), Err("origin"), "{url}");
        }
        for method in [Method::POST, Method::OPTIONS, Method::DELETE, Method::from_bytes(b"get").unwrap()] {
            assert_eq!(judge(&flow, method, "https://a.example:8443/"), Err("method"));
        }
        assert_eq!(judge(&reach(None), Method::GET, "https://a.example:8443/"), Err("origin"));
    }

    #[test]
    fn active_is_for_everything_that_is_no_tunnel_and_no_mirror() {
        let target = Target::parse("http://a.example/").unwrap();
        for method in ["GET", "POST", "PURGE"] {
            assert!(Reach::Active.judge(&method.parse().unwrap(), &target).is_ok());
        }
        for method in ["CONNECT", "TRACE", "track"] {
            let denied = Reach::Active.judge(&method.parse().unwrap(), &target).unwrap_err();
            assert_eq!(denied.reason(), "method");
        }
    }

    #[test]
    fn the_operator_opens_what_is_special_otherwise() {
        let allow = ["127.0.0.0/8", "fd00::/8", "build.internal"].map(|a| a.parse().unwrap());
        let policy = Policy::new(allow.to_vec());
        let judge = |host: &str, address: &str| policy.judge(host, address.parse().unwrap()).is_ok();
        assert!(judge("a.example", "1.1.1.1"));
        assert!(judge("a.example", "127.0.0.1") && judge("a.example", "::ffff:127.0.0.1"));
        assert!(!judge("a.example", "::1") && !judge("a.example", "10.0.0.1"));
        assert!(judge("a.example", "fd00::1"));
        assert!(judge("build.internal", "10.0.0.1") && !judge("x.build.internal", "10.0.0.1"));
        // What is opened is that address, not others that stand for it.
        assert!(!judge("a.example", "64:ff9b::7f00:1") && !judge("a.example", "::127.0.0.1"));
        let denied = Policy::default().judge("a.example", "10.0.0.1".parse().unwrap()).unwrap_err();
        assert_eq!(denied.to_string(), "a.example is 10.0.0.1, a private address");
        let address = "fc00::1".parse().unwrap();
        let literal =
            Denied::Address { host: "[fc00::1]".to_owned(), address, special: Special::UniqueLocal };
        assert_eq!(literal.to_string(), "[fc00::1] is a unique local address");
    }
}
