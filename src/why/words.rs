//! The history of two lines, in plain words.

use super::{Cause, History, How, Line, Stretch};
use crate::source::Source;
use crate::trace::file_name;
use crate::trace::record::Site;

/// How far an explanation goes back.
const DEEPEST: usize = 6;
/// Columns of the text.
const WIDTH: usize = 96;

/// Why the line with the first number (from 1) came before the one with the second. None if there
/// are not so many lines.
pub fn explain(history: &History, source: &Source, first: usize, second: usize) -> Option<String> {
    let line = |n: usize| history.lines.get(n.checked_sub(1)?);
    let (a, b) = (line(first)?, line(second)?);
    let mut teller = Teller {
        history,
        source,
        text: String::new(),
    };
    teller.heading(first, a);
    teller.heading(second, b);
    teller.text.push('\n');
    teller.order(a.stretch, b.stretch);
    Some(teller.text)
}

struct Teller<'a> {
    history: &'a History,
    source: &'a Source,
    text: String,
}

impl Teller<'_> {
    fn say(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A sentence, in lines that are no longer than people like to read.
    fn tell(&mut self, first: &str, sentence: &str) {
        let indent = " ".repeat(first.chars().count());
        let mut line = first.to_owned();
        for word in sentence.split(' ') {
            let full = line.chars().count() + word.chars().count() >= WIDTH;
            if full && line.trim() != first.trim() {
                self.say(&line);
                line.clone_from(&indent);
            }
            line.push_str(word);
            line.push(' ');
        }
        self.say(&line);
    }

    fn heading(&mut self, number: usize, line: &Line) {
        self.say(&format!("line {number}: {}", line.text));
        let place = line.site.as_ref().map(|s| format!("by {} ", name(s)));
        let place = place.unwrap_or_default();
        let stretch = self.history.stretch(line.stretch);
        let ran = stretch.map(Stretch::ran).unwrap_or_default();
        self.say(&format!("    printed {place}{ran}"));
        if let Some(site) = &line.site {
            self.quote(site);
        }
    }

    /// A line of the program.
    fn quote(&mut self, site: &Site) {
        let own = *site.file == *file_name(self.source);
        let text = self.source.line_text(site.line).trim();
        if own && !text.is_empty() {
            let text = text.to_owned();
            self.say(&format!("    {:>4} │ {text}", site.line));
        }
    }

    /// Why one stretch came before another.
    fn order(&mut self, first: usize, second: usize) {
        let mut pair = (first, second);
        for depth in 0..DEEPEST {
            let (Some(a), Some(b)) = (self.history.stretch(pair.0), self.history.stretch(pair.1))
            else {
                return;
            };
            let (a, b) = (a.clone(), b.clone());
            if depth > 0 {
                self.say(&format!("\nAnd why {} before {}?", a.name(), b.name()));
            }
            match self.one(pair, &a, &b) {
                Some(next) => pair = next,
                None => return,
            }
        }
    }

    /// One step of the explanation; the two whose order is to be explained next.
    fn one(&mut self, pair: (usize, usize), a: &Stretch, b: &Stretch) -> Option<(usize, usize)> {
        if pair.0 == pair.1 {
            let text = match a.chunk {
                Some(_) => format!(
                    "Both belong to the same chunk of {}: nothing on the way from one to the other makes it wait, so nobody else can run in between.",
                    a.who
                ),
                None => {
                    "Both are printed by the same call, and nothing runs in between.".to_owned()
                }
            };
            self.tell("", &text);
            return None;
        }
        if a.chunk.is_some() && a.who == b.who {
            self.same_task(a, b);
            return None;
        }
        if a.is_outside || b.is_outside {
            self.outside(a, b);
            return None;
        }
        if a.turn != b.turn {
            self.other_turn(pair.0, a, b);
            return None;
        }
        let text = format!(
            "Both ran in turn {}, and the ready queue is first in, first out: {} stood before {}.",
            a.turn, a.who, b.who
        );
        self.tell("", &text);
        self.cause(a);
        self.cause(b);
        let (first, second) = (a.cause.as_ref()?, b.cause.as_ref()?);
        if first.number > second.number {
            self.tell(
                "",
                "The order that was asked for let the later one go first.",
            );
            return None;
        }
        self.rule(first, second)
    }

    /// Which rule decides between two causes, and what is to be explained then.
    fn rule(&mut self, first: &Cause, second: &Cause) -> Option<(usize, usize)> {
        if first.turn != second.turn {
            let text = format!(
                "What was queued in turn {} stands before what was queued in turn {}.",
                first.turn, second.turn
            );
            self.tell("", &text);
            return None;
        }
        match (&first.how, &second.how) {
            (How::Due(_), How::Due(_)) => {
                self.tell("", "Timers come into the queue in the order of their times; of the same time, in the order in which they were set.");
                return None;
            }
            (_, How::Due(_)) => {
                self.tell(
                    "",
                    "Timers that are due stand behind what is ready already.",
                );
                return None;
            }
            _ if first.is_timer() && second.is_timer() => {
                self.tell("", "Timers fire in the order of their times; those of the same time in the order in which they were set.");
                return None;
            }
            _ => {}
        }
        match (first.by, second.by) {
            (Some(a), Some(b)) if a == b => {
                let who = self.history.stretch(a).map(Stretch::name)?;
                self.tell(
                    "",
                    &format!("Both were queued in {who}, one after the other."),
                );
                None
            }
            (Some(a), Some(b)) => Some((a, b)),
            _ => None,
        }
    }

    fn same_task(&mut self, a: &Stretch, b: &Stretch) {
        let chunks = b.chunk.unwrap_or(0).saturating_sub(a.chunk.unwrap_or(0));
        let between = match chunks {
            1 => "a delay lies".to_owned(),
            n => format!("{n} delays lie"),
        };
        let text = format!("Both are printed by the same task; between its chunks {between}.");
        self.tell("", &text);
        self.cause(b);
    }

    /// One of the two belongs to the program around its loops.
    fn outside(&mut self, a: &Stretch, b: &Stretch) {
        let text = match (a.is_outside, b.is_outside) {
            (true, true) => "Both stand outside of all tasks, where the program simply goes on from line to line.".to_owned(),
            (true, false) => format!(
                "{} stands outside of all tasks; {} ran only when the loop did, {}.",
                a.who,
                b.name(),
                b.when()
            ),
            _ => format!(
                "{} ran {}; {} stands outside of all tasks, and goes on when the loop has ended.",
                capital(&a.name()),
                a.when(),
                b.who
            ),
        };
        self.tell("", &text);
    }

    /// The second came in a later turn.
    fn other_turn(&mut self, first: usize, a: &Stretch, b: &Stretch) {
        let text = format!(
            "{} ran {}, {} not before {}.",
            capital(&a.name()),
            a.when(),
            b.name(),
            b.turn_text()
        );
        self.tell("", &text);
        // Back to where the second could have been queued by what came before the first.
        let mut at = b.clone();
        for _ in 0..DEEPEST {
            self.cause(&at);
            let Some(cause) = at.cause.clone().filter(|c| c.turn > a.turn) else {
                return;
            };
            let Some(by) = cause.by else { return };
            if by == first {
                return;
            }
            match self.history.stretch(by) {
                Some(next) => at = next.clone(),
                None => return,
            }
        }
    }

    /// How something came into the ready queue.
    fn cause(&mut self, stretch: &Stretch) {
        let who = &stretch.who;
        let Some(cause) = &stretch.cause else {
            return;
        };
        let turn = cause.turn_text();
        let at = cause.at.as_ref().map(name);
        let by = cause.by.and_then(|b| self.history.stretch(b));
        let by = by.map(Stretch::name);
        let mut told = None;
        let sentence = match &cause.how {
            How::Made => {
                let at = at.unwrap_or_else(|| "the program".to_owned());
                format!(
                    "{who} was queued {turn}, when {at} made it: a new task takes its first step in the next turn"
                )
            }
            How::GaveWay => {
                let at = at.unwrap_or_else(|| who.to_string());
                format!(
                    "{who} was queued again {turn}, when it gave way at {at}: whoever does that stands at the end of the queue, for the next turn"
                )
            }
            How::Called => {
                let by = at.or(by).unwrap_or_else(|| "somebody".to_owned());
                format!("{who} was queued {turn} by {by}")
            }
            How::Due(when) => {
                let when = when.map_or(String::new(), |w| format!(", set for {w:.2} s,"));
                format!(
                    "the timer of {who}{when} was due at {:.2} s: timers come behind what is ready",
                    cause.clock
                )
            }
            How::Woken { because, waited } => {
                told = waited.as_ref().and_then(|(site, _)| site.clone());
                let waited = waited.as_ref().map(|(site, wait)| {
                    let at = site
                        .as_ref()
                        .map_or(String::new(), |s| format!(" at {}", name(s)));
                    let until = wait
                        .until
                        .map_or(String::new(), |u| format!(" until {u:.2} s"));
                    format!(", which waited for {}{at}{until},", wait.what)
                });
                let waited = waited.unwrap_or_default();
                let by = match because.contains("timer") {
                    true => String::new(),
                    false => at.or(by).map_or(String::new(), |by| format!(" by {by}")),
                };
                let delay = match because.contains("timer") {
                    true => {
                        "a timer that is due settles a future in one turn, and who waits for it goes on in the next"
                    }
                    false => "whoever is woken goes on in the next turn",
                };
                format!("{who}{waited} was woken {turn}{by}, because {because}: {delay}")
            }
        };
        self.tell("  • ", &format!("{sentence}."));
        let site = told.or_else(|| cause.at.clone());
        if let Some(site) = site {
            self.quote(&site);
        }
    }
}

