//! Which names mark a secret.

/// Headers whose whole value is a secret, in lower case.
const HEADERS: [&str; 17] = [
    "api-key",
    "apikey",
    "authentication",
    "csrf-token",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-api-token",
    "x-auth-key",
    "x-auth-token",
    "x-client-secret",
    "x-csrf-token",
    "x-csrftoken",
    "x-gitlab-token",
    "x-goog-api-key",
    "x-vault-token",
    "x-xsrf-token",
];

/// Names of query parameters whose value is a secret, in lower case, without `-` and `_`.
const PARAMETERS: [&str; 27] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "auth",
    "authtoken",
    "awsaccesskeyid",
    "clientsecret",
    "csrf",
    "csrftoken",
    "idtoken",
    "jwt",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "secretkey",
    "session",
    "sessionid",
    "sig",
    "signature",
    "token",
    "xamzcredential",
    "xamzsecuritytoken",
    "xamzsignature",
];

/// Whether a header's whole value is a secret. `name` is in lower case.
pub(super) fn is_secret_header(name: &str) -> bool {
    HEADERS.binary_search(&name).is_ok()
}

/// Whether a query parameter's value is a secret.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    let folded: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_lowercase();
    PARAMETERS.binary_search(&folded.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_as_the_search_needs_them() {
        assert!(HEADERS.is_sorted());
        assert!(PARAMETERS.is_sorted());
    }

    #[test]
    fn parameters_are_known_however_they_are_spelt() {
        for name in ["token", "access_token", "Access-Token", "accessToken", "X-Amz-Signature"] {
            assert!(is_secret_parameter(name), "{name}");
        }
        for name in ["page", "tokens", "q", "author"] {
            assert!(!is_secret_parameter(name), "{name}");
        }
    }
}
