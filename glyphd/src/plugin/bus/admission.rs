//! Who is let in: a token for a session secret, a session secret for a stream. Each decision is on the audit record
//! before anyone is told.

use std::time::Instant;

use glyph_formats::{Attributes, Value};
use glyph_plugin::{
    Capability, PROTOCOL_VERSION, SESSION_METADATA,
    wire::{GrantCapabilitiesRequest, GrantCapabilitiesResponse},
};
use tonic::{Status, metadata::MetadataMap};

use super::{
    Bus,
    access::{Open, Refusal},
    peer::Peer,
};
use crate::{
    audit::Event,
    plugin::names,
    telemetry::{Span, name},
};

impl Bus {
    /// Trades a token for a session.
    pub(super) fn grant(
        &self,
        request: GrantCapabilitiesRequest,
        peer: Peer,
        span: &mut Span,
    ) -> Result<GrantCapabilitiesResponse, Status> {
        let plugin = printable(&request.plugin);
        span.set_with("glyph.plugin.id", || plugin.clone());
        let known: Vec<_> = request.requested().filter(|c| *c != Capability::Unspecified).collect();
        // The token is used up by this, whatever the answer.
        let redeemed = self.access.redeem(&request.plugin, &request.token, &known, peer, Instant::now());
        let redeemed = redeemed.map_err(|refusal| Status::unauthenticated(refusal.to_string()));
        let redeemed = check_version(request.protocol_version)
            .and_then(|()| check_capabilities(&request.requested))
            .and(redeemed);
        let mut metadata = Attributes::default();
        metadata.push("peer", peer.to_string());
        metadata.push("requested", list(names(&known)));
        match redeemed {
            Ok((session_secret, grant)) => {
                let denied: Vec<_> = known.into_iter().filter(|c| !grant.capabilities.contains(c)).collect();
                metadata.push("granted", list(names(&grant.capabilities)));
                metadata.push("denied", list(names(&denied)));
                self.decide(&plugin, Event::CapabilitiesGranted, None, metadata, span.context())?;
                span.set_with("glyph.capabilities", || names(&grant.capabilities));
                span.succeed();
                let granted = grant.capabilities.iter().map(|c| (*c).into()).collect();
                Ok(GrantCapabilitiesResponse { session_secret, granted })
            }
            Err(status) => {
                let reason = status.message().to_owned();
                span.fail("refused", reason.clone());
                self.decide(&plugin, Event::CapabilitiesGranted, Some(reason), metadata, span.context())?;
                Err(status)
            }
        }
    }

    /// Whose session a secret opens.
    pub(super) fn claim(
        &self,
        metadata: &MetadataMap,
        peer: Peer,
        stream: &mut Span,
    ) -> Result<Open, Status> {
        let mut span = self.telemetry.span(name::AUTHENTICATE).parent(stream.context()).start();
        let secret = metadata.get(SESSION_METADATA).and_then(|v| v.to_str().ok()).unwrap_or_default();
        match self.access.open(secret, peer, Instant::now()) {
            Ok(open) => {
                span.set_with("glyph.plugin.id", || open.grant.plugin.clone());
                stream.set_with("glyph.plugin.id", || open.grant.plugin.clone());
                span.succeed();
                Ok(open)
            }
            Err(refusal) => {
                span.fail("refused", refusal.to_string());
                stream.fail("refused", refusal.to_string());
                let metadata = Attributes(vec![("peer".into(), peer.to_string().into())]);
                self.decide("", Event::SessionOpened, Some(refusal.to_string()), metadata, span.context())?;
                Err(match refusal {
                    Refusal::SecretInUse | Refusal::SecondSession => {
                        Status::already_exists(refusal.to_string())
                    }
                    _ => Status::unauthenticated(refusal.to_string()),
                })
            }
        }
    }
}

/// Whether that version of the protocol is spoken here.
pub(in crate::plugin) fn check_version(version: u32) -> Result<(), Status> {
    if version == PROTOCOL_VERSION {
        return Ok(());
    }
    let what = format!("protocol version {version} is not spoken here, only {PROTOCOL_VERSION}");
    Err(Status::failed_precondition(what))
}

/// Whether all of these are capabilities.
fn check_capabilities(requested: &[i32]) -> Result<(), Status> {
    let is_one = |c: &i32| Capability::try_from(*c).is_ok_and(|c| c != Capability::Unspecified);
    match requested.iter().find(|c| !is_one(c)) {
        Some(unknown) => Err(Status::invalid_argument(format!("{unknown} is no capability"))),
        None => Ok(()),
    }
}

pub(in crate::plugin) fn list(names: Vec<String>) -> Value {
    Value::Array(names.into_iter().map(Value::from).collect())
}

/// A name or version that somebody sent, fit for a log line.
pub(in crate::plugin) fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
