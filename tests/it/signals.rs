//! Signals while a program runs: Ctrl-C once and twice, handlers, and programs that only wait for
//! a signal, which are not deadlocked and use no processor time.
#![cfg(unix)]

use crate::coro::command;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A running program.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

/// What it left.
struct End {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Running {
    fn start(options: &[&str], program: &str) -> Running {
        let mut child = command()
            .args(options)
            .args(["-c", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    /// Waits until the program has printed a line.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_string()
    }

    fn send(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([signal, &pid])
            .status();
        assert!(sent.is_ok_and(|s| s.success()));
    }

    /// Waits for the end, for a while.
    fn end(mut self) -> End {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > Duration::from_secs(15) {
                let _ = self.child.kill();
            }
            sleep(Duration::from_millis(10));
        };
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        End {
            code: status.code(),
            out,
            err,
        }
    }
}

const TWO_TASKS: &str = "
import asyncio

async def child():
    try:
        await asyncio.sleep(100)
    finally:
        # Said when it waits already: a second signal then finds it waiting.
        say = lambda: print('child cleans up', flush=True)
        asyncio.get_running_loop().call_soon(say)
        await asyncio.sleep(CLEANUP)
        print('child is clean', flush=True)

async def main():
    task = asyncio.create_task(child())
    await asyncio.sleep(0)
    print('ready', flush=True)
    try:
        await asyncio.sleep(100)
    finally:
        print('main cleans up', flush=True)

asyncio.run(main())
";

#[test]
fn ctrl_c_cancels_the_main_task_and_every_finally_runs() {
    let mut running = Running::start(&[], &TWO_TASKS.replace("CLEANUP", "0.05"));
    assert_eq!(running.line(), "ready");
    running.send("-INT");
    let end = running.end();
    assert_eq!(end.out, "main cleans up\nchild cleans up\nchild is clean\n");
    assert_eq!(end.code, Some(130), "{}", end.err);
    assert_eq!(
        end.err,
        "Interrupted at <string>:19, in main()\nKeyboardInterrupt\n"
    );
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let program = TWO_TASKS.replace("CLEANUP", "100");
    let mut running = Running::start(&[], &program);
    assert_eq!(running.line(), "ready");
    running.send("-INT");
    assert_eq!(running.line(), "main cleans up");
    assert_eq!(running.line(), "child cleans up");
    running.send("-INT");
    let end = running.end();
    assert_eq!((end.code, end.out.as_str()), (Some(130), ""), "{}", end.err);
    assert!(end.err.contains("\nKeyboardInterrupt\n"), "{}", end.err);
    assert!(
        end.err.contains("Task was destroyed but it is pending!"),
        "{}",
        end.err
    );
}

/// A task that does not listen goes on; the second Ctrl-C ends it.
#[test]
fn a_main_task_may_ignore_the_first_ctrl_c() {
    let program = "
import asyncio

async def main():
    try:
        print('ready', flush=True)
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        print('not yet', flush=True)
    await asyncio.sleep(100)

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print('ended')
";
    let mut running = Running::start(&[], program);
    running.line();
    running.send("-INT");
    assert_eq!(running.line(), "not yet");
    running.send("-INT");
    let end = running.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
    assert!(end.out.ends_with("ended\n"), "{}", end.out);
}

#[test]
fn ctrl_c_in_the_midst_of_computing() {
    let program = "
import asyncio

async def main():
    print('ready', flush=True)
    try:
        while True:
            pass
    finally:
        print('finally')

asyncio.run(main())
";
    let mut running = Running::start(&[], program);
    running.line();
    // The first one only cancels, which a task that never awaits does not notice.
    running.send("-INT");
    sleep(Duration::from_millis(300));
    running.send("-INT");
    let end = running.end();
    assert_eq!(
        (end.code, end.out.as_str()),
        (Some(130), "finally\n"),
        "{}",
        end.err
    );
}

#[test]
fn a_program_that_waits_for_a_signal_is_not_deadlocked() {
    for options in [&[][..], &["--virtual-time"]] {
        let program = "
import asyncio, signal

async def main():
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, print, 'one')
    print('ready', flush=True)
    await stop.wait()
    print('stopped at', loop.time() if OPTION else '')
    print(loop.remove_signal_handler(signal.SIGTERM), loop.remove_signal_handler(signal.SIGTERM))

asyncio.run(main())
";
        let is_virtual = if options.is_empty() { "False" } else { "True" };
        let mut running = Running::start(options, &program.replace("OPTION", is_virtual));
        assert_eq!(running.line(), "ready");
        sleep(Duration::from_millis(300));
        running.send("-USR1");
        sleep(Duration::from_millis(200));
        running.send("-TERM");
        let end = running.end();
        let at = if options.is_empty() { "" } else { "0.0" };
        assert_eq!(
            end.out,
            format!("one\nstopped at {at}\nTrue False\n"),
            "{}",
            end.err
        );
        assert_eq!(end.code, Some(0), "{}", end.err);
    }
}

#[test]
fn handlers_run_between_two_instructions() {
    let program = "
import signal, time

def handler(number, frame):
    print('handler', signal.Signals(number).name, flush=True)
    global on
    on = False

print(signal.signal(signal.SIGUSR2, handler))
print(signal.signal(signal.SIGINT, handler) is signal.default_int_handler)
on = True
print('ready', flush=True)
while on:
    pass
on = True
print('again', flush=True)
while on:
    time.sleep(0.05)
signal.raise_signal(signal.SIGUSR2)
print('end')
";
    let mut running = Running::start(&[], program);
    assert_eq!(running.line(), "0");
    assert_eq!(running.line(), "True");
    running.line();
    running.send("-USR2");
    assert_eq!(running.line(), "handler SIGUSR2");
    assert_eq!(running.line(), "again");
    running.send("-INT");
    let end = running.end();
    assert_eq!(
        end.out, "handler SIGINT\nhandler SIGUSR2\nend\n",
        "{}",
        end.err
    );
    assert_eq!(end.code, Some(0), "{}", end.err);
}

/// Processor time of a process in hundredths of a second, where the system tells.
fn processor_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

#[test]
fn a_bare_run_forever_idles() {
    let program = "
import asyncio
loop = asyncio.new_event_loop()
loop.call_soon(lambda: print('ready', flush=True))
loop.run_forever()
";
    let mut running = Running::start(&[], program);
    running.line();
    let before = processor_time(running.child.id());
    sleep(Duration::from_millis(1000));
    let after = processor_time(running.child.id());
    if let Some((before, after)) = before.zip(after) {
        assert!(after - before < 10, "{} hundredths", after - before);
    }
    running.send("-INT");
    let end = running.end();
    assert_eq!(end.code, Some(130), "{}", end.err);
}
