//! Which cookies hold a session, going by their names: there is no other way to tell.

/// What is in the name of a session, whatever stands around it.
const PARTS: [&str; 9] = [
    "session",
    "sessid",
    "jwt",
    "aspxauth",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "logged_in",
    "remember",
];

/// What has to be a word of its own: `sid` is in `inside` too.
const WORDS: [&str; 9] = ["sid", "ssid", "hsid", "sess", "auth", "token", "sso", "cfid", "cftoken"];

/// What is in the name of a token against request forgery. It is no session: scripts are meant to read it.
const FORGERY: [&str; 2] = ["csrf", "xsrf"];

/// Whether who has the cookie of that name is probably taken for the user.
pub(crate) fn is_session(cookie: &str) -> bool {
    let name = cookie.to_ascii_lowercase();
    if FORGERY.iter().any(|part| name.contains(part)) {
        return false;
    }
    PARTS.iter().any(|part| name.contains(part))
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_sessions_from_the_rest() {
        for name in [
            "PHPSESSID",
            "JSESSIONID",
            "ASP.NET_SessionId",
            "connect.sid",
            "laravel_session",
            "__Host-sid",
            "access_token",
            "accessToken",
            "wordpress_logged_in_1f",
        ] {
            assert!(is_session(name), "{name}");
        }
        for name in ["", "theme", "XSRF-TOKEN", "csrftoken", "session_csrf", "_ga", "inside", "author"] {
            assert!(!is_session(name), "{name}");
        }
    }
}
