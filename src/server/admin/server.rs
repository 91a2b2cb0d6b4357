//! Connections: how many there may be, who gives way when there are too many, and how long a request may take to arrive.
//!
//! Everybody is accepted at once. When all places are taken, the connection that has waited longest without a whole request
//! is closed, of the address that has most of those. While all places are busy with requests, a few more are open for the
//! probes alone, so that a busy server still answers that it is alive.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use super::{Problem, guard};

/// The most connections at once.
const MAX_CONNECTIONS: usize = 128;
/// The most connections of one address that wait for a whole request.
const MAX_WAITING_OF_ADDRESS: usize = 64;
/// Connections beyond those, which only probes are answered on.
const MAX_PROBES: usize = 8;
/// How long the head of a request may take, counted from the end of the one before.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long an answer may wait to be read.
#[cfg(target_os = "linux")]
const UNREAD_TIME: Duration = Duration::from_secs(30);
/// How long requests that are being answered may take once the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// Answers until it is asked to stop.
pub(super) async fn serve(listener: TcpListener, service: Router, mut stop: watch::Receiver<bool>) {
    let connections = Connections::default();
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "the admin server cannot accept a connection");
                // Such as too many open files: they do not get fewer by asking at once again.
                connections.close_one();
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        prepare(&stream);
        let (place, closed) = connections.enter(peer);
        let mut connection = hyper::server::conn::http1::Builder::new();
        connection.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
        let router = TowerToHyperService::new(service.clone());
        let own = Arc::clone(&place);
        let service = service_fn(move |request| answer(router.clone(), Arc::clone(&own), request));
        let connection = graceful.watch(connection.serve_connection(TokioIo::new(stream), service));
        tokio::task::spawn_local(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "an admin connection ended early");
                },
                _ = closed => tracing::debug!(%peer, "an idle admin connection was closed to accept another"),
            }
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

fn prepare(stream: &TcpStream) {
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    // A client that does not read them loses its place.
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_TIME));
}

/// Answers one request of a connection.
async fn answer(
    router: TowerToHyperService<Router>,
    place: Arc<Place>,
    request: hyper::Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    if place.probes_only && !guard::OPEN.contains(&request.uri().path()) {
        let detail = format!("the server already answers {MAX_CONNECTIONS} requests, its limit; try again later");
        return Ok(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response());
    }
    let request = request.map(|body| match body.is_end_stream() {
        true => {
            place.has_request();
            Body::empty()
        }
        false => Body::new(Arriving { body, place: Arc::clone(&place) }),
    });
    let response = router.call(request).await;
    place.waits();
    response
}

/// A body that says when the whole of it is there.
struct Arriving {
    body: Incoming,
    place: Arc<Place>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.place.has_request();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The open connections.
#[derive(Clone, Default)]
struct Connections(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    next: u64,
    open: HashMap<u64, Open>,
}

/// An open connection.
struct Open {
    peer: IpAddr,
    /// Since when it has waited for a whole request; absent while one is answered.
    waits: Option<Instant>,
    probes_only: bool,
    close: Option<oneshot::Sender<()>>,
}

/// One connection's entry in the table, until it is dropped.
struct Place {
    connections: Connections,
    number: u64,
    probes_only: bool,
}

impl Connections {
    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection, and what is resolved when it has to give way.
    fn enter(&self, peer: SocketAddr) -> (Arc<Place>, oneshot::Receiver<()>) {
        let peer = peer.ip().to_canonical();
        let mut table = self.table();
        let probes_only = !table.make_room(peer);
        let (close, closed) = oneshot::channel();
        let number = table.next;
        table.next += 1;
        table.open.insert(number, Open { peer, waits: Some(Instant::now()), probes_only, close: Some(close) });
        (Arc::new(Place { connections: self.clone(), number, probes_only }), closed)
    }

