//! A trace written as lines of JSON while the program runs. What passes into frames and out of them
//! happens so often that nothing is made anew for it: what is the same each time at a place is kept
//! with the place. How a line looks says `json` alone.

use super::buffer::Buffer;
use super::filter::Filter;
use super::json::{self, Definition, Fields, Lean, field};
use super::look::{Far, each_through, spot_at};
use super::names::{Known, Names, Place, Spread, is_written};
use super::passage::{Passage, Thing, Told};
use super::record::{End, Record, Site, What};
use super::steady::Running;
use crate::bytecode::Code;
use crate::inspect::quiet::{self, Plain};
use crate::vm::Vm;
use crate::vm::value::Value;
use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ptr::NonNull;
use std::rc::Rc;

/// The lines are handed on in pieces of this size.
const PIECE: usize = 1 << 16;
/// Lines of one place that are kept: one for each other end.
const KEPT: usize = 16;
/// Definitions that are remembered at a time; one that is forgotten is given anew.
const DEFINITIONS: usize = 4000;

/// Who gets the lines, in pieces.
pub type Out = Box<dyn FnMut(&[u8])>;

/// Writes lines.
pub struct Lines {
    filter: Filter,
    out: Out,
    /// Waits for no more than a line.
    at_once: bool,
    /// The filter lets everything through.
    is_whole: bool,
    buffer: Buffer,
    lean: Lean,
    definitions: Definitions,
    now: Now,
}

/// What holds until a line says otherwise.
#[derive(Default)]
struct Now {
    /// Of the last event.
    number: u64,
    turn: u64,
    clock: f64,
    task: Option<Rc<str>>,
    /// The address of the task, where that has been looked at.
    address: Option<usize>,
}

/// When an event happens, and in whose chunk.
pub(super) struct Moment<'a> {
    pub number: u64,
    pub turn: u64,
    pub clock: f64,
    pub task: Option<&'a Rc<str>>,
}

/// Definitions by what tells them apart.
#[derive(Default)]
struct Definitions {
    /// How lines go on that name one: its number, and what happens.
    known: HashMap<Box<[u8]>, Rc<[u8]>, BuildHasherDefault<Spread>>,
    last: u32,
}

/// A line before and behind the value, from behind its brace on.
pub(super) struct Line {
    before: Box<[u8]>,
    after: &'static [u8],
    has_value: bool,
}

/// What the lines of a place have in common.
pub(super) struct Template {
    passage: Passage,
    through: bool,
    far: Far,
    /// The lines of the two ends, where nobody wrote the instruction: they are those where the
    /// frames were last seen.
    pub(super) own_line: Option<u32>,
    far_line: Option<u32>,
    /// Keeps the address of the other end's code from meaning something else.
    _code: Option<Rc<Code>>,
    /// How its lines go on.
    is: Rc<[u8]>,
    /// What stands before the value; empty if there is none.
    value: Box<[u8]>,
    /// The number of the frame of which there was a line last.
    last: Cell<u32>,
}

/// What stands for a value that is to come.
const VALUE: &str = "*";

/// How a passage was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// Not at all: it must be told as a record.
    Not,
    Anew,
    /// Of the same frame as the one before.
    Again,
}

impl Lines {
    /// `at_once`: somebody looks at the lines as they come.
    pub fn new(filter: Filter, at_once: bool, out: Out) -> Lines {
        Lines {
            is_whole: filter.is_everything(),
            filter,
            out,
            at_once,
            buffer: Buffer::default(),
            lean: Lean::default(),
            definitions: Definitions::default(),
            now: Now::default(),
        }
    }

    /// A record of any kind.
    pub(super) fn record(&mut self, record: &Record) {
        // The address may be that of another task by now.
        self.now.address = None;
        if !self.filter.lets_through(record) {
            return;
        }
        let is = self.described(|line| {
            json::event(line, record.site.as_ref(), record.depth, &record.what);
        });
        let is = match is {
            Some(is) => is,
            None => self.define(record.site.as_ref(), &record.what),
        };
        self.begin(&Moment {
            number: record.number,
            turn: record.turn,
            clock: record.clock,
            task: record.task.as_ref(),
        });
        self.buffer.push(&is);
        self.buffer.push(self.lean.text.as_slice());
        self.buffer.push(END);
        self.written();
    }

