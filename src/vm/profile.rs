//! Where a program spends its time. A sampler outside asks for attention every now and then; at the
//! next safe point the time since the last sample is booked on the frames that are running, and on
//! the running task. Code that is compiled for profiling has safe points where frames are entered and
//! left, so that no time is booked on who runs next, and counts there how often that happens. Knows
//! nothing of how a profile is shown.

use super::Vm;
use super::heap::Ref;
use super::object::{CodeObject, Future, Generator};
use super::value::Value;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Time since an arbitrary start, of the machine and not of the program.
pub type Stopwatch = Box<dyn Fn() -> Duration>;

/// Asks a task for its name.
type NameOf = fn(&Ref<Future>) -> Value;

/// Tasks that are told one by one; the others are told by what they run.
const MOST_TASKS: usize = 25;

/// Deeper frames than this are left out of a sample: those in the middle of a recursion.
const DEEPEST: usize = 500;

/// What is measured while a program runs.
pub struct Profile {
    watch: Stopwatch,
    /// Up to here everything is booked.
    booked: Duration,
    began: Duration,
    /// The loop had nothing to do.
    idle: Duration,
    /// When it last had nothing to do.
    idle_since: Duration,
    samples: u64,
    asked: Asked,
    /// The code objects of frames, from the outermost in, by address.
    stacks: HashMap<Box<[usize]>, Duration>,
    codes: HashMap<usize, Ref<CodeObject>>,
    /// Each task has the place of its row in the header of its object. The first row is that of
    /// the tasks that are not shown.
    rows: Vec<TaskRow>,
    /// What is counted of each row, on the way of every task: apart, and small.
    counts: Vec<TaskCounts>,
    /// The row of tasks that run what is no coroutine of the program's, as `CodeObject::task_row`.
    codeless: u16,
}

/// What becomes of the sampler's next question, or of the one that is not answered yet.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    /// Whoever notices it first books the time, and then it is `Booked`, or answered.
    Open,
    /// Booked by a frame that was left; the next safe point answers it.
    Booked,
    /// It was asked while the loop waited, and is nobody's: the next safe point passes over it.
    Idle,
}

/// What one task has done, or all that run the same and have no row of their own.
#[derive(Debug, Clone)]
pub struct TaskTime {
    /// Empty for several.
    pub name: String,
    /// What it runs.
    pub function: String,
    pub count: u64,
    pub running: Duration,
    /// From its making to its end, or to the end of the program.
    pub life: Duration,
    pub steps: u64,
}

/// One task, or all that run the same and have no row of their own.
struct TaskRow {
    /// Empty for several.
    name: String,
    function: String,
    running: Duration,
}

#[derive(Default)]
struct TaskCounts {
    made: u64,
    done: u64,
    steps: u64,
    /// How long all of them have lived, in nanoseconds up to the last sample.
    lived: u64,
}

/// What was found out about one function.
#[derive(Debug)]
pub struct FunctionTime {
    pub code: Ref<CodeObject>,
    /// While it was the innermost.
    pub own: Duration,
    /// While it or something that it called was running.
    pub total: Duration,
    /// How often it was called, if that is counted, and resumed.
    pub entered: u64,
}

/// A finished profile.
#[derive(Debug, Default)]
pub struct Profiled {
    pub wall: Duration,
    pub idle: Duration,
    pub samples: u64,
    pub functions: Vec<FunctionTime>,
    /// Each way to the innermost frame, from the outermost, with its time.
    pub stacks: Vec<(Vec<Ref<CodeObject>>, Duration)>,
    pub tasks: Vec<TaskTime>,
}

impl Profile {
    pub fn new(watch: Stopwatch) -> Profile {
        let now = watch();
        Profile {
            watch,
            booked: now,
            began: now,
            idle: Duration::ZERO,
            idle_since: now,
            samples: 0,
            asked: Asked::Open,
            stacks: HashMap::new(),
            codes: HashMap::new(),
            rows: vec![TaskRow::new(String::new(), String::new())],
            counts: vec![TaskCounts::default()],
            codeless: 0,
        }
    }

    /// The time that nobody has been booked for yet.
    fn elapse(&mut self) -> Duration {
        let now = (self.watch)();
        let elapsed = now.saturating_sub(self.booked);
        self.booked = now;
        self.live(elapsed);
        elapsed
    }

