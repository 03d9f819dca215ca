//! What is remembered of frames: how they are called, and where each was last seen. Frames are
//! known by their addresses, their code by the code itself; no object of the program is kept.

use super::json;
use super::lines::Template;
use super::look::Look;
use super::place::{awaited_text, file_name};
use super::record::Site;
use super::steady::Memo;
use crate::bytecode::{BEFORE_BEGINNING, Code};
use crate::source::Source;
use crate::vm::heap::Ref;
use crate::vm::inspect::Spot;
use crate::vm::object::{GenState, Generator};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::NonNull;
use std::rc::Rc;

/// Functions that are remembered at a time; one that is forgotten is looked at anew.
const FUNCTIONS: usize = 2000;
/// Files whose names are kept.
const FILES: usize = 16;

/// Something by the address of an object.
pub(super) type ByAddress<T> = HashMap<usize, T, BuildHasherDefault<Spread>>;

/// Keys need to be spread only.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut eights = bytes.chunks_exact(8);
        for eight in &mut eights {
            self.write_usize(eight.try_into().map_or(0, usize::from_ne_bytes));
        }
        for byte in eights.remainder() {
            self.write_usize(usize::from(*byte));
        }
    }

    #[inline]
    fn write_usize(&mut self, address: usize) {
        let spread = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

/// A function whose frames can be suspended.
pub(super) struct Function {
    pub code: Rc<Code>,
    /// Frames of functions with this name that have begun.
    begun: Rc<Cell<u32>>,
    /// The name of its file.
    file: Rc<str>,
    /// The beginning of how lines name its frames, up to their numbers.
    pub label: Box<[u8]>,
    /// Where its frames are suspended, by the index of the instruction.
    stops: RefCell<Vec<Option<Rc<Stop>>>>,
    /// Where they stand before they begin.
    start: OnceCell<Rc<Stop>>,
    /// What lines are made from, by the index of the mark.
    pub templates: RefCell<Vec<Vec<Template>>>,
}

/// A place in a function where its frames are suspended.
pub(super) struct Stop {
    /// What is awaited there, as it stands in the program.
    pub awaited: Rc<str>,
    line: u32,
    /// It is where they begin, and await nothing yet.
    is_start: bool,
    /// How lines go on that tell of a task that goes on here, and of one that stops here: for
    /// something that comes later, or for its next turn.
    pub goes_on: OnceCell<Rc<[u8]>>,
    pub waits: OnceCell<Rc<[u8]>>,
    pub gives_way: OnceCell<Rc<[u8]>>,
}

/// Where a suspended frame stands.
pub(super) struct Stand {
    pub site: Option<Site>,
    /// What it awaits.
    pub awaited: Rc<str>,
    /// The place, if somebody wrote it.
    pub stop: Option<Rc<Stop>>,
}

impl Stop {
    pub fn is_start(&self) -> bool {
        self.is_start
    }

    fn new(awaited: Rc<str>, line: u32, is_start: bool) -> Rc<Stop> {
        Rc::new(Stop {
            awaited,
            line,
            is_start,
            goes_on: OnceCell::new(),
            waits: OnceCell::new(),
            gives_way: OnceCell::new(),
        })
    }
}

impl Function {
    fn stop(&self, pc: usize) -> Option<Rc<Stop>> {
        let mut stops = self.stops.borrow_mut();
        if let Some(Some(stop)) = stops.get(pc) {
            return Some(stop.clone());
        }
        if !is_written(&self.code, pc) {
            return None;
        }
        if stops.len() <= pc {
            stops.resize(pc + 1, None);
        }
        let (awaited, line) = (awaited_text(&self.code, pc), self.code.line_at(pc));
        let stop = Stop::new(awaited, line, false);
        *stops.get_mut(pc)? = Some(stop.clone());
        Some(stop)
    }
}

/// A frame that can be suspended, and has begun.
pub(super) struct Known {
    pub function: Rc<Function>,
    /// Tells it apart from others of its function, from 1.
    pub number: u32,
    /// Where it was last seen: what nobody wrote stands nowhere.
    pc: usize,
    /// What it saw below itself when it was entered, until it is left.
    pub look: Option<Look>,
    /// The frames that delegate to it, if they are many.
    pub chain: Option<Box<Chain>>,
    /// What was written when it came to a place, to be written again.
    pub memos: Vec<Rc<Memo>>,
    /// Its name, once somebody wanted it as a text.
    name: Option<Rc<str>>,
}

impl Known {
    /// It was seen at an instruction that somebody wrote.
    #[inline]
    pub fn stand(&mut self, pc: usize) {
        self.pc = pc;
    }
}

/// The frames above one in its chain. They stand still until that one is over, unless something
/// out of the ordinary happens.
pub(super) struct Chain {
    pub parent: usize,
    pub upsets: u32,
    pub frames: usize,
    /// Those that are the program's, and the innermost of them.
    pub own: usize,
    pub first: Option<Place>,
    /// The outermost.
    pub top: usize,
}

/// A place in a frame, or in a function that is no such frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The frame's address, or 0.
    pub frame: usize,
    /// The address of its code; only compared.
    pub code: NonNull<Code>,
    pub pc: usize,
}

