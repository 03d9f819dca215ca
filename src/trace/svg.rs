//! Lanes as a drawing. Its colours follow the reader's, dark or light; each piece says what it is
//! when it is pointed at, or read aloud.

use super::lanes::{Arrow, ArrowKind, Lane, LaneKind, Lanes, Stretch};
use super::text::seconds;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Width of an event, of a jump of the clock, of the names; heights.
const EVENT: usize = 18;
const JUMP: usize = 46;
const NAMES: usize = 150;
const LANE: usize = 46;
const BAR: usize = 20;
const TOP: usize = 34;
/// Room for how the last lane ended.
const ENDING: usize = 160;
/// Width of a letter, more or less.
const LETTER: usize = 7;

/// How the pieces look, here and in the page.
const STYLE: &str = include_str!("page/lanes.css");

/// The drawing, and where each event is in it.
pub struct Drawing {
    pub svg: String,
    pub places: Vec<usize>,
}

/// Text as it stands between tags, and in attributes.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML knows no other control characters.
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Draws lanes, whose events are all in.
pub fn draw(lanes: &Lanes) -> Drawing {
    let places = places(lanes);
    let mut pen = Pen {
        out: String::new(),
        places: &places,
    };
    let (width, height) = (
        pen.x(lanes.count()) + ENDING,
        TOP + lanes.lanes.len() * LANE,
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        pen.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lanes\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Lanes of {} tasks and generators over {} events\">\n\
         <style>{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\" class=\"tip\"/></marker></defs>",
        lanes.lanes.len().saturating_sub(1),
        lanes.count(),
    );
    pen.clock(lanes, height);
    for (row, lane) in lanes.lanes.iter().enumerate() {
        pen.lane(row, lane, width);
    }
    for arrow in &lanes.arrows {
        pen.arrow(arrow);
    }
    pen.out.push_str("</svg>\n");
    Drawing {
        svg: pen.out,
        places,
    }
}

/// Where each event begins, and where the last one ends.
fn places(lanes: &Lanes) -> Vec<usize> {
    let mut x = NAMES;
    let mut before = lanes.clocks.first().copied().unwrap_or(0.0);
    let mut places = Vec::with_capacity(lanes.count() + 1);
    for clock in &lanes.clocks {
        if *clock > before {
            x += JUMP;
            before = *clock;
        }
        places.push(x);
        x += EVENT;
    }
    places.push(x);
    places
}

struct Pen<'a> {
    out: String,
    places: &'a [usize],
}

fn middle(row: usize) -> usize {
    TOP + row * LANE + LANE / 2
}

/// As much of a text as fits.
fn fitted(text: &str, width: usize) -> String {
    let letters = width / LETTER;
    if text.width() <= letters {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= letters
    });
    match fits.collect::<String>() {
        short if short.is_empty() => short,
        short => short + "…",
    }
}

impl Pen<'_> {
    fn x(&self, event: usize) -> usize {
        self.places.get(event).copied().unwrap_or(NAMES)
    }

    fn text(&mut self, class: &str, (x, y): (usize, usize), text: &str) {
        if !text.is_empty() {
            let text = escaped(text);
            let _ = writeln!(
                self.out,
                "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"
            );
        }
    }

    /// The turns, and the clock wherever it has moved.
    fn clock(&mut self, lanes: &Lanes, height: usize) {
        let mut shown = None;
        for (event, clock) in lanes.clocks.iter().enumerate() {
            if shown != Some(clock) {
                self.text(
                    "clock",
                    (self.x(event), 13),
                    &format!("t={}", seconds(*clock)),
                );
                shown = Some(clock);
            }
        }
        for (event, turn) in &lanes.turns {
            let x = self.x(*event);
            let _ = writeln!(
                self.out,
                "<path class=\"turn\" d=\"M{x} 18V{height}\"><title>turn {turn} begins</title></path>"
            );
            self.text("turn-number", (x + 2, 27), &turn.to_string());
        }
    }

    fn lane(&mut self, row: usize, lane: &Lane, width: usize) {
        let y = middle(row);
        let kind = match lane.kind {
            LaneKind::Program => "program",
            LaneKind::Task => "task",
            LaneKind::Generator => "generator",
        };
        let title = format!("{kind} {}", lane.name);
        let _ = writeln!(
            self.out,
            "<g class=\"lane {kind}\"><title>{}</title><path class=\"rail\" d=\"M{NAMES} {y}H{width}\"/>",
            escaped(&title)
        );
        self.text("name", (6, y + 4), &fitted(&title, NAMES - 14));
        for delay in &lane.delays {
            self.delay(y, delay);
        }
        for chunk in &lane.chunks {
            self.stretch("chunk", (y - BAR / 2, BAR), chunk);
        }
        if let Some((at, how)) = &lane.end {
            let x = self.x(*at) + 4;
            let _ = writeln!(
                self.out,
                "<path class=\"end\" d=\"M{x} {}V{}\"><title>{}</title></path>",
                y - BAR / 2,
                y + BAR / 2,
                escaped(how)
            );
            self.text("ending", (x + 5, y + 4), &fitted(how, ENDING));
        }
        self.out.push_str("</g>\n");
    }

    fn delay(&mut self, y: usize, delay: &Stretch) {
        self.stretch("delay", (y - 2, 4), delay);
        let width = self.x(delay.to) - self.x(delay.from);
        let label = fitted(&delay.label, width.saturating_sub(4));
        self.text("label", (self.x(delay.from) + 4, y - 6), &label);
    }

    fn stretch(&mut self, class: &str, (y, height): (usize, usize), stretch: &Stretch) {
        let (from, to) = (self.x(stretch.from), self.x(stretch.to));
        let width = to.saturating_sub(from).max(4);
        let _ = writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"{from}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\" \
             data-event=\"{}\"><title>{}</title></rect>",
            stretch.from,
            escaped(&stretch.label)
        );
    }

    fn arrow(&mut self, arrow: &Arrow) {
        if arrow.from == arrow.to {
            return;
        }
        let class = match arrow.kind {
            ArrowKind::Spawn => "spawn",
            ArrowKind::Wake => "wake",
            ArrowKind::Send => "send",
            ArrowKind::Give => "give",
            ArrowKind::Cancel => "cancel",
        };
        let x = self.x(arrow.at) + 2;
        let (from, to) = (middle(arrow.from), middle(arrow.to));
        let _ = writeln!(
            self.out,
            "<path class=\"arrow {class}\" d=\"M{x} {from}V{to}\" marker-end=\"url(#tip)\" data-event=\"{}\">\
             <title>{}</title></path>",
            arrow.at,
            escaped(&arrow.label)
        );
    }
}
