//! From what the VM and the loop tell to records: names for frames and tasks, chunks and delays,
//! who gets what. The recorder stands in the VM's state while it records; what it keeps of the
//! program's objects is their addresses and names.

use super::ahead::{
    SHOWN, before, called, entry_text, is_native, is_of_library, settles, timed_text,
};
use super::lines::{Lines, Moment};
use super::look::{Far, Gives, Look};
use super::names::{ByAddress, Names, Stand, Stop};
use super::place::suspended;
use super::record::{Before, Ending, Entry, Record, Site, Wait, What};
use super::steady::Steady;
use super::summary::Tally;
use crate::bytecode::Marks;
use crate::event_loop::inspect::{self, Timed};
use crate::inspect::quiet::quiet;
use crate::vm::Vm;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::hooks::StepOutcome;
use crate::vm::object::{Future, FutureState, GenState, Generator};
use crate::vm::observe::{Event, Observer};
use crate::vm::ready::Ready;
use crate::vm::value::Value;
use std::collections::HashSet;
use std::rc::Rc;

/// Who gets the records.
pub type Sink = Box<dyn FnMut(&mut Vm, &Record)>;

/// Timers that a line tells of.
const TIMERS_OF_A_LINE: usize = 3;

/// Where records go.
#[derive(Default)]
pub(super) enum Teller {
    #[default]
    Nobody,
    Records(Sink),
    Lines(Box<Lines>),
}

/// What is known of a task that is not done.
pub(super) struct Running {
    name: Rc<str>,
    /// Its place in the tally.
    at: usize,
    chunks: u32,
    /// When it was suspended, and what it waits for.
    since: Option<(f64, Rc<str>)>,
    /// Where it was last told to stop.
    told_to_stop: Option<Site>,
}

#[derive(Default)]
pub(super) struct Recorder {
    pub(super) teller: Teller,
    pub(super) number: u64,
    pub(super) turn: u64,
    pub(super) names: Names,
    pub(super) steady: Steady,
    pub(super) tasks: ByAddress<Running>,
    /// When the timers of futures are due.
    due: ByAddress<f64>,
    /// How many frames stood on the stack when the running loop was started.
    outside: usize,
    /// A turn has begun in which nothing has happened yet.
    pub(super) turn_begun: Option<Record>,
    /// What the program has printed of a line.
    printed: Option<Record>,
    /// Tasks of the library's that only close the loop, by address; and the run of the last one.
    closing: HashSet<usize>,
    closes: bool,
    /// What a task is being asked to stop for was told.
    asked: bool,
    /// The future of the timer that has just fired.
    fired: usize,
    /// What the step that has just ended yielded.
    yielded: Option<Value>,
    /// The address of the frame that got the last value from a frame of the program, and needs no
    /// second line.
    pub(super) told: usize,
    tally: Tally,
}

/// The observer that records.
pub fn observer(marks: Marks) -> Observer {
    Observer {
        tell: |vm, event| with(vm, |recorder, vm| recorder.take(vm, event)),
        marks,
    }
}

/// From now on the sink gets what happens.
pub fn start(vm: &mut Vm, sink: Sink) {
    begin(vm, Teller::Records(sink));
}

/// From now on what happens is written as lines of JSON.
pub fn start_lines(vm: &mut Vm, lines: Lines) {
    begin(vm, Teller::Lines(Box::new(lines)));
}

fn begin(vm: &mut Vm, teller: Teller) {
    vm.observing = Some(Box::new(Recorder {
        teller,
        ..Recorder::default()
    }));
}

/// Ends the recording: what the tasks did, all in all.
pub fn stop(vm: &mut Vm) -> Tally {
    let kept = vm.observing.take();
    let Some(Ok(mut recorder)) = kept.map(|k| k.downcast::<Recorder>()) else {
        return Tally::default();
    };
    if let Teller::Lines(lines) = &mut recorder.teller {
        lines.flush();
    }
    recorder.tally
}

/// Works with the recorder taken out, so that what it does is not recorded.
fn with(vm: &mut Vm, work: impl FnOnce(&mut Recorder, &mut Vm)) {
    if let Some(mut kept) = vm.observing.take() {
        if let Some(recorder) = kept.downcast_mut() {
            work(recorder, vm);
        }
        vm.observing = Some(kept);
    }
}

