//! A compose file that runs an estate in containers: a container network for each network of the estate, the server in all
//! of them at fixed addresses, and a client in each that asks it.
//!
//! Networks are distinguished by the address they ask at, not by the source of the query, so that two networks with the
//! same address space can be side by side: container networks may not overlap, and the later one gets another prefix.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use indexmap::IndexMap;
use ipnet::{IpNet, Ipv4Net};
use serde::Serialize;

use crate::compile::Compiled;
use crate::estate::NetworkSpec;

/// Where container networks get their prefixes that cannot have the estate's: shared address space (RFC 6598), in which no
/// virtual network is made.
const SPARE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);
/// How long a spare prefix is.
const SPARE_LENGTH: u8 = 24;
/// The longest prefix with room for the engine's gateway, the server and a client.
const LONGEST: u8 = 29;
/// The port resolvers ask; that of a container network's own address cannot be another.
const PORT: u16 = 53;
/// An image with dig, nslookup and curl.
pub const CLIENT_IMAGE: &str = "nicolaka/netshoot:v0.13";
/// The name of the server's service.
const SERVER: &str = "dns";

/// What the file is made for.
#[derive(Clone, Debug)]
pub struct ComposeOptions<'a> {
    /// What the scenario is called on the command line that printed the file.
    pub scenario: &'a str,
    /// True if that is a file, which is mounted; false for a built-in scenario.
    pub is_file: bool,
    /// The step the server is at; absent for the scenario's start.
    pub step: Option<&'a str>,
    /// Where the server comes from.
    pub server: ServerImage<'a>,
    /// The token of the admin API and the page.
    pub token: &'a str,
    /// The clients' image.
    pub client_image: &'a str,
}

/// Where the server in the containers comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerImage<'a> {
    /// An image that has it.
    Image(&'a str),
    /// A binary of this machine, which is mounted into a plain Debian.
    Binary(&'a str),
    /// The sources: compose builds the image.
    Built,
}

/// An image that runs a binary of a Linux machine.
const PLAIN_IMAGE: &str = "debian:trixie-slim";
/// Where the sources are, for `build:`.
const SOURCES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), ".git");
/// The port of the admin API and the page.
const ADMIN_PORT: u16 = 5299;

/// Why there is no such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A listener cannot be written for a network whose name has a comma.
    #[error("the network `{0}` has a comma in its name, which separates listeners; rename it")]
    Comma(String),
    /// There are more networks than spare prefixes.
    #[error("the network `{0}` has no usable IPv4 prefix, and no spare prefix is free; give it an addressSpace")]
    NoPrefix(String),
}

/// A compose file.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct ComposeFile {
    /// What a reader should know; comments in YAML.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The containers: the server first, then a client for each network.
    pub services: IndexMap<String, Service>,
    /// The container networks.
    pub networks: IndexMap<String, Network>,
}

/// A container.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Service {
    /// Its image.
    pub image: String,
    /// How the image is made where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// The program, where the image does not name it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// What it runs.
    pub command: Vec<String>,
    /// Settings of the program in it.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub environment: IndexMap<String, String>,
    /// Ports of the machine that lead to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// What it sees of the machine's files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Mount>,
    /// Whom its resolver asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<Ipv4Addr>,
    /// Suffixes its resolver tries; a dot for none, regardless of those of the machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_search: Vec<String>,
    /// The networks it is in, and its address there.
    pub networks: IndexMap<String, Place>,
    /// When it counts as up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Whom it waits for.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub depends_on: IndexMap<String, Condition>,
    /// True if it cannot write to its file system.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// Capabilities it does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    /// Further confinement.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_opt: Vec<String>,
    /// How long it may take to stop.
    pub stop_grace_period: String,
}

/// How an image is made.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Build {
    /// The sources.
    pub context: String,
    /// The file that makes it, in the sources.
    pub dockerfile: String,
}

/// A file of the machine in a container.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Mount {
    /// Always `bind`.
    pub r#type: String,
    /// The file on the machine; relative to the compose file.
    pub source: String,
    /// Where the container sees it.
    pub target: String,
    /// True if it can only be read.
    pub read_only: bool,
}

/// Where a container is in a network.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Place {
    /// Its address.
    pub ipv4_address: Ipv4Addr,
}

