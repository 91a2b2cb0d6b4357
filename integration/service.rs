//! What a service manager sees: systemd's notifications, over the socket that it names.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::fixture::{Folder, Server, binary};

#[test]
fn systemd_is_told_of_readiness_of_a_reload_and_of_the_end() {
    let folder = Folder::new("notify");
    let estate =
        folder.write("estate.yaml", ampls_dns::scenario::builtin::text("two-scopes-one-dns").expect("it is built in"));
    let path = folder.0.join("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("the folder can be written to");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out can be set");
    let next = || {
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).expect("a notification comes");
        String::from_utf8(buffer[..length].to_vec()).expect("it is text")
    };
    let mut command = binary();
    command.env_remove("AMPLS_DNS_ADMIN").env("NOTIFY_SOCKET", &path);
    command.args(["serve", &estate, "--admin", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--at", "first-scope"]);
    let mut server = Server::of(&mut command);
    let ready = next();
    assert!(ready.contains("READY=1\n") && ready.contains("estate.yaml at step first-scope, revision "), "{ready}");
    server.signal("HUP");
    let reloading = next();
    assert!(reloading.contains("RELOADING=1\n") && reloading.contains("MONOTONIC_USEC="), "{reloading}");
    assert!(next().contains("READY=1\n"));
    server.signal("TERM");
    assert!(next().contains("STOPPING=1"));
    assert!(server.has_ended_well());
}
