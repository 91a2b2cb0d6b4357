//! The server: listeners, the query pipeline, and the control of what it serves.
//!
//! [`start`] binds every [listener](listen) and starts the workers. A worker is a thread with an event loop; it has a UDP
//! socket of its own at every listener and accepts a share of the TCP connections. Each query takes the same [`pipeline`],
//! whether it came over `udp` or [`tcp`], and is answered from the [published revision](snapshot). What listeners share
//! besides the revision (conduct, faults, query log, upstreams) is a [`Service`].
//!
//! [`control`] is the only writer: steps, changes and reloads go through it and end in [`SnapshotStore::publish`], which
//! replaces the revision while queries are answered. The [`admin`] API offers control, explanations, faults, metrics and the
//! [query log](observe) over HTTP. [`Emulator`] is the whole server as a test fixture.
//!
//! hickory-server logs two lines per query at level INFO: install a subscriber that passes its target `hickory_server` only
//! from WARN on.

pub mod admin;
pub mod control;
pub mod emulator;
pub mod faults;
pub mod file_watch;
pub mod listen;
pub mod log;
pub mod metrics;
pub mod names;
pub mod observe;
pub mod pipeline;
pub mod service;
pub mod service_manager;
pub mod snapshot;
pub mod source;
pub mod tcp;
mod udp;
pub mod upstream;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ipnet::IpNet;
use tokio::sync::watch;
use tokio::task::LocalSet;

pub use control::{Control, Description, EstateSource, Loaded, Origin};
pub use emulator::{Emulator, EmulatorError};
pub use listen::{Bound, Listen, ListenError, Plan, StartError, plan};
pub use pipeline::{Arrival, Listener};
pub use service::{Conduct, Service};
pub use snapshot::SnapshotStore;
pub use tcp::TcpFrontEnd;

use observe::QueryLog;

use crate::compile::Compiled;
use crate::resolve::Ede;

/// How many threads compute beside an event loop.
const BLOCKING_THREADS: usize = 2;

/// The settings of [`start`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Where to listen; if empty, the [`plan`] from `first` on.
    pub listeners: Vec<Listen>,
    /// Where the public view is without `listeners`; each network has the next port. Port 0 takes free ones.
    pub first: SocketAddr,
    /// Senders whose client subnet options are trusted, besides loopback.
    pub trusted: Vec<IpNet>,
    /// Whether replies carry the reason as an extended DNS error.
    pub extended: Ede,
    /// The servers asked for names outside the emulated zones, in order; if empty, such names do not exist.
    pub upstreams: Vec<SocketAddr>,
    /// How long a TCP connection may be idle.
    pub tcp_idle: Duration,
    /// What carries TCP.
    pub tcp: TcpFrontEnd,
    /// How many of the last queries are kept; with 0 queries are only counted.
    pub kept: usize,
    /// How many queries each worker keeps for the query log, if that is more.
    pub slots: usize,
    /// How many threads answer.
    pub workers: NonZeroUsize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listeners: Vec::new(),
            first: listen::DEFAULT_ADDRESS,
            trusted: Vec::new(),
            extended: Ede::default(),
            upstreams: Vec::new(),
            tcp_idle: tcp::IDLE,
            tcp: TcpFrontEnd::default(),
            kept: observe::KEPT,
            slots: 0,
            workers: NonZeroUsize::MIN,
        }
    }
}

