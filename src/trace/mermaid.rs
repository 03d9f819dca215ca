//! Lanes as a sequence diagram for Mermaid, which many sites draw in place.

use super::lanes::{Arrow, ArrowKind, LaneKind, Lanes};
use std::fmt::Write;

/// The diagram. Writing to a string cannot fail.
pub fn diagram(lanes: &Lanes) -> String {
    let mut out = String::from("sequenceDiagram\n");
    for (i, lane) in lanes.lanes.iter().enumerate() {
        let kind = match lane.kind {
            LaneKind::Program => "",
            LaneKind::Task => "task ",
            LaneKind::Generator => "generator ",
        };
        let _ = writeln!(out, "    participant L{i} as {kind}{}", plain(&lane.name));
    }
    // By event; arrows stand before what is noted of the same event.
    let mut lines: Vec<(usize, bool, String)> = Vec::new();
    for arrow in &lanes.arrows {
        lines.push((arrow.at, false, message(arrow)));
    }
    for (i, lane) in lanes.lanes.iter().enumerate() {
        if lane.kind == LaneKind::Task {
            for delay in lane.delays.iter().skip(1) {
                let note = format!("Note over L{i}: waits for {}", plain(&delay.label));
                lines.push((delay.from, true, note));
            }
        }
        if let (LaneKind::Task, Some((at, how))) = (lane.kind, &lane.end) {
            lines.push((*at, true, format!("Note over L{i}: {}", plain(how))));
        }
    }
    lines.sort_by_key(|(at, note, _)| (*at, *note));
    for (_, _, line) in lines {
        let _ = writeln!(out, "    {line}");
    }
    out
}

fn message(arrow: &Arrow) -> String {
    let line = match arrow.kind {
        ArrowKind::Spawn | ArrowKind::Send => "->>",
        ArrowKind::Give => "-->>",
        ArrowKind::Wake => "-)",
        ArrowKind::Cancel => "-x",
    };
    let (from, to) = (arrow.from, arrow.to);
    format!("L{from}{line}L{to}: {}", plain(&arrow.label))
}

/// Text without what means something in a diagram.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '%' | '{' | '}' => {
                let _ = write!(out, "#{};", c as u32);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