    /// Closes the connection that can be spared most, if there is one.
    fn close_one(&self) {
        let mut table = self.table();
        if let Some(number) = table.spared() {
            table.close(number);
        }
    }
}

impl Table {
    /// Closes a connection where there are too many. False if a new one can have requests answered only for probes.
    fn make_room(&mut self, peer: IpAddr) -> bool {
        let of_address = |one: &&Open| one.peer == peer && one.waits.is_some();
        if self.open.values().filter(of_address).count() >= MAX_WAITING_OF_ADDRESS
            && let Some(number) = self.longest(|one| one.peer == peer)
        {
            self.close(number);
        }
        if self.open.values().filter(|one| !one.probes_only).count() < MAX_CONNECTIONS {
            return true;
        }
        if let Some(number) = self.spared() {
            self.close(number);
            return true;
        }
        if self.open.values().filter(|one| one.probes_only).count() >= MAX_PROBES
            && let Some(number) = self.longest(|one| one.probes_only)
        {
            self.close(number);
        }
        false
    }

    /// The one that has waited longest, of the address that has most of those that wait.
    fn spared(&self) -> Option<u64> {
        let mut waiting: HashMap<IpAddr, usize> = HashMap::new();
        for one in self.open.values().filter(|one| one.waits.is_some() && !one.probes_only) {
            *waiting.entry(one.peer).or_default() += 1;
        }
        let (peer, _) = waiting.into_iter().max_by_key(|(peer, count)| (*count, *peer))?;
        self.longest(|one| one.peer == peer && !one.probes_only)
    }

    fn longest(&self, is_meant: impl Fn(&Open) -> bool) -> Option<u64> {
        let meant = self.open.iter().filter(|(_, one)| is_meant(one));
        let waiting = meant.filter_map(|(number, one)| Some((one.waits?, *number)));
        waiting.min().map(|(_, number)| number)
    }

    /// It leaves the table at once: its task has its turn later.
    fn close(&mut self, number: u64) {
        if let Some(close) = self.open.remove(&number).and_then(|mut one| one.close.take()) {
            let _ = close.send(());
        }
    }
}

impl Place {
    fn set(&self, waits: Option<Instant>) {
        if let Some(own) = self.connections.table().open.get_mut(&self.number) {
            own.waits = waits;
        }
    }

    /// Says that a whole request has arrived.
    fn has_request(&self) {
        self.set(None);
    }

    /// Says that it waits for the next one.
    fn waits(&self) {
        self.set(Some(Instant::now()));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.table().open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, last], 1000))
    }

    fn is_closed(closed: &mut oneshot::Receiver<()>) -> bool {
        closed.try_recv().is_ok()
    }

    #[test]
    fn the_longest_waiting_of_the_greediest_address_gives_way() {
        let connections = Connections::default();
        let (_old, mut old) = connections.enter(address(1));
        let mut greedy: Vec<_> = (0..MAX_WAITING_OF_ADDRESS).map(|_| connections.enter(address(2))).collect();
        let mut others: Vec<_> =
            (0..MAX_CONNECTIONS - MAX_WAITING_OF_ADDRESS - 1).map(|_| connections.enter(address(3))).collect();
        greedy[0].0.has_request();
        others.pop();
        let (new, _closed) = connections.enter(address(4));
        assert!(!new.probes_only && !is_closed(&mut old));
        let (_newer, _also) = connections.enter(address(4));
        assert!(is_closed(&mut greedy[1].1), "the longest waiting of those that have most");
        assert!(!is_closed(&mut greedy[0].1), "it has a request");
        assert!(others.iter_mut().all(|(_, closed)| !is_closed(closed)));
    }

    #[test]
    fn one_address_cannot_have_all_places() {
        let connections = Connections::default();
        let mut own: Vec<_> = (0..=MAX_WAITING_OF_ADDRESS).map(|_| connections.enter(address(1))).collect();
        assert!(is_closed(&mut own[0].1) && !is_closed(&mut own[1].1));
    }

    #[test]
    fn while_all_are_busy_probes_are_answered() {
        let connections = Connections::default();
        let busy: Vec<_> = (0..MAX_CONNECTIONS)
            .map(|_| connections.enter(address(1)))
            .map(|(place, closed)| {
                place.has_request();
                (place, closed)
            })
            .collect();
        let mut probes: Vec<_> = (0..=MAX_PROBES).map(|_| connections.enter(address(2))).collect();
        assert!(probes.iter().all(|(place, _)| place.probes_only));
        assert!(is_closed(&mut probes[0].1) && !is_closed(&mut probes[1].1));
        busy[5].0.waits();
        assert!(!connections.enter(address(2)).0.probes_only);
    }
}
