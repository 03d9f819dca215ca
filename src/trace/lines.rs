//! A trace written as lines of JSON while the program runs. What passes into frames and out of them
//! happens so often that its lines are made once and then copied: a line of each place, with holes
//! where names, depths and values come. How a line looks says `json` alone.

use super::filter::Filter;
use super::json;
use super::look::{Far, each_through, spot_at};
use super::names::{Function, Names, is_written};
use super::passage::{Passage, Thing, Told};
use super::record::{End, Record, Site};
use crate::bytecode::Code;
use crate::inspect::quiet;
use crate::text::json::quote_into;
use crate::vm::Vm;
use crate::vm::inspect::Spot;
use std::rc::Rc;

/// The lines are handed on in pieces of this size.
const PIECE: usize = 1 << 16;
/// Lines of one place that are kept: one for each other end.
const KEPT: usize = 16;

/// Who gets the lines, in pieces.
pub type Out = Box<dyn FnMut(&[u8])>;

/// Writes lines.
pub struct Lines {
    filter: Filter,
    out: Out,
    /// Waits for no more than a line.
    at_once: bool,
    buffer: Vec<u8>,
    scratch: String,
    head: Head,
}

/// How a passage was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// Not at all: it must be told as a record.
    Not,
    Anew,
    /// As the one before.
    Again,
}

/// A line before and behind the value, from behind its beginning on.
pub(super) struct Line {
    before: Box<[u8]>,
    after: Box<[u8]>,
    has_value: bool,
}

/// The beginning of a line, up to where.
#[derive(Default)]
struct Head {
    text: Vec<u8>,
    /// The number in it, and where that ends.
    number: u64,
    end: usize,
    /// What it says: the turn, the clock, the task.
    turn: u64,
    clock: f64,
    task: Option<Rc<str>>,
    /// The address of the task, where that has been looked at.
    address: Option<usize>,
    /// The filter lets lines with it through.
    is_shown: bool,
}

/// A line of a place, from behind its beginning on.
pub(super) struct Template {
    passage: Passage,
    through: bool,
    far: Far,
    /// Keeps the address of the other end's code from meaning something else.
    _code: Option<Rc<Code>>,
    text: Vec<u8>,
    /// The holes, and where in the text they are.
    holes: Vec<(usize, Hole)>,
    /// The line with everything but the value filled in, for whom, and where the value comes.
    filled: Vec<u8>,
    key: Option<Key>,
    value_at: usize,
    has_value: bool,
    /// Addresses say enough for it to be filled in once and for all.
    is_steady: bool,
}

/// What stands in a line depends on this and the place; as long as no frame begins and nothing
/// upsets chains, addresses tell frames apart.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    begins: u32,
    upsets: u32,
    own: usize,
    far: usize,
    above: usize,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hole {
    Own,
    OwnLine,
    Far,
    FarLine,
    Depth,
    Through,
    Value,
}

/// What stands for what is to come, as `json` writes it: no name and no number is like that.
const HOLES: [(&str, Hole); 7] = [
    ("\\u0001own", Hole::Own),
    ("4294967295", Hole::OwnLine),
    ("\\u0001far", Hole::Far),
    ("4294967294", Hole::FarLine),
    ("18446744073709551615", Hole::Depth),
    ("\"\\u0001through\"", Hole::Through),
    ("\\u0001value", Hole::Value),
];
const OWN: &str = "\u{1}own";
const OWN_LINE: u32 = u32::MAX;
const FAR: &str = "\u{1}far";
const FAR_LINE: u32 = u32::MAX - 1;
const DEPTH: usize = u64::MAX as usize;
const THROUGH: &str = "\u{1}through";
const VALUE: &str = "\u{1}value";

impl Lines {
    /// `at_once`: somebody looks at the lines as they come.
    pub fn new(filter: Filter, at_once: bool, out: Out) -> Lines {
        Lines {
            filter,
            out,
            at_once,
            buffer: Vec::with_capacity(PIECE + 4096),
            scratch: String::new(),
            head: Head::default(),
        }
    }

