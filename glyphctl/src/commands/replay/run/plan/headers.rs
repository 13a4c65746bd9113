//! Headers of a request on its new way: without those of the connection that it came over, and as the user wants them.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use glyphd::capture::headers::one_cookie;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{self, CONTENT_LENGTH, HOST, VIA},
    uri::Authority,
};

use super::{
    target::Target,
    view::{Request, View, part},
};

/// What one connection says to the other end, and what this one says for itself. RFC 9110, 7.6.1; a trace that was is
/// none of this one's.
const NOT_SENT: [&str; 14] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What the proxy of the recording said, but for its name.
const BEHIND_PROXY: HeaderValue = HeaderValue::from_static("1.1 glyphctl");

/// Flags on headers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Headers")]
pub(in super::super) struct HeaderFlags {
    /// Send this header with each request, in place of what was recorded; may be given more than once
    #[arg(long, value_name = "NAME: VALUE")]
    set_header: Vec<String>,
    /// Leave this header out of each request; may be given more than once
    #[arg(long, value_name = "NAME")]
    remove_header: Vec<String>,
    /// Name the recorded host in each request, not the target
    #[arg(long)]
    keep_host: bool,
}

/// What is changed in headers.
#[derive(Debug)]
pub(super) struct Rewriting {
    set: Vec<(HeaderName, HeaderValue)>,
    remove: Vec<HeaderName>,
    host: Option<Authority>,
    keep_host: bool,
    /// Whether each says which flow it was.
    marks: bool,
}

impl HeaderFlags {
    /// `marks`: whether each request is to say which flow it was.
    pub(super) fn rewriting(&self, marks: bool) -> anyhow::Result<Rewriting> {
        let (set, remove) = (Vec::new(), Vec::new());
        let mut rewriting = Rewriting { set, remove, host: None, keep_host: self.keep_host, marks };
        for text in &self.set_header {
            let (name, value) = text
                .split_once(':')
                .and_then(|(name, value)| {
                    Some((name.trim().parse::<HeaderName>().ok()?, value.trim().parse::<HeaderValue>().ok()?))
                })
                .with_context(|| format!("--set-header {text:?}: expected 'NAME: VALUE'"))?;
            if name == HOST {
                let host = value.to_str().ok().and_then(|host| host.parse().ok());
                rewriting.host = Some(host.with_context(|| format!("--set-header {text:?}: no host"))?);
            } else if NOT_SENT.contains(&name.as_str()) && !name.as_str().starts_with("trace") {
                bail!("--set-header {text:?}: that is the connection's own");
            } else {
                rewriting.set.push((name, value));
            }
        }
        for name in &self.remove_header {
            let name = name.parse().with_context(|| format!("--remove-header {name:?}: no header's name"))?;
            rewriting.remove.push(name);
        }
        Ok(rewriting)
    }
}

impl Rewriting {
    /// The headers, and what is named as the server; none if they can't be sent.
    pub(super) fn headers(
        &self,
        View { request, id, client, .. }: &View<'_>,
        line: &Bytes,
        length: usize,
        target: &Target,
    ) -> Option<(HeaderMap, Authority)> {
        let authority = match &self.host {
            Some(host) => host.clone(),
            None if self.keep_host => recorded_host(request)?,
            None => target.authority.clone(),
        };
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 2);
        headers.insert(HOST, HeaderValue::from_str(authority.as_str()).ok()?);
        let named = request.headers.get("connection");
        let named: Vec<_> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
        for (name, value) in request.headers.iter() {
            let is_hop = NOT_SENT.iter().any(|other| name.eq_ignore_ascii_case(other))
                || named.iter().any(|other| name.eq_ignore_ascii_case(other));
            // HTTP/2 has them in front.
            if is_hop || name.starts_with(':') {
                continue;
            }
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_maybe_shared(part(line, value)).ok()?);
        }
        if request.headers.get("te").any(|value| value.eq_ignore_ascii_case("trailers")) {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
        }
        one_cookie(&mut headers);
        // What was recorded passed through a proxy, which says so, and servers heed that: some don't compress for one. The
        // proxy that records the replay says so itself; what a browser saved went through none.
        if !self.marks && client.parse::<SocketAddr>().is_ok() {
            headers.append(VIA, BEHIND_PROXY);
        }
        for name in &self.remove {
            headers.remove(name);
        }
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
        if self.marks
            && let Ok(mark) = HeaderValue::from_str(&format!("glyph={id}"))
        {
            headers.append("tracestate", mark);
        }
        let had_length = request.headers.get("content-length").next().is_some();
        if length > 0 || had_length {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        Some((headers, authority))
    }
}

