//! Why a question is answered as it is: a decision and its provenance, as statements in the order of the decision.
//!
//! An [`Explanation`] is a value: made once here, printed by `report` for the command line, the admin API and the page.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::decide::{Authority, Decision, Failure, Forwarded, MAX_ALIASES, Outcome, Question, Rule, decide};
use crate::catalogue::Source;
use crate::catalogue::existing::{is_alias_unknown, source_of};
use crate::compile::address;
use crate::compile::arrival::reach;
use crate::compile::existing::Basis;
use crate::compile::reachability::Reach;
use crate::compile::zone::who;
use crate::compile::{Compiled, Owned, Target, ViewId, Writer, Zone};
use crate::dns::{OwnerName, RecordType, WholeKey};
use crate::estate::history::{RulesetChain, UncertainHop};
use crate::estate::{DnsSetting, NetworkKind, NetworkName, Place, ResolutionPolicy, Revision, RulesetName, ZoneId};

/// Why a view was chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// The user named it.
    Named,
    /// The query came to a listener of that network.
    Listener,
    /// EDNS client subnet fell into this client prefix.
    ClientSubnet(IpNet),
    /// The source address fell into this client prefix; it is the longest that holds it.
    Source(IpNet),
    /// No client prefix holds the address.
    NoPrefix,
}

/// One statement of an explanation. `Display` is a sentence in plain words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Statement {
    /// Which view, and why.
    View {
        /// Its label.
        view: String,
        /// How its clients ask DNS.
        dns: String,
        /// Why it was chosen.
        chosen: Chosen,
    },
    /// A server could not be asked.
    Skipped {
        /// The name.
        name: OwnerName,
        /// The network whose server or ruleset wanted to ask it.
        by: String,
        /// The server.
        server: String,
    },
    /// A server handed a name on.
    Forward {
        /// The name.
        name: OwnerName,
        /// The network whose server or ruleset it is.
        by: String,
        /// What made it do so.
        rule: Rule,
        /// Who was asked next.
        to: String,
    },
    /// An alias was followed.
    Hop {
        /// The alias.
        from: OwnerName,
        /// Its target.
        to: OwnerName,
        /// Who said so.
        said: Said,
        /// True if the alias was never observed: it follows from others.
        inferred: bool,
    },
    /// A linked zone took over the chain.
    Cut {
        /// The first name it owns.
        name: OwnerName,
        /// The zone.
        zone: SpeakingZone,
        /// The network it is linked to.
        network: String,
        /// What the link does with names the zone does not have.
        policy: ResolutionPolicy,
    },
    /// A zone from a file answers in place of the zone of its name.
    Shadowed {
        /// The zone that does not answer.
        zone: SpeakingZone,
        /// The file.
        file: Arc<str>,
    },
    /// A linked zone has no such name, and its link sends the question to public DNS.
    Redirected {
        /// The name.
        name: OwnerName,
        /// The zone.
        zone: SpeakingZone,
    },
    /// The record set that answers.
    Answer {
        /// Its owner name.
        owner: OwnerName,
        /// Its type.
        kind: RecordType,
        /// Its data, in master-file form.
        data: Vec<String>,
        /// Who wrote it.
        writer: Writer,
        /// Where the event of that writing is, if it was written by hand.
        place: Option<Place>,
        /// The revision of that writing.
        revision: Revision,
        /// The step of that revision.
        step: Option<String>,
        /// Where it is.
        said: Said,
    },
    /// A record set that was there before, the newest first.
    Overwritten {
        /// Its owner name.
        owner: OwnerName,
        /// Its data.
        data: Vec<String>,
        /// Who wrote it.
        writer: Writer,
        /// The step of that writing.
        step: Option<String>,
    },
    /// Whether an address can be reached.
    Reach {
        /// The address.
        address: IpAddr,
        /// The network the client is in.
        from: NetworkName,
        /// The network the address is in.
        home: NetworkName,
        /// How, or why not.
        verdict: Reach,
    },
    /// The name exists with other types only.
    NoData {
        /// The name.
        owner: OwnerName,
        /// The type asked for.
        kind: RecordType,
        /// Who says so.
        said: Said,
    },
    /// There is no such name.
    NameError {
        /// The name.
        owner: OwnerName,
        /// Who says so.
        said: Said,
        /// True if the zone has nothing but its SOA.
        empty: bool,
    },
    /// What was there was deleted.
    Deleted {
        /// The name.
        owner: OwnerName,
        /// Who wrote it last.
        writer: Writer,
        /// Its data.
        data: Vec<String>,
        /// The step of its deletion.
        step: Option<String>,
    },
    /// Why a public name that no zone holds is taken to exist, or not to.
    Basis {
        /// Why.
        basis: Basis,
        /// The network whose linked zone would answer NXDOMAIN if the name's resource were in a scope.
        shadowed_in: Option<String>,
    },
    /// Where the knowledge of a public name is from.
    Known {
        /// The name.
        owner: OwnerName,
        /// What says so.
        source: Source,
    },
    /// No source shows whether a public name has its alias to a privatelink name: the switch `uncertainHop` decides.
    AliasUnknown {
        /// The name.
        owner: OwnerName,
        /// True if it has the alias by the switch.
        has: bool,
    },
    /// A linked zone is not asked for the target of an alias, because the alias is part of the answer to a rule of a ruleset.
    ZoneHidden {
        /// The target.
        name: OwnerName,
        /// The zone that has or could have it.
        zone: ZoneId,
        /// The network it is linked to.
        network: String,
        /// The ruleset.
        ruleset: RulesetName,
    },
    /// A living endpoint wants to have this name and does not.
    Wanted {
        /// The name.
        owner: OwnerName,
        /// The endpoint and its scope.
        endpoint: String,
        /// The address it has for the name.
        address: IpAddr,
    },
    /// No answer can be given.
    Failure {
        /// The name it failed at.
        owner: OwnerName,
        /// Why.
        why: Failure,
    },
}

