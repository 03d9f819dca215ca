//! Looking at frames: what `sys._getframe`, `super()`, `locals()`, tracebacks and the teaching
//! tools ask.

use super::Vm;
use super::frame::{Activation, Frame, Link, generator_at, raw, running};
use super::heap::{Header, Ref};
use super::object::{CellObject, CodeObject, GenKind, Generator, Tuple};
use super::value::Value;
use crate::source::Source;

/// A running frame as seen by natives; 0 is the innermost.
#[derive(Debug, Clone)]
pub struct FrameView {
    pub code: Ref<CodeObject>,
    pub pc: usize,
    /// The generator whose frame it is, or `Undef`.
    pub generator: Value,
}

/// A frame on the stack, uncounted: as `FrameView`, for who looks at many.
#[derive(Clone, Copy)]
pub struct Spot<'a> {
    pub code: &'a CodeObject,
    pub pc: usize,
    /// The frame, if it is one that can be suspended, and a number that identifies it; else 0.
    pub generator: Option<&'a Generator>,
    pub address: usize,
    /// The number of the frame whose resumption made this one run; 0 if it was called.
    pub resumed: usize,
}

/// Where the running frame is and the one that called or resumed it; only compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The frame, if it is one that can be suspended, and its instruction.
    pub frame: usize,
    at: usize,
    pub caller: usize,
    caller_at: usize,
}

/// The running frame, which can be suspended, and the one that awaits, delegates to, called or
/// resumed it.
#[derive(Clone, Copy)]
pub struct Edge<'a> {
    pub code: &'a CodeObject,
    /// The frame's number, and its instruction.
    pub own: usize,
    pub pc: usize,
    /// The same of the other one; 0 if it is none that can be suspended.
    pub outer: usize,
    pub outer_pc: usize,
    /// The other one awaits the running one, or delegates to it.
    pub delegates: bool,
}

impl<'a> Spot<'a> {
    /// The frame that delegates to this one.
    pub fn parent(&self) -> Option<Spot<'a>> {
        let header = self.generator?.parent.get();
        // SAFETY: the parents of a running chain are alive.
        let parent: &'a Generator = unsafe { running(header) }?;
        Some(Spot {
            code: &parent.code,
            pc: (parent.pc.get() as usize).saturating_sub(1),
            generator: Some(parent),
            address: header as usize,
            resumed: 0,
        })
    }
}

/// The frames that were called or resumed, innermost first; those that delegate to them are their
/// parents.
pub struct Spots<'a> {
    frame: Option<Frame>,
    activations: std::slice::Iter<'a, Activation>,
    links: std::slice::Iter<'a, Link>,
    /// A loop that runs tasks stands on the stack once for itself and once for the step.
    last: *const Value,
}

impl<'a> Iterator for Spots<'a> {
    type Item = Spot<'a>;

    #[inline]
    fn next(&mut self) -> Option<Spot<'a>> {
        loop {
            let frame = self.frame?;
            let activation = self.activations.next_back();
            self.frame = activation.map(|a| a.frame);
            let resumed: *const Header = match activation {
                Some(a) if a.linked => {
                    let link = self.links.next_back();
                    let root = link.and_then(Link::root);
                    root.map_or(std::ptr::null(), |r| raw(r.as_obj()))
                }
                Some(a) => a.subject,
                None => std::ptr::null(),
            };
            if std::ptr::eq(frame.regs, self.last) {
                continue;
            }
            // SAFETY: code and generator of a frame on the control stack are alive, and stay so as
            // long as nothing runs, which needs the VM for itself.
            let Some(code) = (unsafe { frame.code.as_ref() }) else {
                continue;
            };
            self.last = frame.regs;
            return Some(Spot {
                code,
                pc: frame.index(),
                // SAFETY: as above.
                generator: unsafe { running(frame.generator) },
                address: frame.generator as usize,
                resumed: resumed as usize,
            });
        }
    }
}

impl Vm {
    /// Where the program is.
    #[inline]
    pub fn point(&self) -> Point {
        let caller = self.control.last().frame;
        Point {
            frame: self.frame.generator as usize,
            at: self.frame.pc as usize,
            caller: caller.generator as usize,
            caller_at: caller.pc as usize,
        }
    }