/// What the client named: by `Host`, or in the URL.
fn recorded_host(request: &Request<'_>) -> Option<Authority> {
    let of_url = || {
        let rest = request.url.split_once("://")?.1;
        let authority = rest.split(['/', '?', '#']).next()?;
        Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
    };
    request.headers.get("host").next().or_else(of_url)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(headers: &[(&str, &str)]) -> Bytes {
        let headers: Vec<_> = headers.iter().map(|(name, value)| format!("[{name:?},{value:?}]")).collect();
        let before = r#"{"id":"01","sequence":1,"start_time_unix_nano":1,"end_time_unix_nano":2,"kind":"http",
            "client":"127.0.0.1:1","request":{"method":"GET","url":"http://a.test:81/x","host":"a.test",
            "version":"HTTP/1.1","body":{"size":0,"captured_size":0,"complete":true},"headers":"#;
        format!("{before}[{}]}}}}", headers.join(",")).into()
    }

    fn flags(set: &[&str], remove: &[&str], keep_host: bool) -> HeaderFlags {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        HeaderFlags { set_header: owned(set), remove_header: owned(remove), keep_host }
    }

    fn sent(flags: &HeaderFlags, recorded: &[(&str, &str)], length: usize) -> (Vec<String>, String) {
        let target: Target = "https://b.test".parse().unwrap();
        let rewriting = flags.rewriting(false).unwrap();
        let line = line(recorded);
        let flow: View<'_> = serde_json::from_slice(&line).unwrap();
        let (headers, authority) = rewriting.headers(&flow, &line, length, &target).unwrap();
        let told =
            |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        (headers.iter().map(told).collect(), authority.to_string())
    }

    #[test]
    fn what_was_the_connections_is_made_anew() {
        let recorded = [
            ("Host", "a.test:81"),
            ("Connection", "keep-alive, X-Hop"),
            ("x-hop", "1"),
            ("Content-Length", "9"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("traceparent", "00-0-0-0"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("Accept", "*/*"),
        ];
        let (lines, host) = sent(&flags(&[], &[], false), &recorded, 3);
        assert_eq!(
            lines,
            [
                "host: b.test",
                "cookie: a=1; b=2",
                "accept: */*",
                "te: trailers",
                "via: 1.1 glyphctl",
                "content-length: 3"
            ]
        );
        assert_eq!(host, "b.test");
    }

    #[test]
    fn users_have_the_last_word() {
        let wanted = flags(&["X-Env:  staging", "accept: text/html"], &["cookie", "Via"], true);
        let (lines, host) = sent(&wanted, &[("accept", "*/*"), ("cookie", "a=1"), ("host", "c.test")], 0);
        assert_eq!(lines, ["host: c.test", "accept: text/html", "x-env: staging"]);
        assert_eq!(host, "c.test");
        assert_eq!(sent(&flags(&[], &[], true), &[], 0).1, "a.test:81");
        assert_eq!(sent(&flags(&["Host: d.test"], &[], true), &[], 0).1, "d.test");
        assert!(flags(&["Content-Length: 3"], &[], false).rewriting(false).is_err());
        assert!(flags(&["no colon"], &[], false).rewriting(false).is_err());
    }
}
