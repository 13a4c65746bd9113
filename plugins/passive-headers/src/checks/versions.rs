//! Headers that tell which version of which software answered: who looks for a server with a known hole need not try.
//!
//! Only a value with a version in it counts, but for `X-Powered-By`, which has no other use than to tell.

use glyph_plugin::Severity;

use crate::{Claim, Fault, Response};

const HEADERS: [&str; 15] = [
    "server",
    "x-powered-by",
    "x-aspnet-version",
    "x-aspnetmvc-version",
    "x-generator",
    "via",
    "x-php-version",
    "x-owa-version",
    "x-umbraco-version",
    "x-powered-cms",
    "x-jenkins",
    "x-mod-pagespeed",
    "x-page-speed",
    "liferay-portal",
    "microsoftsharepointteamservices",
];

pub(super) fn check(response: &Response<'_>) -> impl Iterator<Item = Claim> {
    HEADERS.into_iter().filter_map(|header| leak(response, header))
}

fn leak(response: &Response<'_>, header: &'static str) -> Option<Claim> {
    let values: Vec<_> = response.all(header).filter(|value| !value.is_empty()).collect();
    // In `Via` the protocol's version stands before each proxy; a proxy's software is in a comment.
    let tells = |value: &str| match header {
        "via" => comments(value).any(has_version),
        _ => has_version(value),
    };
    let telling: Vec<_> = values.iter().copied().filter(|value| tells(value)).collect();
    let claim = |severity, message, values: &[&str]| {
        Some(Claim::new(Fault::Leak, header, severity, message).with_evidence(&values.join(", ")))
    };
    if !telling.is_empty() {
        return claim(Severity::Low, "it tells which version of the software to look up holes for", &telling);
    }
    if header == "x-powered-by" && !values.is_empty() {
        return claim(
            Severity::Info,
            "it tells which software made the response, and has no other use",
            &values,
        );
    }
    None
}

/// Whether there is a number with a point in it, or one of at most two digits behind a name, as in `PHP/8` and
/// `Drupal 10`. Longer ones without a point are most often names of machines.
fn has_version(value: &str) -> bool {
    let dotted = |w: &[u8]| w[0].is_ascii_digit() && w[1] == b'.' && w[2].is_ascii_digit();
    if value.as_bytes().windows(3).any(dotted) {
        return true;
    }
    let mut behind_name = false;
    value.split(|c: char| c.is_ascii_whitespace() || "/;,()".contains(c)).any(|word| {
        let is_short = (1..=2).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        let found = is_short && behind_name;
        behind_name = word.starts_with(|c: char| c.is_ascii_alphabetic());
        found
    })
}

/// What stands in parentheses.
fn comments(value: &str) -> impl Iterator<Item = &str> {
    value.split('(').skip(1).map(|rest| rest.split(')').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headers: &[(&str, &str)]) -> Vec<(&'static str, Severity, String)> {
        let response = Response { method: "GET", https: false, status: 200, headers, body: b"" };
        check(&response).map(|c| (c.subject, c.severity, c.evidence.unwrap())).collect()
    }

    #[test]
    fn versions_are_told_with_the_value() {
        for (header, value) in [
            ("server", "Apache/2.4.41 (Ubuntu)"),
            ("server", "nginx/1.25.3"),
            ("server", "Jetty(9.4.z-SNAPSHOT)"),
            ("server", "Microsoft-IIS/10.0"),
            ("x-powered-by", "PHP/8"),
            ("x-aspnet-version", "4.0.30319"),
            ("x-aspnetmvc-version", "5.2"),
            ("x-generator", "Drupal 10 (https://www.drupal.org)"),
            ("via", "1.1 cache-1 (squid/5.7)"),
        ] {
            assert_eq!(told(&[(header, value)]), [(header, Severity::Low, value.to_owned())]);
        }
    }

    #[test]
    fn names_and_numbers_of_other_things_are_no_versions() {
        for (header, value) in [
            ("server", "nginx"),
            ("server", ""),
            ("server", "cloudflare"),
            ("server", "ECAcc (sed/5914)"),
            ("server", "ECS (dcb/7F83)"),
            ("server", "12"),
            ("x-generator", "Hugo"),
            ("via", "1.1 varnish, HTTP/1.1 proxy (front)"),
            ("content-type", "nginx/1.25.3"),
        ] {
            assert_eq!(told(&[(header, value)]), [], "{header}: {value}");
        }
    }

    #[test]
    fn x_powered_by_is_worth_a_word_anyway() {
        assert_eq!(
            told(&[("X-Powered-By", "Express")]),
            [("x-powered-by", Severity::Info, "Express".to_owned())]
        );
        assert_eq!(
            told(&[("x-powered-by", "ASP.NET"), ("x-powered-by", "PHP/8.1"), ("x-powered-by", "Foo/2.0")]),
            [("x-powered-by", Severity::Low, "PHP/8.1, Foo/2.0".to_owned())]
        );
    }
}