impl Stretch {
    fn name(&self) -> String {
        match self.chunk {
            Some(chunk) => format!("chunk {chunk} of {}", self.who),
            None => self.who.to_string(),
        }
    }

    /// `in chunk 2 of worker, turn 3`.
    fn ran(&self) -> String {
        match (self.chunk, self.turn) {
            (Some(chunk), turn) => format!(
                "in chunk {chunk} of task {}, turn {turn}, at {:.2} s",
                self.who, self.clock
            ),
            (None, 0) => "before any loop".to_owned(),
            (None, turn) => format!(
                "outside of tasks, after turn {turn} began, at {:.2} s",
                self.clock
            ),
        }
    }

    fn turn_text(&self) -> String {
        match self.turn {
            0 => "the loop".to_owned(),
            n => format!("turn {n}"),
        }
    }

    fn when(&self) -> String {
        match self.turn {
            0 => "before the loop".to_owned(),
            n => format!("in turn {n} (at {:.2} s)", self.clock),
        }
    }
}

impl Cause {
    fn turn_text(&self) -> String {
        match self.turn {
            0 => "before the loop began".to_owned(),
            n => format!("in turn {n}"),
        }
    }

    fn is_timer(&self) -> bool {
        matches!(&self.how, How::Woken { because, .. } if because.contains("timer"))
    }
}

fn name(site: &Site) -> String {
    format!("{}:{}", site.frame(), site.line)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
