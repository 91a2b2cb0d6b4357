//! Names that exist in public DNS by a rule of the catalogue, and in no zone file: those of each region, of each stamp, and of
//! each resource.
//!
//! [`read`] knows the forms; whether a resource is declared is for `compile` to say.

use super::{Catalogue, EndpointKind, EndpointRow, EntryHost, Hop, Pattern, Source};
use crate::dns::OwnerName;

/// What the rules say about a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading<'c> {
    /// Whom the name belongs to.
    pub subject: Subject<'c>,
    /// What the name owns, if it exists.
    pub owns: Owns,
    /// Whether its public form carries the `privatelink` alias.
    pub hop: Hop,
    /// True if it does so only while its resource is in a scope.
    pub while_scoped: bool,
    /// Where the rule is from.
    pub source: &'c Source,
}

/// What a name owns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Owns {
    /// An address, or an alias to its form with `privatelink`.
    Public,
    /// An address: it is that form.
    Private,
    /// An alias.
    Alias(OwnerName),
}

/// Whom a name belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject<'c> {
    /// All customers of a region.
    Region,
    /// All customers of a stamp that was reported.
    Stamp,
    /// A stamp that was never reported, in a region that has others.
    UnreportedStamp,
    /// One resource.
    Resource(Resource<'c>),
    /// Nothing: the name breaks the form of its kind.
    Malformed {
        /// The resource it would belong to.
        resource: Option<Resource<'c>>,
        /// What is wrong with it, as a sentence.
        why: String,
    },
    /// Nothing, but names below it exist.
    Above,
}

/// A resource that a name identifies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource<'c> {
    /// What kind it is.
    pub kind: ResourceKind<'c>,
    /// What the name says about it: a workspace's GUID, or what is before `.ingest` and the like.
    pub id: String,
}

/// What kind of resource a name belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResourceKind<'c> {
    /// A workspace.
    Workspace,
    /// A data collection endpoint.
    DataCollectionEndpoint,
    /// One that no scope can have, in words.
    Other(&'c str),
}

impl ResourceKind<'_> {
    /// The kind in words.
    pub fn word(&self) -> &str {
        match self {
            Self::Workspace => "workspace",
            Self::DataCollectionEndpoint => "data collection endpoint",
            Self::Other(word) => word,
        }
    }
}

/// What the rules say about a public name; absent where no rule is about it.
pub fn read<'c>(catalogue: &'c Catalogue, name: &OwnerName) -> Option<Reading<'c>> {
    let private = catalogue.zones.iter().find_map(|zone| name.moved(&zone.private, &zone.public));
    match private {
        None => read_public(catalogue, name),
        Some(public) => {
            let reading = read_public(catalogue, &public)?;
            // A name without alias has no form with `privatelink`.
            let exists = reading.hop != Hop::Never && !matches!(reading.owns, Owns::Alias(_));
            exists.then_some(Reading { owns: Owns::Private, ..reading })
        }
    }
}

/// Where the knowledge of a public name is from: the row that names it, or the rule it follows.
pub fn source_of<'c>(catalogue: &'c Catalogue, name: &OwnerName) -> Option<&'c Source> {
    let host = catalogue.hosts.iter().find(|row| is_host(row, name));
    let fixed = catalogue.endpoints.iter().filter(|row| row.record.is_fixed());
    let endpoint = fixed.filter_map(|row| Some((row, row.public_zone.child(row.record.as_str()).ok()?)));
    host.map(|row| &row.source)
        .or_else(|| endpoint.into_iter().find(|(_, public)| public == name).map(|(row, _)| &row.source))
        .or_else(|| read(catalogue, name).map(|reading| reading.source))
}

/// True if the row names that host, or covers it by a wildcard.
fn is_host(row: &EntryHost, name: &OwnerName) -> bool {
    row.host.is_fixed()
        && OwnerName::parse(row.host.as_str()).is_ok_and(|host| {
            host == *name || host.is_wildcard() && host.parent().is_some_and(|parent| name.is_below(&parent))
        })
}

