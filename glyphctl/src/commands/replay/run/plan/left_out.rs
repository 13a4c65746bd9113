//! Why a recorded exchange is not sent again.

use glyph_formats::flow::FlowKind;

use super::view::View;

/// The reasons, in the order in which they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum LeftOut {
    Tunnel,
    WebSocket,
    NoRequest,
    PartialBody,
    LossyBody,
    Unsendable,
}

impl LeftOut {
    /// What keeps the flow from being sent, as far as the recording alone tells.
    pub(super) fn of(flow: &View<'_>) -> Option<Self> {
        let body = &flow.request.body;
        let switched = flow.response.as_ref().is_some_and(|response| response.status == 101);
        if flow.kind == FlowKind::Tunnel || flow.request.method == "CONNECT" {
            Some(Self::Tunnel)
        } else if flow.websocket.is_some() || switched {
            Some(Self::WebSocket)
        } else if flow.request.method == "_OTHER" || !flow.request.url.contains("://") {
            Some(Self::NoRequest)
        } else if body.is_partial() && (body.size > 0 || !body.complete) {
            Some(Self::PartialBody)
        } else if body.charset.as_deref() == Some("UTF-8") {
            Some(Self::LossyBody)
        } else {
            None
        }
    }

    /// For programs.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::Tunnel => "tunnel",
            Self::WebSocket => "websocket",
            Self::NoRequest => "no_request",
            Self::PartialBody => "partial_body",
            Self::LossyBody => "lossy_body",
            Self::Unsendable => "unsendable",
        }
    }

    /// In words.
    pub(in super::super) fn told(self) -> &'static str {
        match self {
            Self::Tunnel => "a tunnel, in which nothing was recorded",
            Self::WebSocket => "a WebSocket, whose messages are not recorded",
            Self::NoRequest => "no request that could be read",
            Self::PartialBody => "the recording has only part of the request's body",
            Self::LossyBody => "bytes of the request's body that are no text were replaced",
            Self::Unsendable => "its method, URL or headers are none of HTTP",
        }
    }
}