impl Recorder {
    fn take(&mut self, vm: &mut Vm, event: &Event<'_>) {
        if let Event::Mark(mark, value) = event {
            if self.printed.is_some() {
                self.end_line(vm);
            }
            self.asked = false;
            if !self.replay(vm, *mark, value) && !self.direct(vm, *mark, value) {
                self.mark(vm, *mark, value);
            }
            return;
        }
        self.take_other(vm, event);
    }

    fn take_other(&mut self, vm: &mut Vm, event: &Event<'_>) {
        self.steady.end();
        match event {
            Event::Written(text) => return self.written(vm, text),
            Event::Touch(_) => return,
            _ => {}
        }
        self.end_line(vm);
        match event {
            Event::Mark(..) => {}
            Event::Thrown(frame, exception) => {
                let how = Entry::Throw(quiet(vm, exception));
                self.interrupted(vm, frame, how);
            }
            Event::Closed(frame) if frame.state.get() == GenState::Suspended => {
                self.interrupted(vm, frame, Entry::Close);
            }
            Event::Closed(_) => {}
            Event::Raised(frame, exception) => self.raised(vm, frame, exception),
            Event::LoopBegun => {
                if !std::mem::take(&mut self.closes) {
                    self.here(vm, What::Loop);
                }
                self.outside = vm.frame_count();
            }
            Event::TurnBegun => {
                self.turn += 1;
                let timers = match &self.teller {
                    Teller::Lines(_) => TIMERS_OF_A_LINE,
                    Teller::Records(_) | Teller::Nobody => SHOWN,
                };
                let before = before(vm, timers, &|t| self.task_name(t));
                self.turn_begun = Some(self.record(vm, None, 0, What::Turn(before)));
            }
            Event::TaskMade(task) => self.made(vm, task),
            Event::StepBegun(task, exception) => self.chunk(vm, task, exception),
            Event::StepEnded(task, outcome) => self.step_ended(vm, task, outcome),
            Event::StepSettled(task) => self.suspended(vm, task),
            Event::CallBegun(func, args) => self.callback(vm, func, args),
            Event::CallEnded => {}
            Event::Queued(ready) => self.queued(vm, ready),
            Event::TimerSet(when, target) => self.timer_set(vm, *when, target),
            Event::TimerDue => {
                self.turn_begun = None;
                let event_loop = vm.current.event_loop.get();
                if let Some(entry) = inspect::last_ready(&event_loop) {
                    let what = entry_text(vm, &entry, &|t| self.task_name(t));
                    let mut record = self.record(vm, None, 0, What::TimerDue { what });
                    // The turn that is about to begin.
                    record.turn += 1;
                    self.give(vm, record);
                }
            }
            Event::Settled(future) => self.settled(vm, future),
            Event::CancelAsked(task) => {
                let task = self.task_name(task);
                self.here(vm, What::Cancel { task });
                self.asked = true;
                return;
            }
            Event::Written(_) | Event::Touch(_) => {}
        }
        self.asked = false;
    }

    /// The program prints: a line is told when it is whole.
    fn written(&mut self, vm: &mut Vm, text: &str) {
        if self.printed.is_none() {
            let look = self.look(vm);
            let text = String::new();
            let (site, depth) = (self.site(vm, look.near(vm)), look.depth());
            self.printed = Some(self.record(vm, site, depth, What::Printed { text }));
        }
        if let Some(Record {
            what: What::Printed { text: line },
            ..
        }) = &mut self.printed
        {
            line.push_str(text);
        }
        if text.ends_with('\n') {
            self.end_line(vm);
        }
    }

    fn end_line(&mut self, vm: &mut Vm) {
        if let Some(record) = self.printed.take() {
            self.give(vm, record);
        }
    }

    /// Gives a record to the sink; first that of the turn in which it is the first.
    #[inline]
    fn give(&mut self, vm: &mut Vm, record: Record) {
        self.give_turn(vm);
        self.give_only(vm, record);
    }

