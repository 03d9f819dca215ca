//! Trial deletion: which containers nobody outside of them refers to.
//!
//! The counts in the headers themselves are the working memory, so that a collection costs next to
//! no memory and no look-ups: for its time, each member's count is raised by [`BIAS`], which keeps
//! it far from zero while references between members are taken away from it, and tells at the end
//! what is left. Nothing is released and no bytecode runs meanwhile.
//!
//! A member is *reached* when a way from outside to it is known, and *waits* until it has been
//! looked into. Few wait on a stack; those for which that has no room are found by another walk.

use super::objref::{Header, ObjRef, flags, trace};
use super::slab;
use crate::vm::object::{GenState, Generator, kind_info};

/// Added to the count of each member; no real count comes near it.
const BIAS: u32 = 1 << 31;

/// Most members on the stack of those that wait.
const MOST_WORK: usize = 1 << 14;

/// The containers of the heap that nobody outside of them refers to, in no order.
pub fn unreachable() -> Vec<ObjRef> {
    struct Heap;
    impl Walk for Heap {
        fn each(&self, visit: impl FnMut(&Header)) {
            slab::visit_objects(visit);
        }
    }
    search(&Heap, 0).1
}

/// As `unreachable`, among these containers only.
pub fn unreachable_among(members: &[ObjRef]) -> Vec<ObjRef> {
    search(members, 1).1
}

/// What a look at the newest objects has shown.
pub struct Sample {
    /// So many objects were looked at.
    pub objects: usize,
    /// So many of them are containers.
    pub members: usize,
    /// So many of those nobody outside of them refers to.
    pub unreachable: usize,
}

/// Looks at the newest objects, at least so many, and all else in their pages; `None` if some of these
/// pages are among the first so many.
pub fn newest(objects: usize, pages: usize) -> Option<Sample> {
    struct Newest(usize);
    impl Walk for Newest {
        fn each(&self, visit: impl FnMut(&Header)) {
            slab::visit_pages(self.0, visit);
        }
    }
    let (from, objects) = slab::newest_pages(objects);
    if from < pages {
        return None;
    }
    let (members, unreached) = search(&Newest(from), 0);
    Some(Sample {
        objects,
        members,
        unreachable: unreached.len(),
    })
}

/// Where members are found.
trait Walk {
    fn each(&self, visit: impl FnMut(&Header));
}

impl Walk for [ObjRef] {
    fn each(&self, visit: impl FnMut(&Header)) {
        self.iter().map(ObjRef::header).for_each(visit);
    }
}

/// The number of members, and those that are not reached. `held`: how many references to each member
/// are the caller's, to be looked through.
fn search(all: &(impl Walk + ?Sized), held: u32) -> (usize, Vec<ObjRef>) {
    let (mut members, mut reached) = (0, 0);
    all.each(|header| members += usize::from(enlist(header, held)));
    all.each(subtract_children);
    let mut work = Work::default();
    all.each(|header| {
        if is_member(header) && header.count() > BIAS {
            reached += work.reach(header);
        }
    });
    while std::mem::take(&mut work.left_behind) {
        all.each(|header| {
            if header.has_flag(flags::WAITING) {
                reached += work.reach(header);
            }
        });
    }
    let mut unreached = Vec::with_capacity(members - reached);
    if reached < members {
        all.each(|header| {
            if is_member(header) && !header.has_flag(flags::REACHED) {
                restore_children(header, &mut |_| {});
            }
        });
    }
    all.each(|header| {
        if let Some(object) = dismiss(header, held) {
            unreached.push(object);
        }
    });
    (members, unreached)
}

fn is_member(header: &Header) -> bool {
    header.has_flag(flags::MARKED)
}

/// References that count nowhere: a running frame is referred to by the control stack.
fn uncounted(header: &Header) -> u32 {
    let generator = header.peek::<Generator>();
    u32::from(generator.is_some_and(|g| g.state.get() == GenState::Running))
}

/// Makes a container that is alive a member.
fn enlist(header: &Header, held: u32) -> bool {
    if header.count() == 0 || kind_info(header.kind()).leaf {
        return false;
    }
    header.set_flag(flags::MARKED, true);
    header.set_count(header.count() + BIAS + uncounted(header) - held);
    true
}

/// Takes the references that a member holds away from the counts of other members.
fn subtract_children(header: &Header) {
    if is_member(header) {
        trace(&header.to_ref(), &mut |child| {
            let child = child.header();
            if is_member(child) {
                child.set_count(child.count() - 1);
            }
        });
    }
}

/// Gives them back, and shows the members referred to.
fn restore_children(header: &Header, visit: &mut dyn FnMut(&ObjRef)) {
    trace(&header.to_ref(), &mut |object| {
        let child = object.header();
        if is_member(child) {
            child.set_count(child.count() + 1);
            visit(object);
        }
    });
}

/// Members that wait.
#[derive(Default)]
struct Work {
    stack: Vec<ObjRef>,
    /// Some members wait that are not on the stack.
    left_behind: bool,
}

impl Work {
    /// Looks into a member and all that can be reached from it; how many that were, beside those
    /// that had been looked into.
    fn reach(&mut self, header: &Header) -> usize {
        let waits = header.has_flag(flags::WAITING);
        if header.has_flag(flags::REACHED) && !waits {
            return 0;
        }
        header.set_flag(flags::REACHED | flags::WAITING, true);
        self.stack.push(header.to_ref());
        let mut count = 0;
        while let Some(object) = self.stack.pop() {
            let header = object.header();
            // Another walk may have come first.
            if !header.has_flag(flags::WAITING) {
                continue;
            }
            header.set_flag(flags::WAITING, false);
            count += 1;
            restore_children(header, &mut |child| {
                let header = child.header();
                if !header.has_flag(flags::REACHED) {
                    header.set_flag(flags::REACHED | flags::WAITING, true);
                    if self.stack.len() < MOST_WORK {
                        self.stack.push(child.clone());
                    } else {
                        self.left_behind = true;
                    }
                }
            });
        }
        count
    }
}

/// The header is as it was before; the object, if it was not reached.
fn dismiss(header: &Header, held: u32) -> Option<ObjRef> {
    if !is_member(header) {
        return None;
    }
    let unreached = !header.has_flag(flags::REACHED);
    header.set_flag(flags::MARKED | flags::REACHED, false);
    header.set_count(header.count() - BIAS - uncounted(header) + held);
    unreached.then(|| header.to_ref())
}
