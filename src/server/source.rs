//! Zones from the file system.

use std::convert::Infallible;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::compile::zone_files::SameZone;
use crate::compile::{Zone, ZoneFiles};
use crate::dns::master::MasterError;
use crate::dns::{NameServers, OwnerName};
use crate::estate::NetworkName;

/// How master files in a folder are called: the zone's name and this.
const EXTENSION: &str = "zone";

/// The largest file a scenario may name, in bytes.
const MAX_OCTETS: u64 = 64 << 20;

/// Master files to serve. Written `[NETWORK[+NETWORK…]=]FILE|DIR`; a path with `=` in it begins with `./` or `/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneSource {
    /// The networks the zones are linked to; none if they are public.
    pub networks: Vec<NetworkName>,
    /// A file, or a folder of them.
    pub path: PathBuf,
}

impl FromStr for ZoneSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            Some((networks, path)) if !networks.is_empty() && !networks.contains('/') => {
                Self { networks: networks.split('+').map(NetworkName::from).collect(), path: path.into() }
            }
            _ => Self { networks: Vec::new(), path: text.into() },
        })
    }
}

/// Why zones cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder has no master file.
    #[error("the folder `{}` has no file whose name ends in `.{EXTENSION}`", .0.display())]
    Empty(PathBuf),
    /// A file is not a zone.
    #[error("{}", told(path, errors))]
    Master {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, at most twenty faults.
        errors: Vec<MasterError>,
    },
    /// Two files have the same zone.
    #[error(transparent)]
    Twice(#[from] SameZone),
}

fn told(path: &Path, errors: &[MasterError]) -> String {
    let mut text = format!("`{}` cannot be served as a zone", path.display());
    for error in errors {
        text.push_str(&format!("\n  {error}"));
        if let Some(hint) = error.kind.hint() {
            text.push_str(&format!("\n  help: {hint}"));
        }
    }
    text
}

/// Reads master files, and those of folders whose names end in `.zone`. A file is read once, however many networks it is
/// linked to. Until a text says `$ORIGIN`, relative names end in
/// the file's name without that ending.
///
/// # Errors
/// [`LoadError`]; then nothing is served.
pub fn load(sources: &[ZoneSource]) -> Result<ZoneFiles, LoadError> {
    let mut zones = ZoneFiles::default();
    for source in sources {
        for file in files_of(&source.path)? {
            if source.networks.is_empty() {
                zones.publish(Arc::new(read(&file, NameServers::Keep)?))?;
                continue;
            }
            let zone = Arc::new(read(&file, NameServers::LeaveOut)?);
            for network in &source.networks {
                zones.link(network, Arc::clone(&zone))?;
            }
        }
    }
    Ok(zones)
}

/// Reads the files a scenario names: their paths begin where the scenario's own file is.
pub fn beside(scenario: Option<&Path>) -> impl Fn(&str) -> Result<Vec<u8>, String> {
    let folder = scenario.and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    move |path| {
        let mut text = Vec::new();
        let read = fs::File::open(folder.join(path)).and_then(|file| file.take(MAX_OCTETS + 1).read_to_end(&mut text));
        match read {
            Ok(_) if text.len() as u64 > MAX_OCTETS => {
                Err(format!("it is larger than {} MiB, the limit", MAX_OCTETS >> 20))
            }
            Ok(_) => Ok(text),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// True for files of a folder that hold a zone.
pub(super) fn is_zone_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == EXTENSION)
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if is_zone_file(&file) {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(LoadError::Empty(path.to_owned()));
    }
    // The order in which errors are met does not depend on the file system.
    files.sort();
    Ok(files)
}

fn read(path: &Path, servers: NameServers) -> Result<Zone, LoadError> {
    let text = fs::read(path).map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })?;
    let origin = path.file_name().and_then(|name| name.to_str());
    let origin = origin.map(|name| name.strip_suffix(".zone").unwrap_or(name));
    let origin = origin.and_then(|name| OwnerName::parse(name).ok());
    let zone = Zone::read(&path.display().to_string(), &text, origin.as_ref(), servers);
    zone.map_err(|errors| LoadError::Master { path: path.to_owned(), errors })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for a test, gone when it ends.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[(&str, &str)]) -> Self {
            let folder = std::env::temp_dir().join(format!("ampls-dns-{}-{name}", std::process::id()));
            fs::create_dir_all(&folder).expect("the temporary folder can be written to");
            for (file, text) in files {
                fs::write(folder.join(file), text).expect("the temporary folder can be written to");
            }
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn public(path: &Path) -> [ZoneSource; 1] {
        [ZoneSource { networks: Vec::new(), path: path.to_owned() }]
    }

    const ZONE: &str = "$TTL 10\n@ SOA ns host 1 2 3 4 5\na A 192.0.2.1\n";

    #[test]
    fn files_and_folders_give_zones_named_after_them() {
        let folder = Folder::with("good", &[("z.example.zone", ZONE), ("y.example.zone", ZONE), ("readme", "no zone")]);
        let path = folder.0.to_str().expect("a readable path");
        let source = |text: &str| text.parse::<ZoneSource>().expect("every text is one");
        let zones = load(&[source(path)]).expect("good zones");
        assert_eq!(zones.public().len(), 2);
        let name = OwnerName::parse("a.z.example").expect("a good name");
        assert_eq!(zones.public().longest_of(&name).map(|zone| zone.has_name(&name)), Some(true));
        let again = format!("{path}/z.example.zone");
        let twice = load(&[source(path), source(&again)]).expect_err("a zone twice");
        assert_eq!(twice.to_string(), "the zone `z.example` is in more than one file");
        let linked = source(&format!("vnet1+vnet2={again}"));
        let zones = load(&[source(path), linked.clone()]).expect("public and linked are two places");
        let apex = OwnerName::parse("z.example").expect("a good name");
        let linked_zone = zones.linked_to("vnet2").and_then(|linked| linked.get(&apex));
        assert_eq!(linked_zone.map(|zone| zone.packed().records()), Some(1));
        let twice = load(&[linked, source(&format!("vnet2={path}"))]).expect_err("a zone linked twice");
        assert_eq!(twice.to_string(), "the zone `z.example` is in more than one file linked to `vnet2`");
    }

    #[test]
    fn a_path_with_an_equals_sign_is_told_from_networks_by_its_slash() {
        let parse = |text: &str| text.parse::<ZoneSource>().expect("every text is one");
        assert_eq!(parse("a+b=c.zone"), ZoneSource { networks: vec!["a".into(), "b".into()], path: "c.zone".into() });
        assert_eq!(parse("./a=c.zone"), ZoneSource { networks: vec![], path: "./a=c.zone".into() });
    }

    #[test]
    fn what_is_wrong_is_told_with_the_file_and_the_line() {
        let folder = Folder::with("bad", &[("z.example.zone", "a 1 A 192.0.2.x\n"), ("empty", "")]);
        let error = load(&public(&folder.0)).expect_err("a bad zone").to_string();
        assert!(
            error.contains("z.example.zone` cannot be served as a zone") && error.contains("line 1, column 7"),
            "{error}"
        );
        let missing = load(&public(&folder.0.join("missing"))).expect_err("no such file");
        assert!(matches!(missing, LoadError::Unreadable { .. }));
        let empty = Folder::with("empty", &[]);
        assert!(matches!(load(&public(&empty.0)), Err(LoadError::Empty(_))));
    }
}
