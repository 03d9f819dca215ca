//! The commands of the prompt, on a clock that is moved by hand.

use crate::coro::{LIMIT, Run, command, finish, root};

/// The output of entries on a clock that stands still.
fn held(entries: &str) -> String {
    let run = run(&["repl", "--virtual-time"], entries);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stderr, "", "{entries}");
    run.out()
}

fn run(arguments: &[&str], entries: &str) -> Run {
    let mut command = command();
    finish(
        command.args(arguments).current_dir(root()),
        entries.as_bytes(),
        LIMIT,
    )
}

const WORKERS: &str = "\
import asyncio
async def worker(n):
    for i in range(n):
        await asyncio.sleep(1)
    return n

one = asyncio.create_task(worker(2), name='one')
two = asyncio.create_task(worker(1), name='two')
";

fn workers(entries: &str) -> String {
    held(&format!("{WORKERS}{entries}"))
}

#[test]
fn tasks_stand_still_until_the_loop_is_moved() {
    assert_eq!(
        workers(":ready\n:tick\n:timers\n"),
        "1.  one takes a step
2.  two takes a step
t=0.00  one takes a step
t=0.00  two takes a step
t=1.00  in 1.00 s  wakes one
t=1.00  in 1.00 s  wakes two
"
    );
}

#[test]
fn tasks_are_listed_with_what_they_wait_for() {
    assert_eq!(
        workers(":tick\nthree = asyncio.create_task(asyncio.wait([one]), name='three')\n:tasks\n"),
        "t=0.00  one takes a step
t=0.00  two takes a step
one    worker()  waits until t=1.00 (in 1.00 s)  <stdin>-2:3  await asyncio.sleep(1)
two    worker()  waits until t=1.00 (in 1.00 s)  <stdin>-2:3  await asyncio.sleep(1)
three  wait()    ready, number 1 in the queue
"
    );
}

#[test]
fn the_clock_is_moved_by_hand() {
    assert_eq!(
        workers(":clock\n:advance 1\n:clock\n:run until idle\none.done()\n"),
        "t=0.00, no timer is set, 2 ready
t=0.00  one takes a step
t=0.00  two takes a step
t=1.00  timer wakes one
t=1.00  timer wakes two
t=1.00  one goes on: what it awaited is done
t=1.00  two goes on: what it awaited is done
t=1.00, next timer t=2.00 in 1.00 s wakes one
t=1.00, next timer t=2.00 in 1.00 s wakes one
t=2.00  timer wakes one
t=2.00  one goes on: what it awaited is done
t=2.00, no timer is set
True
"
    );
}

#[test]
fn awaiting_lets_the_clock_jump() {
    assert_eq!(
        workers("await one\n:clock\n"),
        "2\nt=2.00, no timer is set\n"
    );
}

