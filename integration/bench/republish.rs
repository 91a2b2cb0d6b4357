//! Revisions replaced under load: nothing is lost, nothing answered from two of them.
//!
//! `republish NETWORKS SECONDS` serves a generated estate with one worker, finds the rate one client saturates it at, then asks
//! at half of that rate for the time given while every 100 ms an event pair is folded, compiled and published. An alias in
//! one zone and the address in another both carry the revision's number, so a reply made of two revisions shows. It ends
//! with an error if a query stayed without reply or a reply was wrong.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ampls_dns::compile::Fold;
use ampls_dns::dns::wire::{ReceivedData, decode, encode_query};
use ampls_dns::dns::{OwnerName, RecordData, RecordSet, RecordType};
use ampls_dns::estate::{Event, History, Recorded, ResolutionPolicy, Revision, ZoneId};
use ampls_dns::scenario::generate::{Size, generate};
use ampls_dns::server::{Settings, start};

/// How often a revision is published.
const EVERY: Duration = Duration::from_millis(100);
/// How long the rate of saturation is looked for.
const SATURATION: Duration = Duration::from_secs(3);
/// The most queries on their way while the rate of saturation is looked for.
const WINDOW: usize = 256;

type Error = Box<dyn std::error::Error>;

#[allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]
fn main() -> Result<(), Error> {
    let numbers: Vec<u32> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let &[networks, seconds] = &numbers[..] else { return Err("usage: republish NETWORKS SECONDS".into()) };
    let length = Duration::from_secs(seconds.into());
    let publications = (length.as_millis() / EVERY.as_millis()) as u32;
    let (history, first) = numbered(networks, publications)?;
    let mut fold = Fold::new(&history);
    fold.to(first);
    let settings = Settings { listeners: vec!["vnet-00000=127.0.0.1:0".parse()?], ..Settings::default() };
    let running = start(settings, Arc::new(fold.compiled()))?;
    let client = Client::of(running.listeners()[0].address)?;
    let saturated = client.ask(SATURATION, None)?.per_second();
    let published = AtomicU32::new(0);
    let over = AtomicBool::new(false);
    let (asked, longest) = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let (begun, mut longest) = (Instant::now(), Duration::ZERO);
            for number in 1..=publications {
                std::thread::sleep((EVERY * number).saturating_sub(begun.elapsed()));
                let folding = Instant::now();
                fold.to(Revision(first.0 + 2 * number));
                running.publish(Arc::new(fold.compiled()));
                longest = longest.max(folding.elapsed());
                published.store(number, Ordering::Relaxed);
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
            longest
        });
        let asked = client.ask(length, Some(saturated / 2.0));
        over.store(true, Ordering::Relaxed);
        (asked, publisher.join().expect("publishing does not panic"))
    });
    let asked = asked?;
    println!(
        "{networks} networks: saturated at {saturated:.0} a second; {} queries at {:.0} a second while {} revisions were \
         published, {:?} the longest: {} lost, {} revisions seen",
        asked.sent,
        asked.per_second(),
        published.load(Ordering::Relaxed),
        longest,
        asked.sent - asked.answered,
        asked.revisions,
    );
    if asked.answered < asked.sent { Err("queries were lost".into()) } else { Ok(()) }
}