/// Which zone says something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpeakingZone {
    /// Its name.
    pub apex: OwnerName,
    /// The resource group of a private zone; absent in public DNS and for zones from files.
    pub resource_group: Option<Arc<str>>,
    /// The file it was read from, if it was.
    pub file: Option<Arc<str>>,
}

impl SpeakingZone {
    fn of(zone: &Zone, private: bool) -> Self {
        let file = zone.file().cloned();
        let resource_group = (private && file.is_none()).then(|| Arc::clone(&zone.id.resource_group));
        Self { apex: zone.apex().clone(), resource_group, file }
    }
}

impl fmt::Display for SpeakingZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.resource_group, &self.file) {
            (Some(group), _) => write!(f, "{} in {group}", self.apex),
            (None, Some(file)) => write!(f, "{} from {file}", self.apex),
            (None, None) => write!(f, "{}", self.apex),
        }
    }
}

/// Who says something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// A linked private zone.
    Private(SpeakingZone),
    /// A zone of public DNS.
    Public(SpeakingZone),
    /// No server: the name is outside the emulated zones.
    Outside,
}

/// Why a question is answered as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The question.
    pub question: Question,
    /// The view.
    pub view: ViewId,
    /// The statements, in the order of the decision.
    pub statements: Vec<Statement>,
}

/// Explains the answer to a question in a view.
pub fn explain(world: &Compiled, view: ViewId, chosen: Chosen, question: &Question) -> Explanation {
    let decision = decide(world, view, question);
    let mut statements = vec![view_statement(world, view, chosen)];
    let mut cut = false;
    for hop in &decision.hops {
        path(world, &hop.owner, &hop.by, &mut cut, &mut statements);
        if let Some(to) = hop.owned.set.alias() {
            statements.push(Statement::Hop {
                from: hop.owner.clone(),
                to: to.clone(),
                said: said(&hop.by),
                inferred: matches!(hop.owned.writer, Writer::Published { inferred: true }),
            });
        }
        basis(world, &hop.owner, &hop.by, &mut statements);
        if hop.by.link.is_some() {
            overwritten_before(world, &hop.owner, &hop.owned, &mut statements);
        }
    }
    ending(world, &decision, &mut cut, &mut statements);
    statements.extend(known(world, &decision));
    statements.extend(aliases_unknown(world, &decision));
    statements.extend(hidden_zone(world, &decision));
    Explanation { question: question.clone(), view, statements }
}