    /// A record of any kind.
    pub(super) fn record(&mut self, record: &Record) {
        // The address may be that of another task by now.
        self.head.address = None;
        if self.filter.lets_through(record) {
            self.begin(record.turn, record.clock, &record.task);
            self.head.count(record.number);
            self.buffer.extend_from_slice(&self.head.text);
            self.scratch.clear();
            let site = record.site.as_ref();
            json::body(site, record.depth, &record.what, &mut self.scratch);
            self.buffer.extend_from_slice(self.scratch.as_bytes());
            self.written();
        }
    }

    fn written(&mut self) {
        if self.at_once || self.buffer.len() >= PIECE {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        (self.out)(&self.buffer);
        self.buffer.clear();
    }

    /// Whether the last line began like this.
    #[inline]
    pub(super) fn is_within(&self, turn: u64, clock: f64, task: usize) -> bool {
        let head = &self.head;
        head.address == Some(task) && head.turn == turn && head.clock.to_bits() == clock.to_bits()
    }

    /// The next line begins like this; the task's address.
    pub(super) fn begin_within(
        &mut self,
        turn: u64,
        clock: f64,
        task: &Option<Rc<str>>,
        address: usize,
    ) {
        self.begin(turn, clock, task);
        self.head.address = Some(address);
    }

    fn begin(&mut self, turn: u64, clock: f64, task: &Option<Rc<str>>) {
        let head = &mut self.head;
        let same_time = head.turn == turn && head.clock.to_bits() == clock.to_bits();
        let same_task = match (&head.task, task) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        if same_time && same_task && !head.text.is_empty() {
            return;
        }
        self.scratch.clear();
        json::head(0, turn, clock, task.as_deref(), &mut self.scratch);
        head.text.clear();
        head.text.extend_from_slice(self.scratch.as_bytes());
        head.number = 0;
        head.end = "{\"n\":0".len();
        head.turn = turn;
        head.clock = clock;
        head.task.clone_from(task);
        head.address = None;
        head.is_shown = self.filter.lets_values(clock, task.as_deref());
    }

    /// Writes a line once more.
    #[inline]
    pub(super) fn repeat(&mut self, vm: &mut Vm, number: u64, line: &Line, thing: &Thing<'_>) {
        if !self.head.is_shown {
            return;
        }
        self.head.count(number);
        let out = &mut self.buffer;
        out.extend_from_slice(&self.head.text);
        out.extend_from_slice(&line.before);
        if line.has_value {
            value(vm, thing, out, &mut self.scratch);
        }
        out.extend_from_slice(&line.after);
        self.written();
    }

    /// The line of a passage that was written from one that is filled in.
    pub(super) fn line(&self, names: &mut Names, told: &Told) -> Option<Line> {
        let function = names.known(told.own.frame)?.function.clone();
        let templates = function.templates.borrow();
        let all = templates.get(told.own.pc)?;
        let template = all.iter().find(|t| t.fits(told) && !t.filled.is_empty())?;
        let (before, after) = template.filled.split_at(template.value_at);
        Some(Line {
            before: before.into(),
            after: after.into(),
            has_value: template.has_value,
        })
    }

    /// Writes a passage.
    pub(super) fn pass(
        &mut self,
        vm: &mut Vm,
        names: &mut Names,
        number: u64,
        told: &Told,
        thing: &Thing<'_>,
    ) -> Passed {
        let Some(known) = names.known(told.own.frame) else {
            return Passed::Not;
        };
        if !self.head.is_shown {
            return Passed::Anew;
        }
        let function = known.function.clone();
        let mut templates = function.templates.borrow_mut();
        let key = Key {
            begins: names.begins,
            upsets: names.upsets,
            own: told.own.frame,
            far: told.far.frame(),
            above: told.look.above,
            depth: told.look.depth(),
        };
        let kept = templates.get_mut(told.own.pc);
        let kept = kept.and_then(|all| all.iter_mut().find(|t| t.fits(told)));
        let template = match kept {
            Some(template) => template,
            None => {
                let Some(new) = Template::new(vm, names, &function, told) else {
                    return Passed::Not;
                };
                if templates.len() <= told.own.pc {
                    templates.resize_with(told.own.pc + 1, Vec::new);
                }
                let Some(all) = templates.get_mut(told.own.pc) else {
                    return Passed::Not;
                };
                if all.len() >= KEPT {
                    all.clear();
                }
                all.push(new);
                let Some(template) = all.last_mut() else {
                    return Passed::Not;
                };
                template
            }
        };
        self.head.count(number);
        let out = &mut self.buffer;
        out.extend_from_slice(&self.head.text);
        let again = template.key == Some(key);
        if again {
            if template.filled.is_empty() {
                let mut filled = std::mem::take(&mut template.filled);
                template.value_at = template.fill(vm, names, told, &mut filled);
                template.filled = filled;
            }
            let (before, after) = template.filled.split_at(template.value_at);
            out.extend_from_slice(before);
            if template.has_value {
                value(vm, thing, out, &mut self.scratch);
            }
            out.extend_from_slice(after);
        } else {
            template.key = template.is_steady.then_some(key);
            template.filled.clear();
            template.write(vm, names, told, Some(thing), out, &mut self.scratch);
        }
        self.written();
        match again {
            true => Passed::Again,
            false => Passed::Anew,
        }
    }
}

impl Head {
    /// The next line has this number.
    fn count(&mut self, number: u64) {
        let begin = "{\"n\":".len();
        let digits = self.text.get_mut(begin..self.end).unwrap_or_default();
        if number != self.number + 1 || !add_one(digits) {
            let digits = itoa::Buffer::new().format(number).to_owned();
            self.text.splice(begin..self.end, digits.bytes());
            self.end = begin + digits.len();
        }
        self.number = number;
    }
}

/// Counts on in decimal; `false` if that takes a digit more.
#[inline]
fn add_one(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return true;
        }
        *digit = b'0';
    }
    false
}

