//! Zones from the file system.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::compile::ZoneFiles;
use crate::compile::files::SameZone;
use crate::dns::master::MasterError;
use crate::dns::{OwnerName, Table};

/// How master files in a folder are called: the zone's name and this.
const EXTENSION: &str = "zone";

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
    /// A file is no zone.
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
    let mut text = format!("`{}` is no zone that can be served", path.display());
    for error in errors {
        text.push_str(&format!("\n  {error}"));
        if let Some(hint) = error.kind.hint() {
            text.push_str(&format!("\n  hint: {hint}"));
        }
    }
    text
}

/// Reads master files, and those of folders whose names end in `.zone`. Until a text says `$ORIGIN`, relative names end in
/// the file's name without that ending.
///
/// # Errors
/// [`LoadError`]; then nothing is served.
pub fn load(paths: &[PathBuf]) -> Result<ZoneFiles, LoadError> {
    let mut tables = Vec::new();
    for path in paths {
        for file in files_of(path)? {
            tables.push(read(&file)?);
        }
    }
    Ok(ZoneFiles::new(tables)?)
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == EXTENSION) {
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

fn read(path: &Path) -> Result<Table, LoadError> {
    let text = fs::read(path).map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })?;
    let origin = path.file_name().and_then(|name| name.to_str());
    let origin = origin.map(|name| name.strip_suffix(".zone").unwrap_or(name));
    let origin = origin.and_then(|name| OwnerName::parse(name).ok());
    Table::read(&text, origin.as_ref()).map_err(|errors| LoadError::Master { path: path.to_owned(), errors })
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

    const ZONE: &str = "$TTL 10\n@ SOA ns host 1 2 3 4 5\na A 192.0.2.1\n";

    #[test]
    fn files_and_folders_give_zones_named_after_them() {
        let folder = Folder::with("good", &[("z.example.zone", ZONE), ("y.example.zone", ZONE), ("readme", "no zone")]);
        let zones = load(std::slice::from_ref(&folder.0)).expect("good zones");
        assert_eq!(zones.len(), 2);
        let name = OwnerName::parse("a.z.example").expect("a good name");
        assert_eq!(zones.zone_of(&name).and_then(|table| table.sets_of(&name)).map(|sets| sets.len()), Some(1));
        let twice = load(&[folder.0.clone(), folder.0.join("z.example.zone")]).expect_err("a zone twice");
        assert_eq!(twice.to_string(), "the zone `z.example` is in more than one file");
    }

    #[test]
    fn what_is_wrong_is_told_with_the_file_and_the_line() {
        let folder = Folder::with("bad", &[("z.example.zone", "a 1 A 192.0.2.x\n"), ("empty", "")]);
        let error = load(std::slice::from_ref(&folder.0)).expect_err("a bad zone").to_string();
        assert!(error.contains("z.example.zone` is no zone") && error.contains("line 1, column 7"), "{error}");
        let missing = load(&[folder.0.join("missing")]).expect_err("no such file");
        assert!(matches!(missing, LoadError::Unreadable { .. }));
        let empty = Folder::with("empty", &[]);
        assert!(matches!(load(std::slice::from_ref(&empty.0)), Err(LoadError::Empty(_))));
    }
}
