//! The sockets of a daemon beside its two TCP ports: the plugin bus, and the one on which the operator asks for tokens.
//! They go with their daemon.

use std::{
    cell::OnceCell,
    fs, io,
    net::SocketAddr,
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
};

use glyph_plugin::env;
use tempfile::TempDir;
use tokio::net::{TcpListener, UnixListener};
use tonic::transport::{Identity, ServerTlsConfig};

use super::StartError;
use crate::{
    config::BusTls,
    launcher::Bus,
    plugin::{BusAddress, BusSeat, Listener},
};

/// The places of the sockets that are listened on. Dropped, they are free again.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    paths: Vec<PathBuf>,
    /// The directory that was made for those without a place of their own.
    dir: OnceCell<TempDir>,
}

/// The plugin bus's place.
#[derive(Debug)]
pub(super) struct BusPlace {
    pub(super) listener: Listener,
    pub(super) address: BusAddress,
    /// What plugins are told of it.
    pub(super) seat: BusSeat,
}

impl Sockets {
    /// The plugin bus.
    pub(super) async fn bus(
        &mut self,
        wanted: Option<&BusAddress>,
        tls: Option<&BusTls>,
    ) -> Result<BusPlace, StartError> {
        match wanted {
            Some(BusAddress::Tcp(address)) => tcp(*address, tls.ok_or(StartError::BusTlsMissing)?).await,
            Some(BusAddress::Unix(path)) => self.unix_bus(path.clone()),
            None => self.unix_bus(self.own("plugins.sock")?),
        }
    }

    fn unix_bus(&mut self, path: PathBuf) -> Result<BusPlace, StartError> {
        let listener = Listener::Unix(self.listen("--plugin-addr", &path)?);
        let variables = vec![(env::BUS, format!("unix:{}", path.display()))];
        let seat = BusSeat { variables, place: Bus::Socket(path.clone()) };
        Ok(BusPlace { listener, address: BusAddress::Unix(path), seat })
    }

    /// The operator's socket.
    pub(super) fn control(&mut self, wanted: Option<&Path>) -> Result<(UnixListener, PathBuf), StartError> {
        let path = wanted.map_or_else(|| self.own("control.sock"), |path| Ok(path.to_owned()))?;
        Ok((self.listen("--control-addr", &path)?, path))
    }

    /// A place in a directory that only the daemon's user may enter, as tempfile makes it.
    fn own(&self, name: &str) -> Result<PathBuf, StartError> {
        if self.dir.get().is_none() {
            let dir = tempfile::Builder::new().prefix("glyphd-").tempdir().map_err(StartError::Runtime)?;
            // It is empty, as was just seen.
            drop(self.dir.set(dir));
        }
        Ok(self.dir.get().map(|dir| dir.path().join(name)).unwrap_or_default())
    }

    fn listen(&mut self, flag: &'static str, path: &Path) -> Result<UnixListener, StartError> {
        let bound = UnixListener::bind(path).or_else(|error| {
            if error.kind() == io::ErrorKind::AddrInUse && is_abandoned(path) {
                fs::remove_file(path)?;
                return UnixListener::bind(path);
            }
            Err(error)
        });
        let listener = bound.map_err(|source| StartError::Socket { flag, path: path.to_owned(), source })?;
        self.paths.push(path.to_owned());
        Ok(listener)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        for path in &self.paths {
            drop(fs::remove_file(path));
        }
    }
}

/// The bus over TCP, which is only there with TLS.
async fn tcp(wanted: SocketAddr, tls: &BusTls) -> Result<BusPlace, StartError> {
    let (config, ca) = bus_identity(tls)?;
    let listen = |source| StartError::Listen { flag: "--plugin-addr", address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(listen)?;
    let address = listener.local_addr().map_err(StartError::Runtime)?;
    let host = match &tls.host {
        Some(host) => host.clone(),
        None if address.ip().is_loopback() => "localhost".to_owned(),
        None => match address.ip() {
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
            ip => ip.to_string(),
        },
    };
    let variables =
        vec![(env::BUS, format!("https://{host}:{}", address.port())), (env::CA, ca.display().to_string())];
    Ok(BusPlace {
        listener: Listener::Tcp(listener, Box::new(config)),
        address: BusAddress::Tcp(address),
        seat: BusSeat { variables, place: Bus::Port(address.port()) },
    })
}

/// Who the bus is over TCP, and the file that plugins are to trust.
pub(super) fn bus_identity(tls: &BusTls) -> Result<(ServerTlsConfig, PathBuf), StartError> {
    let fault = |flag, path: &Path| {
        let path = path.to_owned();
        move |source| StartError::Open { flag, path, source }
    };
    let cert = fs::read(&tls.cert).map_err(fault("--plugin-tls-cert", &tls.cert))?;
    let key = fs::read(&tls.key).map_err(fault("--plugin-tls-key", &tls.key))?;
    let config = ServerTlsConfig::new().identity(Identity::from_pem(&cert, key));
    // What is wrong with the files is told now, not when the first plugin comes.
    tonic::transport::Server::builder()
        .tls_config(config.clone())
        .map_err(|e| StartError::BusTls { cert: tls.cert.clone(), source: e })?;
    let ca = tls.ca.as_ref().unwrap_or(&tls.cert);
    let ca = fs::canonicalize(ca).map_err(fault("--plugin-tls-ca", ca))?;
    Ok((config, ca))
}

/// Whether a socket stands there on which nobody listens, as a crash leaves it.
fn is_abandoned(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    is_socket && UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
}