    #[inline]
    fn give_turn(&mut self, vm: &mut Vm) {
        if let Some(turn) = self.turn_begun.take() {
            self.give_only(vm, turn);
        }
    }

    #[inline]
    fn give_only(&mut self, vm: &mut Vm, mut record: Record) {
        self.number += 1;
        record.number = self.number;
        match &mut self.teller {
            Teller::Nobody => {}
            Teller::Records(sink) => sink(vm, &record),
            Teller::Lines(lines) => lines.record(&record),
        }
    }

    fn record(&self, vm: &Vm, site: Option<Site>, depth: usize, what: What) -> Record {
        let task = vm.current.task.get();
        Record {
            number: 0,
            turn: self.turn,
            clock: vm.host.clock.monotonic().as_secs_f64(),
            task: task.as_ref::<Future>().map(|t| self.task_name(t)),
            site,
            depth,
            what,
        }
    }

    pub(super) fn put(&mut self, vm: &mut Vm, site: Option<Site>, depth: usize, what: What) {
        let record = self.record(vm, site, depth, what);
        self.give(vm, record);
    }

    pub(super) fn look(&mut self, vm: &Vm) -> Look {
        Look::take(vm, &mut self.names, self.outside)
    }

    /// Records what happens where the program is.
    pub(super) fn here(&mut self, vm: &mut Vm, what: What) {
        let look = self.look(vm);
        self.at(vm, &look, what);
    }

    fn at(&mut self, vm: &mut Vm, look: &Look, what: What) {
        let site = self.site(vm, look.near(vm));
        self.put(vm, site, look.depth(), what);
    }

    fn task_name(&self, task: &Ref<Future>) -> Rc<str> {
        task_name(&self.tasks, task)
    }

    // Frames

    /// A suspended frame gets something else than a value.
    fn interrupted(&mut self, vm: &mut Vm, frame: &Ref<Generator>, how: Entry) {
        self.names.upset();
        if frame.code.code.source.is_library() {
            return;
        }
        let look = self.look(vm);
        let from = self.end(vm, look.near(vm));
        let pc = (frame.pc.get() as usize).saturating_sub(1);
        let site = self.names.site(frame, pc);
        self.put(
            vm,
            Some(site),
            look.suspendable,
            What::Resumed { from, how },
        );
    }

    fn raised(&mut self, vm: &mut Vm, frame: &Ref<Generator>, exception: &Value) {
        self.names.upset();
        let class = vm.class_of(exception);
        if frame.code.code.source.is_library() || class.is_subclass(&vm.exc.generator_exit) {
            return;
        }
        let look = self.look(vm);
        let (far, _) = look.receiver(Gives::Result);
        if let Far::Frame(_) = far {
            let to = self.end(vm, far);
            let exception = quiet(vm, exception);
            self.at(vm, &look, What::Raised { to, exception });
        }
    }

    // Tasks

    fn made(&mut self, vm: &mut Vm, task: &Ref<Future>) {
        let name: Rc<str> = inspect::task_name(task).into();
        let coroutine = task.part().map_or(Value::Undef, |p| p.coro.get());
        let of: Rc<str> = match coroutine.as_ref::<Generator>() {
            Some(frame) => frame.code.code.name.clone(),
            None => quiet(vm, &coroutine).into(),
        };
        let address = task.as_obj().address();
        self.closes = closes_loop(&coroutine);
        if self.closes {
            self.closing.insert(address);
            return;
        }
        self.closing.remove(&address);
        let known = Running {
            name: name.clone(),
            at: self.tally.add(&name, &of),
            chunks: 0,
            since: None,
            told_to_stop: None,
        };
        self.tasks.insert(address, known);
        self.here(vm, What::Made { task: name, of });
    }