fn ending(world: &Compiled, decision: &Decision<'_>, cut: &mut bool, statements: &mut Vec<Statement>) {
    match &decision.outcome {
        Outcome::Answer(hop) => {
            path(world, &hop.owner, &hop.by, cut, statements);
            statements.push(Statement::Answer {
                owner: hop.owner.clone(),
                kind: hop.owned.set.kind(),
                data: data(&hop.owned),
                writer: hop.owned.writer.clone(),
                place: world.place_of(&hop.owned).cloned(),
                revision: hop.owned.revision,
                step: step(world, hop.owned.revision),
                said: said(&hop.by),
            });
            basis(world, &hop.owner, &hop.by, statements);
            overwritten_before(world, &hop.owner, &hop.owned, statements);
            if let Some(from) = &world.views.get(decision.view).network {
                let is_private = |address: &IpAddr| hop.by.link.is_some() || address::is_private(*address);
                for address in hop.owned.set.ip_addresses().filter(is_private) {
                    if let Some((home, verdict)) = reach(&world.state, from, &hop.owned, address) {
                        statements.push(Statement::Reach { address, from: from.clone(), home, verdict });
                    }
                }
            }
        }
        Outcome::NoData { owner, by } => {
            path(world, owner, by, cut, statements);
            statements.push(Statement::NoData { owner: owner.clone(), kind: decision.question.kind, said: said(by) });
            basis(world, owner, by, statements);
        }
        Outcome::NameError { owner, by, tombstone } => {
            path(world, owner, by, cut, statements);
            let empty = by.link.is_some() && by.zone.is_empty();
            statements.push(Statement::NameError { owner: owner.clone(), said: said(by), empty });
            basis(world, owner, by, statements);
            if let Some(tombstone) = tombstone {
                statements.push(Statement::Deleted {
                    owner: owner.clone(),
                    writer: tombstone.last.writer.clone(),
                    data: data(&tombstone.last),
                    step: step(world, tombstone.revision),
                });
            }
            if by.link.is_some() {
                wanted(world, owner, &by.zone.id, statements);
            }
        }
        Outcome::Failure { owner, why } => {
            statements.push(Statement::Failure { owner: owner.clone(), why: why.clone() });
        }
    }
}

/// What is known about a public name that no zone holds.
fn basis(world: &Compiled, name: &OwnerName, by: &Authority<'_>, statements: &mut Vec<Statement>) {
    let Some(existing) = &by.existing else { return };
    let view = world.views.get(by.seen_from);
    let zones = &world.state.catalogue.zones;
    let private = zones.iter().find_map(|zone| name.moved(&zone.public, &zone.private));
    let is_of_resource = matches!(existing.basis, Basis::AssumedResource { .. });
    let shadowed = private.filter(|private| is_of_resource && view.link_of(&WholeKey::of(private)).is_some());
    let shadowed_in = shadowed.map(|_| view.label().to_owned());
    statements.push(Statement::Basis { basis: existing.basis.clone(), shadowed_in });
}

/// Where the knowledge of the name asked for is from, if it is a public one that a row of the catalogue names.
fn known(world: &Compiled, decision: &Decision<'_>) -> Option<Statement> {
    let owner = &decision.question.name;
    let first = match (decision.hops.first(), &decision.outcome) {
        (Some(hop), _) | (None, Outcome::Answer(hop)) => hop,
        _ => return None,
    };
    let is_known = first.by.link.is_none() && first.by.existing.is_none();
    let source = is_known.then(|| source_of(&world.state.catalogue, owner)).flatten()?;
    Some(Statement::Known { owner: owner.clone(), source: source.clone() })
}

/// The public names on the way whose alias no source shows.
fn aliases_unknown(world: &Compiled, decision: &Decision<'_>) -> Vec<Statement> {
    let last = match &decision.outcome {
        Outcome::Answer(hop) => Some(hop),
        _ => None,
    };
    let public = decision.hops.iter().chain(last).filter(|hop| hop.by.link.is_none());
    let unknown = public.filter(|hop| is_alias_unknown(&world.state.catalogue, &hop.owner));
    let has = world.state.switches.uncertain_hop == UncertainHop::Always;
    unknown.map(|hop| Statement::AliasUnknown { owner: hop.owner.clone(), has }).collect()
}

