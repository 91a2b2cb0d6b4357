//! Datagrams in, datagrams out.
//!
//! On Linux a listener with an address of its own receives and sends in batches ([`batch`]); one at a wildcard address
//! goes message by message, since each reply must leave from the address its query was sent to ([`wildcard`]). Other
//! systems go message by message as well ([`portable`]), which is correct wherever there is a socket, except that at a
//! wildcard address of a machine with several addresses the system chooses which one a reply leaves from.

#[cfg(target_os = "linux")]
mod batch;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;
#[cfg(target_os = "linux")]
mod wildcard;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

#[cfg(target_os = "linux")]
use nix::sys::socket::{SockaddrIn, SockaddrIn6};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Listener;
use super::pipeline::late::Late;

/// Bytes of a query that the server reads. A longer query is cut off, and so it is malformed.
const QUERY_OCTETS: usize = 2048;
/// How long to wait after a temporary error of the socket, such as a lack of memory.
const PAUSE: Duration = Duration::from_millis(10);
/// How many batches or messages are answered while stopping: what waited at that moment, and not more.
const LAST_ROUNDS: usize = 1024;

/// How long a socket that is to be closed waits for replies that are on their way.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// Makes the socket ready before the first query comes; the future answers until it is asked to stop, and then what has already
/// arrived.
pub(super) fn serve(socket: UdpSocket, listener: Listener, stop: watch::Receiver<bool>) -> impl Future<Output = ()> {
    #[cfg(target_os = "linux")]
    if listener.bound().address.ip().is_unspecified()
        && let Err(error) = wildcard::prepare(&socket)
    {
        tracing::error!(address = %listener.bound().address, %error, "cannot read the destination addresses of queries");
    }
    answer(socket, listener, stop)
}

async fn answer(socket: UdpSocket, listener: Listener, stop: watch::Receiver<bool>) {
    #[cfg(target_os = "linux")]
    match listener.bound().address {
        address if address.ip().is_unspecified() => serve_with(wildcard::Wildcard::new(listener), socket, stop).await,
        SocketAddr::V4(_) => serve_with(batch::Batch::<SockaddrIn>::new(listener), socket, stop).await,
        SocketAddr::V6(_) => serve_with(batch::Batch::<SockaddrIn6>::new(listener), socket, stop).await,
    }
    #[cfg(not(target_os = "linux"))]
    serve_portably(socket, listener, stop).await;
}

/// The same by what every system has.
#[cfg(any(test, not(target_os = "linux")))]
pub(super) async fn serve_portably(socket: UdpSocket, listener: Listener, stop: watch::Receiver<bool>) {
    serve_with(portable::Portable::new(listener), socket, stop).await;
}

/// A way to receive, answer and send.
trait Datagrams {
    /// Receives what has arrived, up to some bound, and answers it; replies that take time go to `late`. An error of kind
    /// `WouldBlock` means that nothing has arrived.
    async fn round(&mut self, socket: &Rc<UdpSocket>, late: &mut JoinSet<()>) -> io::Result<()>;
}

async fn serve_with(mut datagrams: impl Datagrams, socket: UdpSocket, mut stop: watch::Receiver<bool>) {
    let socket = Rc::new(socket);
    let mut late = JoinSet::new();
    // Waited for once: a new wait each time would be the most expensive part of a small batch.
    let mut stopped = pin!(stop.wait_for(|stop| *stop));
    loop {
        tokio::select! {
            biased;
            // The sender outlives its threads; if it did not, nothing could stop them.
            _ = &mut stopped => break,
            _ = socket.readable() => {}
        }
        // Those that are sent need no keeping.
        while late.try_join_next().is_some() {}
        match datagrams.round(&socket, &mut late).await {
            // Many listeners share a thread, and none may starve the others. If nothing is left to read, waiting for the
            // socket lets the others run anyway; to yield as well would cost a system call.
            Ok(()) => tokio::task::yield_now().await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Windows says here that an earlier reply found no socket: its client has gone.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(error) => {
                tracing::debug!(%error, "a UDP socket failed to receive");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    for _ in 0..LAST_ROUNDS {
        if datagrams.round(&socket, &mut late).await.is_err() {
            break;
        }
    }
    if timeout(LAST_WAIT, late.join_all()).await.is_err() {
        tracing::debug!("the server stopped before all waiting queries got a reply");
    }
}

/// Sends one reply. A reply that cannot be sent is dropped: the client asks again.
async fn send_one(socket: &UdpSocket, mut send: impl FnMut() -> io::Result<usize>) {
    if let Err(error) = socket.async_io(tokio::io::Interest::WRITABLE, &mut send).await {
        tracing::debug!(%error, "a reply could not be sent");
    }
}

/// Sends a reply when it is there.
fn send_late(reply: Late, socket: &Rc<UdpSocket>, to: SocketAddr, late: &mut JoinSet<()>) {
    let socket = Rc::clone(socket);
    late.spawn_local(async move {
        if let Some(reply) = reply.await {
            send_one(&socket, || socket.try_send_to(&reply, to)).await;
        }
    });
}
