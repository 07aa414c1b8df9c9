//! Reads one file and sees what it is.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{Candidate, Kind, MAX_BYTES, STDIN, SkipReason, plain_message, sniff};

/// How much of a large file is read before the rest is.
const HEAD: usize = 64 * 1024;

/// What became of a file.
pub(super) enum Outcome {
    /// To be checked.
    Template(Utf8PathBuf, Arc<str>),
    /// Counted.
    Other(Kind),
    /// Said.
    Skipped(Utf8PathBuf, SkipReason),
}

/// Reads a file through a buffer that is used again for the next one.
pub(super) fn file(candidate: &Candidate, buffer: &mut Vec<u8>) -> Outcome {
    let path = &candidate.path;
    let skipped = |reason| Outcome::Skipped(path.clone(), reason);
    let unreadable = |error: &std::io::Error| skipped(SkipReason::Unreadable(plain_message(error)));
    buffer.clear();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return unreadable(&error),
    };
    // The head first: a large file of data is told by it and need not be read. A small file fits and costs one more call at most.
    if let Err(error) = file.by_ref().take(HEAD as u64).read_to_end(buffer) {
        return unreadable(&error);
    }
    if buffer.len() == HEAD {
        if candidate.walked && sniff::cannot_be_template(buffer) {
            return Outcome::Other(sniff(path, buffer));
        }
        // One byte more than is allowed, whatever the file's size is said to be: a pipe has none.
        let rest = MAX_BYTES + 1 - HEAD as u64;
        if let Err(error) = file.by_ref().take(rest).read_to_end(buffer) {
            return unreadable(&error);
        }
        if buffer.len() as u64 > MAX_BYTES {
            let size = file.metadata().map_or(0, |metadata| metadata.len()).max(buffer.len() as u64);
            return skipped(SkipReason::TooLarge(size));
        }
    }
    judge(path.clone(), buffer, candidate.walked)
}

/// Reads standard input, which is named by being asked for.
pub(super) fn stdin(stdin: &mut dyn Read) -> Outcome {
    let path = Utf8PathBuf::from(STDIN);
    let mut buffer = Vec::new();
    match stdin.take(MAX_BYTES + 1).read_to_end(&mut buffer) {
        Err(error) => Outcome::Skipped(path, SkipReason::Unreadable(plain_message(&error))),
        Ok(size) if size as u64 > MAX_BYTES => Outcome::Skipped(path, SkipReason::TooLarge(size as u64)),
        Ok(_) => judge(path, &buffer, false),
    }
}

fn judge(path: Utf8PathBuf, bytes: &[u8], walked: bool) -> Outcome {
    let kind = match bytes {
        // As editors and shells of Windows write it: a template all the same, but none that CloudFormation takes.
        [0xff, 0xfe, wide @ ..] | [0xfe, 0xff, wide @ ..] => {
            sniff(&path, &wide.iter().copied().filter(|&byte| byte != 0).collect::<Vec<_>>())
        }
        _ => sniff(&path, bytes),
    };
    match std::str::from_utf8(bytes) {
        Ok(text) if kind == Kind::Template => Outcome::Template(path, Arc::from(text)),
        Err(_) if kind == Kind::Template || !walked => Outcome::Skipped(path, SkipReason::NotUtf8),
        Ok(_) if !walked => Outcome::Skipped(path, SkipReason::NoTemplate(kind)),
        _ => Outcome::Other(kind),
    }
}