/// A running server. It stops when it is dropped; [`Running::shutdown`] waits without blocking the thread.
#[derive(Debug)]
pub struct Running {
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

/// Starts to serve a revision. Queries are answered from the moment this returns.
///
/// No runtime is needed around it: the server brings its own threads.
///
/// # Errors
/// [`StartError`] if any listener cannot be opened; then none is.
pub fn start(settings: Settings, world: Arc<Compiled>) -> Result<Running, StartError> {
    let Settings { mut listeners, first, trusted, extended, upstreams, tcp_idle, tcp, kept, slots, workers } = settings;
    if listeners.is_empty() {
        let planned = plan(&world, first);
        if planned.by_prefix_only {
            tracing::warn!(
                limit = listen::MAX_PORTS_OF_NETWORKS,
                "too many networks for a port each: the source address decides the view; use `--listen` for more"
            );
        }
        listeners = planned.listeners;
    }
    for requested in &listeners {
        if requested.network.as_ref().is_some_and(|one| world.views.of_network(one.as_str()).is_none()) {
            let known = world.views.iter().filter_map(|(_, view)| Some(view.network.as_ref()?.to_string())).collect();
            return Err(StartError::UnknownNetwork { requested: requested.clone(), known });
        }
    }
    let open = listen::open(&listeners, workers)?;
    let bound: Vec<Bound> = open.iter().map(|one| one.bound.clone()).collect();
    for server in &upstreams {
        if let Some(listener) = upstream::own(*server, &bound) {
            return Err(StartError::OwnUpstream { server: *server, listener: listener.address });
        }
    }
    for one in &bound {
        let network = one.network.as_ref().map_or("", |network| network.as_str());
        tracing::info!(address = %one.address, network, "listening");
        if !one.address.ip().is_loopback() {
            let forwarded = !upstreams.is_empty();
            tracing::warn!(address = %one.address, forwarded, "queries from other machines are answered here");
        }
    }
    let log = QueryLog::new(bound.clone(), kept, slots);
    let conduct = Conduct { trusted, extended, upstreams };
    let service = Arc::new(Service::with_log(world, bound, conduct, log));
    let (stop, stopped) = watch::channel(false);
    let mut running = Running { service, stop, threads: Vec::new() };
    let mut shares: Vec<Vec<Share>> = (0..workers.get()).map(|_| Vec::new()).collect();
    let recorders: Vec<_> = shares.iter().map(|_| running.service.log().recorder()).collect();
    for (index, one) in open.into_iter().enumerate() {
        for ((share, udp), recorder) in shares.iter_mut().zip(one.udp).zip(&recorders) {
            let tcp = one.tcp.try_clone().map_err(StartError::Thread)?;
            let place = Listener::with_recorder(Arc::clone(&running.service), index, recorder.clone());
            share.push(Share { udp, tcp, place: place.expect("the service has each open listener") });
        }
    }
    // If a further thread cannot be started, dropping `running` ends those before.
    for (worker, share) in shares.into_iter().enumerate() {
        let stop = stopped.clone();
        running.threads.push(on_a_thread(&format!("worker-{worker}"), move |tasks| {
            for Share { udp, tcp: listener, place } in share {
                let socket = tokio::net::UdpSocket::from_std(udp)?;
                tasks.push(Box::pin(udp::serve(socket, place.clone(), stop.clone())));
                let listener = tokio::net::TcpListener::from_std(listener)?;
                tasks.push(match tcp {
                    TcpFrontEnd::Pipelined => Box::pin(tcp::serve(listener, place, tcp_idle, stop.clone())),
                    TcpFrontEnd::Portable => Box::pin(tcp::portable::serve(listener, place, tcp_idle, stop.clone())),
                });
            }
            Ok(())
        })?);
    }
    Ok(running)
}

/// What one worker has of one listener.
struct Share {
    udp: std::net::UdpSocket,
    tcp: std::net::TcpListener,
    place: Listener,
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs the tasks `prepare` makes on a thread of their own, until all of them end.
fn on_a_thread(
    name: &str,
    prepare: impl FnOnce(&mut Vec<Task>) -> io::Result<()> + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all();
    // Few at a time, so that work for the admin API leaves the processors to the queries.
    let runtime = runtime.max_blocking_threads(BLOCKING_THREADS).build().map_err(StartError::Thread)?;
    let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
    let body = move || {
        let local = LocalSet::new();
        let _context = runtime.enter();
        let mut tasks = Vec::new();
        let prepared = prepare(&mut tasks);
        let fine = prepared.is_ok();
        // `on_a_thread` waits for this.
        let _ = ready.send(prepared);
        if fine {
            let running: Vec<_> = tasks.into_iter().map(|task| local.spawn_local(task)).collect();
            local.block_on(&runtime, async {
                for task in running {
                    if let Err(error) = task.await {
                        tracing::error!(%error, "a listener ended");
                    }
                }
            });
        }
    };
    let thread =
        std::thread::Builder::new().name(format!("ampls-dns-{name}")).spawn(body).map_err(StartError::Thread)?;
    match is_ready.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => Err(StartError::Thread(error)),
        Err(_) => Err(StartError::Thread(io::Error::other("the thread ended before it was ready"))),
    }
}

impl Running {
    /// The listeners with the ports they really have, in the order asked for.
    pub fn listeners(&self) -> &[Bound] {
        self.service.snapshots().listeners()
    }

    /// Where the clients of a network can ask; `None` is the first listener that goes by source address.
    pub fn address_of(&self, network: Option<&str>) -> Option<SocketAddr> {
        let is_it = |bound: &&Bound| bound.network.as_ref().map(|own| own.as_str()) == network;
        self.listeners().iter().find(is_it).map(|bound| bound.address)
    }

    /// Replaces the revision. When this returns, every query that arrives is answered from the new one.
    pub fn publish(&self, world: Arc<Compiled>) {
        self.service.snapshots().publish(world);
    }

    /// The current revision.
    pub fn world(&self) -> Arc<Compiled> {
        self.service.snapshots().world()
    }

    /// What the listeners share, for further transports and the admin API.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Answers the datagrams that have arrived, closes every socket, and returns when that is done.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let threads = std::mem::take(&mut self.threads);
        // Joining blocks, if only for as long as a batch takes.
        let joined = tokio::task::spawn_blocking(move || join(threads)).await;
        if let Err(error) = joined {
            tracing::error!(%error, "the server did not stop cleanly");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        join(std::mem::take(&mut self.threads));
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a thread of the server panicked");
        }
    }
}