/// A generated estate, and behind it pairs of events: what each pair writes is right together only.
fn numbered(networks: u32, pairs: u32) -> Result<(Arc<History>, Revision), Error> {
    let mut history: History = generate(Size { networks, scopes: networks.div_ceil(4), workspaces_per_scope: 30 }, 1)?;
    let zone = |apex: &str| -> Result<ZoneId, Error> {
        Ok(ZoneId { resource_group: "rg-numbered".into(), apex: OwnerName::parse(apex)? })
    };
    let network = || "vnet-00000".into();
    let mut push = |event| history.push(Recorded { event, date: None, place: None });
    for apex in ["one.test", "two.test"] {
        push(Event::CreatePrivateDnsZone { zone: zone(apex)? });
        push(Event::LinkZone {
            zone: zone(apex)?,
            network: network(),
            policy: ResolutionPolicy::Default,
            registration: false,
        });
    }
    let mut first = Revision(0);
    for number in 0..=pairs {
        let target = OwnerName::parse(&format!("n{number}.two.test"))?;
        let address = std::net::Ipv4Addr::from(0x0a00_0000 | number);
        let alias = RecordSet::single(OwnerName::parse("a.one.test")?, 10, RecordData::Cname(target.clone()));
        push(Event::PutRecordSet {
            zone: zone("two.test")?,
            set: RecordSet::single(target, 10, RecordData::A(address)),
        });
        let last = push(Event::PutRecordSet { zone: zone("one.test")?, set: alias });
        if number == 0 {
            first = last;
        }
    }
    Ok((Arc::new(history), first))
}

struct Client {
    socket: UdpSocket,
    query: Vec<u8>,
}

struct Asked {
    sent: u64,
    answered: u64,
    took: Duration,
    revisions: usize,
}

impl Asked {
    fn per_second(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }
}

impl Client {
    fn of(server: SocketAddr) -> Result<Self, Error> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20)?;
        socket.connect(server)?;
        Ok(Self { socket, query: encode_query(0, &OwnerName::parse("a.one.test")?, RecordType::A, None) })
    }

    /// Asks for that long, at a rate or as fast as replies come, and waits for what is still on its way.
    fn ask(&self, length: Duration, rate: Option<f64>) -> Result<Asked, Error> {
        let begun = Instant::now();
        let mut query = self.query.clone();
        let mut reply = [0; 512];
        let mut seen: HashMap<String, u64> = HashMap::new();
        let (mut sent, mut answered) = (0u64, 0u64);
        let mut took = Duration::ZERO;
        self.socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        loop {
            let sending = begun.elapsed() < length;
            if sending {
                took = begun.elapsed();
                let wanted = match rate {
                    Some(rate) => (took.as_secs_f64() * rate) as u64,
                    None => answered + WINDOW as u64,
                };
                // An id comes again only when its reply is long there.
                while sent < wanted && sent - answered < 30_000 {
                    query[..2].copy_from_slice(&(sent as u16).to_be_bytes());
                    self.socket.send(&query)?;
                    sent += 1;
                }
            } else if answered == sent {
                break;
            }
            self.socket.set_nonblocking(sending)?;
            loop {
                let length = match self.socket.recv(&mut reply) {
                    Ok(length) => length,
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        if !sending {
                            // Two seconds of silence: what is missing does not come any more.
                            return Ok(Asked { sent, answered, took, revisions: seen.len() });
                        }
                        break;
                    }
                    Err(error) => return Err(error.into()),
                };
                answered += 1;
                let body = String::from_utf8_lossy(&reply[12..length]).into_owned();
                match seen.get_mut(&body) {
                    Some(count) => *count += 1,
                    None => {
                        is_of_one_revision(&reply[..length])?;
                        seen.insert(body, 1);
                    }
                }
                if !sending && answered == sent {
                    break;
                }
            }
        }
        Ok(Asked { sent, answered, took, revisions: seen.len() })
    }
}

/// Everything behind a reply's header is the same for the same revision, so each kind is looked at once.
fn is_of_one_revision(reply: &[u8]) -> Result<(), Error> {
    let reply = decode(reply)?;
    let [alias, address] = &reply.answer[..] else { return Err(format!("a wrong reply: {reply:?}").into()) };
    let ReceivedData::Known(RecordData::A(met)) = &address.data else { return Err("no address".into()) };
    let number = met.to_bits() & 0x00ff_ffff;
    match alias.data.to_string() == format!("n{number}.two.test.") {
        true => Ok(()),
        false => Err(format!("an answer of two revisions: {} and {met}", alias.data).into()),
    }
}