/// True if no source shows whether a public name has its alias to a privatelink name.
pub fn is_alias_unknown(catalogue: &Catalogue, name: &OwnerName) -> bool {
    let is_in_zone = catalogue.zones.iter().any(|zone| name.moved(&zone.public, &zone.private).is_some());
    let host = |row: &EntryHost| row.leads_to.is_none() && row.hop == Hop::Unknown && is_host(row, name);
    let endpoint = |row: &EndpointRow| {
        row.hop == Hop::Unknown
            && row.record.is_fixed()
            && row.public_zone.child(row.record.as_str()).is_ok_and(|public| public == *name)
    };
    let by_rule = |reading: Reading<'_>| reading.hop == Hop::Unknown && reading.owns == Owns::Public;
    is_in_zone
        && (catalogue.hosts.iter().any(host)
            || catalogue.endpoints.iter().any(endpoint)
            || read(catalogue, name).is_some_and(by_rule))
}

fn read_public<'c>(catalogue: &'c Catalogue, name: &OwnerName) -> Option<Reading<'c>> {
    let text = name.to_string();
    let mut best: Option<Reading<'c>> = None;
    let mut offer = |subject: Option<Subject<'c>>, owns: Owns, (hop, while_scoped): (Hop, bool), source: &'c Source| {
        let Some(subject) = subject else { return };
        let rank = |subject: &Subject<'_>| match subject {
            Subject::Malformed { .. } => 0,
            Subject::Above => 1,
            _ => 2,
        };
        if best.as_ref().is_none_or(|best| rank(&best.subject) < rank(&subject)) {
            best = Some(Reading { subject, owns, hop, while_scoped, source });
        }
    };
    for row in catalogue.endpoints.iter().filter(|row| !row.record.is_fixed()) {
        let Some(relative) = name.relative_to(&row.public_zone) else { continue };
        let hop = (row.hop, row.kind != EndpointKind::Regional);
        let subject = match row.record.slot_in(&relative) {
            Some(value) => subject(catalogue, &row.record, value, row.kind, &[]),
            None => is_above(&row.record, &relative).then_some(Subject::Above),
        };
        let source = host_of(catalogue, row).map_or(&row.source, |host| &host.source);
        offer(subject, Owns::Public, hop, source);
    }
    for row in &catalogue.regional {
        let subject = match row.name.slot_in(&text) {
            Some(value) => subject(catalogue, &row.name, value, EndpointKind::Regional, &row.only),
            None => is_above(&row.name, &text).then_some(Subject::Above),
        };
        offer(subject, Owns::Public, (row.hop, false), &row.source);
    }
    for row in &catalogue.resources {
        let subject = match row.name.slot_in(&text) {
            Some(value) => resource(catalogue, row.name.slot()?, value, &row.kind),
            None => is_above(&row.name, &text).then_some(Subject::Above),
        };
        offer(subject, Owns::Public, (row.hop, false), &row.source);
    }
    for row in catalogue.hosts.iter().filter(|row| !row.host.is_fixed()) {
        let Some(leads_to) = &row.leads_to else { continue };
        let (subject, to) = match row.host.slot_in(&text) {
            Some(value) => {
                let to = leads_to.as_str().split_once('{').zip(leads_to.behind_slot());
                let to =
                    to.and_then(|((before, _), behind)| OwnerName::parse(&format!("{before}{value}.{behind}")).ok());
                (subject(catalogue, &row.host, value, EndpointKind::Regional, &[]), to)
            }
            None => (is_above(&row.host, &text).then_some(Subject::Above), None),
        };
        // Rows of a name that leads to itself are those of the endpoint.
        if to.as_ref() != Some(name) {
            offer(subject, to.map_or(Owns::Public, Owns::Alias), (Hop::Never, false), &row.source);
        }
    }
    best
}