/// When a container counts as up.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Healthcheck {
    /// What is run in it.
    pub test: Vec<String>,
    /// How often.
    pub interval: String,
    /// How long it may take.
    pub timeout: String,
    /// After how many failures it is down.
    pub retries: u32,
    /// How long failures do not count.
    pub start_period: String,
}

/// What a container waits for.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Condition {
    /// The state of the other one.
    pub condition: String,
}

/// A container network.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Network {
    /// Its addresses.
    pub ipam: Ipam,
}

/// The addresses of a container network.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Ipam {
    /// One prefix.
    pub config: Vec<Pool>,
}

/// A prefix of addresses.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Pool {
    /// The prefix.
    pub subnet: Ipv4Net,
}

/// The compose file for an estate.
///
/// # Errors
/// [`ComposeError`] where a network cannot be written.
pub fn file(world: &Compiled, options: &ComposeOptions<'_>) -> Result<ComposeFile, ComposeError> {
    let mut prefixes = Prefixes::beside(world);
    let held: HashSet<Ipv4Addr> = world
        .state
        .endpoints
        .values()
        .flat_map(|endpoint| endpoint.members.iter().map(|member| member.address))
        .filter_map(|address| match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    let mut notes = vec![format!(
        "Printed by `ampls-dns compose {}`: a network for each network of the estate, the server in all of them, and a client in \
         each.",
        options.scenario
    )];
    let mut listeners = Vec::new();
    let mut places = IndexMap::new();
    let mut clients = IndexMap::new();
    let mut networks = IndexMap::new();
    let mut keys = Keys(HashSet::from([SERVER.to_owned()]));
    let own = world.state.networks.values().map(|spec| Some(&**spec));
    for spec in own.chain([None]) {
        let name = spec.map_or("public", |spec| spec.name.as_str());
        if name.contains(',') {
            return Err(ComposeError::Comma(name.to_owned()));
        }
        let key = keys.of(name);
        let (subnet, taken) = prefixes.of(spec).ok_or_else(|| ComposeError::NoPrefix(name.to_owned()))?;
        if let Some(spec) = spec
            && taken
        {
            let space: Vec<_> = spec.address_space.iter().map(ToString::to_string).collect();
            let space = if space.is_empty() { "no address space".to_owned() } else { space.join(" and ") };
            notes.push(format!(
                "{name} has {space}. Another container network uses that prefix, or Docker cannot use it. This file uses {subnet} instead, and no private endpoint has an address in it."
            ));
        }
        let [server, client] = two_addresses(subnet, spec, &held);
        listeners.push(match spec {
            Some(_) => format!("{name}={server}:{PORT}"),
            None => format!("{server}:{PORT}"),
        });
        places.insert(key.clone(), Place { ipv4_address: server });
        clients.insert(format!("client-{key}"), client_of(options, &key, server, client));
        networks.insert(key, Network { ipam: Ipam { config: vec![Pool { subnet }] } });
    }
    notes.push(format!(
        "`docker compose up -d`, then for instance `docker compose exec {} dig api.monitor.azure.com`.",
        clients.keys().next().map_or(SERVER, String::as_str)
    ));
    notes.push(format!(
        "The page is at http://127.0.0.1:{ADMIN_PORT}; any user name, password {}. `docker compose exec {SERVER} /ampls-dns step next` \
         goes to the next step.",
        options.token
    ));
    let subnets: Vec<_> =
        networks.values().flat_map(|one: &Network| &one.ipam.config).map(|one| one.subnet.to_string()).collect();
    notes.push(format!(
        "This machine routes {} to the containers while they run. If a VPN or another network uses one of these prefixes, change \
         the addresses in this file.",
        subnets.join(", ")
    ));
    let mut services = IndexMap::from([(SERVER.to_owned(), server_of(options, &listeners, places))]);
    services.extend(clients);
    Ok(ComposeFile { notes, services, networks })
}

/// The file as YAML.
pub fn text(file: &ComposeFile) -> String {
    let mut text = String::new();
    for note in &file.notes {
        let _ = writeln!(text, "# {}", note.replace(['\n', '\r'], " "));
    }
    text.push_str(&serde_saphyr::to_string(file).expect("its keys are strings and its values have a form in YAML"));
    text
}

fn server_of(options: &ComposeOptions<'_>, listeners: &[String], networks: IndexMap<String, Place>) -> Service {
    let mount = options.is_file.then(|| Mount {
        r#type: "bind".to_owned(),
        source: literal(&beside(options.scenario)),
        target: "/estate.yaml".to_owned(),
        read_only: true,
    });
    let scenario = mount.as_ref().map_or_else(|| literal(options.scenario), |mount| mount.target.clone());
    let mut environment = IndexMap::from([
        ("AMPLS_DNS_SCENARIO".to_owned(), scenario),
        ("AMPLS_DNS_LISTEN".to_owned(), literal(&listeners.join(","))),
        ("AMPLS_DNS_ADMIN".to_owned(), format!("0.0.0.0:{ADMIN_PORT}")),
        ("AMPLS_DNS_ADMIN_TOKEN".to_owned(), literal(options.token)),
    ]);
    if let Some(step) = options.step {
        environment.insert("AMPLS_DNS_AT".to_owned(), literal(step));
    }
    let (image, build, binary) = match options.server {
        ServerImage::Image(image) => (literal(image), None, None),
        ServerImage::Binary(path) => (PLAIN_IMAGE.to_owned(), None, Some(path)),
        ServerImage::Built => {
            let build = Build { context: SOURCES.to_owned(), dockerfile: "docker/Dockerfile".to_owned() };
            ("ampls-dns".to_owned(), Some(build), None)
        }
    };
    let program = "/ampls-dns".to_owned();
    let binary = binary.map(|path| Mount {
        r#type: "bind".to_owned(),
        source: literal(path),
        target: program.clone(),
        read_only: true,
    });
    Service {
        image,
        build,
        entrypoint: binary.iter().map(|_| program.clone()).collect(),
        command: vec!["serve".to_owned()],
        environment,
        ports: vec![format!("127.0.0.1:{ADMIN_PORT}:{ADMIN_PORT}")],
        volumes: mount.into_iter().chain(binary).collect(),
        dns: Vec::new(),
        dns_search: Vec::new(),
        networks,
        healthcheck: Some(Healthcheck {
            test: ["CMD", "/ampls-dns", "healthcheck"].map(str::to_owned).to_vec(),
            interval: "2s".to_owned(),
            timeout: "2s".to_owned(),
            retries: 3,
            start_period: "10s".to_owned(),
        }),
        depends_on: IndexMap::new(),
        read_only: true,
        cap_drop: vec!["ALL".to_owned()],
        security_opt: vec!["no-new-privileges:true".to_owned()],
        stop_grace_period: "5s".to_owned(),
    }
}

fn client_of(options: &ComposeOptions<'_>, key: &str, server: Ipv4Addr, own: Ipv4Addr) -> Service {
    Service {
        image: literal(options.client_image),
        build: None,
        entrypoint: Vec::new(),
        command: vec!["sleep".to_owned(), "infinity".to_owned()],
        environment: IndexMap::new(),
        ports: Vec::new(),
        volumes: Vec::new(),
        dns: vec![server],
        dns_search: vec![".".to_owned()],
        networks: IndexMap::from([(key.to_owned(), Place { ipv4_address: own })]),
        healthcheck: None,
        depends_on: IndexMap::from([(SERVER.to_owned(), Condition { condition: "service_healthy".to_owned() })]),
        read_only: false,
        cap_drop: Vec::new(),
        security_opt: Vec::new(),
        // `sleep` does not react to the signal that containers get first.
        stop_grace_period: "0s".to_owned(),
    }
}

/// Compose puts variables where it finds a dollar; twice it is one.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

/// A path as compose takes it for one: what has no slash at its head would be the name of a volume.
fn beside(path: &str) -> String {
    if path.starts_with(['/', '.', '~']) { path.to_owned() } else { format!("./{path}") }
}

/// Names of networks as compose can have them, each once.
struct Keys(HashSet<String>);

impl Keys {
    fn of(&mut self, name: &str) -> String {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let mut key: String = name.chars().map(|letter| if fits(letter) { letter } else { '-' }).collect();
        if !key.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            key.insert_str(0, "net");
        }
        let mut unique = key.clone();
        let mut number = 2;
        while !self.0.insert(unique.to_lowercase()) {
            unique = format!("{key}-{number}");
            number += 1;
        }
        unique
    }
}

