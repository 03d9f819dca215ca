//! What `coro order` says about two lines of output, for each of the rules that can decide.

use crate::coro::{coro, root};

/// A title, a program, and the two lines.
const QUESTIONS: &[(&str, &str, usize, usize)] = &[
    (
        "tasks are queued as they are made",
        "tests/order/tasks.coro",
        2,
        3,
    ),
    (
        "a new task waits for the next turn",
        "tests/order/tasks.coro",
        1,
        2,
    ),
    ("timers of the same time", "tests/order/tasks.coro", 4, 5),
    ("a delay between two chunks", "tests/order/tasks.coro", 2, 4),
    (
        "whoever awaits a task goes on a turn later",
        "tests/order/tasks.coro",
        5,
        6,
    ),
    (
        "the program goes on when the loop has ended",
        "tests/order/tasks.coro",
        6,
        7,
    ),
    (
        "a callback that was queued first",
        "tests/order/wakeups.coro",
        1,
        2,
    ),
    (
        "one chunk is never interrupted",
        "tests/order/wakeups.coro",
        3,
        4,
    ),
    (
        "giving way means the end of the queue",
        "tests/order/wakeups.coro",
        4,
        5,
    ),
    ("who was woken by whom", "tests/order/wakeups.coro", 5, 6),
    (
        "back through several delays",
        "tests/order/wakeups.coro",
        7,
        8,
    ),
    ("gathered workers", "examples/gather_workers.coro", 1, 2),
];

#[test]
fn reasons_are_as_recorded() {
    for (title, program, first, second) in QUESTIONS {
        let run = coro(&["order", program, &first.to_string(), &second.to_string()]);
        assert_eq!(run.code, Some(0), "{title}: {}", run.stderr);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/order" }, {
            insta::assert_snapshot!(title.replace(' ', "_"), run.out());
        });
    }
}

#[test]
fn the_numbers_may_stand_in_any_order() {
    let one = coro(&["order", "tests/order/tasks.coro", "2", "3"]);
    let other = coro(&["order", "tests/order/tasks.coro", "3", "2"]);
    assert_eq!(one.out(), other.out());
}

#[test]
fn an_order_that_was_asked_for_is_said() {
    let run = coro(&[
        "order",
        "--order",
        "1:2",
        "tests/order/tasks.coro",
        "2",
        "3",
    ]);
    assert!(
        run.out().contains("The order that was asked for"),
        "{}",
        run.out()
    );
}

#[test]
fn lines_that_there_are_not_are_said() {
    let run = coro(&["order", "tests/order/tasks.coro", "1", "99"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr
            .contains("prints 7 lines, and line 99 is asked for"),
        "{}",
        run.stderr
    );
    assert_eq!(
        coro(&["order", "tests/order/tasks.coro", "1", "0"]).code,
        Some(2)
    );
    assert_eq!(
        coro(&["order", "tests/order/tasks.coro", "3", "3"]).code,
        Some(2)
    );
    assert_eq!(
        coro(&["order", "tests/order/tasks.coro", "3"]).code,
        Some(2)
    );
    assert!(root().join("tests/order/tasks.coro").exists());
}