/// The row of the public host that is an endpoint's own name. It says who documents the host; the endpoint's row says who
/// documents the record set.
fn host_of<'c>(catalogue: &'c Catalogue, row: &EndpointRow) -> Option<&'c EntryHost> {
    let behind = row.public_zone.to_string();
    let is_own = |host: &&EntryHost| {
        let rest = host.host.as_str().strip_prefix(row.record.as_str()).and_then(|rest| rest.strip_prefix('.'));
        rest == Some(behind.as_str())
    };
    catalogue.hosts.iter().find(is_own)
}

/// True if names of the pattern are below this one.
fn is_above(pattern: &Pattern, text: &str) -> bool {
    let behind = pattern.behind_slot().unwrap_or_default();
    behind == text || behind.strip_suffix(text).is_some_and(|front| front.ends_with('.'))
}

/// Whom a name of this pattern belongs to, whose slot has this value.
fn subject<'c>(
    catalogue: &'c Catalogue,
    pattern: &Pattern,
    value: &str,
    kind: EndpointKind,
    only: &[std::sync::Arc<str>],
) -> Option<Subject<'c>> {
    match pattern.slot()? {
        "listed" => only.iter().any(|one| **one == *value).then_some(Subject::Region),
        "workspace" => Some(workspace(value)),
        "dce" if kind == EndpointKind::DataCollectionEndpoint => data_collection_endpoint(catalogue, value),
        // Those below are one label.
        _ if value.contains('.') => None,
        "ingestion" => Some(stamp(catalogue, value)),
        slot @ ("live" | "region") => Some(match catalogue.regions.iter().find(|row| *row.region == *value) {
            Some(row) if slot == "live" && row.stamps.is_empty() => malformed(no_stamp(value)),
            Some(_) => Subject::Region,
            None => malformed(no_region(catalogue, value)),
        }),
        _ => None,
    }
}

fn malformed<'c>(why: String) -> Subject<'c> {
    Subject::Malformed { resource: None, why }
}

/// A workspace's names begin with its GUID.
fn workspace<'c>(value: &str) -> Subject<'c> {
    let resource = Resource { kind: ResourceKind::Workspace, id: value.to_owned() };
    match is_guid(value) {
        true => Subject::Resource(resource),
        false => Subject::Malformed {
            resource: Some(resource),
            why: format!("`{value}` is not the id of a workspace, which is a GUID"),
        },
    }
}

/// True for the form of a workspace's id.
pub fn is_guid(text: &str) -> bool {
    let parts = text.split('-').map(str::len);
    parts.eq([8, 4, 4, 4, 12]) && text.bytes().all(|octet| octet == b'-' || octet.is_ascii_hexdigit())
}

/// `NAME-xxxx.REGION-N`, or the part of it from the region on, below which such names are.
fn data_collection_endpoint<'c>(catalogue: &'c Catalogue, value: &str) -> Option<Subject<'c>> {
    let resource = || Resource { kind: ResourceKind::DataCollectionEndpoint, id: value.to_owned() };
    let wrong = |why: String| Some(Subject::Malformed { resource: Some(resource()), why });
    let form = || "the name of a data collection endpoint has the form NAME-xxxx.REGION-N".to_owned();
    let (label, place) = match value.split_once('.') {
        Some((label, place)) => (Some(label), place),
        None => (None, value),
    };
    let region = place.rsplit_once('-').filter(|(_, number)| is_digit(number)).map(|(region, _)| region);
    let known = |region: &str| catalogue.regions.iter().any(|row| *row.region == *region);
    match (label, region) {
        (Some(label), Some(region)) if !place.contains('.') && has_key(label, &[4]) => match known(region) {
            true => Some(Subject::Resource(resource())),
            false => wrong(no_region(catalogue, region)),
        },
        (None, Some(region)) if known(region) => Some(Subject::Above),
        _ => wrong(form()),
    }
}

