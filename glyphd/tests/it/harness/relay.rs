//! A Unix socket between a plugin and the bus, which a test can cut.

use std::path::{Path, PathBuf};

use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinHandle,
};

/// It passes on what comes, until it is cut.
pub(crate) struct Relay {
    /// How often it was cut, and whether what comes then is passed on.
    state: watch::Sender<(u32, bool)>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Listens on `path`.
    pub(crate) fn start(path: &Path, to: PathBuf) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let (state, watched) = watch::channel((0, true));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(stream, to.clone(), watched.clone()));
            }
        });
        Self { state, task }
    }

    /// Breaks all connections; new ones wait.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|(cuts, open)| {
            *cuts += 1;
            *open = false;
        });
    }

    /// Passes those on that wait, and all that come.
    pub(crate) fn mend(&self) {
        self.state.send_modify(|(_, open)| *open = true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(mut stream: UnixStream, to: PathBuf, mut state: watch::Receiver<(u32, bool)>) {
    if state.wait_for(|(_, open)| *open).await.is_err() {
        return;
    }
    let now = state.borrow().0;
    let Ok(mut bus) = UnixStream::connect(to).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut stream, &mut bus) => {}
        _ = state.wait_for(|(cuts, _)| *cuts > now) => {}
    }
}
