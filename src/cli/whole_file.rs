//! Writing a file as a whole: what was there before stays until all of the new text is on the disk.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes a file in one move. Where it fails, for example on a full disk, the file is what it was before. Pipes and devices are
/// written directly, and so are files in folders that nothing can be added to.
///
/// # Errors
/// What the system says.
pub(super) fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let before = fs::metadata(file).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return fs::write(file, bytes);
    }
    // A link goes on leading to the file.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let part = part_of(&file);
    let mut new = match File::create_new(&part) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && before.is_some() => {
            return fs::write(file, bytes);
        }
        new => new?,
    };
    let written = new.write_all(bytes).and_then(|()| match before {
        Some(before) => new.set_permissions(before.permissions()),
        None => Ok(()),
    });
    let moved = written.and_then(|()| fs::rename(&part, &file));
    if moved.is_err() {
        let _ = fs::remove_file(&part);
    }
    moved
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(format!(".{}.part", std::process::id()));
    name.into()
}