impl Place {
    #[inline]
    pub fn of(spot: &Spot<'_>) -> Place {
        Place {
            frame: spot.address,
            code: NonNull::from(&*spot.code.code),
            pc: spot.pc,
        }
    }
}

/// The names of frames: a number tells apart those of one function.
#[derive(Default)]
pub(super) struct Names {
    known: Vec<Known>,
    by_address: ByAddress<usize>,
    functions: ByAddress<Rc<Function>>,
    begun: HashMap<Rc<str>, Rc<Cell<u32>>>,
    /// The one that was asked for last: its address, and its place.
    last: (usize, usize),
    /// The names of a few files.
    files: Vec<(Source, Rc<str>)>,
    /// The frames that were called or resumed when the program was last looked at, the outermost
    /// first, and where they were: while a frame runs others, that is where it is seen.
    seen: Vec<(usize, usize)>,
    /// What is seen while the program is looked at, the innermost first.
    fresh: Vec<(usize, usize)>,
    /// Counts what changes chains out of the ordinary.
    pub upsets: u32,
}

/// Whether somebody wrote the instruction.
#[inline]
pub(super) fn is_written(code: &Code, pc: usize) -> bool {
    let span = code.span_at(pc);
    !(span.is_empty() && span.start == 0)
}

impl Names {
    /// A frame begins: whatever had its address before is gone.
    pub fn begin(&mut self, spot: &Spot<'_>) {
        let function = self.function(&spot.code.code);
        self.begin_of(function, spot.address);
    }

    /// As `begin`, of a function that is known already; the frame's number.
    pub fn begin_of(&mut self, function: Rc<Function>, address: usize) -> u32 {
        let number = function.begun.get() + 1;
        function.begun.set(number);
        let known = Known {
            function,
            number,
            pc: BEFORE_BEGINNING,
            look: None,
            chain: None,
            memos: Vec::new(),
            name: None,
        };
        match self.slot(address) {
            Some(slot) => {
                if let Some(old) = self.known.get_mut(slot) {
                    *old = known;
                }
            }
            None => {
                self.by_address.insert(address, self.known.len());
                self.last = (address, self.known.len());
                self.known.push(known);
            }
        }
        number
    }

    pub fn function(&mut self, code: &Rc<Code>) -> Rc<Function> {
        let address = Rc::as_ptr(code) as usize;
        if let Some(function) = self.functions.get(&address) {
            return function.clone();
        }
        if self.functions.len() >= FUNCTIONS {
            self.functions.clear();
        }
        let function = Rc::new(Function {
            code: code.clone(),
            begun: self.begun.entry(code.name.clone()).or_default().clone(),
            file: self.file(&code.source),
            label: json::label(&code.name),
            stops: RefCell::default(),
            start: OnceCell::new(),
            templates: RefCell::default(),
        });
        self.functions.insert(address, function.clone());
        function
    }

    #[inline]
    fn slot(&mut self, address: usize) -> Option<usize> {
        if self.last.0 == address && address != 0 {
            return Some(self.last.1);
        }
        self.find_slot(address)
    }

