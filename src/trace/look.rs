//! Who resumed whom: the frames on the stack from the innermost out to the step of the running
//! task, and what of them is told. Taken for every event, so it copies nothing but numbers, and
//! goes no farther out than to a frame that has looked already.

use super::names::{Chain, Names, Place};
use crate::vm::Vm;
use crate::vm::heap::ObjRef;
use crate::vm::inspect::Spot;
use crate::vm::object::{Future, GenKind};

/// Deeper stacks are not looked at.
pub(super) const DEEPEST: usize = 200;
/// Chains with fewer frames above the running one are walked each time.
const SHORT: usize = 3;

/// The other end of something that travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Far {
    Frame(Place),
    Loop,
    Outside,
}

impl Far {
    /// The frame's address, 0 if it is none that can be suspended.
    pub fn frame(self) -> usize {
        match self {
            Far::Frame(place) => place.frame,
            Far::Loop | Far::Outside => 0,
        }
    }
}

/// What there is to see from a frame.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Look {
    /// The innermost frame of the program outside of the one that runs,
    second: Option<Place>,
    /// and outside of its chain.
    beyond: Option<Place>,
    /// How many frames of the program can be suspended, and how many frames there are.
    pub suspendable: usize,
    frames: usize,
    /// The frame that delegates to the running one.
    pub above: usize,
    /// The kinds of the two.
    pub kind: Option<GenKind>,
    pub parent: Option<GenKind>,
    /// The running frame is the program's.
    pub is_own: bool,
    /// It begins with the step of a task, or with a callback.
    in_step: bool,
}

/// What a frame gives away.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// What it yields: goes to who resumed the chain.
    Item,
    /// What it returns or raises: goes to its parent, if it has one.
    Result,
}

/// Where the stack is looked at no further.
struct Bounds {
    /// The coroutine of the task whose step runs, or 0.
    root: usize,
    frames: usize,
}

impl Look {
    /// Looks from the running frame. `outside`: how many frames stand outside of the running loop.
    pub fn take(vm: &Vm, names: &mut Names, outside: usize) -> Look {
        let root = match vm.current.task.is_undef() {
            true => 0,
            false => step_root(vm),
        };
        // What the loop calls between two steps is called by nobody else.
        let between = root == 0 && !vm.current.event_loop.is_undef();
        let bounds = Bounds {
            root,
            frames: match between {
                true => vm.frame_count().saturating_sub(outside),
                false => DEEPEST,
            },
        };
        let mut look = Look {
            in_step: between,
            ..Look::default()
        };
        names.look_anew();
        if bounds.frames > 0 {
            look.walk(vm, names, &bounds);
        }
        look
    }

    fn walk(&mut self, vm: &Vm, names: &mut Names, bounds: &Bounds) {
        for spot in vm.spots() {
            if self.frames > 0 && self.splice(names, &spot, bounds) {
                return names.see_below(&spot);
            }
            names.see(&spot);
            if !self.take_chain(names, &spot, bounds) {
                return names.see_no_more(false);
            }
        }
        names.see_no_more(true);
    }

    /// What a frame saw when it was entered is what there is to see from it.
    #[inline]
    fn splice(&mut self, names: &mut Names, spot: &Spot<'_>, bounds: &Bounds) -> bool {
        if spot.address == 0 {
            return false;
        }
        let Some(known) = names.known(spot.address) else {
            return false;
        };
        let fits = |outer: &&Look| self.frames + outer.frames < bounds.frames;
        let Some(outer) = known.look.as_ref().filter(fits) else {
            return false;
        };
        let place = Some(Place::of(spot));
        self.second = self.second.or(place);
        self.beyond = self.beyond.or(place);
        self.frames += outer.frames;
        self.suspendable += outer.suspendable;
        self.in_step = outer.in_step;
        true
    }

    /// Looks at a frame and at those that delegate to it; whether to go on.
    #[inline]
    fn take_chain(&mut self, names: &mut Names, spot: &Spot<'_>, bounds: &Bounds) -> bool {
        let innermost = self.frames == 0;
        if innermost {
            self.kind = spot.generator.map(|g| g.kind());
            self.is_own = !spot.code.is_library;
        }
        if !self.take_frame(spot, !innermost, bounds) {
            return false;
        }
        match spot.parent() {
            None => true,
            Some(parent) => self.take_parents(names, spot, parent, innermost, bounds),
        }
    }