    /// What a task does where many of its kind do the same; how the line goes on is kept there.
    pub(super) fn stop(
        &mut self,
        at: &Moment<'_>,
        site: Option<&Site>,
        what: &What,
        is: &OnceCell<Rc<[u8]>>,
    ) {
        let shown = |s: &Self| {
            s.filter
                .lets_task(at.clock, what.family(), at.task.map(|t| &**t))
        };
        if !shown(self) {
            return;
        }
        let is = match is.get() {
            Some(is) => is,
            None => {
                let made = self.described(|line| json::event(line, site, 0, what));
                let made = made.unwrap_or_else(|| self.define(site, what));
                is.get_or_init(|| made)
            }
        };
        self.begin(at);
        self.buffer.push(is);
        json::event(&mut self.buffer, site, 0, what);
        self.buffer.push(END);
        self.written();
    }

    /// Puts down what differs from the definition; how the line goes on that names it, if it has
    /// been given.
    fn described(&mut self, fields: impl FnOnce(&mut Lean)) -> Option<Rc<[u8]>> {
        self.lean.clear();
        fields(&mut self.lean);
        let known = &self.definitions.known;
        known.get(self.lean.key.as_slice()).cloned()
    }

    /// Writes the definition of what was put down.
    fn define(&mut self, site: Option<&Site>, what: &What) -> Rc<[u8]> {
        let all = &mut self.definitions;
        if all.known.len() >= DEFINITIONS {
            all.known.clear();
        }
        all.last = all.last.wrapping_add(1);
        let mut definition = Definition::new(all.last);
        json::event(&mut definition, site, 0, what);
        self.buffer.push_str(&definition.end());
        let is: Rc<[u8]> = json::is(all.last, what).as_bytes().into();
        let key = self.lean.key.as_slice().into();
        all.known.insert(key, is.clone());
        is
    }