/// The linked zone that a rule of a ruleset keeps from being asked for the target of an alias.
fn hidden_zone(world: &Compiled, decision: &Decision<'_>) -> Option<Statement> {
    let last = match &decision.outcome {
        Outcome::Answer(hop) => Some(&hop.by),
        Outcome::NoData { by, .. } | Outcome::NameError { by, .. } => Some(by),
        Outcome::Failure { .. } => None,
    };
    let passes = world.state.switches.ruleset_chain == RulesetChain::Stands;
    let mut taken: Option<(ViewId, &RulesetName)> = None;
    for (at, hop) in decision.hops.iter().enumerate().filter(|_| passes) {
        let mut rules = hop.by.forwards.iter().filter_map(|forward| match &forward.rule {
            Rule::Ruleset(ruleset, _) => Some((forward.by, ruleset)),
            _ => None,
        });
        taken = taken.or_else(|| rules.next());
        let (Some((view, ruleset)), Some(name)) = (taken, hop.owned.set.alias()) else { continue };
        let view = world.views.get(view);
        let Some(link) = view.link_of(&WholeKey::of(name)) else { continue };
        let answered_by = decision.hops.get(at + 1).map(|hop| &hop.by).or(last);
        if answered_by.is_none_or(|by| by.link.is_none_or(|own| own.zone.id != link.zone.id)) {
            let (zone, network) = (link.zone.id.clone(), view.label().to_owned());
            return Some(Statement::ZoneHidden { name: name.clone(), zone, network, ruleset: ruleset.clone() });
        }
    }
    None
}

fn view_statement(world: &Compiled, id: ViewId, chosen: Chosen) -> Statement {
    let view = world.views.get(id);
    let dns = match (&view.dns, view.kind, &view.network) {
        (_, _, None) => "public DNS".to_owned(),
        (DnsSetting::Custom { .. }, _, _) => "its own DNS server".to_owned(),
        (DnsSetting::AzureProvided, NetworkKind::OnPremises, _) => "public DNS".to_owned(),
        (DnsSetting::AzureProvided, NetworkKind::Virtual, _) => {
            let links = view.links.len();
            format!("Azure-provided DNS (168.63.129.16) with {links} linked zone{}", if links == 1 { "" } else { "s" })
        }
    };
    Statement::View { view: view.label().to_owned(), dns, chosen }
}

/// How a name came to the zone or server that answers it.
fn path(world: &Compiled, name: &OwnerName, by: &Authority<'_>, cut: &mut bool, statements: &mut Vec<Statement>) {
    for Forwarded { by, rule, skipped, to } in &by.forwards {
        for server in skipped {
            let by = world.views.get(*by).label().to_owned();
            statements.push(Statement::Skipped { name: name.clone(), by, server: target(world, *server) });
        }
        statements.push(Statement::Forward {
            name: name.clone(),
            by: world.views.get(*by).label().to_owned(),
            rule: rule.clone(),
            to: target(world, *to),
        });
    }
    if let Some(zone) = by.redirected {
        statements.push(Statement::Redirected { name: name.clone(), zone: SpeakingZone::of(zone, true) });
    }
    match by.link {
        Some(link) if !*cut => {
            *cut = true;
            statements.push(Statement::Cut {
                name: name.clone(),
                zone: SpeakingZone::of(by.zone, true),
                network: world.views.get(by.seen_from).label().to_owned(),
                policy: link.policy,
            });
            if let (Some(shadowed), Some(file)) = (&link.shadows, by.zone.file()) {
                let zone = SpeakingZone {
                    apex: shadowed.apex.clone(),
                    resource_group: Some(Arc::clone(&shadowed.resource_group)),
                    file: None,
                };
                statements.push(Statement::Shadowed { zone, file: Arc::clone(file) });
            }
        }
        Some(_) => {}
        None => {
            *cut = false;
            let published = by.zone.file().and_then(|file| Some((world.state.public.get(by.zone.apex())?, file)));
            if let Some((zone, file)) = published {
                let zone = SpeakingZone::of(zone, false);
                statements.push(Statement::Shadowed { zone, file: Arc::clone(file) });
            }
        }
    }
}

fn target(world: &Compiled, to: Target) -> String {
    match to {
        Target::Public => "public DNS".to_owned(),
        Target::Gone => "a server that no longer exists".to_owned(),
        Target::Network(id) => format!("the DNS of {}", world.views.get(id).label()),
        Target::Azure(id) => format!("Azure-provided DNS (168.63.129.16) in {}", world.views.get(id).label()),
    }
}

fn overwritten_before(world: &Compiled, owner: &OwnerName, owned: &Owned, statements: &mut Vec<Statement>) {
    let mut before = owned.overwritten.as_ref();
    while let Some(one) = before {
        statements.push(Statement::Overwritten {
            owner: owner.clone(),
            data: data(one),
            writer: one.writer.clone(),
            step: step(world, one.revision),
        });
        before = one.overwritten.as_ref();
    }
}