    fn take_parents(
        &mut self,
        names: &mut Names,
        spot: &Spot<'_>,
        parent: Spot<'_>,
        innermost: bool,
        bounds: &Bounds,
    ) -> bool {
        if innermost {
            self.parent = parent.generator.map(|g| g.kind());
            self.above = parent.address;
        }
        let upsets = names.upsets;
        let known = names.known(spot.address);
        let chain = known.as_ref().and_then(|k| k.chain.as_deref());
        let fits = |c: &&Chain| {
            let unchanged = c.parent == parent.address && c.upsets == upsets;
            unchanged && c.top == spot.resumed && self.frames + c.frames < bounds.frames
        };
        if let Some(chain) = chain.filter(fits) {
            self.frames += chain.frames;
            self.suspendable += chain.own;
            self.second = self.second.or(chain.first);
            self.in_step |= chain.top == bounds.root;
            if !innermost {
                self.beyond = self.beyond.or(chain.first);
            }
            return chain.top != bounds.root;
        }
        let mut at = Some(parent);
        let (mut count, mut top, mut go_on) = (0, 0, true);
        while let Some(frame) = at.filter(|_| go_on) {
            go_on = self.take_frame(&frame, !innermost, bounds);
            count += 1;
            top = frame.address;
            at = frame.parent();
        }
        if count > SHORT && at.is_none() && top == spot.resumed {
            remember(names, spot, top);
        }
        go_on
    }

    /// Looks at one frame; `beyond` the chain that runs.
    #[inline]
    fn take_frame(&mut self, spot: &Spot<'_>, beyond: bool, bounds: &Bounds) -> bool {
        if !spot.code.is_library {
            if self.frames > 0 && self.second.is_none() {
                self.second = Some(Place::of(spot));
            }
            if beyond && self.beyond.is_none() {
                self.beyond = Some(Place::of(spot));
            }
            self.suspendable += usize::from(spot.address != 0);
        }
        self.frames += 1;
        let is_root = spot.address == bounds.root && bounds.root != 0;
        self.in_step |= is_root;
        !is_root && self.frames < bounds.frames
    }

    /// The nearest frame of the program, from the running one out.
    pub fn near(&self, vm: &Vm) -> Far {
        match vm.spots().next().filter(|_| self.is_own) {
            Some(spot) => Far::Frame(Place::of(&spot)),
            None => self.outer(),
        }
    }

    /// The one that is nearest outside of the running frame.
    pub fn outer(&self) -> Far {
        self.far(self.second)
    }

    /// Who gets what the running frame gives, and whether that goes through others.
    #[inline]
    pub fn receiver(&self, how: Gives) -> (Far, bool) {
        let own_item = how == Gives::Item && self.kind != Some(GenKind::AsyncGenerator);
        match self.parent.is_some() && !own_item {
            true => (self.outer(), false),
            false => (self.far(self.beyond), self.parent.is_some()),
        }
    }

    /// How many frames of the program stand below the innermost one.
    pub fn depth(&self) -> usize {
        self.suspendable.saturating_sub(1)
    }

    #[inline]
    fn far(&self, place: Option<Place>) -> Far {
        match place {
            Some(place) => Far::Frame(place),
            None if self.in_step => Far::Loop,
            None => Far::Outside,
        }
    }
}

/// Keeps the frames above one. An async generator is resumed by one parent after the other, so
/// chains with one inside change.
fn remember(names: &mut Names, spot: &Spot<'_>, top: usize) {
    let is_async = |s: &Spot<'_>| {
        s.generator
            .is_none_or(|g| g.kind() == GenKind::AsyncGenerator)
    };
    let Some(parent) = spot.parent().filter(|_| !is_async(spot)) else {
        return;
    };
    let mut chain = Chain {
        parent: parent.address,
        upsets: names.upsets,
        frames: 0,
        own: 0,
        first: None,
        top,
    };
    let mut at = Some(parent);
    while let Some(frame) = at {
        at = frame.parent();
        if at.is_some() && is_async(&frame) {
            return;
        }
        chain.frames += 1;
        if !frame.code.is_library {
            chain.first = chain.first.or(Some(Place::of(&frame)));
            chain.own += 1;
        }
    }
    if let Some(known) = names.known(spot.address) {
        known.chain = Some(Box::new(chain));
    }
}

/// Shows the frames of the program that delegate to the running one.
pub(super) fn each_through(vm: &Vm, mut show: impl FnMut(&Spot<'_>)) {
    let mut at = vm.spots().next().and_then(|s| s.parent());
    // One frame stands below those.
    for _ in 1..DEEPEST {
        let Some(frame) = at else { break };
        if !frame.code.is_library {
            show(&frame);
        }
        at = frame.parent();
    }
}

/// The address of the coroutine of the task whose step runs, or 0.
fn step_root(vm: &Vm) -> usize {
    let task = vm.current.task.get();
    let part = task.as_ref::<Future>().and_then(|t| t.part());
    let coroutine = part.map(|p| p.coro.get());
    coroutine
        .and_then(|c| c.as_obj().map(ObjRef::address))
        .unwrap_or(0)
}

/// The frame on the stack at a place.
pub(super) fn spot_at<'a>(vm: &'a Vm, place: &Place) -> Option<Spot<'a>> {
    for spot in vm.spots() {
        let mut at = Some(spot);
        while let Some(frame) = at {
            if Place::of(&frame) == *place {
                return Some(frame);
            }
            at = frame.parent();
        }
    }
    None
}