    fn chunk(&mut self, vm: &mut Vm, task: &Ref<Future>, exception: &Value) {
        if self.closing.contains(&task.as_obj().address()) {
            return;
        }
        let now = vm.host.clock.monotonic().as_secs_f64();
        let raising = (!exception.is_undef()).then(|| quiet(vm, exception));
        let coroutine = task.part().map_or(Value::Undef, |p| p.coro.get());
        let Stand { site, stop, .. } = suspended(&mut self.names, &coroutine);
        let mut number = 1;
        let mut after = None;
        if let Some(known) = self.tasks.get_mut(&task.as_obj().address()) {
            known.chunks += 1;
            number = known.chunks;
            let since = known.since.take();
            after = since.map(|(since, what)| (now - since, what));
            self.tally.chunk(known.at);
            if let Some((seconds, what)) = &after {
                self.tally.delay(known.at, what, *seconds);
            }
            if raising.is_some() {
                let class = vm.class_of(exception);
                if class.is_subclass(&vm.exc.cancelled_error) {
                    known.told_to_stop.clone_from(&site);
                }
            }
        }
        // The place says what was waited for, too.
        let stop = stop.filter(|s| match &after {
            Some((_, what)) => Rc::ptr_eq(what, &s.awaited) && !s.is_start(),
            None => s.is_start(),
        });
        let what = What::Chunk {
            number,
            after,
            raising,
        };
        self.put_at(vm, task, (site, stop), now, what);
    }

    fn step_ended(&mut self, vm: &mut Vm, task: &Ref<Future>, outcome: &StepOutcome) {
        if self.closing.contains(&task.as_obj().address()) {
            return;
        }
        let ending = match outcome {
            StepOutcome::Yielded(value) => {
                self.yielded = Some(value.clone());
                return;
            }
            StepOutcome::Returned(value) => {
                let known = self.tasks.get(&task.as_obj().address());
                let site = known.and_then(|k| k.told_to_stop.clone());
                if site.is_some() && task.cancel_requests() > 0 {
                    self.put(vm, site, 0, What::Swallowed);
                }
                Ending::Returned(quiet(vm, value))
            }
            StepOutcome::Raised(exception) => {
                let class = vm.class_of(exception);
                match class.is_subclass(&vm.exc.cancelled_error) {
                    true => Ending::Cancelled,
                    false => Ending::Failed(quiet(vm, exception)),
                }
            }
        };
        let before = self.ahead(vm);
        self.put(vm, None, 0, What::Ended(ending.clone(), before));
        if let Some(known) = self.tasks.remove(&task.as_obj().address()) {
            // Whoever is told of its end must find its name.
            self.tally.end(known.at, ending);
        }
    }

    fn suspended(&mut self, vm: &mut Vm, task: &Ref<Future>) {
        let Some(yielded) = self.yielded.take() else {
            return;
        };
        let coroutine = task.part().map_or(Value::Undef, |p| p.coro.get());
        let stand = suspended(&mut self.names, &coroutine);
        let future = yielded.as_ref::<Future>();
        let until = future.and_then(|f| self.due.get(&f.as_obj().address()).copied());
        let other = future.filter(|f| f.is_task()).map(|f| self.task_name(f));
        let wait = Wait {
            what: stand.awaited.clone(),
            until,
            task: other,
            again: yielded.is_none(),
        };
        drop(yielded);
        let now = vm.host.clock.monotonic().as_secs_f64();
        if let Some(known) = self.tasks.get_mut(&task.as_obj().address()) {
            known.since = Some((now, stand.awaited));
        }
        let before = self.ahead(vm);
        let what = What::Suspended(wait, before);
        self.put_at(vm, task, (stand.site, stand.stop), now, what);
    }

    /// What the loop has before it after a chunk; lines tell it of turns only.
    fn ahead(&self, vm: &mut Vm) -> Before {
        match &self.teller {
            Teller::Records(_) => before(vm, SHOWN, &|t| self.task_name(t)),
            Teller::Lines(_) | Teller::Nobody => Before::default(),
        }
    }

