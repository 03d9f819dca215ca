//! Who resumed whom: the frames of the program on the stack, from the innermost out to the step of
//! the running task.

use super::record::{End, Site};
use crate::event_loop::inspect;
use crate::source::Source;
use crate::vm::Vm;
use crate::vm::generator::delegate_of;
use crate::vm::heap::{ObjRef, Ref};
use crate::vm::inspect::FrameView;
use crate::vm::object::{CodeObject, Future, GenKind, GenState, Generator, Waiter};
use crate::vm::value::Value;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// Deeper stacks are not looked at.
const DEEPEST: usize = 200;
/// Files whose names are kept.
const FILES: usize = 16;

/// A frame that can be suspended, as readers know it.
#[derive(Clone)]
struct Known {
    name: Rc<str>,
    /// Where it was last seen: what nobody wrote stands nowhere.
    line: u32,
}

/// The names of frames: a number tells apart those of one function.
#[derive(Default)]
pub(super) struct Names {
    frames: HashMap<usize, Known>,
    made: HashMap<Rc<str>, usize>,
    /// The names of a few files.
    files: Vec<(Source, Rc<str>)>,
}

impl Names {
    /// A frame begins: whatever had its address before is gone.
    pub fn begin(&mut self, frame: &Ref<Generator>) {
        let function: Rc<str> = frame.code.code.name.clone();
        let count = self.made.entry(function.clone()).or_default();
        *count += 1;
        let name = match *count {
            1 => function,
            n => format!("{function}#{n}").into(),
        };
        let line = frame.code.code.first_line();
        let known = Known { name, line };
        self.frames.insert(frame.as_obj().address(), known);
    }

    fn file(&mut self, source: &Source) -> Rc<str> {
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

    /// Where a frame stands.
    pub fn site(&mut self, frame: &Ref<Generator>, pc: usize) -> Site {
        let line = written_line(&frame.code, pc);
        let file = file_name(&frame.code.code.source);
        // One that has not begun has no name of its own yet.
        let known = match frame.state.get() {
            GenState::Created => None,
            _ => self.frames.get_mut(&frame.as_obj().address()),
        };
        match known {
            Some(known) => {
                known.line = line.unwrap_or(known.line);
                Site {
                    frame: known.name.clone(),
                    file,
                    line: known.line,
                }
            }
            None => Site {
                frame: frame.code.code.name.clone(),
                file,
                line: line.unwrap_or_else(|| frame.code.code.first_line()),
            },
        }
    }
}

/// The line of an instruction that somebody wrote.
fn written_line(code: &CodeObject, pc: usize) -> Option<u32> {
    let span = code.code.span_at(pc);
    let nowhere = span.is_empty() && span.start == 0;
    (!nowhere).then(|| code.code.source.line_of(span.start))
}

/// What a file is called in a line of a trace.
pub fn file_name(source: &Source) -> Rc<str> {
    let name = Path::new(source.name()).file_name();
    name.map_or_else(|| source.name().into(), |n| n.to_string_lossy().into())
}

/// A frame on the stack.
pub(super) struct Seen {
    pub site: Site,
    source: Source,
    pub library: bool,
    /// The frame, if it is one that can be suspended.
    pub frame: Option<Ref<Generator>>,
    /// It delegates to the next inner one, as an element of one chain.
    has_parent: bool,
}

/// The stack of the running step, innermost first.
pub(super) struct Stack {
    pub frames: Vec<Seen>,
    /// It begins with the step of a task, or with a callback.
    in_step: bool,
}

impl Stack {
    /// `outside`: how many frames stand outside of the running loop.
    pub fn look(vm: &Vm, names: &mut Names, outside: usize) -> Stack {
        let root = step_root(vm);
        // What the loop calls between two steps is called by nobody else.
        let between = root.is_none() && !vm.current.event_loop.is_undef();
        let deepest = match between {
            true => vm.frame_count().saturating_sub(outside),
            false => DEEPEST,
        };
        let mut stack = Stack {
            frames: Vec::new(),
            in_step: between,
        };
        if deepest == 0 {
            return stack;
        }
        vm.walk_frames(|view| {
            let seen = seen(&view, names);
            let own = seen.frame.as_ref().map(|f| f.as_obj().address());
            let is_root = own.is_some() && own == root;
            stack.in_step |= is_root;
            stack.frames.push(seen);
            !is_root && stack.frames.len() < deepest
        });
        stack
    }

    /// The first frame of the program from this one out.
    pub fn program_from(&self, at: usize) -> End {
        let mut outer = self.frames.iter().skip(at);
        match outer.find(|s| !s.library) {
            Some(seen) => End::Frame(seen.site.clone()),
            None if self.in_step => End::Loop,
            None => End::Outside,
        }
    }

