//! The virtual clock: time passes only where nothing else can happen, and all clocks agree on it.

use crate::coro::{LIMIT, Run, command, finish, scratch};
use std::time::{Duration, Instant};

fn run_with(name: &str, text: &str, input: &[u8]) -> Run {
    let folder = scratch(&format!("virtual_{name}"));
    std::fs::write(folder.join("t.coro"), text).unwrap();
    let mut command = command();
    command
        .args(["run", "--virtual-time", "t.coro"])
        .current_dir(folder);
    finish(&mut command, input, LIMIT)
}

/// Runs a program and compares what it printed; it must end quickly whatever it waits for.
fn prints(name: &str, text: &str, want: &str) {
    let began = Instant::now();
    let run = run_with(name, text, b"");
    assert_eq!(
        (run.out().as_str(), run.stderr.as_str()),
        (want, ""),
        "{name}"
    );
    assert!(began.elapsed() < Duration::from_secs(15), "{name}");
}

#[test]
fn a_year_of_sleep_ends_at_once() {
    let text = "
import asyncio, time

async def main():
    began = time.monotonic()
    for day in range(365):
        await asyncio.sleep(24 * 3600)
    print((time.monotonic() - began) / 3600)

asyncio.run(main())
time.sleep(10 * 365 * 24 * 3600)
print(time.monotonic())
";
    prints("year", text, "8760.0\n346896000.0\n");
}

#[test]
fn all_clocks_agree() {
    let text = "
import asyncio, time
from datetime import datetime

def clocks():
    return [time.time(), time.monotonic(), time.perf_counter(), time.time_ns() / 1e9,
            time.monotonic_ns() / 1e9, datetime.now().timestamp(), asyncio.get_running_loop().time()]

async def main():
    began = clocks()
    async def passed():
        return {round(now - then, 6) for now, then in zip(clocks(), began)}
    print(await passed())
    await asyncio.sleep(0.25)
    print(await passed())
    time.sleep(1.5)
    print(await passed())
    await asyncio.to_thread(time.sleep, 3)
    print(await passed())
    print(time.process_time())

asyncio.run(main())
print(time.gmtime()[:6], datetime.fromtimestamp(time.time()) == datetime.now())
";
    let want = "{0.0}\n{0.25}\n{1.75}\n{4.75}\n0.0\n(2025, 1, 1, 0, 0, 4) True\n";
    prints("clocks", text, want);
}

#[test]
fn each_run_prints_the_same() {
    let text = "
import asyncio, time

async def worker(name, step):
    for _ in range(4):
        await asyncio.sleep(step)
        print(name, time.time(), time.perf_counter(), asyncio.get_running_loop().time())

async def main():
    await asyncio.gather(worker('a', 0.1), worker('b', 0.3), worker('c', 1 / 7))

asyncio.run(main())
";
    let runs: Vec<Vec<u8>> = (0..3).map(|_| run_with("same", text, b"").stdout).collect();
    assert!(!runs[0].is_empty());
    assert!(runs.iter().all(|r| *r == runs[0]));
}

#[test]
fn timers_are_due_in_order() {
    let text = "
import asyncio

async def main():
    loop = asyncio.get_running_loop()
    def show(name):
        print(name, loop.time())
    loop.call_later(3600, show, 'hour')
    loop.call_at(60, show, 'minute')
    loop.call_later(60, show, 'minute again')
    gone = loop.call_later(1, show, 'cancelled')
    gone.cancel()
    try:
        async with asyncio.timeout(30):
            await asyncio.sleep(40)
    except TimeoutError:
        show('timeout')
    try:
        await asyncio.wait_for(asyncio.sleep(1000), 10)
    except TimeoutError:
        show('wait_for')
    await asyncio.sleep(10_000)

asyncio.run(main())
";
    let want = "timeout 30.0\nwait_for 40.0\nminute 60.0\nminute again 60.0\nhour 3600.0\n";
    prints("timers", text, want);
}

/// What works beside the loop takes no time, and sleeps in the order of time.
#[test]
fn work_in_threads_does_not_move_the_clock() {
    let text = "
import asyncio, time

def compute():
    return sum(range(200_000))

def blocking(name, seconds):
    time.sleep(seconds)
    print(name, 'has slept', time.monotonic())

async def main():
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(compute)
    print(loop.time())
    async def tick():
        for _ in range(3):
            await asyncio.sleep(1)
            print('tick', loop.time())
    await asyncio.gather(asyncio.to_thread(blocking, 'long', 2.5), tick(), asyncio.to_thread(blocking, 'short', 1.5))

asyncio.run(main())
";
    let want = "0.0\ntick 1.0\nshort has slept 1.5\ntick 2.0\nlong has slept 2.5\ntick 3.0\n";
    prints("threads", text, want);
}

/// Somebody who waits for input waits for the world outside: no timer is due meanwhile.
#[test]
fn waiting_for_input_does_not_move_the_clock() {
    let text = "
import asyncio

async def main():
    loop = asyncio.get_running_loop()
    alarm = loop.call_later(5, print, 'alarm')
    line = await asyncio.to_thread(input)
    print('got', line, loop.time())
    print('got', input(), loop.time())
    alarm.cancel()

asyncio.run(main())
";
    let run = run_with("input", text, b"one\ntwo\n");
    assert_eq!(run.out(), "got one 0.0\ngot two 0.0\n");
}

#[test]
fn who_only_looks_at_the_clock_sees_it_move() {
    let text = "
import time

began = time.perf_counter()
while time.perf_counter() - began < 0.5:
    pass
print(round(time.perf_counter() - began, 3))
time.sleep(1)
print(round(time.perf_counter() - began, 3))
";
    prints("busy", text, "0.504\n1.504\n");
}

#[test]
fn who_notes_the_time_often_does_not_move_it() {
    let text = "
import asyncio, time

async def main():
    loop = asyncio.get_running_loop()
    for _ in range(2):
        print({(time.time(), loop.time()) for _ in range(2500)} == {(time.time(), loop.time())})
        await asyncio.sleep(1)

asyncio.run(main())
";
    prints("notes", text, "True\nTrue\n");
}

#[test]
fn an_endless_sleep_is_no_sleep() {
    let text = "
import asyncio

async def main():
    await asyncio.gather(asyncio.sleep(float('inf')), asyncio.sleep(5))

asyncio.run(main())
";
    let run = run_with("endless", text, b"");
    assert_eq!(run.code, Some(1));
    let last = run.last_line().to_string();
    assert_eq!(
        last,
        "Deadlock: main() waits for sleep(), which waits for the end of an endless sleep"
    );
}

#[test]
fn slow_callbacks_take_virtual_time() {
    let text = "
import asyncio, time

async def main():
    time.sleep(0.25)

asyncio.run(main(), debug=True)
";
    let run = run_with("slow", text, b"");
    assert!(run.stderr.contains("took 0.250 seconds"), "{}", run.stderr);
}
