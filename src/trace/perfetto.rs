//! Lanes in the format of Chrome's traces, which ui.perfetto.dev and chrome://tracing show: for
//! programs that do too much for one page.

use super::json::{Object, list};
use super::lanes::{Lane, Lanes, Stretch};

/// How they begin.
pub const BEGIN: &str = "{\"otherData\":{\"drawn_by\":\"coro";

/// The events. Times are microseconds of the program's clock; what happens at one moment is drawn a
/// microsecond apart, in its order.
pub fn events(lanes: &Lanes) -> String {
    let times = times(lanes);
    let at = |event: usize| times.get(event).copied().unwrap_or(0);
    let mut events = Vec::new();
    for (i, lane) in lanes.lanes.iter().enumerate() {
        events.push(name(i, lane));
        let chunks = lane.chunks.iter().map(|s| ("chunk", s));
        let delays = lane.delays.iter().map(|s| ("delay", s));
        let mut stretches: Vec<(&str, &Stretch)> = chunks.chain(delays).collect();
        stretches.sort_by_key(|(_, s)| s.from);
        for (kind, stretch) in stretches {
            let (from, to) = (at(stretch.from), at(stretch.to));
            let mut event = event(&stretch.label, kind, "X", (i, from));
            event.raw("dur", &to.saturating_sub(from).to_string());
            events.push(event.close());
        }
    }
    for (id, arrow) in lanes.arrows.iter().enumerate() {
        for (phase, lane) in [("s", arrow.from), ("f", arrow.to)] {
            let mut event = event(&arrow.label, "arrow", phase, (lane, at(arrow.at)));
            event.raw("id", &id.to_string());
            if phase == "f" {
                event.text("bp", "e");
            }
            events.push(event.close());
        }
    }
    let mut drawn = Object::new();
    drawn.text("drawn_by", "coro timeline");
    let mut all = Object::new();
    all.raw("otherData", &drawn.close());
    all.raw("traceEvents", &list(events.into_iter()));
    all.text("displayTimeUnit", "ms");
    all.end()
}

fn times(lanes: &Lanes) -> Vec<u64> {
    let mut next = 0;
    let mut times = Vec::with_capacity(lanes.count() + 1);
    for clock in &lanes.clocks {
        // The cast saturates, and makes 0 of what is no number.
        next = next.max((clock * 1e6) as u64);
        times.push(next);
        next = next.saturating_add(1);
    }
    times.push(next);
    times
}

fn event(name: &str, kind: &str, phase: &str, (lane, time): (usize, u64)) -> Object {
    let mut event = Object::new();
    event.text("name", name);
    event.text("cat", kind);
    event.text("ph", phase);
    event.raw("ts", &time.to_string());
    event.raw("pid", "1");
    event.raw("tid", &lane.to_string());
    event
}

fn name(lane: usize, of: &Lane) -> String {
    let mut args = Object::new();
    args.text("name", &of.name);
    let mut event = Object::new();
    event.text("name", "thread_name");
    event.text("ph", "M");
    event.raw("pid", "1");
    event.raw("tid", &lane.to_string());
    event.raw("args", &args.close());
    event.close()
}