    /// How the running frame hangs on to others; `None` if it cannot be suspended.
    #[inline]
    pub fn edge(&self) -> Option<Edge<'_>> {
        // SAFETY: the generator of the running frame is alive, and so is the code that runs.
        let (own, code) = unsafe { (running(self.frame.generator)?, self.frame.code.as_ref()?) };
        let parent = own.parent.get();
        let mut edge = Edge {
            code,
            own: self.frame.generator as usize,
            pc: self.frame.index(),
            outer: parent as usize,
            outer_pc: 0,
            delegates: true,
        };
        // SAFETY: the parents of a running chain are alive.
        match unsafe { running(parent) } {
            Some(parent) => edge.outer_pc = (parent.pc.get() as usize).saturating_sub(1),
            None => {
                let caller = self.control.last().frame;
                edge.outer = caller.generator as usize;
                edge.outer_pc = caller.index();
                edge.delegates = false;
            }
        }
        Some(edge)
    }

    /// The frames on the stack.
    #[inline]
    pub fn spots(&self) -> Spots<'_> {
        Spots {
            frame: Some(self.frame),
            activations: self.control.as_slice().iter(),
            links: self.links.iter(),
            last: std::ptr::null(),
        }
    }

    /// The frame of bytecode `depth` levels out from the running native.
    pub fn frame(&self, depth: usize) -> Option<FrameView> {
        self.nth_frame(depth).and_then(|f| self.view(&f))
    }

    /// Where the program is: the innermost frame that is not the library's, and its instruction.
    pub fn program_place(&self) -> Option<(Ref<CodeObject>, usize)> {
        // Mostly it is part of the chain that runs, and nothing need be counted on the way there.
        let mut at = self.frame.generator;
        // SAFETY: the running frame's generator is alive, and so are the parents of a running chain.
        while let Some(g) = unsafe { running(at) } {
            if !g.code.code.source.is_library() {
                let is_running = std::ptr::eq(at, self.frame.generator);
                let index = if is_running {
                    self.frame.index()
                } else {
                    (g.pc.get() as usize).wrapping_sub(1)
                };
                return Some((g.code.clone(), index));
            }
            at = g.parent.get();
        }
        let mut found = None;
        self.each_frame(|f| {
            if f.code().is_some_and(|c| !c.code.source.is_library()) {
                found = self.code_ref(f).map(|code| (code, f.index()));
            }
            found.is_none()
        });
        found
    }

    /// The code that runs, and the index of its instruction.
    pub fn running_place(&self) -> Option<(Ref<CodeObject>, u32)> {
        Some((self.frame.code_object()?, self.frame.index() as u32))
    }

    /// Number of frames of bytecode on the stack.
    pub fn frame_count(&self) -> usize {
        let mut count = 0;
        self.each_frame(|_| {
            count += 1;
            true
        });
        count
    }

    /// A named register of such a frame (cells are looked through); `Undef` if unassigned.
    pub fn frame_local(&self, depth: usize, register: usize) -> Value {
        let value = self.frame_register(depth, register);
        match value.downcast::<CellObject>() {
            Some(cell) => cell.content.get(),
            None => value,
        }
    }

    /// A named register of such a frame as it is (a cell stays a cell).
    pub fn frame_register(&self, depth: usize, register: usize) -> Value {
        self.nth_frame(depth)
            .map_or(Value::Undef, |f| f.register(register))
    }

    /// The exception being handled (`sys.exception()`), or `None`.
    pub fn handled(&self) -> Value {
        match self.topmost_handled() {
            Value::Undef => Value::None,
            exception => exception,
        }
    }

    fn view(&self, frame: &Frame) -> Option<FrameView> {
        let generator = frame.generator().map_or(Value::Undef, Value::from);
        Some(FrameView {
            code: self.code_ref(frame)?,
            pc: frame.index(),
            generator,
        })
    }

    /// A counted reference to the code that a frame runs.
    fn code_ref(&self, frame: &Frame) -> Option<Ref<CodeObject>> {
        match frame.generator() {
            Some(g) => Some(g.code.clone()),
            None => frame.code_object(),
        }
    }

    /// Shows `f` the frames from the innermost out, until it says `false`.
    pub fn walk_frames(&self, mut f: impl FnMut(FrameView) -> bool) {
        self.each_frame(|frame| self.view(frame).is_none_or(&mut f));
    }

    pub(super) fn nth_frame(&self, depth: usize) -> Option<Frame> {
        let (mut found, mut at) = (None, 0);
        self.each_frame(|f| {
            if at == depth {
                found = Some(*f);
            }
            at += 1;
            found.is_none()
        });
        found
    }

    /// The `depth`th of the frames that CPython has on its stack.
    pub(super) fn nth_seen_frame(&self, depth: usize) -> Option<Frame> {
        let (mut found, mut at) = (None, 0);
        self.walk_stack(true, |f, seen| {
            if seen && at == depth {
                found = Some(*f);
            }
            at += usize::from(seen);
            found.is_none()
        });
        found
    }

    /// Calls `f` with the frames from the innermost out, until it says `false`.
    pub(super) fn each_frame(&self, mut f: impl FnMut(&Frame) -> bool) {
        self.walk_stack(false, |frame, _| f(frame));
    }

    /// As `each_frame`, and tells whether CPython has the frame on its stack. What an exception is
    /// thrown into runs on top of its parent there only if that passes it on to a generator or
    /// coroutine itself; `close()`, and the `throw` of anything else, leave the parent out. With
    /// `only_seen` it may pass over those that are left out.
    pub(super) fn walk_stack(&self, only_seen: bool, mut f: impl FnMut(&Frame, bool) -> bool) {
        let mut frame = self.frame;
        let mut links = self.links.iter().rev();
        let mut activations = self.control.as_slice().iter().rev();
        // A loop that runs tasks stands on the stack once for itself and once for the step.
        let mut last = std::ptr::null();
        loop {
            let activation = activations.next();
            let linked = activation.is_some_and(|a| a.linked);
            let link = if linked { links.next() } else { None };
            if !frame.code.is_null() && !std::ptr::eq(frame.regs, last) {
                last = frame.regs;
                if !f(&frame, !self.throwing.contains(&frame.regs)) {
                    return;
                }
                let (entered, closing) =
                    link.map_or((std::ptr::null(), false), |l| (l.entered, l.closing));
                let root = match link.and_then(Link::root) {
                    Some(root) => raw(root.as_obj()),
                    None => activation.map_or(std::ptr::null(), |a| a.subject),
                };
                let mut thrown = false;
                // SAFETY: the generator of a frame on the control stack is alive.
                let mut inner = unsafe { generator_at(frame.generator) };
                while let Some(g) = inner.take().filter(|g| raw(g.as_obj()) != root) {
                    // SAFETY: the parents of a running chain are alive.
                    let Some(parent) = (unsafe { generator_at(g.parent.get()) }) else {
                        break;
                    };
                    thrown |= raw(g.as_obj()) == entered;
                    if thrown && closing && only_seen {
                        // All that are left, and there may be a million of them.
                        break;
                    }
                    let left_out = thrown && (closing || g.kind() == GenKind::AsyncGenerator);
                    if !f(&suspended_frame(&parent, &frame), !left_out) {
                        return;
                    }
                    inner = Some(parent);
                }
            }
            match activation {
                Some(activation) => frame = activation.frame,
                None => return,
            }
        }
    }

    /// Where a coroutine is being made: `cr_origin`.
    pub(super) fn coroutine_origin(&self) -> Value {
        Tuple::value(self.places(self.current.origin_depth.get() as usize, |_| true))
    }

    /// The places of the innermost frames whose source is wanted, from the running one out:
    /// tuples of (file, line, function).
    pub fn places(&self, depth: usize, wanted: impl Fn(&Source) -> bool) -> Vec<Value> {
        let mut places = Vec::new();
        self.each_frame(|frame| {
            if let Some(code) = frame.code().filter(|c| wanted(&c.code.source)) {
                let line = Value::Int(i64::from(code.code.line_at(frame.index())));
                let file = Value::str(code.code.source.path());
                places.push(Tuple::value([file, line, Value::str(&code.code.name)]));
            }
            places.len() < depth
        });
        places
    }

    /// How messages about its arguments call a callable.
    pub(super) fn callable_name(&mut self, func: &Value) -> String {
        let func = match func.downcast::<super::object::BoundMethod>() {
            Some(m) => m.func.clone(),
            None => func.clone(),
        };
        if let Some(f) = func.downcast::<super::object::Function>() {
            return format!("{}.{}()", self.module_of(f), f.qualname());
        }
        if let Some(f) = func.downcast::<super::object::NativeFunction>() {
            return format!("{}()", self.full_name(f));
        }
        if let Some(class) = func.downcast::<super::object::Class>() {
            let module = class.dict.get_str(&self.names.__module__);
            return match module.as_ref().and_then(Value::as_str) {
                Some(m) if m != "builtins" => format!("{m}.{}()", class.qualname.borrow()),
                _ => format!("{}()", class.qualname.borrow()),
            };
        }
        self.other_callable_name(&func)
    }

    /// The name of a callable that is neither function nor class: by its `__qualname__`, or else as
    /// it shows itself.
    fn other_callable_name(&mut self, func: &Value) -> String {
        let name = self.names.__qualname__.clone();
        let shown = match self.get_attr_opt(func, &name) {
            Ok(Some(name)) => self.str(&name).map(|name| format!("{}()", name.as_str())),
            Ok(None) => self.str(func).map(|text| text.as_str().to_owned()),
            Err(raise) => Err(raise),
        };
        shown.unwrap_or_else(|raise| {
            drop(self.take_raised(raise));
            format!("{} object", self.class_of(func).name())
        })
    }

    fn module_of(&self, f: &super::object::Function) -> String {
        let code = f.code.get();
        let module = code.globals.get_str(&self.names.__name__);
        module
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_string()
    }
}

/// A parent of the running frame, as a frame.
fn suspended_frame(g: &Ref<Generator>, inner: &Frame) -> Frame {
    Frame {
        pc: g.code.entry.wrapping_add(g.pc.get() as usize),
        regs: g.tail_ptr(),
        code: std::ptr::from_ref(&*g.code),
        generator: raw(g.as_obj()),
        top: inner.top,
    }
}
