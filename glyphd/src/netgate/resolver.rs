//! Which addresses a name has.
//!
//! In: a host's name. Out: all its addresses, as the system's resolver has them, or one that was put in its place. What
//! was found is kept for some seconds, so that a pooled connection costs no lookup. Whether an address may be connected
//! to is decided each time, and not here.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use lru::LruCache;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// How many names are remembered, and how long.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
const FRESH: Duration = Duration::from_secs(5);
/// A lookup has a thread until it is over, whoever waits for it. There are not more than so many.
const LOOKUPS: usize = 32;

type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// Who says which addresses a name has.
#[derive(Clone, Default)]
pub enum Resolver {
    /// The system: `/etc/hosts`, DNS and what else it is told to ask.
    #[default]
    System,
    /// A function.
    Function(Arc<Lookup>),
}

impl Resolver {
    /// That function.
    pub fn of(lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(lookup))
    }

    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect()),
            Self::Function(lookup) => lookup(host),
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Function(_) => "Function",
        })
    }
}

type Addresses = Arc<[IpAddr]>;

/// Names, with what was found lately.
#[derive(Debug)]
pub(super) struct Names {
    resolver: Resolver,
    found: Mutex<LruCache<String, (Instant, Addresses)>>,
    lookups: Arc<Semaphore>,
}

impl Names {
    pub(super) fn new(resolver: Resolver) -> Self {
        let found = Mutex::new(LruCache::new(REMEMBERED));
        Self { resolver, found, lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }

    /// All addresses of a host: at least one.
    pub(super) async fn addresses(&self, host: &str) -> io::Result<Addresses> {
        // By RFC 6761 that is nobody else's to say.
        if host == "localhost" || host.ends_with(".localhost") {
            return Ok([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].into());
        }
        let now = Instant::now();
        if let Some((at, addresses)) = self.found().get(host)
            && now.duration_since(*at) < FRESH
        {
            return Ok(Arc::clone(addresses));
        }
        let permit = Arc::clone(&self.lookups).acquire_owned().await.map_err(io::Error::other)?;
        let (resolver, name) = (self.resolver.clone(), host.to_owned());
        let looked_up = spawn_blocking(move || {
            let found = resolver.lookup(&name);
            drop(permit);
            found
        });
        let mut addresses = looked_up.await.map_err(io::Error::other)??;
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        let mut seen = std::collections::HashSet::new();
        addresses.retain(|address| seen.insert(*address));
        let addresses = Addresses::from(addresses);
        self.found().put(host.to_owned(), (Instant::now(), Arc::clone(&addresses)));
        Ok(addresses)
    }

    fn found(&self) -> MutexGuard<'_, LruCache<String, (Instant, Addresses)>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
