//! Connections: how many there may be, and how long a request may take to arrive.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// The most connections at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 128;
/// How long the head of a request may take, counted from the end of the one before.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long an answer may wait to be read.
#[cfg(target_os = "linux")]
const UNREAD_TIME: Duration = Duration::from_secs(30);
/// How long requests that are being answered may take once the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// Answers until it is told to stop.
pub(super) async fn serve(listener: TcpListener, service: Router, mut stop: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "the admin server cannot accept a connection");
                // Such as too many open files: they do not get fewer by asking at once again.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let mut connection = hyper::server::conn::http1::Builder::new();
        connection.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
        let service = TowerToHyperService::new(service.clone());
        let connection = graceful.watch(connection.serve_connection(TokioIo::new(stream), service));
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an admin connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    // Whoever does not read them gives the place up.
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_TIME));
    Ok((stream, permit))
}
