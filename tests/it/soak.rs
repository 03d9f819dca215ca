//! The soak program of `benches/`, a few rounds of it: no objects are left over. When the collector
//! sets to work by itself, and when it does not.

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

/// Runs source text; what it prints.
fn printed(source: &str) -> String {
    let run = finish(
        command().args(["run", "-"]),
        source.as_bytes(),
        Duration::from_secs(60),
    );
    assert_eq!(run.stderr, "");
    run.out().to_owned()
}

#[test]
fn a_program_that_needs_its_objects_is_not_searched_for_garbage() {
    let source = "
import gc
kept = [[i] for i in range(900_000)]
print(gc.get_stats()[2]['collections'], len(kept))
";
    assert_eq!(printed(source), "0 900000\n");
}

#[test]
fn garbage_is_found_before_it_is_much_more_than_what_is_in_use() {
    let source = "
import gc

class Ring:
    alive = 0
    def __init__(self):
        self.own = self
        Ring.alive += 1
    def __del__(self):
        Ring.alive -= 1

kept = [[i] for i in range(KEPT)]
most = 0
for _ in range(1000):
    for _ in range(250):
        Ring()
    most = max(most, Ring.alive)
print(gc.get_stats()[2]['collections'] >= 1, most < 210_000)
";
    for kept in ["0", "150_000"] {
        let source = source.replace("KEPT", kept);
        assert_eq!(printed(&source), "True True\n", "{kept} kept");
    }
}