    /// All tasks that are there have lived as long as that.
    fn live(&mut self, elapsed: Duration) {
        for counts in &mut self.counts {
            let alive = counts.made.saturating_sub(counts.done);
            let lived = alive.saturating_mul(elapsed.as_nanos() as u64);
            counts.lived = counts.lived.saturating_add(lived);
        }
    }

    #[inline(always)]
    fn counts(&mut self, row: u16) -> Option<&mut TaskCounts> {
        self.counts.get_mut(usize::from(row))
    }

    /// Counts a task that has just been made.
    #[inline(always)]
    fn add_task(&mut self, task: &Ref<Future>, coro: &Value, name: NameOf) {
        let code = coro.as_ref::<Generator>().map(|g| &g.code);
        let row = match code.map_or(0, |c| c.task_row.get()) {
            0 => self.make_row(task, code, name),
            row => row,
        };
        task.header().set_aux(row);
        if let Some(counts) = self.counts(row) {
            counts.made += 1;
        }
    }

    /// The first tasks have rows of their own, the others those of what they run. The loop's own,
    /// which end a run, are not shown.
    #[cold]
    fn make_row(
        &mut self,
        task: &Ref<Future>,
        code: Option<&Ref<CodeObject>>,
        name: NameOf,
    ) -> u16 {
        if code.is_some_and(|c| c.is_library) {
            return 0;
        }
        if code.is_none() && self.codeless > 0 {
            return self.codeless;
        }
        let own = self.rows.len() <= MOST_TASKS;
        let Ok(row) = u16::try_from(self.rows.len()) else {
            return 0;
        };
        let name = match own {
            true => name(task).as_str().unwrap_or_default().to_owned(),
            false => String::new(),
        };
        let function = code.map_or(String::new(), |c| c.code.qualname.to_string());
        self.rows.push(TaskRow::new(name, function));
        self.counts.push(TaskCounts::default());
        match code {
            Some(code) if !own => code.task_row.set(row),
            None if !own => self.codeless = row,
            _ => {}
        }
        row
    }
}

impl TaskRow {
    fn new(name: String, function: String) -> TaskRow {
        TaskRow {
            name,
            function,
            running: Duration::ZERO,
        }
    }

    fn finish(self, counts: &TaskCounts) -> TaskTime {
        TaskTime {
            name: self.name,
            function: self.function,
            count: counts.made,
            running: self.running,
            life: Duration::from_nanos(counts.lived),
            steps: counts.steps,
        }
    }
}

/// What several tasks run is told once for all.
fn merged(rows: Vec<TaskRow>, counts: &[TaskCounts]) -> Vec<TaskTime> {
    let (mut shared, own): (Vec<TaskTime>, Vec<TaskTime>) = rows
        .into_iter()
        .zip(counts)
        .skip(1)
        .map(|(row, counts)| row.finish(counts))
        .partition(|time| time.name.is_empty());
    let mut alone = Vec::new();
    for time in own {
        match shared.iter_mut().find(|s| s.function == time.function) {
            None => alone.push(time),
            Some(all) => {
                all.count += time.count;
                all.running += time.running;
                all.life += time.life;
                all.steps += time.steps;
            }
        }
    }
    shared.extend(alone);
    shared
}

fn address(code: &Ref<CodeObject>) -> usize {
    std::ptr::from_ref::<CodeObject>(code) as usize
}

impl Vm {
    #[inline(always)]
    pub fn is_profiled(&self) -> bool {
        self.profile.is_some()
    }

    /// Books the time since the last sample on what is running.
    #[cold]
    pub fn take_sample(&mut self) {
        let Some(profile) = &mut self.profile else {
            return;
        };
        if std::mem::replace(&mut profile.asked, Asked::Open) != Asked::Idle {
            profile.samples += 1;
            self.book(0);
        }
    }

    /// The running frame is about to be left. If the sampler has asked, the time until here is that
    /// of this frame, and not of the one where somebody looks up next.
    #[cold]
    #[inline(never)]
    pub fn book_time(&mut self) {
        self.book_ahead(0);
    }

    /// As `book_time`, when a frame has just been entered: the time until here is that of who did.
    #[cold]
    #[inline(never)]
    pub fn book_time_of_caller(&mut self) {
        self.book_ahead(1);
    }

    /// Once each time that the sampler asks: there may be many frames to leave before anybody
    /// looks up.
    fn book_ahead(&mut self, left_out: usize) {
        if super::host::attention().load(Ordering::Relaxed)
            && let Some(profile) = &mut self.profile
            && profile.asked == Asked::Open
        {
            profile.asked = Asked::Booked;
            self.book(left_out);
        }
    }

