//! Plugins as processes: shell scripts that a test writes, this binary as a plugin on the real SDK, and one that hands
//! its token over to the test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::unix::pipe,
};
use tonic::Status;

pub(crate) use super::bus::{Credentials, bus, grant, hello};
use super::{
    bus::{Bus, FakePlugin, open},
    within,
};

/// A folder for `--plugins-dir`.
pub(crate) struct PluginsDir {
    dir: TempDir,
}

impl PluginsDir {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// A file for `--config` beside the plugins.
    pub(crate) fn policy(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join("policy.toml");
        fs::write(&path, text).unwrap();
        path
    }

    /// Adds lines to a plugin's manifest.
    pub(crate) fn and(&self, name: &str, lines: &str) {
        let path = self.dir.path().join(name).join("plugin.toml");
        let manifest = fs::read_to_string(&path).unwrap();
        fs::write(path, manifest + lines).unwrap();
    }

    /// A plugin with that command; returns its folder.
    pub(crate) fn plugin(&self, name: &str, command: &[&str]) -> PathBuf {
        self.plugin_with(name, command, &["CAP_EMIT_FINDINGS", "CAP_FLOW_INSPECT"])
    }

    /// One that asks for these capabilities.
    pub(crate) fn plugin_with(&self, name: &str, command: &[&str], capabilities: &[&str]) -> PathBuf {
        let dir = self.dir.path().join(name);
        fs::create_dir(&dir).unwrap();
        let manifest = format!(
            "name = {name:?}\nversion = \"1.2.3\"\ncommand = {command:?}\n\
             subscriptions = [\"FLOW_REQUEST\", \"FLOW_RESPONSE\"]\n\
             capabilities = {capabilities:?}\n"
        );
        fs::write(dir.join("plugin.toml"), manifest).unwrap();
        dir
    }

    /// A plugin that is a shell script.
    pub(crate) fn script(&self, name: &str, script: &str) -> PathBuf {
        let dir = self.plugin(name, &["sh", "plugin.sh"]);
        fs::write(dir.join("plugin.sh"), script).unwrap();
        dir
    }

    /// A plugin on the real SDK, in a process of its own.
    pub(crate) fn passive_headers(&self) {
        self.passive_headers_with(&["CAP_EMIT_FINDINGS", "CAP_FLOW_INSPECT"]);
    }

    /// The same, with a manifest that asks for these capabilities.
    pub(crate) fn passive_headers_with(&self, capabilities: &[&str]) {
        let command = this_binary_as("harness::plugin::the_plugin_process");
        self.plugin_with("passive-headers", &command.each_ref().map(|a| &**a), capabilities);
    }

    /// The same, by a shell script that becomes it with `exec "$@"`; returns its folder.
    pub(crate) fn passive_headers_by(&self, script: &str) -> PathBuf {
        let program = this_binary_as("harness::plugin::the_plugin_process");
        let command = ["sh", "plugin.sh"].into_iter().chain(program.iter().map(String::as_str));
        let dir = self.plugin("passive-headers", &command.collect::<Vec<_>>());
        fs::write(dir.join("plugin.sh"), script).unwrap();
        dir
    }

    /// A plugin whose process hands its token over to the test and then only stands there.
    pub(crate) fn fake(&self, name: &str) -> Seat {
        let dir = self.script(name, "echo \"$GLYPH_BUS $GLYPH_PLUGIN_TOKEN\" > handover\nread line < held\n");
        for fifo in ["handover", "held"] {
            make_fifo(&dir.join(fifo));
        }
        Seat { name: name.to_owned(), dir }
    }
}

/// A named pipe.
pub(crate) fn make_fifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// The first line that comes through a named pipe.
pub(crate) async fn line_from(fifo: &Path) -> String {
    // Open for both, it does not end before somebody has written.
    let pipe = pipe::OpenOptions::new().read_write(true).open_receiver(fifo).unwrap();
    within("a line from the plugin", BufReader::new(pipe).lines().next_line()).await.unwrap().unwrap()
}

/// The command that runs an ignored test of this binary, which is a process's code and no test.
pub(crate) fn this_binary_as(test: &str) -> [String; 5] {
    let program = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    [program.as_str(), "--exact", test, "--ignored", "--nocapture"].map(str::to_owned)
}

/// This binary as a plugin: started by the daemon, see [`PluginsDir::passive_headers`].
#[tokio::test]
#[ignore = "is no test, but a plugin's process"]
async fn the_plugin_process() {
    glyph_plugin::run(passive_headers::PassiveHeaders::default()).await.unwrap();
}

/// Where a fake plugin will sit.
pub(crate) struct Seat {
    name: String,
    dir: PathBuf,
}

/// What a process waits for before it ends. Dropped, it is there.
#[derive(Debug)]
pub(crate) struct Held(pipe::Sender);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.try_write(b"\n").unwrap();
    }
}

/// A session that was bought and has no stream yet.
pub(crate) struct Granted {
    pub(crate) bus: Bus,
    pub(crate) secret: String,
    pub(crate) credentials: Credentials,
    held: Held,
}

impl Granted {
    /// Opens the stream with a good hello.
    pub(crate) async fn open(self) -> Result<FakePlugin, Status> {
        let mut plugin = FakePlugin::open(self.bus, &self.secret, hello(&self.credentials.name)).await?;
        plugin.process = Some(self.held);
        Ok(plugin)
    }
}

impl Seat {
    /// Waits for the process to hand over what it was told.
    pub(crate) async fn credentials(&self) -> Credentials {
        let line = line_from(&self.dir.join("handover")).await;
        let (bus, token) = line.split_once(' ').unwrap();
        Credentials { name: self.name.clone(), bus: bus.to_owned(), token: token.to_owned() }
    }

    /// Buys a session with all that was granted.
    pub(crate) async fn granted(&self) -> Granted {
        let credentials = self.credentials().await;
        let (bus, secret) = open(&credentials).await;
        let held = pipe::OpenOptions::new().read_write(true).open_sender(self.dir.join("held")).unwrap();
        Granted { bus, secret, credentials, held: Held(held) }
    }

    /// A plugin with all that it asked for.
    pub(crate) async fn take(&self) -> FakePlugin {
        self.granted().await.open().await.unwrap()
    }
}
