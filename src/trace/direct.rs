//! What passes between a frame and the one that awaits, called or resumed it, where the two are known
//! to stand directly on each other: what was told of others like it is said of them. Frames of the
//! program are entered and left with events only, so which of them runs is known as long as nothing
//! else happens.

use super::lines::{Moment, Template};
use super::look::DEEPEST;
use super::names::Function;
use super::passage::Passage;
use super::recorder::{Recorder, Teller, task_name};
use super::steady::Running;
use crate::bytecode::{Code, Mark};
use crate::vm::Vm;
use crate::vm::heap::ObjRef;
use crate::vm::inspect::Edge;
use crate::vm::object::{Future, GenKind, GenState, Generator};
use crate::vm::value::Value;
use std::ptr::NonNull;
use std::rc::Rc;

/// Of which kind the frames of a function are.
fn kind(code: &Code) -> GenKind {
    match (code.flags.generator, code.flags.async_generator) {
        (true, _) => GenKind::Generator,
        (_, true) => GenKind::AsyncGenerator,
        _ => GenKind::Coroutine,
    }
}

/// Items of an async generator go to who awaits it, those of others to who resumed them.
fn gives_items(edge: &Edge<'_>, kind: GenKind) -> bool {
    edge.delegates == (kind == GenKind::AsyncGenerator)
}

fn place(running: &Running) -> NonNull<Code> {
    NonNull::from(&*running.function.code)
}

impl Recorder {
    /// Tells of a mark; `false` if more has to be looked at, and nothing was done.
    pub(super) fn direct(&mut self, vm: &mut Vm, mark: Mark, value: &Value) -> bool {
        match &self.teller {
            Teller::Lines(lines) if lines.is_whole() && self.turn_begun.is_none() => {}
            _ => return false,
        }
        match mark {
            Mark::Begin => self.begins(vm, value),
            Mark::Received => self.goes_on(vm, value),
            Mark::Yield => self.gives(vm, true, value),
            Mark::Return => self.gives(vm, false, value),
            Mark::Await => self.comes_to_await(vm, value),
            Mark::Awaited => self.has_awaited(vm),
            Mark::Line | Mark::Touch => false,
        }
    }

    fn begins(&mut self, vm: &mut Vm, value: &Value) -> bool {
        let (Some(edge), Some(outer)) = (vm.edge(), self.steady.running.last()) else {
            return false;
        };
        if outer.address != edge.outer || !self.is_seen(&edge) {
            return false;
        }
        let function = self.names.function(&edge.code.code);
        let parent = edge.delegates.then(|| kind(&outer.function.code));
        let passage = Passage::enters(true, parent, value);
        let templates = function.templates.borrow();
        let Some(template) = find(&templates, &edge, passage, outer) else {
            return false;
        };
        if template.own_line.is_some() {
            return false;
        }
        self.steady.begin();
        let number = self.names.begin_of(function.clone(), edge.own);
        self.enters(vm, &function, (number, true), template, value);
        true
    }

    fn goes_on(&mut self, vm: &mut Vm, value: &Value) -> bool {
        let (Some(edge), Some(outer)) = (vm.edge(), self.steady.running.last()) else {
            return false;
        };
        if outer.address != edge.outer || !self.is_seen(&edge) {
            return false;
        }
        let Some(known) = self.names.known(edge.own) else {
            return false;
        };
        let (function, number) = (known.function.clone(), known.number);
        if !gives_items(&edge, kind(&function.code)) {
            return false;
        }
        let parent = edge.delegates.then(|| kind(&outer.function.code));
        let passage = Passage::enters(false, parent, value);
        let templates = function.templates.borrow();
        let Some(template) = find(&templates, &edge, passage, outer) else {
            return false;
        };
        if template.own_line.is_some() {
            return false;
        }
        self.enters(vm, &function, (number, false), template, value);
        true
    }

    /// Whether a frame that is called or resumed by another one is seen above that.
    fn is_seen(&self, edge: &Edge<'_>) -> bool {
        edge.delegates || self.names.last_seen_frame() == edge.outer
    }

