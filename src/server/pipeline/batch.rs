//! The steps of the pipeline, for the queries of one batch.
//!
//! Parse, choose the view and answer, apply a fault, forward or wait if need be, record. [`Batch::answer`] is the order.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::late::{Late, MAX_LATE};
use super::{Arrival, Listener, Outcome};
use crate::compile::ViewId;
use crate::dns::message::{Class, Echo, Query, Refusal};
use crate::dns::wire::{Transport, encode};
use crate::dns::{ExtendedError, OwnerName, Rcode, Reply};
use crate::resolve::{Ede, ForwardedQuery, Forwarding, RequestContext, Response, Subnets, answer, parse};
use crate::server::faults::effect::apply;
use crate::server::faults::{FaultEffect, FaultHit, FaultQuestion};
use crate::server::observe::{Made, Path, Recording};
use crate::server::service::Conduct;
use crate::server::snapshot::Generation;

/// A message, parsed.
type Parsed<'p> = Result<Query<'p>, Refusal<'p>>;

/// Queries that were read together: answered from one revision and recorded under one lock.
pub(in crate::server) struct Batch<'b> {
    pub(super) listener: &'b Listener,
    pub(super) generation: &'b Arc<Generation>,
    /// True if a fault may hit a query.
    pub(super) faulty: bool,
    pub(super) recording: Recording<'b>,
}

/// A reply that was made, and the revision it was made from.
struct Done {
    made: Made,
    generation: Arc<Generation>,
}

