//! Commands that move the clock and the loop by hand, under `--virtual-time`.

use super::look::now;
use super::{Done, said};
use crate::event_loop::inspect::{self, Queued};
use crate::inspect::text;
use crate::repl::session::Session;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A loop that has not come to rest after so many turns will not.
const MOST_TURNS: usize = 100_000;
/// Steps of turns are told one by one up to this many.
const MOST_TOLD: usize = 200;
/// No clock is moved further at a time: about a century.
const FURTHEST: f64 = 3.2e9;

pub fn clock(session: &mut Session, _: &str) -> Done {
    let now = now(session);
    let mut line = format!("t={}", text::seconds(now));
    match inspect::timers(&session.event_loop).first() {
        None => line.push_str(", no timer is set"),
        Some(timer) => {
            let parts = text::timer(session.vm(), timer, now)?;
            line.push_str(&format!(", next timer {}", parts.join(" ")));
        }
    }
    let ready = inspect::ready(&session.event_loop).len();
    if ready > 0 {
        line.push_str(&format!(", {ready} ready"));
    }
    session.link.screen.say(&format!("{line}\n"));
    Ok(())
}

/// The clock must be ours to move.
fn held(session: &Session) -> Done {
    if session.held {
        return Ok(());
    }
    said(
        "here the clock is the real one, and the loop runs by itself; `coro repl --virtual-time` holds both",
    )
}

pub fn tick(session: &mut Session, argument: &str) -> Done {
    held(session)?;
    let count = match argument {
        "" => 1,
        text => match text.parse::<usize>() {
            Ok(count) => count,
            Err(_) => return said("use it as :tick or :tick 3"),
        },
    };
    let mut told = 0;
    for _ in 0..count {
        if !session.has_work() {
            let more = match inspect::next_due(&session.event_loop) {
                Some(_) => ", the next timer is not due: :advance",
                None => "",
            };
            return said(format!("nothing is ready{more}"));
        }
        turn(session, &mut told)?;
    }
    Ok(())
}

/// One turn, told.
fn turn(session: &mut Session, told: &mut usize) -> Done {
    let due = due_now(session)?;
    let mut lines = Vec::new();
    for entry in inspect::ready(&session.event_loop) {
        lines.push(describe(session, &entry)?);
    }
    lines.extend(due);
    let time = text::seconds(now(session));
    if *told <= MOST_TOLD {
        for line in &lines {
            session.link.screen.say(&format!("t={time}  {line}\n"));
        }
    }
    *told += lines.len();
    if *told > MOST_TOLD && *told - lines.len() <= MOST_TOLD {
        session.link.screen.say("…\n");
    }
    session.turn()?;
    Ok(())
}

fn describe(session: &mut Session, entry: &Queued) -> Result<String, super::Trouble> {
    Ok(text::queued(session.vm(), entry)?)
}

/// What timers that are due will do.
fn due_now(session: &mut Session) -> Result<Vec<String>, super::Trouble> {
    let now = now(session);
    let mut lines = Vec::new();
    for timer in inspect::timers(&session.event_loop) {
        if timer.when <= now {
            let parts = text::timer(session.vm(), &timer, now)?;
            lines.push(format!(
                "timer {}",
                parts.last().cloned().unwrap_or_default()
            ));
        }
    }
    Ok(lines)
}

/// Turns until nothing is ready; the clock stands still.
fn settle(session: &mut Session, told: &mut usize) -> Done {
    for _ in 0..MOST_TURNS {
        if !session.has_work() {
            return Ok(());
        }
        if session.link.interrupted.swap(false, Ordering::Relaxed) {
            return said("stopped");
        }
        turn(session, told)?;
    }
    said(format!(
        "still not at rest after {MOST_TURNS} turns: something is ready again and again"
    ))
}

pub fn advance(session: &mut Session, argument: &str) -> Done {
    held(session)?;
    let by = match argument.parse::<f64>() {
        Ok(by) if (0.0..=FURTHEST).contains(&by) => by,
        _ => return said("use it as :advance 2 or :advance 0.5"),
    };
    let end = now(session) + by;
    let mut told = 0;
    settle(session, &mut told)?;
    while let Some(due) = inspect::next_due(&session.event_loop).filter(|due| *due <= end) {
        move_to(session, due);
        settle(session, &mut told)?;
    }
    move_to(session, end);
    clock(session, "")
}

/// Lets the clock jump to a time.
fn move_to(session: &mut Session, time: f64) {
    let by = (time - now(session)).clamp(0.0, FURTHEST);
    let by = Duration::try_from_secs_f64(by).unwrap_or_default();
    session.vm().host.clock.sleep(by);
}

pub fn run(session: &mut Session, argument: &str) -> Done {
    held(session)?;
    if !matches!(argument, "" | "until idle") {
        return said("use it as :run or :run until idle");
    }
    let mut told = 0;
    settle(session, &mut told)?;
    for _ in 0..MOST_TURNS {
        let Some(due) = inspect::next_due(&session.event_loop) else {
            return clock(session, "");
        };
        move_to(session, due);
        settle(session, &mut told)?;
    }
    said(format!(
        "still not idle after {MOST_TURNS} timers: something sets them again and again"
    ))
}