/// The prefixes container networks have.
struct Prefixes {
    taken: Vec<Ipv4Net>,
    /// What the estate has anywhere: a spare prefix is none of it.
    estate: Vec<Ipv4Net>,
    spare: ipnet::Ipv4Subnets,
}

impl Prefixes {
    fn beside(world: &Compiled) -> Self {
        let estate = world.state.networks.values().flat_map(|spec| spec.prefixes().filter_map(four)).collect();
        let spare = SPARE.subnets(SPARE_LENGTH).expect("a spare prefix is longer than the space it is from");
        Self { taken: Vec::new(), estate, spare }
    }

    /// A prefix for a network, and whether it is a spare one.
    fn of(&mut self, spec: Option<&NetworkSpec>) -> Option<(Ipv4Net, bool)> {
        let own = spec.iter().flat_map(|spec| &spec.address_space).copied().filter_map(four);
        let own = own.filter(|prefix| prefix.prefix_len() <= LONGEST && prefix.prefix_len() >= 8);
        let own = own.map(|prefix| prefix.trunc()).find(|prefix| !overlaps(&self.taken, prefix));
        let prefix = match own {
            Some(prefix) => prefix,
            None => self.spare.find(|prefix| !overlaps(&self.estate, prefix) && !overlaps(&self.taken, prefix))?,
        };
        self.taken.push(prefix);
        Some((prefix, own.is_none()))
    }
}