    /// Books the time since the last time on the frames that are running, without the innermost
    /// ones.
    fn book(&mut self, left_out: usize) {
        let Some(mut profile) = self.profile.take() else {
            return;
        };
        let elapsed = profile.elapse();
        let mut left_out = left_out;
        let mut stack: Vec<usize> = Vec::new();
        self.walk_frames(|frame| {
            if left_out > 0 {
                left_out -= 1;
                return true;
            }
            let at = address(&frame.code);
            stack.push(at);
            profile.codes.entry(at).or_insert(frame.code);
            stack.len() < DEEPEST
        });
        stack.reverse();
        *profile.stacks.entry(stack.into()).or_default() += elapsed;
        let task = self.current.task.get();
        let row = task.as_ref::<Future>().map(|t| t.header().aux());
        if let Some(row) = row.and_then(|row| profile.rows.get_mut(usize::from(row))) {
            row.running += elapsed;
        }
        self.profile = Some(profile);
    }

    /// The loop is about to wait for something outside.
    #[cold]
    pub fn begin_idling(&mut self) {
        // What was asked until here is answered: it was not asked of those that come after.
        self.book_ahead(0);
        if let Some(profile) = &mut self.profile {
            profile.idle_since = (profile.watch)();
        }
    }

    /// It has waited. The work before that stays to be booked with the next sample: work between two
    /// waits is often too short for one, and would all be the loop's.
    #[cold]
    pub fn end_idling(&mut self) {
        if let Some(profile) = &mut self.profile {
            let idle = (profile.watch)().saturating_sub(profile.idle_since);
            profile.idle += idle;
            profile.booked += idle;
            profile.live(idle);
            let asked = super::host::attention().load(Ordering::Relaxed);
            if asked && profile.asked == Asked::Open {
                profile.asked = Asked::Idle;
            }
        }
    }

    /// A task was made, which runs this, and has a name if it is asked for.
    #[inline(never)]
    pub fn note_task_made(&mut self, task: &Ref<Future>, coro: &Value, name: NameOf) {
        if let Some(profile) = &mut self.profile {
            profile.add_task(task, coro, name);
        }
    }

    /// A task with this in its header takes a step.
    #[inline(always)]
    pub fn note_step(&mut self, row: u16) {
        if let Some(counts) = self.profile.as_mut().and_then(|p| p.counts(row)) {
            counts.steps += 1;
        }
    }

    /// A task is done.
    #[inline(always)]
    pub fn note_task_done(&mut self, task: &Ref<Future>) {
        let row = task.header().aux();
        if let Some(counts) = self.profile.as_mut().and_then(|p| p.counts(row)) {
            counts.done += 1;
        }
    }

    /// Ends profiling: what was found out.
    pub fn finish_profile(&mut self) -> Option<Profiled> {
        self.book(0);
        let mut profile = self.profile.take()?;
        let now = (profile.watch)();
        let mut times: HashMap<usize, (Duration, Duration)> = HashMap::new();
        for (stack, time) in &profile.stacks {
            if let Some(innermost) = stack.last() {
                times.entry(*innermost).or_default().0 += *time;
            }
            let mut each = stack.to_vec();
            each.sort_unstable();
            each.dedup();
            for code in each {
                times.entry(code).or_default().1 += *time;
            }
        }
        // Those that no sample has seen were too quick for that; of those that do not exist any more
        // nothing is known.
        for code in Ref::<CodeObject>::find_all(|code| code.entered.get() > 0) {
            let at = address(&code);
            times.entry(at).or_default();
            profile.codes.entry(at).or_insert(code);
        }
        let codes = &profile.codes;
        let functions = times
            .into_iter()
            .filter_map(|(at, (own, total))| {
                let code = codes.get(&at)?.clone();
                Some(FunctionTime {
                    own,
                    total,
                    entered: code.entered.get(),
                    code,
                })
            })
            .collect();
        let stacks = profile
            .stacks
            .iter()
            .map(|(stack, time)| {
                let codes = stack.iter().filter_map(|at| codes.get(at).cloned());
                (codes.collect(), *time)
            })
            .collect();
        Some(Profiled {
            wall: now.saturating_sub(profile.began),
            idle: profile.idle,
            samples: profile.samples,
            functions,
            stacks,
            tasks: merged(profile.rows, &profile.counts),
        })
    }
}
