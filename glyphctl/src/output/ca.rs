//! The CA: what it is, and what makes clients trust it. Every line of the latter that is no comment is for a shell.

use std::{
    io::{self, Write},
    path::Path,
};

use clap::ValueEnum;
use glyph_analysis::text::visible;
use schemars::JsonSchema;
use serde::Serialize;

use super::{json, pointers::word};

/// How a CA is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CaFormat {
    /// For people.
    Table,
    /// For programs: documented, stable.
    Json,
}

/// What `ca show --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Shown {
    /// Whose it is, for example `O=Glyph, CN=Glyph CA 1f0c9a3e`.
    pub(crate) subject: String,
    /// The SHA-256 of the certificate, as browsers and openssl show it.
    pub(crate) sha256: String,
    /// From when it is valid, RFC 3339.
    pub(crate) not_before: String,
    /// Until when it is valid, RFC 3339.
    pub(crate) not_after: String,
    /// The certificate's file.
    pub(crate) certificate: String,
    /// The key's file; none if it is not there.
    pub(crate) key: Option<String>,
}

/// Writes it.
pub(crate) fn write(shown: &Shown, format: CaFormat, out: &mut dyn Write) -> io::Result<()> {
    if format == CaFormat::Json {
        return json::write(shown, out);
    }
    let mut line = |name: &str, value: &str| writeln!(out, "{name:<14}{}", visible(value));
    line("subject", &shown.subject)?;
    line("sha256", &shown.sha256)?;
    line("valid from", &shown.not_before)?;
    line("valid until", &shown.not_after)?;
    line("certificate", &shown.certificate)?;
    line("key", shown.key.as_deref().unwrap_or("–"))
}

/// Who is to trust it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// curl, and git
    Curl,
    /// Chromium, Chrome and Firefox
    Browser,
    /// requests, httpx, urllib and whatever else uses ssl
    Python,
    /// Node
    Node,
    /// Java, and what runs on it
    Java,
    /// All programs that use the system's CAs
    System,
}

/// What makes clients trust a CA.
pub(crate) struct Trust {
    /// The certificate's file, as a word for a shell.
    ca: String,
    /// The same as a string in JSON.
    quoted: String,
    /// A name that no other CA has.
    name: String,
}

impl Trust {
    pub(crate) fn new(path: &Path, fingerprint: &str) -> Self {
        let text = path.to_string_lossy();
        let digits = fingerprint.split(':').take(4).collect::<String>().to_ascii_lowercase();
        let (ca, quoted) = (word(&text), serde_json::Value::from(text.as_ref()).to_string());
        Self { ca, quoted, name: format!("glyph-ca-{digits}") }
    }

    /// Writes what is to be done for one client, or for each.
    pub(crate) fn write(&self, client: Option<Client>, out: &mut dyn Write) -> io::Result<()> {
        let clients = client.as_ref().map_or(Client::value_variants(), std::slice::from_ref);
        for (i, client) in clients.iter().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            for line in self.lines(*client).lines() {
                writeln!(out, "{}", visible(line))?;
            }
        }
        Ok(())
    }

    fn lines(&self, client: Client) -> String {
        let Self { ca, quoted, name } = self;
        match client {
            Client::Curl => format!(
                "# curl: for one request, or for all from this shell\n\
                 curl --cacert {ca} --proxy http://127.0.0.1:8080 https://example.com/\n\
                 export CURL_CA_BUNDLE={ca}\n\
                 # git\n\
                 export GIT_SSL_CAINFO={ca}\n\
                 {}",
                self.both(&["CURL_CA_BUNDLE", "GIT_SSL_CAINFO"]),
            ),
            Client::Browser => format!(
                "# Chromium and Chrome on Linux (certutil is in Debian's libnss3-tools)\n\
                 mkdir -p \"$HOME/.pki/nssdb\"\n\
                 certutil -d \"sql:$HOME/.pki/nssdb\" -A -t C,, -n {name} -i {ca}\n\
                 # … and rid of it again\n\
                 certutil -d \"sql:$HOME/.pki/nssdb\" -D -n {name}\n\
                 # Firefox, all profiles, by a policy; remove the file to be rid of it\n\
                 sudo mkdir -p /etc/firefox/policies\n\
                 sudo tee /etc/firefox/policies/policies.json <<'END'\n\
                 {{\"policies\": {{\"Certificates\": {{\"Install\": [{quoted}]}}}}}}\n\
                 END\n\
                 # By hand: Settings, Privacy and security, Certificates, Authorities, Import: {ca}"
            ),
            Client::Python => format!(
                "# Python: requests; then ssl, with httpx, urllib and aiohttp\n\
                 export REQUESTS_CA_BUNDLE={ca}\n\
                 export SSL_CERT_FILE={ca}\n\
                 {}",
                self.both(&["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]),
            ),
            Client::Node => format!(
                "# Node: beside the CAs that it has; read at its start\n\
                 export NODE_EXTRA_CA_CERTS={ca}"
            ),
            Client::Java => format!(
                "# Java: a copy of its own CAs, with this one\n\
                 install -m 600 \"$(dirname \"$(readlink -f \"$(command -v keytool)\")\")/../lib/security/cacerts\" {name}.jks\n\
                 keytool -importcert -noprompt -alias {name} -file {ca} -keystore {name}.jks -storepass changeit\n\
                 export JAVA_TOOL_OPTIONS=\"-Djavax.net.ssl.trustStore=$PWD/{name}.jks -Djavax.net.ssl.trustStorePassword=changeit\""
            ),
            Client::System => format!(
                "# Debian and Ubuntu: every program that uses the system's CAs\n\
                 sudo cp {ca} /usr/local/share/ca-certificates/{name}.crt && sudo update-ca-certificates\n\
                 # … and rid of it again\n\
                 sudo rm /usr/local/share/ca-certificates/{name}.crt && sudo update-ca-certificates --fresh\n\
                 # Fedora\n\
                 sudo cp {ca} /etc/pki/ca-trust/source/anchors/{name}.pem && sudo update-ca-trust\n\
                 # macOS\n\
                 sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {ca}"
            ),
        }
    }

    /// For variables that put one CA in the place of all.
    fn both(&self, variables: &[&str]) -> String {
        let Self { ca, name, .. } = self;
        let mut lines = format!(
            "# These trust nobody else. Where some hosts pass through untouched, name a file with all CAs instead:\n\
             cat /etc/ssl/certs/ca-certificates.crt {ca} > {name}-and-all.pem\n"
        );
        for variable in variables {
            lines += &format!("export {variable}=\"$PWD/{name}-and-all.pem\"\n");
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_and_quotes_stays_one_word() {
        let trust = Trust::new(Path::new("/a b/it's/ca.pem"), "AB:CD:EF:01:23");
        let mut out = Vec::new();
        trust.write(None, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains(r"NODE_EXTRA_CA_CERTS='/a b/it'\''s/ca.pem'") && text.contains("glyph-ca-abcdef01")
        );
        assert!(text.contains(r#""Install": ["/a b/it's/ca.pem"]"#));
    }

    /// `GLYPH_BLESS=1 cargo test -p glyphctl` writes it anew.
    #[test]
    fn the_schema_in_docs_is_that_of_the_type() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/ca-show.json");
        let text = serde_json::to_string_pretty(&schemars::schema_for!(Shown)).unwrap() + "\n";
        if std::env::var_os("GLYPH_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
    }
}