fn wanted(world: &Compiled, owner: &OwnerName, zone: &ZoneId, statements: &mut Vec<Statement>) {
    for endpoint in world.state.endpoints.values() {
        let writes = endpoint.zone_group.as_ref().is_some_and(|group| group.zones.contains(zone));
        let member = endpoint.members.iter().find(|member| writes && member.member.private == *owner);
        if let Some(member) = member {
            statements.push(Statement::Wanted {
                owner: owner.clone(),
                endpoint: format!("{} of {}", endpoint.spec.name, endpoint.spec.target),
                address: member.address,
            });
        }
    }
}

fn said(by: &Authority<'_>) -> Said {
    match by.link {
        Some(_) => Said::Private(SpeakingZone::of(by.zone, true)),
        None if by.zone.apex().is_root() && by.zone.file().is_none() => Said::Outside,
        None => Said::Public(SpeakingZone::of(by.zone, false)),
    }
}

fn data(owned: &Owned) -> Vec<String> {
    owned.set.data().iter().map(ToString::to_string).collect()
}

fn step(world: &Compiled, revision: Revision) -> Option<String> {
    world.history.step_of(revision).map(|step| step.name.to_string())
}

/// A writer as a sentence names it: `pe2 of ampls2`.
pub(crate) fn of(writer: &Writer) -> String {
    match writer {
        Writer::Endpoint { endpoint, target } => format!("{endpoint} of {target}"),
        other => who(other),
    }
}

fn in_step(step: Option<&String>) -> String {
    step.map_or_else(String::new, |step| format!(" in step {step}"))
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::View { view, dns, chosen } => {
                write!(f, "view {view}: {chosen}; its clients ask {dns}")
            }
            Self::Skipped { name, by, server } => {
                write!(f, "{name}: {by} gets no answer from {server}, and asks the next server")
            }
            Self::Forward { name, by, rule, to } => write!(f, "{name}: {by} forwards it to {to} ({rule})"),
            Self::Hop { from, to, said, inferred } => {
                let inferred = if *inferred { " (inferred: this alias is not published)" } else { "" };
                write!(f, "{from} is an alias of {to} in {said}{inferred}")
            }
            Self::Cut { name, zone, network, policy } => {
                let fallback = match policy {
                    ResolutionPolicy::Default => "no fallback to public DNS",
                    ResolutionPolicy::NxDomainRedirect => "falls back to public DNS for names it does not have",
                };
                write!(f, "{name} is answered by private zone {zone}, linked to {network} ({fallback})")
            }
            Self::Redirected { name, zone } => {
                write!(f, "private zone {zone} has no {name}; its link has NxDomainRedirect, so Azure asks public DNS")
            }
            Self::Shadowed { zone, file } => {
                let kind = if zone.resource_group.is_some() { "private" } else { "public" };
                write!(f, "zone file {file} answers in place of {kind} zone {zone}")
            }
            Self::Answer { owner, kind, data, writer, place, step, said, .. } => {
                let data = data.join(", ");
                match writer {
                    Writer::Published { .. } | Writer::Resource(_) => {
                        write!(f, "{owner} has {kind} {data} in {said}")
                    }
                    writer => {
                        let at = place
                            .as_ref()
                            .map_or_else(String::new, |place| format!(" ({}:{})", place.file, place.line));
                        write!(f, "{owner} has {kind} {data}, written by {}{}{at}", of(writer), in_step(step.as_ref()))
                    }
                }
            }
            Self::Overwritten { data, writer, step, .. } => write!(
                f,
                "it overwrote {} of {}, written{}",
                data.join(", "),
                of(writer),
                match step {
                    Some(step) => format!(" in step {step}"),
                    None => " before the first step".to_owned(),
                }
            ),
            Self::Reach { address, from, home, verdict } => write_reach(f, *address, from, home, verdict),
            Self::NoData { owner, kind, said } => {
                write!(f, "{owner} exists in {said}, but has no {kind} record (NODATA); no other server is asked")
            }
            Self::NameError { owner, said: Said::Outside, .. } => {
                write!(f, "{owner} is outside the emulated zones (NXDOMAIN)")
            }
            Self::NameError { owner, said, empty } => {
                let empty = if *empty { ", which is empty" } else { "" };
                write!(f, "{owner} does not exist (NXDOMAIN) in {said}{empty}; no other server is asked")
            }
            Self::Deleted { owner, writer, data, step } => write!(
                f,
                "{owner} existed until it was deleted{}: {} by {}; Azure does not restore the record set that it had overwritten",
                in_step(step.as_ref()),
                data.join(", "),
                of(writer)
            ),
            Self::Basis { basis, shadowed_in: Some(network) } => {
                write!(f, "{basis}; if it is in any scope, {network} gets NXDOMAIN from its linked zone")
            }
            Self::Basis { basis, shadowed_in: None } => write!(f, "{basis}"),
            Self::Known { owner, source } => write!(f, "{owner} is known from {source}"),
            Self::ZoneHidden { name, zone, network, ruleset } => write!(
                f,
                "private zone {zone}, linked to {network}, is not asked for {name}: a rule of ruleset {ruleset} matched first, \
                 and the answer of its target is used whole (switch `rulesetChain`)"
            ),
            Self::AliasUnknown { owner, has } => {
                let (has, switch) = if *has { ("has", "always") } else { ("does not have", "never") };
                write!(
                    f,
                    "no source shows whether {owner} has an alias to its privatelink name: here it {has} one, because the switch `uncertainHop` is `{switch}`"
                )
            }
            Self::Wanted { owner, endpoint, address } => {
                write!(
                    f,
                    "{endpoint} exists and has {address} for {owner}, but the record set is missing from its zone"
                )
            }
            Self::Failure { owner, why } => write_failure(f, owner, why),
        }
    }
}

