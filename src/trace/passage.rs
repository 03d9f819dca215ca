//! What goes into frames and comes out of them, from the marks in their code.

use super::lines::{Moment, Passed};
use super::look::{Far, Gives, Look, each_through, spot_at};
use super::names::Place;
use super::record::{End, Entry, Site, What};
use super::recorder::{Recorder, Teller, task_name};
use super::steady::Running;
use crate::bytecode::Mark;
use crate::inspect::quiet::quiet;
use crate::vm::Vm;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::object::{Future, GenKind, GenState, Generator};
use crate::vm::value::Value;
use std::rc::Rc;

/// How something passes into a frame, or out of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passage {
    Begin,
    Await,
    YieldFrom,
    Next,
    Send,
    Yield,
    Return,
    /// A return that is an exception for whoever gets it.
    Stop,
    AsyncStop,
    Awaits,
    Got,
}

impl Passage {
    pub fn enters(begins: bool, parent: Option<GenKind>, value: &Value) -> Passage {
        match (parent, value) {
            (Some(GenKind::Generator), _) if begins => Passage::YieldFrom,
            (Some(_), _) if begins => Passage::Await,
            (None, _) if begins => Passage::Begin,
            (_, Value::None) => Passage::Next,
            _ => Passage::Send,
        }
    }

    /// Something goes into the frame.
    pub fn is_entry(self) -> bool {
        use Passage::{Await, Begin, Next, Send, YieldFrom};
        matches!(self, Begin | Await | YieldFrom | Next | Send)
    }

    fn returns(look: &Look) -> Passage {
        match (look.kind, look.parent) {
            (Some(GenKind::AsyncGenerator), _) => Passage::AsyncStop,
            (_, None) => Passage::Stop,
            _ => Passage::Return,
        }
    }

    /// The event: the other end, by way of whom, and the value as a text.
    pub fn what(self, end: End, through: Vec<Rc<str>>, value: String) -> What {
        let resumed = |how| What::Resumed {
            from: end.clone(),
            how,
        };
        let returned = |value, stops| What::Returned {
            to: end.clone(),
            value,
            stops,
        };
        match self {
            Passage::Begin => resumed(Entry::Begin),
            Passage::Await => resumed(Entry::Await),
            Passage::YieldFrom => resumed(Entry::YieldFrom),
            Passage::Next => resumed(Entry::Next),
            Passage::Send => resumed(Entry::Send(value)),
            Passage::Yield => What::Yielded {
                to: end,
                through,
                value,
            },
            Passage::Return => returned(value, None),
            Passage::Stop => returned(value, Some("StopIteration")),
            Passage::AsyncStop => returned(value, Some("StopAsyncIteration")),
            Passage::Awaits => What::Awaits { what: value },
            Passage::Got => What::Got { value },
        }
    }
}

/// A passage that is to be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub passage: Passage,
    /// Where the running frame is.
    pub own: Place,
    /// The other end, and whether others between the two delegate.
    pub far: Far,
    pub through: bool,
    pub look: Look,
}

/// What passes.
pub(super) enum Thing<'a> {
    Value(&'a Value),
    /// Something that has been put into words.
    Words(&'a str),
}

impl Thing<'_> {
    pub fn text(&self, vm: &mut Vm) -> String {
        match self {
            Thing::Value(value) => quiet(vm, value),
            Thing::Words(text) => (*text).to_owned(),
        }
    }
}

impl Recorder {
    /// The running frame has come to a mark.
    pub(super) fn mark(&mut self, vm: &mut Vm, mark: Mark, value: &Value) {
        match mark {
            Mark::Yield => self.left(vm, true, value),
            Mark::Received => self.entered(vm, false, value),
            Mark::Return => self.left(vm, false, value),
            Mark::Begin => self.entered(vm, true, value),
            Mark::Touch => {}
            Mark::Line => self.begin_line(vm),
            Mark::Await => {
                self.steady.end();
                self.awaits(vm, value);
            }
            Mark::Awaited => {
                self.steady.end();
                self.awaited(vm, value);
            }
        }
    }

    fn begin_line(&mut self, vm: &mut Vm) {
        let Some(spot) = vm.spots().next() else {
            return;
        };
        let file = self.names.file(&spot.code.code.source);
        self.here(vm, What::Line { file });
    }

    fn entered(&mut self, vm: &mut Vm, begins: bool, value: &Value) {
        self.told = 0;
        let Some(spot) = vm.spots().next() else {
            return;
        };
        let own = Place::of(&spot);
        if begins {
            self.names.begin(&spot);
        }
        let look = self.look(vm);
        if let Some(known) = self.names.stand(own.frame, own.pc) {
            known.look = Some(look);
        }
        let passage = Passage::enters(begins, look.parent, value);
        let far = match passage {
            Passage::Await | Passage::YieldFrom => look.outer(),
            _ => look.receiver(Gives::Item).0,
        };
        // If nobody of the program resumed it, the chunk of the task has been told.
        if let Far::Frame(_) = far {
            let told = Told {
                passage,
                own,
                far,
                through: false,
                look,
            };
            self.pass(vm, &told, &Thing::Value(value));
        }
        self.enter(vm, begins, own, far, look);
    }

    /// A frame runs, entered from there.
    fn enter(&mut self, vm: &Vm, begins: bool, own: Place, far: Far, look: Look) {
        let far = far.frame();
        let direct = far != 0 && vm.edge().is_some_and(|e| e.outer == far);
        if begins {
            self.steady.begin();
        }
        if begins && (!direct || self.steady.innermost() != far) {
            self.steady.end();
            if let Some(outer) = self.running(far, look.depth()).filter(|_| direct) {
                self.steady.enter(outer);
            }
        }
        if let Some(own) = self.running(own.frame, look.depth() + 1) {
            self.steady.enter(own);
        }
    }

