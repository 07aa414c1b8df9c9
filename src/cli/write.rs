//! Writes a report to a file so that nobody ever reads half of one.

use std::fs::{self, File};
use std::io::{self, Write};

use camino::Utf8Path;

/// Writes beside the file and moves the result into its place. What is no regular file (a pipe, a terminal) is written directly.
pub(super) fn atomically(path: &Utf8Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return write(&mut File::options().write(true).open(path)?);
    }
    // Through a symbolic link: the file it points to is replaced, not the link.
    let path = &path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = (|| {
        let mut file = File::create_new(&beside)?;
        if let Some(existing) = &existing {
            file.set_permissions(existing.permissions())?;
        }
        write(&mut file)?;
        file.flush()?;
        drop(file);
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