fn four(prefix: IpNet) -> Option<Ipv4Net> {
    match prefix {
        IpNet::V4(prefix) => Some(prefix),
        IpNet::V6(_) => None,
    }
}

fn overlaps(those: &[Ipv4Net], prefix: &Ipv4Net) -> bool {
    those.iter().any(|one| one.contains(prefix) || prefix.contains(one))
}

/// Addresses for the server and a client: the last ones that are in no subnet of the estate, else the last ones that no
/// private endpoint has. The first ones are the engine's and Azure's.
fn two_addresses(prefix: Ipv4Net, spec: Option<&NetworkSpec>, held: &HashSet<Ipv4Addr>) -> [Ipv4Addr; 2] {
    let last = u32::from(prefix.broadcast()) - 1;
    // The network's own address and the gateway stay free.
    let first = u32::from(prefix.network()) + 2;
    let from_the_end = || (first..=last).rev().map(Ipv4Addr::from);
    let in_subnet =
        |address: &Ipv4Addr| spec.is_some_and(|spec| spec.subnets.iter().any(|(_, own)| own.contains(address)));
    let outside: Vec<_> = from_the_end().take(MOST_TRIED).filter(|address| !in_subnet(address)).take(2).collect();
    let free: Vec<_> = from_the_end().filter(|address| !held.contains(address)).take(2).collect();
    match (&*outside, &*free) {
        (&[server, client], _) | (_, &[server, client]) => [server, client],
        // Every address is an endpoint's: the last ones win over them.
        _ => [Ipv4Addr::from(last), Ipv4Addr::from(last - 1)],
    }
}

