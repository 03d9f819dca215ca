//! Where earlier entries are kept.

use reedline::FileBackedHistory;
use std::path::PathBuf;

/// Names another file, or none if it is empty.
const VARIABLE: &str = "CORO_HISTORY";
/// Entries that are kept.
const CAPACITY: usize = 10_000;

/// The history, if there is a file for it that can be read and written.
pub fn open() -> Option<FileBackedHistory> {
    FileBackedHistory::with_file(CAPACITY, path()?).ok()
}

fn path() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return (!named.is_empty()).then(|| named.into());
    }
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let data =
        absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("coro").join("history"))
}