    fn find_slot(&mut self, address: usize) -> Option<usize> {
        let slot = *self.by_address.get(&address)?;
        self.last = (address, slot);
        Some(slot)
    }

    /// What is known of the frame with this address.
    #[inline]
    pub fn known(&mut self, address: usize) -> Option<&mut Known> {
        let slot = self.slot(address)?;
        self.known.get_mut(slot)
    }

    /// Something happens after which chains may be other ones.
    pub fn upset(&mut self) {
        self.upsets = self.upsets.wrapping_add(1);
    }

    // Where frames are

    /// The program is looked at anew.
    #[inline]
    pub fn look_anew(&mut self) {
        self.fresh.clear();
    }

    /// A frame was called or resumed, and stands there.
    #[inline]
    pub fn see(&mut self, spot: &Spot<'_>) {
        if spot.address != 0 {
            let pc = match is_written(&spot.code.code, spot.pc) {
                true => spot.pc,
                false => self.last_seen(spot.address).unwrap_or(spot.pc),
            };
            self.fresh.push((spot.address, pc));
        }
    }

    /// What was seen stands on a frame whose own surroundings are known.
    #[inline]
    pub fn see_below(&mut self, spot: &Spot<'_>) {
        match self.seen.iter().rposition(|(a, _)| *a == spot.address) {
            Some(at) => {
                self.seen.truncate(at + 1);
                if let Some((_, pc)) = self.seen.last_mut()
                    && is_written(&spot.code.code, spot.pc)
                {
                    *pc = spot.pc;
                }
            }
            None => {
                self.see(spot);
                self.note_all();
                self.seen.clear();
            }
        }
        self.seen.extend(self.fresh.drain(..).rev());
    }

    /// What was seen is all there is, or all that is looked at.
    #[inline]
    pub fn see_no_more(&mut self, is_all: bool) {
        if !is_all {
            self.note_all();
        }
        self.seen.clear();
        self.seen.extend(self.fresh.drain(..).rev());
    }

    /// A frame is entered by one that is seen; `false` if more has to be looked at for that.
    #[inline]
    pub fn see_entered(&mut self, caller: (usize, usize), frame: (usize, usize)) -> bool {
        match self.seen.last_mut() {
            Some(last) if last.0 == caller.0 => *last = caller,
            None if caller.0 == 0 => {}
            _ => return false,
        }
        self.seen.push(frame);
        true
    }

    /// The innermost frame is left; `false` if others are seen above it.
    #[inline]
    pub fn see_left(&mut self, frame: usize) -> bool {
        let is_last = self.seen.last().is_some_and(|s| s.0 == frame);
        if is_last {
            self.seen.pop();
        }
        is_last
    }

    /// The innermost frame that is seen.
    #[inline]
    pub fn last_seen_frame(&self) -> usize {
        self.seen.last().map_or(0, |s| s.0)
    }

    /// A frame is entered by one that awaits it, and is not seen any more.
    #[inline]
    pub fn see_awaited(&mut self, outer: usize, frame: (usize, usize)) {
        if self.last_seen_frame() == outer {
            self.seen.pop();
        }
        self.seen.push(frame);
    }

    fn note_all(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        for (address, pc) in &seen {
            self.stand(*address, *pc);
        }
        self.seen = seen;
    }

    fn last_seen(&self, address: usize) -> Option<usize> {
        let seen = self.seen.iter().rev();
        seen.into_iter().find(|s| s.0 == address).map(|s| s.1)
    }

    /// A frame is about to be left here; those that it had called are over.
    #[inline]
    pub fn leave(&mut self, address: usize, pc: usize) -> Option<&mut Known> {
        let mut pc = pc;
        if let Some(at) = self.seen.iter().rposition(|(a, _)| *a == address) {
            let known = self.known(address)?;
            if !is_written(&known.function.code, pc) {
                pc = self.seen.get(at).map_or(pc, |s| s.1);
            }
            self.seen.truncate(at);
        }
        self.stand(address, pc)
    }

    /// A frame was seen at an instruction.
    #[inline]
    pub fn stand(&mut self, address: usize, pc: usize) -> Option<&mut Known> {
        let known = self.known(address)?;
        if is_written(&known.function.code, pc) {
            known.pc = pc;
        }
        Some(known)
    }

