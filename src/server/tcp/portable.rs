//! TCP by hickory-server: it handles connections, framing, pipelining and time-outs; answers come from the pipeline.
//!
//! hickory reads each message itself before it hands it on, and takes replies as records, not as bytes. [`Handler`] answers
//! from the message's own bytes through the same pipeline as UDP and gives hickory the records of that very reply. What differs
//! is therefore how messages are treated that hickory cannot read: it replies FORMERR without question and OPT record,
//! also to a malformed message that has QR set, and it closes a connection at anything after an empty message.

use std::time::Duration;

use hickory_proto::op::{Header, HeaderCounts, Message, MessageType, Metadata};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo, Server};
use hickory_server::zone_handler::{MessageResponseBuilder, Queries};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::dns::wire::Transport;
use crate::server::Listener;
use crate::server::pipeline::{Arrival, Outcome};

/// Replies that may wait on one connection. hickory reads the next message only when the last reply is written, so more
/// than a few never do.
const WAITING_REPLIES: usize = 32;

/// One listener as a request handler of hickory-server, for any transport it has where messages are not datagrams.
pub struct Handler(Listener);

impl Handler {
    /// A handler that answers as this listener.
    pub fn new(listener: Listener) -> Self {
        Self(listener)
    }
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response_handle: R,
    ) -> ResponseInfo {
        let mut reply = Vec::new();
        let source = request.src();
        let query = request.as_slice();
        match self.0.batch(|batch| batch.answer(&Arrival::new(source, Transport::Tcp, query), &mut reply)) {
            Outcome::Silence => return nothing_sent(request),
            Outcome::Now => {}
            Outcome::Late(late) => match late.await {
                Some(late) => reply = late,
                None => return nothing_sent(request),
            },
        }
        let (queries, message) = parts(&reply).expect("replies of our own can be read");
        let builder = MessageResponseBuilder::new(&queries, message.edns.as_ref());
        let response =
            builder.build(message.metadata, &message.answers, &message.authorities, [], &message.additionals);
        match response_handle.send_response(response).await {
            Ok(info) => info,
            Err(error) => {
                tracing::debug!(%error, "a reply could not be sent");
                nothing_sent(request)
            }
        }
    }
}

/// The question of a reply as it is spelled, and its records.
fn parts(reply: &[u8]) -> Option<(Queries, Message)> {
    let mut decoder = BinDecoder::new(reply);
    let header = Header::read(&mut decoder).ok()?;
    let queries = Queries::read(&mut decoder, usize::from(header.counts.queries)).ok()?;
    Some((queries, Message::from_vec(reply).ok()?))
}

/// What hickory gets where nothing was sent.
fn nothing_sent(request: &Request) -> ResponseInfo {
    let metadata = Metadata::new(request.metadata.id, MessageType::Response, request.metadata.op_code);
    ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() })
}

/// Serves connections until it is asked to stop.
pub(in crate::server) async fn serve(
    listener: TcpListener,
    place: Listener,
    idle: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let mut server = Server::new(Handler::new(place));
    server.register_listener(listener, idle, WAITING_REPLIES);
    // The sender outlives its threads; if it did not, nothing could stop them.
    let _ = stop.wait_for(|stop| *stop).await;
    if let Err(error) = server.shutdown_gracefully().await {
        tracing::debug!(%error, "a TCP listener ended with an error");
    }
}
