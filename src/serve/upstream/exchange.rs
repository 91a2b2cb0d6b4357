//! One question to one server, by hickory: ids and ports nobody can guess, and replies that fit the question.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_server::net::runtime::TokioRuntimeProvider;
use hickory_server::net::tcp::TcpClientStream;
use hickory_server::net::udp::UdpClientStream;
use hickory_server::net::xfer::{DnsExchange, DnsHandle as _, DnsMultiplexer, DnsRequestSender as _, FirstAnswer as _};
use hickory_server::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Message};

use crate::answer::Question;
use crate::dns::Rcode;
use crate::dns::wire::{Foreign, decode_foreign, encode_query};

/// The UDP size we tell: what comes without fragments (DNS flag day 2020).
const UDP_OCTETS: u16 = 1232;
/// The exchange's own time-out; whoever waits for it is less patient.
const LONGEST: Duration = Duration::from_secs(5);

/// Why a server told nothing.
#[derive(Debug)]
pub(super) enum Unheard {
    /// It did not answer in time.
    Silent,
    /// It could not be reached, or its answer not be read.
    Failed(String),
    /// It said that it would not or could not answer.
    Unwilling(Rcode),
}

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("was silent"),
            Self::Failed(why) => write!(f, "failed ({why})"),
            Self::Unwilling(rcode) => write!(f, "said {rcode}"),
        }
    }
}

/// Asks over UDP, and over TCP if the reply was cut.
pub(super) async fn exchange(server: SocketAddr, question: &Question) -> Result<Foreign, Unheard> {
    let reply = over_udp(server, question).await?;
    let reply = if reply.metadata.truncation { over_tcp(server, question).await? } else { reply };
    decode_foreign(reply.as_buffer()).map_err(failed)
}

async fn over_udp(server: SocketAddr, question: &Question) -> Result<DnsResponse, Unheard> {
    let mut stream = UdpClientStream::builder(server, TokioRuntimeProvider::new())
        .with_timeout(Some(LONGEST))
        .with_os_port_selection(true)
        .with_max_retries(0)
        .build();
    stream.send_message(request(question)?).first_answer().await.map_err(failed)
}

async fn over_tcp(server: SocketAddr, question: &Question) -> Result<DnsResponse, Unheard> {
    let (connecting, handle) = TcpClientStream::new(server, None, Some(LONGEST), TokioRuntimeProvider::new());
    let multiplexer = DnsMultiplexer::new(connecting.await.map_err(failed)?, handle).with_timeout(LONGEST);
    let (exchange, background) = DnsExchange::<TokioRuntimeProvider>::from_stream(multiplexer);
    tokio::select! {
        reply = exchange.send(request(question)?).first_answer() => reply.map_err(failed),
        _ = background => Err(Unheard::Failed("the connection ended".to_owned())),
    }
}

/// A request with an id nobody can guess.
fn request(question: &Question) -> Result<DnsRequest, Unheard> {
    let message = Message::from_vec(&encode_query(0, &question.name, question.kind, None)).map_err(failed)?;
    let query = message.queries.into_iter().next().expect("the message was made with its question");
    let mut options = DnsRequestOptions::default();
    options.use_edns = true;
    options.edns_payload_len = UDP_OCTETS;
    Ok(DnsRequest::from_query(query, options))
}

fn failed(error: impl fmt::Display) -> Unheard {
    Unheard::Failed(error.to_string())
}
