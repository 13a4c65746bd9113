//! A plugin that fetches: its session, and the netgate from its side.

use std::{path::Path, time::Duration};

use glyph_plugin::{
    Capability, DenialReason, FailureKind, PROTOCOL_VERSION, SESSION_METADATA, TRACE_METADATA,
    wire::{
        FetchEnd, FetchHead, FetchRequest, FetchResponse, FetchResponseHead, Header, fetch_end,
        fetch_request, fetch_response, netgate_client::NetgateClient, plugin_bus_client::PluginBusClient,
    },
};
use glyphd::{
    Config,
    policy::{PluginPolicy, Policy},
};
use tokio_stream::Stream;
use tonic::{
    Request, Status, Streaming,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

use super::{
    FakePlugin, TestDaemon,
    bus::{grant_of, hello},
    operator, within,
};

/// Lets these plugins fetch what they want, and all of them reach the loopback interface.
pub(crate) fn open_to(config: &mut Config, plugins: &[(&str, Capability)]) {
    config.policy = Policy::default();
    config.policy.netgate.allow = vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
    for (name, capability) in plugins {
        let grant = vec![Capability::CapEmitFindings, Capability::CapFlowInspect, *capability];
        let policy = PluginPolicy { grant: Some(grant), ..PluginPolicy::default() };
        config.policy.plugins.insert((*name).to_owned(), policy);
    }
}

/// A plugin whose session is open, and its way out.
pub(crate) struct Guest {
    pub(crate) plugin: FakePlugin,
    pub(crate) outlet: Outlet,
}

impl Guest {
    /// One that the policy knows, with all that it was granted.
    pub(crate) async fn of(daemon: &TestDaemon, name: &str) -> Self {
        Self::at(daemon.control(), name).await
    }

    /// The same, by the operator's socket.
    pub(crate) async fn at(control: &Path, name: &str) -> Self {
        let credentials = operator::token(control, name).await;
        let endpoint = Endpoint::from_shared(credentials.bus.clone()).unwrap();
        let channel = within("the bus", endpoint.connect()).await.unwrap();
        let mut bus = PluginBusClient::new(channel.clone());
        let all: Vec<i32> = (1..=5).collect();
        let granted = grant_of(&mut bus, &credentials, PROTOCOL_VERSION, &all).await.unwrap();
        let plugin = FakePlugin::open(bus, &granted.session_secret, hello(name)).await.unwrap();
        let outlet = Outlet { netgate: NetgateClient::new(channel), secret: granted.session_secret };
        Self { plugin, outlet }
    }
}

/// The netgate as a plugin has it.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    pub(crate) netgate: NetgateClient<Channel>,
    pub(crate) secret: String,
}

/// A GET of that URL.
pub(crate) fn get(url: impl Into<String>) -> FetchHead {
    FetchHead { method: "GET".to_owned(), url: url.into(), ..FetchHead::default() }
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    Header { name: name.to_owned(), value: value.to_owned().into(), redacted: false }
}

pub(crate) fn first(head: FetchHead) -> FetchRequest {
    FetchRequest { message: Some(fetch_request::Message::Head(head)) }
}

pub(crate) fn part(body: impl Into<bytes::Bytes>) -> FetchRequest {
    FetchRequest { message: Some(fetch_request::Message::Body(body.into())) }
}

/// An answer, to its end.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) head: Option<FetchResponseHead>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: FetchEnd,
}

impl Outlet {
    /// Sends a request without a body, and takes the whole answer.
    pub(crate) fn fetch(&self, head: FetchHead) -> impl Future<Output = Got> + use<> {
        let (fetched, url) = (self.try_fetch(head.clone()), head.url);
        async move { fetched.await.unwrap_or_else(|status| panic!("{url}: {status}")) }
    }

    pub(crate) fn try_fetch(&self, head: FetchHead) -> impl Future<Output = Result<Got, Status>> + use<> {
        let begun = self.begin(tokio_stream::once(first(head)), "");
        async move { whole(begun.await?).await }
    }

    /// Sends these messages, in that trace.
    pub(crate) fn begin<S>(
        &self,
        messages: S,
        traceparent: &str,
    ) -> impl Future<Output = Result<Streaming<FetchResponse>, Status>> + use<S>
    where
        S: Stream<Item = FetchRequest> + Send + 'static,
    {
        let mut request = Request::new(messages);
        let metadata = request.metadata_mut();
        metadata.insert(SESSION_METADATA, MetadataValue::try_from(self.secret.as_str()).unwrap());
        if !traceparent.is_empty() {
            metadata.insert(TRACE_METADATA, MetadataValue::try_from(traceparent).unwrap());
        }
        let mut netgate = self.netgate.clone();
        async move { Ok(within("an answer", netgate.fetch(request)).await?.into_inner()) }
    }
}

/// The rest of an answer.
pub(crate) async fn whole(mut answers: Streaming<FetchResponse>) -> Result<Got, Status> {
    let mut got = Got::default();
    loop {
        let answer = within("the rest of an answer", answers.message()).await?;
        match answer.expect("an end comes before the stream's").message {
            Some(fetch_response::Message::Head(head)) => {
                assert!(got.head.replace(head).is_none(), "one answer, one head");
            }
            Some(fetch_response::Message::Body(part)) => got.body.extend_from_slice(&part),
            Some(fetch_response::Message::End(end)) => {
                assert_eq!(within("the stream's end", answers.message()).await?, None, "the end is the last");
                got.end = end;
                return Ok(got);
            }
            None => panic!("a message of no kind"),
        }
    }
}

impl Got {
    /// The status and text of a whole response.
    #[track_caller]
    pub(crate) fn fine(&self) -> (u32, String) {
        assert_eq!(self.end.outcome, None, "{self:?}");
        (self.head.as_ref().unwrap().status, String::from_utf8_lossy(&self.body).into_owned())
    }

    /// Why it was denied.
    #[track_caller]
    pub(crate) fn denied(&self) -> (DenialReason, &str) {
        match &self.end.outcome {
            Some(fetch_end::Outcome::Denied(denied)) => (denied.reason(), &denied.message),
            other => panic!("not denied: {other:?}, {self:?}"),
        }
    }

    /// What failed.
    #[track_caller]
    pub(crate) fn failed(&self) -> (FailureKind, &str) {
        match &self.end.outcome {
            Some(fetch_end::Outcome::Failed(failed)) => (failed.kind(), &failed.message),
            other => panic!("not failed: {other:?}, {self:?}"),
        }
    }

    /// How long it waited for the rate limits.
    pub(crate) fn limited(&self) -> Duration {
        Duration::from_micros(self.end.rate_limit_wait_us)
    }
}
