//! The namespaces, and the files of `/etc` that say how names are resolved inside.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid};

use super::refusal::{Cause, Refused};

/// Where hosts look for the address of a DNS server.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Where the C library looks for what to ask about names.
const NSSWITCH_CONF: &str = "/etc/nsswitch.conf";
/// Folders with the sockets of caches that would answer from outside the network.
const CACHES: [&str; 1] = ["/run/nscd"];

/// Moves this process into namespaces of its own. It must have one thread.
///
/// Root needs no user namespace, so commands keep what root may do; without the capability, and for every other user,
/// there is one in which the user keeps the own id.
pub(super) fn enter() -> Result<(), Refused> {
    let refused = |step| move |error: io::Error| refused(step, error);
    let (user, group) = (Uid::effective(), Gid::effective());
    let both = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET;
    let as_root = if user.is_root() { unshare(both) } else { Err(Errno::EPERM) };
    if as_root.is_err() {
        unshare(both | CloneFlags::CLONE_NEWUSER).map_err(io::Error::from).map_err(refused("create the namespaces"))?;
        // The kernel wants this before a group is mapped without privileges.
        fs::write("/proc/self/setgroups", "deny").map_err(refused("set up the user namespace"))?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1")).map_err(refused("set up the user namespace"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1")).map_err(refused("set up the user namespace"))?;
    }
    // Nothing that is mounted here may appear outside.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .map_err(io::Error::from)
        .map_err(refused("make the mounts private"))
}

/// An error of the system, with the setting that explains it.
pub(super) fn refused(step: &'static str, error: io::Error) -> Refused {
    let setting = |name: &str| fs::read_to_string(Path::new("/proc/sys").join(name)).ok();
    let marks = ["/.dockerenv", "/run/.containerenv"];
    let in_container = marks.iter().any(|mark| Path::new(mark).exists())
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
        || std::env::var_os("container").is_some();
    Refused { step, error, cause: Cause::find(setting, in_container) }
}

/// Makes `server` the only source of names, with files written to `folder`.
pub(super) fn resolve_with(server: Ipv4Addr, folder: &Path) -> Result<(), Refused> {
    let own = format!("# Written by `ampls-dns run`.\nnameserver {server}\n");
    replace(RESOLV_CONF, &folder.join("resolv.conf"), &own)
        .map_err(|error| refused("mount a file over /etc/resolv.conf", error))?;
    if let Ok(system) = fs::read_to_string(NSSWITCH_CONF) {
        replace(NSSWITCH_CONF, &folder.join("nsswitch.conf"), &hosts_from_dns(&system))
            .map_err(|error| refused("mount a file over /etc/nsswitch.conf", error))?;
    }
    for cache in CACHES.iter().filter(|cache| Path::new(cache).is_dir()) {
        mount(Some("tmpfs"), *cache, Some("tmpfs"), MsFlags::empty(), None::<&str>)
            .map_err(|error| refused("hide the socket of nscd", error.into()))?;
    }
    Ok(())
}

fn replace(system: &str, own: &Path, text: &str) -> io::Result<()> {
    fs::write(own, text)?;
    // The mount shows the mode of this file, and every user inside reads it.
    fs::set_permissions(own, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    Ok(mount(Some(own), system, None::<&str>, MsFlags::MS_BIND, None::<&str>)?)
}

/// `nsswitch.conf` with host names from `/etc/hosts` and DNS alone: modules such as `resolve` and `mymachines` ask daemons
/// outside the network.
fn hosts_from_dns(system: &str) -> String {
    let lines = system.lines().filter(|line| !line.trim_start().starts_with("hosts:"));
    lines.chain(["hosts: files dns"]).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_come_from_files_and_dns_alone() {
        let system = "passwd: files systemd\nhosts:  mymachines resolve [!UNAVAIL=return] files myhostname dns\nnetworks: files\n";
        assert_eq!(hosts_from_dns(system), "passwd: files systemd\nnetworks: files\nhosts: files dns\n");
    }
}