    /// A task goes on at a place, or stops there: its step has not begun yet, or is over already.
    fn put_at(
        &mut self,
        vm: &mut Vm,
        task: &Ref<Future>,
        (site, stop): (Option<Site>, Option<Rc<Stop>>),
        clock: f64,
        what: What,
    ) {
        if let (Teller::Lines(_), Some(stop)) = (&self.teller, &stop) {
            let is = match &what {
                What::Suspended(Wait { again: true, .. }, _) => &stop.gives_way,
                What::Suspended(..) => &stop.waits,
                _ => &stop.goes_on,
            };
            self.give_turn(vm);
            let name = self.task_name(task);
            self.number += 1;
            let moment = Moment {
                number: self.number,
                turn: self.turn,
                clock,
                task: Some(&name),
            };
            if let Teller::Lines(lines) = &mut self.teller {
                lines.stop(&moment, site.as_ref(), &what, is);
            }
            return;
        }
        let outer = vm.current.task.replace(task.clone().into());
        self.put(vm, site, 0, what);
        vm.current.task.set(outer);
    }

    // The loop

    fn queued(&mut self, vm: &mut Vm, ready: &Ready) {
        let because = match ready {
            // Told by what made it so.
            Ready::Step(_) | Ready::Throw(_) | Ready::Timer(_) | Ready::Worker(_) => return,
            Ready::Wakeup(task) => {
                let awaited = task.part().map_or(Value::Undef, |p| p.waiting_for.get());
                match awaited.as_ref::<Future>() {
                    Some(other) if other.is_task() => {
                        [&*self.task_name(other), " is done"].concat().into()
                    }
                    Some(f) if f.as_obj().address() == self.fired => "its timer has fired".into(),
                    Some(f) if f.state.get() == FutureState::Cancelled => {
                        "what it waited for was cancelled".into()
                    }
                    _ => "what it waited for is done".into(),
                }
            }
            Ready::Done(_) => "its future is done".into(),
            Ready::Handle(_) => "call_soon".into(),
        };
        let Some(entry) = inspect::queued(ready) else {
            return;
        };
        if is_of_library(&entry) {
            return;
        }
        let what = entry_text(vm, &entry, &|t| self.task_name(t));
        self.here(vm, What::Queued { what, because });
    }

    fn timer_set(&mut self, vm: &mut Vm, when: f64, target: &ObjRef) {
        let Some(timed) = inspect::timed(target) else {
            return;
        };
        if let Some(future) = settles(&timed) {
            // What is waited for is told when the task is suspended.
            self.due.insert(future.as_obj().address(), when);
            return;
        }
        let what = timed_text(vm, &timed, &|t| self.task_name(t)).to_string();
        self.here(vm, What::TimerSet { when, what });
    }

    fn settled(&mut self, vm: &mut Vm, future: &Ref<Future>) {
        let address = future.as_obj().address();
        let timer = self.due.remove(&address).is_some();
        let cancelled = future.state.get() == FutureState::Cancelled;
        self.fired = if timer && !cancelled { address } else { 0 };
        if timer || cancelled && self.asked {
            return;
        }
        let how = match (future.state.get(), future.exception().defined()) {
            (FutureState::Cancelled, _) => "cancelled".to_owned(),
            (_, Some(exception)) => quiet(vm, &exception),
            _ => quiet(vm, &future.result()),
        };
        let look = self.look(vm);
        // The library's own futures are its own business.
        if look.is_own {
            self.at(vm, &look, What::Settled { how });
        }
    }

    fn callback(&mut self, vm: &mut Vm, func: &Value, args: &[Value]) {
        let timed = Timed::Call {
            func: func.clone(),
            args: args.to_vec(),
        };
        // What is told of a timer is whom it wakes.
        if !is_native(func) && settles(&timed).is_none_or(|f| f.is_done()) {
            let what = called(vm, func);
            self.put(vm, None, 0, What::Callback { what });
        }
    }
}

/// The name of a task, which it had when it was made.
pub(super) fn task_name(tasks: &ByAddress<Running>, task: &Ref<Future>) -> Rc<str> {
    match tasks.get(&task.as_obj().address()) {
        Some(known) => known.name.clone(),
        None => inspect::task_name(task).into(),
    }
}

/// Whether a coroutine is one of those with which the library ends a loop.
fn closes_loop(coroutine: &Value) -> bool {
    let Some(frame) = coroutine.as_ref::<Generator>() else {
        return false;
    };
    let code = &frame.code.code;
    let closes = ["shutdown_asyncgens", "shutdown_default_executor"];
    code.source.is_library() && closes.contains(&&*code.name)
}