/// The names of resources that no scope can have.
fn resource<'c>(catalogue: &'c Catalogue, slot: &str, value: &str, kind: &'c str) -> Option<Subject<'c>> {
    let known = |region: &str| catalogue.regions.iter().any(|row| *row.region == *region);
    let own = || Resource { kind: ResourceKind::Other(kind), id: value.to_owned() };
    let wrong = |why| Some(Subject::Malformed { resource: Some(own()), why });
    match slot {
        // The key has 4 or 16 characters.
        "amw" => {
            let (label, region) = value.split_once('.')?;
            match has_key(label, &[4, 16]) && !region.contains('.') {
                true if known(region) => Some(Subject::Resource(own())),
                true => wrong(no_region(catalogue, region)),
                false => wrong(format!("the name of an {kind} has the form NAME-xxxx.REGION")),
            }
        }
        "direct" => {
            let parts = value.rsplit_once('-').filter(|_| !value.contains('.'));
            match parts {
                Some((label, region)) if has_key(label, &[4]) && known(region) => Some(Subject::Resource(own())),
                Some((label, region)) if has_key(label, &[4]) => wrong(no_region(catalogue, region)),
                _ => wrong(format!("the name of a {kind} has the form NAME-xxxx-REGION")),
            }
        }
        _ => None,
    }
}

/// True if a label ends in a key of Azure's: a dash, then that many letters and digits.
fn has_key(label: &str, lengths: &[usize]) -> bool {
    let key = label.rsplit_once('-').filter(|(name, _)| !name.is_empty());
    key.is_some_and(|(_, key)| lengths.contains(&key.len()) && key.bytes().all(|octet| octet.is_ascii_alphanumeric()))
}

fn is_digit(text: &str) -> bool {
    text.len() == 1 && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// `REGION-N`: the numbers follow no rule, so what was not reported can exist all the same.
fn stamp<'c>(catalogue: &'c Catalogue, value: &str) -> Subject<'c> {
    let form = || malformed(format!("`{value}` is not a stamp, which has the form REGION-N with one digit"));
    let Some((region, number)) = value.rsplit_once('-') else { return form() };
    let Some(row) = catalogue.regions.iter().find(|row| *row.region == *region) else {
        return malformed(no_region(catalogue, region));
    };
    match number.parse::<u8>() {
        _ if !is_digit(number) => form(),
        _ if row.stamps.is_empty() => malformed(no_stamp(region)),
        Ok(number) if row.stamps.contains(&number) => Subject::Stamp,
        _ => Subject::UnreportedStamp,
    }
}

/// Why a region is not one of the cloud; absent for those it has.
pub fn unknown_region(catalogue: &Catalogue, region: &str) -> Option<String> {
    let is_known = catalogue.regions.iter().any(|row| *row.region == *region);
    (!is_known).then(|| no_region(catalogue, region))
}

/// Why a stamp of Application Insights was never reported; absent for those that were reported.
pub fn unknown_stamp(catalogue: &Catalogue, label: &str) -> Option<String> {
    match stamp(catalogue, label) {
        Subject::Malformed { why, .. } => Some(why),
        Subject::UnreportedStamp => {
            let region = label.rsplit_once('-').map_or(label, |(region, _)| region);
            let row = catalogue.regions.iter().find(|row| *row.region == *region)?;
            let known: Vec<_> = row.stamps.iter().chain(&row.weak).map(|number| format!("{region}-{number}")).collect();
            let number = label.rsplit_once('-').and_then(|(_, number)| number.parse::<u8>().ok());
            let is_weak = number.is_some_and(|number| row.weak.contains(&number));
            (!is_weak).then(|| format!("known hosts: {}", known.join(", ")))
        }
        _ => None,
    }
}

fn no_stamp(region: &str) -> String {
    format!("no stamp of Application Insights was ever reported in {region}")
}

