//! A plugin that does all as it should, to see that others are served whatever one does.

use std::net::SocketAddr;

use glyph_plugin::Phase;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Client, FakeOrigin, FakePlugin, within};

/// It answers everything, until the daemon says goodbye.
pub(crate) struct Witness {
    /// The URL and the side of each event.
    seen: mpsc::UnboundedReceiver<(String, Phase)>,
    work: JoinHandle<()>,
    exchanges: u32,
}

impl Witness {
    pub(crate) fn of(plugin: FakePlugin) -> Self {
        let (tell, seen) = mpsc::unbounded_channel();
        let work = tokio::spawn(plugin.work_telling(move |event| {
            let url = event.request.as_ref().unwrap().url.clone();
            // A test may have seen enough.
            drop(tell.send((url, event.phase())));
        }));
        Self { seen, work, exchanges: 0 }
    }

    /// A fresh exchange is answered by the proxy, and both its sides reach the plugin.
    pub(crate) async fn is_served(&mut self, proxy: SocketAddr, origin: &FakeOrigin) {
        self.exchanges += 1;
        let url = origin.url(&format!("/witness/{}", self.exchanges));
        let mut client = Client::connect(proxy).await;
        assert_eq!(client.get(&url).await.text(), "ok");
        for phase in [Phase::Request, Phase::Response] {
            while within("the witness's event", self.seen.recv()).await.unwrap() != (url.clone(), phase) {}
        }
    }

    /// Waits for the goodbye.
    pub(crate) async fn ended(self) {
        within("the witness's end", self.work).await.unwrap();
    }
}
