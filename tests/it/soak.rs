//! The soak program of `benches/`, a few rounds of it: no objects are left over.

use crate::coro::{command, finish, root};
use std::time::Duration;

#[test]
fn rounds_of_everything_leave_no_objects() {
    let mut command = command();
    command
        .args(["run", "benches/soak.coro"])
        .current_dir(root());
    let run = finish(&mut command, b"", Duration::from_secs(60));
    assert_eq!(run.stderr, "");
    assert_eq!(run.code, Some(0), "{}", run.out());
    assert!(
        run.out().ends_with("memory is as it was\n"),
        "{}",
        run.out()
    );
}