/// How many addresses are tried to find one outside every subnet.
const MOST_TRIED: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::compile::compile;
    use crate::scenario::{Scenario, builtin};

    fn of(text: &str) -> Result<ComposeFile, ComposeError> {
        let scenario = Scenario::read("estate.yaml", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
        let last = scenario.history.last();
        let world = compile(&Arc::new(scenario.history), last);
        let options = ComposeOptions {
            scenario: "estate$.yaml",
            is_file: true,
            step: Some("one"),
            server: ServerImage::Binary("/usr/local/bin/ampls-dns"),
            token: "0123456789abcdef",
            client_image: CLIENT_IMAGE,
        };
        file(&world, &options)
    }

    fn environment<'a>(file: &'a ComposeFile, name: &str) -> &'a str {
        file.services[SERVER].environment.get(name).map_or("", String::as_str)
    }

    #[test]
    fn each_network_has_its_own_prefix_listener_and_client() {
        let file = of(builtin::text("two-scopes-one-dns").expect("it is built in")).expect("it can be written");
        assert_eq!(environment(&file, "AMPLS_DNS_LISTEN"), "vnet1=10.0.1.254:53,vnet2=10.0.2.254:53,100.64.0.254:53");
        let clients: Vec<_> = file.services.keys().map(String::as_str).collect();
        assert_eq!(clients, ["dns", "client-vnet1", "client-vnet2", "client-public"]);
        assert_eq!(file.services["client-vnet1"].dns, [Ipv4Addr::new(10, 0, 1, 254)]);
        assert_eq!(file.services["client-vnet1"].networks["vnet1"].ipv4_address, Ipv4Addr::new(10, 0, 1, 253));
        let server = &file.services[SERVER];
        assert_eq!((&*server.image, &server.entrypoint[..]), (PLAIN_IMAGE, &["/ampls-dns".to_owned()][..]));
        assert!(server.volumes.iter().any(|one| one.source == "/usr/local/bin/ampls-dns"));
        assert_eq!(server.ports, ["127.0.0.1:5299:5299"]);
        assert_eq!(environment(&file, "AMPLS_DNS_ADMIN"), "0.0.0.0:5299");
        assert!(
            file.notes.iter().any(|note| note.contains("10.0.1.0/24, 10.0.2.0/24, 100.64.0.0/24")),
            "{:?}",
            file.notes
        );
        assert_eq!(file.networks["vnet2"].ipam.config[0].subnet.to_string(), "10.0.2.0/24");
    }

    #[test]
    fn a_dollar_stays_one_and_a_file_is_no_volume() {
        let file = of(builtin::text("two-scopes-one-dns").expect("it is built in")).expect("it can be written");
        assert_eq!(file.services[SERVER].volumes[0].source, "./estate$$.yaml");
        assert_eq!(environment(&file, "AMPLS_DNS_SCENARIO"), "/estate.yaml");
        assert_eq!(environment(&file, "AMPLS_DNS_AT"), "one");
    }

    #[test]
    fn prefixes_that_overlap_or_do_not_fit_are_replaced_by_spare_ones() {
        let file = of("version: 1\nnetworks:\n  a: {addressSpace: [10.0.0.0/8]}\n  A: {addressSpace: [10.1.0.0/16]}\n  \
             c: {addressSpace: ['fd00::/64'], clientPrefixes: [100.64.0.0/23]}\n  dns: {addressSpace: [10.9.9.0/30, 172.16.0.0/29]}\n")
        .expect("it can be written");
        let prefixes: Vec<_> =
            file.networks.iter().map(|(key, own)| format!("{key} {}", own.ipam.config[0].subnet)).collect();
        assert_eq!(
            prefixes,
            ["a 10.0.0.0/8", "A-2 100.64.2.0/24", "c 100.64.3.0/24", "dns-2 172.16.0.0/29", "public 100.64.4.0/24"]
        );
        assert_eq!(file.notes.iter().filter(|note| note.contains("This file uses")).count(), 2);
        let error =
            of("version: 1\nnetworks:\n  'a,b': {addressSpace: [10.0.0.0/8]}\n").expect_err("a comma parts listeners");
        assert_eq!(error, ComposeError::Comma("a,b".to_owned()));
    }

    #[test]
    fn addresses_are_nobody_elses_and_inside_the_prefix() {
        for name in builtin::names() {
            let text = builtin::text(name).expect("it is built in");
            let file = of(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut all = HashSet::new();
            for (service, own) in &file.services {
                for (key, place) in &own.networks {
                    let subnet = file.networks[key].ipam.config[0].subnet;
                    assert!(subnet.contains(&place.ipv4_address), "{name} {service}");
                    assert!(all.insert(place.ipv4_address), "{name} {service}");
                    assert!(subnet.broadcast() != place.ipv4_address, "{name} {service}");
                    assert!(u32::from(place.ipv4_address) > u32::from(subnet.network()) + 1, "{name} {service}");
                }
            }
            assert_eq!(all.len(), 2 * file.networks.len(), "{name}");
        }
    }

    #[test]
    fn the_yaml_reads_back_as_the_json() {
        let file = of(builtin::text("two-scopes-one-dns").expect("it is built in")).expect("it can be written");
        let yaml: serde_json::Value = serde_saphyr::from_str(&text(&file)).expect("it is YAML");
        assert_eq!(yaml, serde_json::to_value(&file).expect("it is JSON"));
    }
}