impl Template {
    /// The line of a place, with holes.
    fn new(vm: &Vm, names: &mut Names, function: &Function, told: &Told) -> Option<Template> {
        let own = Site {
            frame: OWN.into(),
            file: "".into(),
            line: match is_written(&function.code, told.own.pc) {
                true => function.code.line_at(told.own.pc),
                false => OWN_LINE,
            },
        };
        let (end, code) = match told.far {
            Far::Loop => (End::Loop, None),
            Far::Outside => (End::Outside, None),
            Far::Frame(place) => {
                let spot = spot_at(vm, &place)?;
                (far_end(names, &spot), Some(spot.code.code.clone()))
            }
        };
        let through = told.through.then(|| THROUGH.into()).into_iter().collect();
        let what = told.passage.what(end, through, VALUE.to_owned());
        let mut text = String::new();
        json::body(Some(&own), DEPTH, &what, &mut text);
        let (text, holes) = cut(&text);
        let has = |hole: Hole| holes.iter().any(|(_, h)| *h == hole);
        Some(Template {
            passage: told.passage,
            through: told.through,
            far: told.far,
            _code: code,
            has_value: has(Hole::Value),
            is_steady: !has(Hole::OwnLine) && !has(Hole::FarLine),
            text,
            holes,
            filled: Vec::new(),
            key: None,
            value_at: 0,
        })
    }

    /// Whether it is the line of something that passes where this one was made.
    fn fits(&self, told: &Told) -> bool {
        let same_end = match (self.far, told.far) {
            (Far::Frame(a), Far::Frame(b)) => {
                a.code == b.code && a.pc == b.pc && (a.frame == 0) == (b.frame == 0)
            }
            (a, b) => a == b,
        };
        same_end && self.passage == told.passage && self.through == told.through
    }

    /// Writes the line without the value; where that comes.
    fn fill(&self, vm: &mut Vm, names: &mut Names, told: &Told, out: &mut Vec<u8>) -> usize {
        self.write(vm, names, told, None, out, &mut String::new())
    }