impl Batch<'_> {
    /// Answers a query, or returns what will.
    pub(in crate::server) fn answer(&mut self, arrival: &Arrival<'_>, out: &mut Vec<u8>) -> Outcome {
        let parsed = parse(arrival.message, self.conduct().extended);
        if !self.faulty {
            let made = self.look_up(self.generation, arrival, &parsed, out);
            if !matches!(made.response, Response::Outside(_)) {
                self.recording.record(&self.generation.segment, made, arrival.message, out);
                return Outcome::of(made.response);
            }
            return self.finish(Done { made, generation: Arc::clone(self.generation) }, arrival, &parsed, out);
        }
        let done = self.look_up_with_faults(arrival, &parsed, out);
        self.finish(done, arrival, &parsed, out)
    }

    /// Answers a query with what is known here. It does not wait for a delay, and where an upstream would be asked the reply
    /// is SERVFAIL.
    pub(super) fn answer_now(&mut self, arrival: &Arrival<'_>, out: &mut Vec<u8>) -> Response {
        let parsed = parse(arrival.message, self.conduct().extended);
        let mut done = self.look_up_with_faults(arrival, &parsed, out);
        if let (Response::Outside(_), Ok(query)) = (done.made.response, &parsed) {
            done.made.response = self.fail(&query.echo, "no upstream is asked here", arrival.transport, out);
        }
        self.recording.record(&done.generation.segment, done.made, arrival.message, out);
        done.made.response
    }

    fn conduct(&self) -> &Conduct {
        &self.listener.service.conduct
    }

    /// Chooses the view and answers from a revision, by copying where that is enough.
    #[inline]
    fn look_up(&self, generation: &Generation, arrival: &Arrival<'_>, parsed: &Parsed<'_>, out: &mut Vec<u8>) -> Made {
        let Arrival { source, asked_at, transport, .. } = *arrival;
        let context = self.listener.context(generation, source.ip(), asked_at);
        let fast =
            parsed.as_ref().ok().and_then(|query| generation.prepared.answer_fast(&context, transport, query, out));
        let (response, path) = match fast {
            Some(response) => (response, Path::Fast),
            None => (answer(generation.prepared.world(), &context, transport, parsed, out), Path::Slow),
        };
        Made { source, listener: self.listener.index as u32, transport, path, response, fault: None }
    }

    /// The same, with what a fault makes of the reply.
    fn look_up_with_faults(&self, arrival: &Arrival<'_>, parsed: &Parsed<'_>, out: &mut Vec<u8>) -> Done {
        let mut generation = Arc::clone(self.generation);
        let mut made = self.look_up(&generation, arrival, parsed, out);
        let Ok(query) = parsed else { return Done { made, generation } };
        let Some(hit) = self.hit(made.response, arrival.transport, query) else { return Done { made, generation } };
        if hit.effect == Some(FaultEffect::Stale)
            && let Some(previous) = self.listener.service.snapshots().previous()
        {
            generation = previous;
            made = self.look_up(&generation, arrival, parsed, out);
        }
        // No upstream is asked if its answer would not be used.
        let replaced = matches!(hit.effect, Some(FaultEffect::Drop | FaultEffect::Rcode(_) | FaultEffect::Truncate));
        if let Response::Outside(view) = made.response
            && replaced
        {
            empty(&query.echo, Rcode::NOERROR, None, arrival.transport, out);
            made.response = Response::Answered(view, Rcode::NOERROR);
        }
        made.response = apply(&hit, &query.echo, arrival.transport, self.conduct().extended, made.response, out);
        made.fault = Some(hit);
        Done { made, generation }
    }

    /// The fault that hits a question, if one does. Messages that do not ask for data are never hit.
    fn hit(&self, response: Response, transport: Transport, query: &Query<'_>) -> Option<FaultHit> {
        let (Response::Answered(view, _) | Response::Outside(view)) = response else { return None };
        if !self.faulty || query.class != Class::IN {
            return None;
        }
        let name = OwnerName::from_wire(query.name).ok()?;
        let view = self.generation.prepared.world().views.get(view).label();
        let asked = FaultQuestion { name: &name, kind: query.kind, view, transport };
        self.listener.service.faults().hit(&asked, Instant::now())
    }

    /// Records a reply, or returns what has to happen before it can be sent.
    fn finish(&mut self, mut done: Done, arrival: &Arrival<'_>, parsed: &Parsed<'_>, out: &mut Vec<u8>) -> Outcome {
        let delay = done.made.fault.map_or(Duration::ZERO, |hit| hit.delay);
        match (done.made.response, parsed) {
            (Response::Outside(view), Ok(query)) => match self.forward(&done, view, arrival, query) {
                Some(late) => return Outcome::Late(late),
                None => {
                    let why = format!("{MAX_LATE} queries wait for their replies already");
                    done.made.response = self.fail(&query.echo, &why, arrival.transport, out);
                }
            },
            (Response::Answered(..) | Response::Refused(_), _) if !delay.is_zero() => {
                if let Some(late) = self.delay(&done, delay, arrival.message, out) {
                    return Outcome::Late(late);
                }
            }
            _ => {}
        }
        self.recording.record(&done.generation.segment, done.made, arrival.message, out);
        Outcome::of(done.made.response)
    }

    /// Sends the reply later; absent if too many replies take time.
    fn delay(&self, done: &Done, delay: Duration, query: &[u8], reply: &[u8]) -> Option<Late> {
        let place = self.listener.service.late.reserve()?;
        let (recorder, begun) = (self.listener.recorder.clone(), self.recording.begun());
        let (segment, made) = (Arc::clone(&done.generation.segment), done.made);
        let (query, reply) = (query.to_vec(), reply.to_vec());
        Some(Box::pin(async move {
            tokio::time::sleep_until((begun + delay).into()).await;
            recorder.since(begun).record(&segment, made, &query, &reply);
            drop(place);
            Some(reply)
        }))
    }

    /// Asks an upstream; absent if too many replies take time.
    fn forward(&self, done: &Done, view: ViewId, arrival: &Arrival<'_>, query: &Query<'_>) -> Option<Late> {
        let service = &self.listener.service;
        let place = service.late.reserve()?;
        let upstream = Arc::clone(service.upstream.as_ref().expect("names are outside only if there is an upstream"));
        let (made, begun, extended) = (done.made, self.recording.begun(), service.conduct.extended);
        let context = self.listener.context(&done.generation, made.source.ip(), arrival.asked_at);
        let world = done.generation.prepared.world();
        let forwarded = ForwardedQuery::begin(world, &context, made.transport, query);
        let forwarded = forwarded.expect("the name was found to be outside in the same revision");
        let (recorder, segment) = (self.listener.recorder.clone(), Arc::clone(&done.generation.segment));
        let (packet, echo) = (arrival.message.to_vec(), query.echo.to_owned());
        Some(Box::pin(async move {
            let mut out = upstream.travel(forwarded).await?;
            let mut response = Response::Answered(view, Rcode(u16::from(out[3] & 0x0f)));
            if let Some(hit) = &made.fault {
                response = apply(hit, &echo.as_echo(), made.transport, extended, response, &mut out);
                tokio::time::sleep_until((begun + hit.delay).into()).await;
            }
            let made = Made { response, path: Path::Upstream, ..made };
            recorder.since(begun).record(&segment, made, &packet, &out);
            drop(place);
            Some(out)
        }))
    }

    /// SERVFAIL, with its reason.
    fn fail(&self, echo: &Echo<'_>, why: &str, transport: Transport, out: &mut Vec<u8>) -> Response {
        let reason = (self.conduct().extended == Ede::Include)
            .then(|| ExtendedError { code: ExtendedError::OTHER, text: why.to_owned() });
        empty(echo, Rcode::SERVFAIL, reason, transport, out);
        Response::Refused(Rcode::SERVFAIL)
    }
}

impl Listener {
    /// What is known about a query from `source` besides its bytes.
    fn context<'g>(&self, generation: &'g Generation, source: IpAddr, asked_at: Option<IpAddr>) -> RequestContext<'g> {
        let own = self.bound().address.ip();
        let conduct = &self.service.conduct;
        let trusted = source.is_loopback() || conduct.trusted.iter().any(|prefix| prefix.contains(&source));
        RequestContext {
            listener: generation.views[self.index],
            source,
            asked_at: asked_at.or((!own.is_unspecified()).then_some(own)),
            subnets: if trusted { Subnets::Trusted } else { Subnets::Ignored },
            extended: conduct.extended,
            outside: if conduct.upstreams.is_empty() { Forwarding::Off } else { Forwarding::On },
            local_addresses: &generation.local_addresses,
        }
    }
}

/// Writes a reply without records.
fn empty(echo: &Echo<'_>, rcode: Rcode, reason: Option<ExtendedError>, transport: Transport, out: &mut Vec<u8>) {
    let reply = Reply { rcode, answer: Vec::new(), authority: None, extended_error: reason };
    encode(echo, &reply, None, transport, out);
}