    fn written(&mut self) {
        if self.at_once || self.buffer.len() >= PIECE {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        (self.out)(self.buffer.as_slice());
        self.buffer.clear();
    }

    /// Whether the last line was of this turn, time and task, and all is wanted.
    #[inline]
    pub(super) fn is_within(&self, turn: u64, clock: f64, task: usize) -> bool {
        let now = &self.now;
        now.address == Some(task) && now.turn == turn && now.clock.to_bits() == clock.to_bits()
    }

    /// Begins a line: what does not hold any more.
    fn begin(&mut self, at: &Moment<'_>) {
        let (out, now) = (&mut self.buffer, &mut self.now);
        out.push(b"{");
        let new_turn = now.turn != at.turn;
        if new_turn || at.number != now.number + 1 {
            out.push(b"\"n\":");
            out.int(at.number);
            out.push(b",");
        }
        now.number = at.number;
        if new_turn {
            now.turn = at.turn;
            out.push(b"\"turn\":");
            out.int(at.turn);
            out.push(b",");
        }
        if now.clock.to_bits() != at.clock.to_bits() {
            now.clock = at.clock;
            out.push(b"\"clock\":");
            out.float(at.clock);
            out.push(b",");
        }
        let same = match (&now.task, at.task) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b) || a == b,
            (a, b) => a.is_none() && b.is_none(),
        };
        if !same {
            now.task = at.task.cloned();
            out.push(b"\"task\":");
            match at.task {
                Some(task) => out.quoted(task),
                None => out.push(b"null"),
            }
            out.push(b",");
        }
    }

    /// Begins a line of which nothing is left out, in the turn, time and task of the last one.
    #[inline]
    pub(super) fn begin_within(&mut self, number: u64) {
        self.now.number = number;
        self.buffer.push(b"{");
    }

    /// Begins a line; the task's address.
    pub(super) fn begin_at(&mut self, at: &Moment<'_>, address: usize) {
        self.begin(at);
        self.now.address = Some(address);
    }

    /// Writes the rest of the line of a passage between two frames.
    #[inline]
    pub(super) fn direct(
        &mut self,
        vm: &mut Vm,
        template: &Template,
        (own, outer): (&Running, &Running),
        thing: &Value,
    ) {
        let out = &mut self.buffer;
        template.write_direct(own, outer, out);
        if !template.value.is_empty() {
            value(vm, &Thing::Value(thing), out);
        }
        out.push(template.after());
        self.written();
    }

    /// Whether no line is left out.
    #[inline]
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Writes a line once more.
    #[inline]
    pub(super) fn repeat(&mut self, vm: &mut Vm, number: u64, line: &Line, thing: &Thing<'_>) {
        self.now.number = number;
        let out = &mut self.buffer;
        out.push(&line.before);
        if line.has_value {
            value(vm, thing, out);
        }
        out.push(line.after);
        self.written();
    }

    /// The line of a passage that has been written.
    pub(super) fn line(&self, vm: &Vm, names: &mut Names, told: &Told) -> Option<Line> {
        let function = names.known(told.own.frame)?.function.clone();
        let templates = function.templates.borrow();
        let all = templates.get(told.own.pc)?;
        let template = all.iter().find(|t| t.fits(vm, names, told))?;
        let mut before = Buffer::default();
        before.push(b"{");
        template.write(vm, names, told, &mut before);
        Some(Line {
            before: before.as_slice().into(),
            after: template.after(),
            has_value: !template.value.is_empty(),
        })
    }

    /// Writes a passage; `address`: that of the task.
    pub(super) fn pass(
        &mut self,
        vm: &mut Vm,
        names: &mut Names,
        (at, address): (&Moment<'_>, usize),
        told: &Told,
        thing: &Thing<'_>,
    ) -> Passed {
        let Some(Known {
            function, number, ..
        }) = names.known(told.own.frame)
        else {
            return Passed::Not;
        };
        let (function, frame) = (function.clone(), *number);
        if !self.filter.lets_values(at.clock, at.task.map(|t| &**t)) {
            return Passed::Anew;
        }
        let mut templates = function.templates.borrow_mut();
        let kept = templates.get_mut(told.own.pc);
        let kept = kept.and_then(|all| all.iter_mut().find(|t| t.fits(vm, names, told)));
        let template = match kept {
            Some(template) => template,
            None => {
                let Some(new) = self.template(vm, names, told) else {
                    return Passed::Not;
                };
                match keep(&mut templates, told.own.pc, new) {
                    Some(kept) => kept,
                    None => return Passed::Not,
                }
            }
        };
        self.begin(at);
        self.now.address = Some(address);
        let out = &mut self.buffer;
        template.write(vm, names, told, out);
        if !template.value.is_empty() {
            value(vm, thing, out);
        }
        out.push(template.after());
        self.written();
        match template.comes_again(frame) {
            true => Passed::Again,
            false => Passed::Anew,
        }
    }

    /// What the lines of a place have in common.
    fn template(&mut self, vm: &Vm, names: &mut Names, told: &Told) -> Option<Template> {
        let own = vm.spots().next()?;
        let code = &own.code.code;
        let own_line = unwritten(names, told.own.frame, code, told.own.pc);
        let site = Site {
            number: 1,
            ..names.site_of(&own)
        };
        let (end, far_line, code) = match told.far {
            Far::Loop => (End::Loop, None, None),
            Far::Outside => (End::Outside, None, None),
            Far::Frame(place) => {
                let spot = spot_at(vm, &place)?;
                let code = &spot.code.code;
                let line = unwritten(names, place.frame, code, place.pc);
                let end = End::Frame(Site {
                    number: 1,
                    ..names.site_of(&spot)
                });
                (end, line, Some(code.clone()))
            }
        };
        let what = told.passage.what(end, Vec::new(), VALUE.to_owned());
        let is = self.described(|line| json::event(line, Some(&site), 0, &what));
        // Nothing but the value differs.
        let text = self.lean.text.as_slice();
        let value = text.strip_suffix(b"*\"").unwrap_or_default().into();
        let is = is.unwrap_or_else(|| self.define(Some(&site), &what));
        Some(Template {
            passage: told.passage,
            through: told.through,
            far: told.far,
            own_line,
            far_line,
            _code: code,
            is,
            value,
            last: Cell::new(0),
        })
    }
}

/// How a line ends.
const END: &[u8] = b"}\n";

/// The line of an instruction that nobody wrote.
fn unwritten(names: &mut Names, frame: usize, code: &Code, pc: usize) -> Option<u32> {
    (!is_written(code, pc)).then(|| names.line(frame, code, pc))
}

fn keep(templates: &mut Vec<Vec<Template>>, pc: usize, new: Template) -> Option<&mut Template> {
    if templates.len() <= pc {
        templates.resize_with(pc + 1, Vec::new);
    }
    let all = templates.get_mut(pc)?;
    if all.len() >= KEPT {
        all.clear();
    }
    all.push(new);
    all.last_mut()
}

