//! Rules of the house: which floor may import which, and what must not stand where.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the ground up. Each may import itself and what stands before it, with the exceptions below.
const FLOORS: [&str; 13] = [
    "dns",
    "catalogue",
    "estate",
    "compile",
    "scenario",
    "import",
    "resolve",
    "assess",
    "output",
    "client",
    "server",
    "cli",
    "main",
];

/// Imports that point down and are refused all the same.
const REFUSED: [(&str, &str); 4] =
    [("dns", "catalogue"), ("catalogue", "estate"), ("resolve", "import"), ("resolve", "scenario")];

/// Words that do not stand below the shell: no clock, socket, file, task or log.
const SHELL_ONLY: [&str; 9] = [
    "std::fs",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::thread",
    "tokio",
    "tracing",
    "async fn",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the source folder can be read") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn floor_files(floor: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = if root.join(floor).is_dir() { sources(&root.join(floor)) } else { Vec::new() };
    let single = root.join(format!("{floor}.rs"));
    if single.exists() {
        files.push(single);
    }
    assert!(!files.is_empty(), "floor `{floor}` has source files");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file is text");
        (path, text)
    };
    files.into_iter().map(read).collect()
}

/// Code without comments and without what only tests use.
fn product(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_point_down() {
    for (height, floor) in FLOORS.iter().enumerate() {
        for (path, text) in floor_files(floor) {
            let code = product(&text);
            for other in FLOORS {
                let below = FLOORS[..=height].contains(&other) && !REFUSED.contains(&(*floor, other));
                let imported =
                    code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{other};"));
                assert!(below || !imported, "{} may not import `{other}`", path.display());
            }
        }
    }
}

#[test]
fn below_the_shell_nothing_touches_the_world() {
    for floor in FLOORS.iter().take_while(|floor| **floor != "client") {
        for (path, text) in floor_files(floor) {
            let code = product(&text);
            for word in SHELL_ONLY {
                assert!(!code.contains(word), "{} has `{word}`", path.display());
            }
        }
    }
}

#[test]
fn the_ground_floor_has_no_azure_word() {
    for (path, text) in floor_files("dns") {
        let code = product(&text).to_lowercase();
        for word in ["azure", "privatelink", "ampls", "workspace"] {
            assert!(!code.contains(word), "{} has `{word}`", path.display());
        }
    }
}

#[test]
fn hickory_stands_in_few_places() {
    for floor in FLOORS {
        for (path, text) in floor_files(floor) {
            let allowed = path.ends_with("dns/wire.rs")
                || path.ends_with("dns/foreign.rs")
                || path.ends_with("server/tcp/portable.rs");
            let code = product(&text);
            let imports = code.contains("hickory_proto::") || code.contains("hickory_server::");
            assert!(allowed || !imports, "{} imports hickory", path.display());
        }
    }
}
