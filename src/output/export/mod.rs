//! What the estate says, in the words of other servers.
//!
//! Two kinds of form. Zones as they are, regardless of the network: `zone` writes master files, `azure` what
//! `az network private-dns zone export` writes. And the DNS of one network, as the complete configuration of a server:
//! [`seen`] makes zones of what the clients of the network get, for a server that follows aliases as far as [`Aliases`]
//! says, and `bind`, `knot`, `coredns`, `unbound`, `dnsmasq` and `hosts` write them down.
//!
//! A value goes in, files come out; the caller writes them. Nothing here asks or forwards: names that the emulated
//! world does not have are refused by every configuration, and a comment in it says where an upstream goes.

mod azure;
mod bind;
mod coredns;
mod dnsmasq;
mod hosts;
mod knot;
pub mod seen;
mod unbound;
mod words;
mod zone;

use std::net::SocketAddr;

pub use super::format::ExportFormat;
pub use seen::{Aliases, Seen, SeenZone};

use crate::compile::{Compiled, ViewId, Zone};

impl ExportFormat {
    /// True if it holds zones as they are; false if it is the DNS of one network.
    pub fn is_of_zones(self) -> bool {
        matches!(self, Self::Zone | Self::Azure)
    }

    /// How far its server follows aliases.
    pub fn aliases(self) -> Aliases {
        match self {
            Self::Zone | Self::Azure | Self::Bind => Aliases::Followed,
            Self::Dnsmasq => Aliases::FromNames,
            Self::Knot | Self::Coredns => Aliases::WithinZone,
            Self::Hosts | Self::Unbound => Aliases::Flattened,
        }
    }
}

/// A file to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Its path below the folder of the export, with `/` between folders. No part of it is `.` or `..`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What came of an export.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Exported {
    /// The files, the one to start the server with first.
    pub files: Vec<File>,
    /// What the form cannot say, one sentence each. The files say so too.
    pub left_out: Vec<String>,
}

/// Which zones are exported as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// All private zones.
    Private,
    /// Those linked to the network of this view; of the public view the zones of public DNS.
    SeenFrom(ViewId),
}

/// Zones as they are, a file each.
pub fn zones(world: &Compiled, form: ExportFormat, which: Which) -> Exported {
    let mut zones: Vec<(&Zone, bool)> = match which {
        Which::Private => world.state.zones.values().map(|linked| (&*linked.zone, true)).collect(),
        Which::SeenFrom(ViewId::PUBLIC) => {
            let zones = world.state.public.zones().filter(|zone| !zone.apex().is_root());
            zones.map(|zone| (&**zone, false)).collect()
        }
        Which::SeenFrom(view) => world.views.get(view).links.values().map(|link| (&*link.zone, true)).collect(),
    };
    zones.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    let mut exported = Exported::default();
    for (zone, private) in zones {
        // Zones of one name are distinguished by their resource group, so each group has a folder.
        let name = match private {
            true => format!("{}/{}.zone", words::file_name(&zone.id.resource_group), words::zone_file(zone.apex())),
            false => format!("{}.zone", words::zone_file(zone.apex())),
        };
        let text = match form {
            ExportFormat::Azure => azure::text(world, zone),
            _ => zone::of_zone(world, zone, private),
        };
        exported.files.push(File { name, text });
    }
    exported
}

/// The DNS of one network as a server's configuration, with the address it listens on; for the forms of zones the zones
/// that are linked to it.
pub fn server(world: &Compiled, form: ExportFormat, view: ViewId, listen: SocketAddr) -> Exported {
    let seen = Seen::new(world, view, form.aliases());
    let setting = Setting { heading: words::heading(world, view), listen };
    match form {
        ExportFormat::Hosts => hosts::export(&seen, &setting),
        ExportFormat::Unbound => unbound::export(&seen, &setting),
        ExportFormat::Dnsmasq => dnsmasq::export(&seen, &setting),
        ExportFormat::Coredns => coredns::export(&seen, &setting),
        ExportFormat::Knot => knot::export(&seen, &setting),
        ExportFormat::Bind => bind::export(&seen, &setting),
        ExportFormat::Zone | ExportFormat::Azure => zones(world, form, Which::SeenFrom(view)),
    }
}

/// What a configuration says besides names.
struct Setting {
    /// Whose DNS it is, and at which step.
    heading: String,
    /// Where the server listens.
    listen: SocketAddr,
}

/// The folder of a network, by its name or `public`.
pub fn folder(label: &str) -> String {
    words::file_name(label)
}

/// Names that are answered with SERVFAIL in the estate and are missing from the files.
fn failing(seen: &Seen) -> Vec<String> {
    seen.failing
        .iter()
        .map(|name| format!("{name} is answered with SERVFAIL, which this format cannot express"))
        .collect()
}