impl Template {
    /// Whether it is the line of something that passes where this one was made.
    fn fits(&self, vm: &Vm, names: &mut Names, told: &Told) -> bool {
        let same_end = match (self.far, told.far) {
            (Far::Frame(a), Far::Frame(b)) => {
                a.code == b.code && a.pc == b.pc && (a.frame == 0) == (b.frame == 0)
            }
            (a, b) => a == b,
        };
        same_end
            && self.passage == told.passage
            && self.through == told.through
            && self.stands(vm, names, told)
    }

    /// Whether frames that are where nobody wrote anything are where they were.
    fn stands(&self, vm: &Vm, names: &mut Names, told: &Told) -> bool {
        let mut at = |far: Far| match far {
            Far::Frame(place) => {
                let spot = spot_at(vm, &place)?;
                Some(names.line(place.frame, &spot.code.code, place.pc))
            }
            Far::Loop | Far::Outside => None,
        };
        (self.own_line.is_none() || self.own_line == at(Far::Frame(told.own)))
            && (self.far_line.is_none() || self.far_line == at(told.far))
    }

    /// Writes the line up to the value.
    fn write(&self, vm: &Vm, names: &mut Names, told: &Told, out: &mut Buffer) {
        out.push(&self.is);
        numbered(names, field!(at), told.own.frame, out);
        let depth = told.look.depth();
        if depth > 0 {
            out.push_str(field!(depth));
            out.int(depth as u64);
        }
        numbered(names, self.end(), told.far.frame(), out);
        if self.through {
            through(vm, names, out);
        }
        out.push(&self.value);
    }

    /// As `write`, for two frames that stand directly on each other.
    #[inline]
    fn write_direct(&self, own: &Running, outer: &Running, out: &mut Buffer) {
        out.push(&self.is);
        json::labelled(field!(at), &own.function.label, own.number, out);
        if own.depth > 0 {
            out.push_str(field!(depth));
            out.int(own.depth as u64);
        }
        json::labelled(self.end(), &outer.function.label, outer.number, out);
        out.push(&self.value);
    }

    /// The line of a passage between two such frames.
    pub(super) fn line_direct(&self, own: &Running, outer: &Running) -> Line {
        let mut before = Buffer::default();
        before.push(b"{");
        self.write_direct(own, outer, &mut before);
        Line {
            before: before.as_slice().into(),
            after: self.after(),
            has_value: !self.value.is_empty(),
        }
    }

    /// Whether the line before was of this frame, too.
    #[inline]
    pub(super) fn comes_again(&self, frame: u32) -> bool {
        self.last.replace(frame) == frame
    }

    /// How the other end is called.
    fn end(&self) -> &'static str {
        match self.passage.is_entry() {
            true => field!(from),
            false => field!(to),
        }
    }

    /// Whether it is of a passage between two places that somebody wrote, but perhaps the first.
    #[inline]
    pub(super) fn is_direct(&self, passage: Passage, code: NonNull<Code>, pc: usize) -> bool {
        let same = |far: Place| far.code == code && far.pc == pc && far.frame != 0;
        let far = matches!(self.far, Far::Frame(far) if same(far));
        far && self.passage == passage && !self.through && self.far_line.is_none()
    }

    fn after(&self) -> &'static [u8] {
        match self.value.is_empty() {
            true => END,
            false => b"\"}\n",
        }
    }
}

/// The name of a frame, unless it is the first of its function.
#[inline]
fn numbered(names: &mut Names, field: &str, frame: usize, out: &mut Buffer) {
    if let Some(known) = names.known(frame) {
        json::labelled(field, &known.function.label, known.number, out);
    }
}

/// The frames that delegate to the running one.
fn through(vm: &Vm, names: &mut Names, out: &mut Buffer) {
    let mut all = Vec::new();
    each_through(vm, |s| all.push(names.name(s.address, &s.code.code)));
    if !all.is_empty() {
        out.texts(field!(through), &all);
    }
}

/// What passes, as it stands in quotes.
#[inline]
fn value(vm: &mut Vm, thing: &Thing<'_>, out: &mut Buffer) {
    let plain = match thing {
        Thing::Value(value) => quiet::plain(value),
        Thing::Words(_) => None,
    };
    match plain {
        Some(Plain::Int(int)) => match u64::try_from(int) {
            Ok(int) => out.int(int),
            Err(_) => out.push_str(itoa::Buffer::new().format(int)),
        },
        Some(Plain::Word(word)) => out.push_str(word),
        Some(Plain::Str(text)) => {
            out.push(b"'");
            out.push_str(text);
            out.push(b"'");
        }
        None => out.bare(&thing.text(vm)),
    }
}