fn write_reach(
    f: &mut fmt::Formatter<'_>,
    address: IpAddr,
    from: &NetworkName,
    home: &NetworkName,
    verdict: &Reach,
) -> fmt::Result {
    match verdict {
        Reach::SameNetwork => write!(f, "{address} can be reached from {from}: it is in {home} itself"),
        Reach::NotPeered => write!(
            f,
            "{address} cannot be reached from {from}: it is in {home}, which is not peered with {from}; \
             connections time out"
        ),
        Reach::NotApproved(_) | Reach::Disconnected => {
            write!(f, "{address} cannot be reached from {from}: {verdict}")
        }
        Reach::Stopped(why) => {
            write!(f, "{address} cannot be reached from {from}: it is in {home}, and {why}; connections time out")
        }
        Reach::Unknown(why) => {
            write!(f, "whether {address} can be reached from {from} is unknown: it is in {home}; {why}")
        }
        arrives => {
            let way = arrives.way(from, home).unwrap_or_default();
            write!(f, "{address} can be reached from {from}: it is in {home}, {arrives} ({way})")
        }
    }
}

fn write_failure(f: &mut fmt::Formatter<'_>, owner: &OwnerName, why: &Failure) -> fmt::Result {
    match why {
        Failure::AliasLoop => write!(f, "the aliases form a loop back to {owner} (SERVFAIL)"),
        Failure::TooManyAliases => {
            write!(f, "there are more than {MAX_ALIASES} aliases, the last one to {owner} (SERVFAIL)")
        }
        Failure::ForwardLoop => write!(f, "the DNS servers forward {owner} in a loop (SERVFAIL)"),
        Failure::RulesetLoop => write!(
            f,
            "a forwarding ruleset is linked to the network of its own target, which forwards {owner} back to it \
             (SERVFAIL)"
        ),
        Failure::ForwardTargetGone => {
            write!(f, "{owner} is forwarded to a server that no longer exists (SERVFAIL)")
        }
        Failure::ForwardTargetOutOfReach => {
            write!(f, "{owner} is forwarded to a server that the network cannot reach (SERVFAIL)")
        }
        Failure::UnknownContents { zone, unresolved } => write!(
            f,
            "whether private zone {zone} has {owner} is unknown, because {unresolved} could not be resolved: the zone may have other names (SERVFAIL)"
        ),
        Failure::AzureDnsOutOfReach => {
            write!(f, "{owner} is forwarded to 168.63.129.16, which cannot be reached from outside Azure (SERVFAIL)")
        }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named => f.write_str("chosen by name"),
            Self::Listener => f.write_str("the query came to this network's own listener"),
            Self::ClientSubnet(prefix) => write!(f, "EDNS client subnet is in its prefix {prefix}"),
            Self::Source(prefix) => write!(f, "the source address is in its prefix {prefix}"),
            Self::NoPrefix => f.write_str("no client prefix holds the source address"),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(zone) => write!(f, "private zone {zone}"),
            Self::Public(zone) => write!(f, "public DNS ({zone})"),
            Self::Outside => f.write_str("nobody"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suffix(suffix) => write!(f, "conditional forwarder for {suffix}"),
            Self::Default => f.write_str("its default forwarder"),
            Self::Ruleset(ruleset, domain) => write!(f, "rule {domain} of ruleset {ruleset}"),
        }
    }
}