    /// The outermost frame of the chain that runs.
    pub fn root(&self) -> usize {
        let chain = self.frames.iter().take_while(|s| s.has_parent);
        chain.count().min(self.frames.len().saturating_sub(1))
    }

    /// Who gets what the innermost frame gives, and the names of those between the two.
    pub fn receiver(&self, how: Gives) -> (End, Vec<Rc<str>>) {
        let own_item = how == Gives::Item && self.kind() != Some(GenKind::AsyncGenerator);
        let to_parent = self.parent().is_some() && !own_item;
        if to_parent {
            return (self.program_from(1), Vec::new());
        }
        let root = self.root();
        let between = self.frames.iter().take(root + 1).skip(1);
        let names = between.filter(|s| !s.library);
        let names = names.map(|s| s.site.frame.clone()).collect();
        (self.program_from(root + 1), names)
    }

    pub fn site(&self) -> Option<Site> {
        self.frames
            .iter()
            .find(|s| !s.library)
            .map(|s| s.site.clone())
    }

    /// The file of the innermost frame.
    pub fn file(&self, names: &mut Names) -> Option<Rc<str>> {
        self.frames.first().map(|s| names.file(&s.source))
    }

    /// How many frames of the program can be suspended.
    pub fn suspendable(&self) -> usize {
        let frames = self
            .frames
            .iter()
            .filter(|s| !s.library && s.frame.is_some());
        frames.count()
    }

    /// The kind of the frame that delegates to the innermost one, if one does.
    pub fn parent(&self) -> Option<GenKind> {
        self.frames.first().filter(|s| s.has_parent)?;
        self.frames.get(1)?.frame.as_ref().map(|f| f.kind)
    }

    /// The kind of the innermost frame.
    pub fn kind(&self) -> Option<GenKind> {
        self.frames.first()?.frame.as_ref().map(|f| f.kind)
    }
}

/// What a frame gives away.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// What it yields: goes to who resumed the chain.
    Item,
    /// What it returns or raises: goes to its parent, if it has one.
    Result,
}

fn seen(view: &FrameView, names: &mut Names) -> Seen {
    let source = &view.code.code.source;
    let frame = view.generator.as_ref::<Generator>().cloned();
    let at = view.pc;
    let site = match &frame {
        Some(frame) => names.site(frame, at),
        None => Site {
            file: file_name(source),
            frame: match view.code.code.flags.module {
                true => names.file(source),
                false => view.code.code.name.clone(),
            },
            line: written_line(&view.code, at).unwrap_or_else(|| view.code.code.first_line()),
        },
    };
    Seen {
        site,
        source: source.clone(),
        library: source.is_library(),
        has_parent: frame.as_ref().is_some_and(|f| !f.parent.get().is_null()),
        frame,
    }
}

/// The coroutine of the task whose step runs.
fn step_root(vm: &Vm) -> Option<usize> {
    let task = vm.current.task.get();
    let coroutine = task.as_ref::<Future>()?.part()?.coro.get();
    coroutine.as_obj().map(ObjRef::address)
}

/// Where a suspended frame stands, and what it waits for there as it stands in the program: the
/// innermost frame that is not the library's.
pub(super) fn suspended(names: &mut Names, root: &Value) -> (Option<Site>, String) {
    let Some(root) = root.as_ref::<Generator>() else {
        return (None, "something".to_owned());
    };
    let mut at = root.clone();
    let mut found = None;
    for _ in 0..DEEPEST {
        if !at.code.code.source.is_library() {
            found = Some(at.clone());
        }
        match delegate_of(&at) {
            Some(inner) => at = inner,
            None => break,
        }
    }
    let Some(frame) = found else {
        return (None, format!("{}()", root.code.code.name));
    };
    let pc = (frame.pc.get() as usize).saturating_sub(1);
    let span = frame.code.code.span_at(pc);
    let text = frame.code.code.source.slice(span);
    let text = text.strip_prefix("await").unwrap_or(text).trim_start();
    let first = text.lines().next().unwrap_or_default();
    let cut = first.len() < text.len();
    let text = format!("{first}{}", if cut { "…" } else { "" });
    (Some(names.site(&frame, pc)), text)
}

/// Who goes on when a timer settles a future.
pub(super) fn woken(future: &Ref<Future>) -> String {
    let waiters = future.waiters();
    let names = waiters.iter().filter_map(|w| match w {
        Waiter::Task(task) => Some(inspect::task_name(task)),
        Waiter::Callback(_) => None,
    });
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    }
}