    /// The line of an instruction of a frame, or the one where it was seen last.
    pub fn line(&mut self, address: usize, code: &Code, pc: usize) -> u32 {
        if is_written(code, pc) {
            return code.line_at(pc);
        }
        if let Some(pc) = self.last_seen(address) {
            self.stand(address, pc);
        }
        match self.known(address) {
            Some(known) => known.function.code.line_at(known.pc),
            None => code.first_line(),
        }
    }

    // Names

    /// The name of a frame.
    pub fn name(&mut self, address: usize, code: &Code) -> Rc<str> {
        let Some(known) = self.known(address) else {
            return code.name.clone();
        };
        if let Some(name) = &known.name {
            return name.clone();
        }
        let plain = &known.function.code.name;
        let name: Rc<str> = match known.number {
            1 => plain.clone(),
            n => format!("{plain}#{n}").into(),
        };
        known.name = Some(name.clone());
        name
    }

    /// Where a frame stands that has not begun: it has no name of its own yet.
    fn start_of(&mut self, frame: &Ref<Generator>, pc: usize) -> Stand {
        let code = &frame.code.code;
        let function = self.function(code);
        let start = match function.start.get() {
            Some(start) => start.clone(),
            None => {
                let line = self.line(0, code, pc);
                let start = Stop::new(awaited_text(code, pc), line, true);
                function.start.get_or_init(|| start).clone()
            }
        };
        Stand {
            site: Some(Site {
                file: function.file.clone(),
                line: start.line,
                function: code.name.clone(),
                number: 1,
            }),
            awaited: start.awaited.clone(),
            stop: Some(start),
        }
    }

    pub fn file(&mut self, source: &Source) -> Rc<str> {
        let same = |known: &Source| std::ptr::eq(known.text(), source.text());
        if let Some((_, name)) = self.files.iter().find(|(known, _)| same(known)) {
            return name.clone();
        }
        let name = file_name(source);
        if self.files.len() >= FILES {
            self.files.clear();
        }
        self.files.push((source.clone(), name.clone()));
        name
    }

    /// Where a frame on the stack stands.
    pub fn site_of(&mut self, spot: &Spot<'_>) -> Site {
        let code = &spot.code.code;
        let file = self.file(&code.source);
        let (function, number) = match code.flags.module && spot.address == 0 {
            true => (file.clone(), 1),
            false => (code.name.clone(), self.number(spot.address)),
        };
        Site {
            line: self.line(spot.address, code, spot.pc),
            file,
            function,
            number,
        }
    }

    /// Which of its function's frames one is.
    fn number(&mut self, address: usize) -> u32 {
        self.known(address).map_or(1, |k| k.number)
    }

    /// Where a suspended frame stands, and what it awaits there.
    pub fn stand_of(&mut self, frame: &Ref<Generator>) -> Stand {
        let pc = (frame.pc.get() as usize).saturating_sub(1);
        if frame.state.get() == GenState::Created {
            return self.start_of(frame, pc);
        }
        let known = self.known(frame.as_obj().address());
        let known = known.filter(|k| Rc::ptr_eq(&k.function.code, &frame.code.code));
        if let Some(known) = known
            && let Some(stop) = known.function.stop(pc)
        {
            known.pc = pc;
            return Stand {
                site: Some(Site {
                    file: known.function.file.clone(),
                    line: stop.line,
                    function: known.function.code.name.clone(),
                    number: known.number,
                }),
                awaited: stop.awaited.clone(),
                stop: Some(stop),
            };
        }
        Stand {
            site: Some(self.site(frame, pc)),
            awaited: awaited_text(&frame.code.code, pc),
            stop: None,
        }
    }

    /// Where a suspended frame stands.
    pub fn site(&mut self, frame: &Ref<Generator>, pc: usize) -> Site {
        // One that has not begun has no name of its own yet.
        let address = match frame.state.get() {
            GenState::Created => 0,
            _ => frame.as_obj().address(),
        };
        self.stand(address, pc);
        let code = &frame.code.code;
        Site {
            file: self.file(&code.source),
            line: self.line(address, code, pc),
            function: code.name.clone(),
            number: self.number(address),
        }
    }
}