fn no_region(catalogue: &Catalogue, region: &str) -> String {
    let near = catalogue.regions.iter().map(|row| (strsim::damerau_levenshtein(&row.region, region), &row.region));
    let near = near.filter(|(distance, _)| *distance <= 2).min();
    let hint = near.map_or_else(String::new, |(_, near)| format!("; did you mean {near}?"));
    format!("{} has no region `{region}`{hint}", catalogue.cloud)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::Cloud;

    fn subject_of(text: &str) -> Option<String> {
        let catalogue = Catalogue::of(Cloud::Public);
        let reading = read(&catalogue, &OwnerName::parse(text).expect("a good name"))?;
        Some(match reading.subject {
            Subject::Region => "region".to_owned(),
            Subject::Stamp => "stamp".to_owned(),
            Subject::UnreportedStamp => "unreported stamp".to_owned(),
            Subject::Resource(one) => format!("{} {}", one.kind.word(), one.id),
            Subject::Malformed { why, .. } => why,
            Subject::Above => "above".to_owned(),
        })
    }

    #[test]
    fn names_of_regions_stamps_and_resources_are_told_apart() {
        let guid = "33333333-3333-4333-8333-333333333333";
        for (name, subject) in [
            ("eastus.handler.control.monitor.azure.com", "region"),
            ("eastus-1.ingest.monitor.azure.com", "region"),
            ("eastus-1.metrics.ingest.monitor.azure.com", "region"),
            ("weu-1.amcs.control.monitor.azure.com", "region"),
            ("eastus.prometheus.monitor.azure.com", "region"),
            ("eastus.livediagnostics.monitor.azure.com", "region"),
            ("westeurope-global.in.applicationinsights.azure.com", "region"),
            ("westus-0.in.applicationinsights.azure.com", "stamp"),
            ("westus-0.in.ai.privatelink.monitor.azure.com", "stamp"),
            ("eastus-7.in.ai.monitor.azure.com", "unreported stamp"),
            (&format!("{guid}.ods.opinsights.azure.com"), &format!("workspace {guid}")),
            (
                "dce-x-a1b2.westeurope-1.handler.control.monitor.azure.com",
                "data collection endpoint dce-x-a1b2.westeurope-1",
            ),
            ("amw-a1b2.eastus.prometheus.monitor.azure.com", "Azure Monitor workspace amw-a1b2.eastus"),
            (
                "rule-a1b2-eastus.logs.z1.ingest.monitor.azure.com",
                "data collection rule of kind Direct rule-a1b2-eastus",
            ),
            ("in.ai.monitor.azure.com", "above"),
            ("metrics.monitor.azure.com", "above"),
            ("westeurope-1.handler.control.monitor.azure.com", "above"),
        ] {
            assert_eq!(subject_of(name).as_deref(), Some(subject), "{name}");
        }
    }

    #[test]
    fn what_breaks_the_form_is_told_with_the_form() {
        for (name, why) in [
            ("ws.ods.opinsights.azure.com", "`ws` is not the id of a workspace, which is a GUID"),
            ("estus-0.in.ai.monitor.azure.com", "AzureCloud has no region `estus`; did you mean eastus?"),
            (
                "eastus-10.in.ai.monitor.azure.com",
                "`eastus-10` is not a stamp, which has the form REGION-N with one digit",
            ),
            ("westindia-0.in.ai.monitor.azure.com", "no stamp of Application Insights was ever reported in westindia"),
            (
                "dce.westeurope-1.ingest.monitor.azure.com",
                "the name of a data collection endpoint has the form NAME-xxxx.REGION-N",
            ),
            ("dce-a1b2.mars-1.ingest.monitor.azure.com", "AzureCloud has no region `mars`"),
        ] {
            assert_eq!(subject_of(name).as_deref(), Some(why), "{name}");
        }
        assert_eq!(subject_of("www.monitor.azure.com"), None);
        assert_eq!(subject_of("eastus.handler.control.privatelink.monitor.azure.com").as_deref(), Some("region"));
        assert_eq!(subject_of("eastus.prometheus.privatelink.monitor.azure.com"), None, "it has no alias");
    }
}