    fn write(
        &self,
        vm: &mut Vm,
        names: &mut Names,
        told: &Told,
        thing: Option<&Thing<'_>>,
        out: &mut Vec<u8>,
        scratch: &mut String,
    ) -> usize {
        let mut from = 0;
        let mut value_at = None;
        for (at, hole) in &self.holes {
            out.extend_from_slice(self.text.get(from..*at).unwrap_or_default());
            from = *at;
            match hole {
                Hole::Own => name(names, told.own.frame, out, scratch),
                Hole::Far => name(names, told.far.frame(), out, scratch),
                Hole::OwnLine => line(vm, names, Far::Frame(told.own), out),
                Hole::FarLine => line(vm, names, told.far, out),
                Hole::Depth => int(told.look.depth() as u64, out),
                Hole::Through => each_through(vm, |spot| {
                    // One stands before the first.
                    if out.last() != Some(&b'[') {
                        out.push(b',');
                    }
                    out.push(b'"');
                    name(names, spot.address, out, scratch);
                    out.push(b'"');
                }),
                Hole::Value => {
                    value_at = Some(out.len());
                    if let Some(thing) = thing {
                        value(vm, thing, out, scratch);
                    }
                }
            }
        }
        out.extend_from_slice(self.text.get(from..).unwrap_or_default());
        value_at.unwrap_or(out.len())
    }
}

/// The other end, where what varies is left open.
fn far_end(names: &mut Names, spot: &Spot<'_>) -> End {
    let mut site = names.site_of(spot);
    if spot.address != 0 {
        site.frame = FAR.into();
    }
    if !is_written(&spot.code.code, spot.pc) {
        site.line = FAR_LINE;
    }
    End::Frame(site)
}

/// Takes out what stands for something else.
fn cut(mut text: &str) -> (Vec<u8>, Vec<(usize, Hole)>) {
    let (mut kept, mut holes) = (Vec::new(), Vec::new());
    loop {
        let found = HOLES
            .iter()
            .filter_map(|(mark, hole)| Some((text.find(mark)?, mark, *hole)));
        let Some((at, mark, hole)) = found.min_by_key(|(at, ..)| *at) else {
            break;
        };
        kept.extend_from_slice(text.get(..at).unwrap_or_default().as_bytes());
        holes.push((kept.len(), hole));
        text = text.get(at + mark.len()..).unwrap_or_default();
    }
    kept.extend_from_slice(text.as_bytes());
    (kept, holes)
}

fn int(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The name of a frame that has begun.
fn name(names: &mut Names, frame: usize, out: &mut Vec<u8>, scratch: &mut String) {
    let Some(known) = names.known(frame) else {
        return;
    };
    let plain = &known.function.code.name;
    match known.function.is_plain {
        true => out.extend_from_slice(plain.as_bytes()),
        false => quoted(plain, out, scratch),
    }
    if known.number > 1 {
        out.push(b'#');
        int(u64::from(known.number), out);
    }
}

/// The line where a frame is that nobody wrote.
fn line(vm: &Vm, names: &mut Names, far: Far, out: &mut Vec<u8>) {
    let Far::Frame(place) = far else { return };
    if let Some(spot) = spot_at(vm, &place) {
        int(
            u64::from(names.line(place.frame, &spot.code.code, place.pc)),
            out,
        );
    }
}

/// What passes, as it stands in quotes.
fn value(vm: &mut Vm, thing: &Thing<'_>, out: &mut Vec<u8>, scratch: &mut String) {
    match thing {
        Thing::Value(value) if quiet::plain(value, out) => {}
        _ => quoted(&thing.text(vm), out, scratch),
    }
}

/// A text with escapes, without its quotes.
fn quoted(text: &str, out: &mut Vec<u8>, scratch: &mut String) {
    scratch.clear();
    quote_into(scratch, text, false);
    let bare = scratch.get(1..scratch.len() - 1);
    out.extend_from_slice(bare.unwrap_or_default().as_bytes());
}