    /// A frame with so many below it but one.
    fn running(&mut self, address: usize, below: usize) -> Option<Running> {
        let known = self.names.known(address)?;
        Some(Running {
            address,
            function: known.function.clone(),
            number: known.number,
            depth: below.checked_sub(1)?,
        })
    }

    fn left(&mut self, vm: &mut Vm, yields: bool, value: &Value) {
        self.told = 0;
        let Some((own, look)) = self.stand(vm) else {
            return;
        };
        // Since it was entered, nothing has changed below it.
        let look = match look {
            Some(look) => look,
            None => self.look(vm),
        };
        let gives = match yields {
            true => Gives::Item,
            false => Gives::Result,
        };
        let (far, through) = look.receiver(gives);
        if !yields && !matches!(far, Far::Frame(_)) {
            return;
        }
        self.told = far.frame();
        let told = Told {
            passage: match yields {
                true => Passage::Yield,
                false => Passage::returns(&look),
            },
            own,
            far,
            through: through && yields,
            look,
        };
        self.pass(vm, &told, &Thing::Value(value));
        self.steady.leave(own.frame);
    }

    /// Notes that the running frame is here, and will be left; what it saw when it was entered.
    fn stand(&mut self, vm: &Vm) -> Option<(Place, Option<Look>)> {
        let spot = vm.spots().next()?;
        let own = Place::of(&spot);
        let known = self.names.leave(own.frame, own.pc);
        Some((own, known.and_then(|k| k.look.take())))
    }

    fn awaits(&mut self, vm: &mut Vm, value: &Value) {
        self.told = 0;
        let Some((own, look)) = self.stand(vm) else {
            return;
        };
        if begun_frame(value).is_some() {
            // It may be the root of a chain that goes on here from now on.
            self.names.upset();
        }
        if let Some(words) = awaited(vm, value) {
            let look = match look {
                Some(look) => look,
                None => self.look(vm),
            };
            let told = Told {
                passage: Passage::Awaits,
                own,
                far: Far::Loop,
                through: false,
                look,
            };
            self.pass(vm, &told, &Thing::Words(&words));
        }
    }

    fn awaited(&mut self, vm: &mut Vm, value: &Value) {
        let told = std::mem::take(&mut self.told);
        let Some((own, _)) = self.stand(vm) else {
            return;
        };
        if value.is_none() || own.frame == told {
            return;
        }
        let told = Told {
            passage: Passage::Got,
            own,
            far: Far::Loop,
            through: false,
            look: self.look(vm),
        };
        self.pass(vm, &told, &Thing::Value(value));
    }

    fn pass(&mut self, vm: &mut Vm, told: &Told, thing: &Thing<'_>) {
        if self.turn_begun.is_none() && self.pass_line(vm, told, thing) {
            return;
        }
        let site = self.site(vm, Far::Frame(told.own));
        let end = self.end(vm, told.far);
        let mut through = Vec::new();
        if told.through {
            let names = &mut self.names;
            each_through(vm, |s| through.push(names.name(s.address, &s.code.code)));
        }
        let value = thing.text(vm);
        let what = told.passage.what(end, through, value);
        self.put(vm, site, told.look.depth(), what);
    }

    /// Writes it as a line at once, if lines are wanted.
    fn pass_line(&mut self, vm: &mut Vm, told: &Told, thing: &Thing<'_>) -> bool {
        let Teller::Lines(lines) = &mut self.teller else {
            return false;
        };
        let task = vm.current.task.get();
        let address = task.as_obj().map_or(0, ObjRef::address);
        let name = task.as_ref::<Future>();
        let name = name.map(|t| task_name(&self.tasks, t));
        self.number += 1;
        let moment = Moment {
            number: self.number,
            turn: self.turn,
            clock: vm.host.clock.monotonic().as_secs_f64(),
            task: name.as_ref(),
        };
        match lines.pass(vm, &mut self.names, (&moment, address), told, thing) {
            Passed::Not => {
                self.number -= 1;
                return false;
            }
            Passed::Anew => {}
            Passed::Again => self.keep(vm, told),
        }
        true
    }

    /// Where on the stack something is.
    pub(super) fn site(&mut self, vm: &Vm, far: Far) -> Option<Site> {
        match far {
            Far::Frame(place) => spot_at(vm, &place).map(|spot| self.names.site_of(&spot)),
            Far::Loop | Far::Outside => None,
        }
    }

    /// The other end of something that travels.
    pub(super) fn end(&mut self, vm: &Vm, far: Far) -> End {
        match (far, self.site(vm, far)) {
            (_, Some(site)) => End::Frame(site),
            (Far::Loop, None) => End::Loop,
            (_, None) => End::Outside,
        }
    }
}

/// What a frame awaits or delegates to where nothing else tells: a frame that has begun, a future
/// that is done.
fn awaited(vm: &mut Vm, value: &Value) -> Option<String> {
    if let Some(future) = value.as_ref::<Future>() {
        return future
            .is_done()
            .then(|| format!("{}, which is done: no delay", quiet(vm, value)));
    }
    let frame = begun_frame(value)?;
    let own = !frame.code.code.source.is_library();
    own.then(|| format!("{}()", frame.code.code.name))
}

/// A frame that is awaited or delegated to, and has begun; not an async generator, which is only
/// asked for its next item.
fn begun_frame(value: &Value) -> Option<&Ref<Generator>> {
    let frame = value.as_ref::<Generator>()?;
    let is_asked = frame.kind() == GenKind::AsyncGenerator;
    (!is_asked && frame.state.get() != GenState::Created).then_some(frame)
}