    fn enters(
        &mut self,
        vm: &mut Vm,
        function: &Rc<Function>,
        (number, begins): (u32, bool),
        template: &Template,
        value: &Value,
    ) {
        self.told = 0;
        let (Some(edge), Some(outer)) = (vm.edge(), self.steady.running.last()) else {
            return;
        };
        let own = Running {
            address: edge.own,
            function: function.clone(),
            number,
            // Deeper ones are not counted.
            depth: (outer.depth + 1).min(DEEPEST - 1),
        };
        match edge.delegates {
            true => self.names.see_awaited(edge.outer, (edge.own, edge.pc)),
            false => {
                let outer = (edge.outer, edge.outer_pc);
                self.names.see_entered(outer, (edge.own, edge.pc));
            }
        }
        if let Some(known) = self.names.known(edge.own) {
            known.stand(edge.pc);
            known.look = None;
        }
        self.write(vm, template, &own, value);
        if let Some(edge) = vm.edge().filter(|e| !e.delegates && !begins)
            && template.comes_again(own.number)
        {
            let passage = Passage::enters(false, None, value);
            self.keep_direct(vm, template, &own, (&edge, passage));
        }
        self.steady.enter(own);
    }

    fn gives(&mut self, vm: &mut Vm, yields: bool, value: &Value) -> bool {
        let [.., outer, own] = &*self.steady.running else {
            return false;
        };
        let Some(edge) = vm.edge() else {
            return false;
        };
        let direct = own.address == edge.own && outer.address == edge.outer;
        if !direct || self.names.last_seen_frame() != edge.own {
            return false;
        }
        let kind = kind(&own.function.code);
        let passage = match (yields, kind) {
            (true, _) => Passage::Yield,
            (_, GenKind::AsyncGenerator) => Passage::AsyncStop,
            _ if edge.delegates => Passage::Return,
            _ => Passage::Stop,
        };
        if yields && !gives_items(&edge, kind) {
            return false;
        }
        let function = own.function.clone();
        let templates = function.templates.borrow();
        let Some(template) = find(&templates, &edge, passage, outer) else {
            return false;
        };
        match template.own_line {
            None => {
                if let Some(known) = self.names.known(edge.own) {
                    known.stand(edge.pc);
                    known.look = None;
                }
            }
            // The line where it was seen last.
            Some(line) => {
                if self.names.line(edge.own, &function.code, edge.pc) != line {
                    return false;
                }
            }
        }
        self.told = edge.outer;
        self.names.see_left(edge.own);
        if let Some(own) = self.steady.running.pop() {
            self.write(vm, template, &own, value);
            if yields
                && let Some(edge) = vm.edge().filter(|e| !e.delegates)
                && template.comes_again(own.number)
            {
                self.keep_direct(vm, template, &own, (&edge, Passage::Yield));
            }
        }
        true
    }

    /// Writes the line of a passage between a frame and the one below it.
    fn write(&mut self, vm: &mut Vm, template: &Template, own: &Running, value: &Value) {
        self.number += 1;
        let (Teller::Lines(lines), Some(outer)) = (&mut self.teller, self.steady.running.last())
        else {
            return;
        };
        let clock = vm.host.clock.monotonic().as_secs_f64();
        let task = vm.current.task.get();
        let address = task.as_obj().map_or(0, ObjRef::address);
        if lines.is_within(self.turn, clock, address) {
            lines.begin_within(self.number);
        } else {
            let name = task.as_ref::<Future>();
            let name = name.map(|t| task_name(&self.tasks, t));
            let moment = Moment {
                number: self.number,
                turn: self.turn,
                clock,
                task: name.as_ref(),
            };
            lines.begin_at(&moment, address);
        }
        lines.direct(vm, template, (own, outer), value);
    }

    /// The innermost frame is about to await one of the program that begins, or an async generator:
    /// that is told by what is awaited.
    fn comes_to_await(&mut self, vm: &mut Vm, value: &Value) -> bool {
        let Some(edge) = vm.edge() else {
            return false;
        };
        let awaits = value.as_ref::<Generator>().is_some_and(|f| {
            let fresh = f.state.get() == GenState::Created;
            !f.code.is_library && (fresh || f.kind() == GenKind::AsyncGenerator)
        });
        if !awaits || self.steady.innermost() != edge.own {
            return false;
        }
        self.told = 0;
        if let Some(known) = self.names.leave(edge.own, edge.pc) {
            known.look = None;
        }
        true
    }

    /// The innermost frame has got what has been told.
    fn has_awaited(&mut self, vm: &mut Vm) -> bool {
        let Some(edge) = vm.edge() else {
            return false;
        };
        if self.told != edge.own || self.steady.innermost() != edge.own {
            return false;
        }
        self.told = 0;
        if let Some(known) = self.names.leave(edge.own, edge.pc) {
            known.look = None;
        }
        true
    }
}

#[inline]
fn find<'a>(
    templates: &'a [Vec<Template>],
    edge: &Edge<'_>,
    passage: Passage,
    outer: &Running,
) -> Option<&'a Template> {
    let all = templates.get(edge.pc)?;
    let code = place(outer);
    all.iter()
        .find(|t| t.is_direct(passage, code, edge.outer_pc))
}