#[test]
fn why_a_task_waits() {
    let told = held(
        "\
import asyncio
lock = asyncio.Lock()
async def holder():
    async with lock:
        await asyncio.sleep(5)

async def waiter():
    async with lock:
        pass

async def outer():
    await inner

h = asyncio.create_task(holder(), name='h')
inner = asyncio.create_task(waiter(), name='inner')
o = asyncio.create_task(outer(), name='o')
await asyncio.sleep(0)
:why o
",
    );
    for part in [
        "task o: waits for task 'inner'\n",
        "coroutine outer: suspended at <stdin>-5, line 2\n       2 |     await inner\n",
        "task inner: waits for lock 'lock', which task 'h' holds\n",
        "taken at <stdin>-3, line 2, in holder()\n",
        "\ntask h: waits until t=5.00",
        "async with lock:",
        "awaited by o",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn frames_that_are_suspended() {
    assert_eq!(
        held(
            "\
def countdown(n):
    while n:
        yield n
        n -= 1

def outer():
    yield from countdown(2)

g = outer()
?g
next(g)
?g
:frames countdown(1)
g.close()
g?
"
        ),
        "generator outer: not started, defined at <stdin>-2, line 1
       1 | def outer():
the first next() runs it to its first yield
2
generator outer: suspended at <stdin>-2, line 2
       2 |     yield from countdown(2)
delegates to generator countdown: suspended at <stdin>-1, line 3
       3 |         yield n
           n = 2
generator countdown: not started, defined at <stdin>-1, line 1
       1 | def countdown(n):
           n = 1
the first next() runs it to its first yield
generator outer: finished
it cannot be resumed any more
"
    );
}

#[test]
fn what_goes_in_and_comes_out() {
    let told = run(
        &["repl", "--virtual-time"],
        "\
import asyncio
def pair(a):
    yield a
    return 'end'

async def nap(n):
    await asyncio.sleep(n)
    return 'rested'

:trace pair(1)
:trace nap(1)
:trace nap('x')
",
    );
    assert_eq!(
        told.out(),
        "next() ->
       <- yields 1  (line 2 of pair, a = 1)
next() ->
       <- returns 'end'
send(None) ->
       <- waits for <Future pending>  (line 2 of nap, n = 1)
send(None) ->
       <- returns 'rested'
send(None) ->
       <- raises TypeError: '<=' not supported between instances of 'str' and 'int'
"
    );
    assert!(told.stderr.contains("raised inside the library's sleep()"));
}

#[test]
fn what_things_are() {
    let told = held(
        "\
def greet(name, *, loudly=False):
    '''Says hello.'''

async def later(): pass

?greet
?later
?len
?int
x = 3
?x
import math
?math
",
    );
    for part in [
        "def greet(name, *, loudly=False)\n    Says hello.\ndefined at <stdin>-1, line 1\n",
        "async def later()\n",
        "built-in len(",
        "class int",
        "int 3",
        "module math",
        "has acos acosh",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn bytecode_of_functions_and_expressions() {
    let told = held("def f(x): return x + 1\n\n:dis f\n:dis print(undefined)\n");
    for part in ["function f(x), line 1", "AddI", "print", "undefined"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn entries_are_saved_and_loaded() {
    let folder = crate::coro::scratch("repl_save");
    let file = folder.join("saved.coro");
    let file = file.to_str().unwrap();
    let told = held(&format!(
        "x = 1\nif x:\n    y = 2\n\n:save {file}\n:reset\n'x' in dir()\n:load {file}\nx + y\n"
    ));
    assert_eq!(told, format!("2 entries written to {file}\nFalse\n3\n"));
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        "x = 1\nif x:\n    y = 2\n\n"
    );
}

#[test]
fn commands_that_go_wrong() {
    for (entry, complaint) in [
        (":nope", "there is no command :nope; :help lists them"),
        (":t", ":t may mean :tasks, :trace, :tick, :timers, :time"),
        (":why", "use it as :why TASK"),
        (":why 3", "3 is no task; :tasks lists them"),
        (":frames 3", "3 has no frame that could be suspended"),
        (":advance x", "use it as :advance 2 or :advance 0.5"),
        (
            ":load no/such/file",
            "cannot read no/such/file: No such file or directory (os error 2)",
        ),
        (":tick", "nothing is ready"),
        (":reset everything", "use it as :reset"),
        (
            ":trace 5",
            "nothing to trace: 5 is no generator and no coroutine",
        ),
        (
            ":trace __import__('asyncio').new_event_loop().create_future()",
            "the loop drives a task: see :why and :frames, or trace the coroutine itself",
        ),
        (":dis 1 +", "SyntaxError: invalid syntax"),
    ] {
        let run = run(&["repl", "--virtual-time"], &format!("{entry}\n'alive'\n"));
        assert!(
            run.stderr.trim_end().ends_with(complaint) || same_words(&run.stderr, complaint),
            "{entry}: {}",
            run.stderr
        );
        assert_eq!(run.out(), "'alive'\n", "{entry}");
    }
    let run = run(&["repl"], ":advance 1\n");
    assert!(run.stderr.contains("--virtual-time"), "{}", run.stderr);
}

/// The same words in any order.
fn same_words(a: &str, b: &str) -> bool {
    let words = |text: &str| {
        let mut words: Vec<String> = text.split([' ', ',', '\n']).map(str::to_owned).collect();
        words.sort();
        words.retain(|w| !w.is_empty());
        words
    };
    words(a) == words(b)
}

#[test]
fn the_list_of_commands() {
    let told = held(":help\n?\n");
    for name in [
        ":tasks",
        ":why TASK",
        ":advance SECONDS",
        ":trace EXPR",
        "?NAME",
        "Ctrl-C",
    ] {
        assert_eq!(told.matches(name).count(), 2, "{name}");
    }
}

#[test]
fn how_long_something_takes() {
    let told = held(":time await __import__('asyncio').sleep(2, 'slept')\n");
    assert!(told.starts_with("'slept'\ntook "), "{told}");
    assert!(told.ends_with(", and 2.00 s of the clock here\n"), "{told}");
}
