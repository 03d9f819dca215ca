//! Where a program spends its time. A sampler outside asks for attention every now and then; at the
//! next safe point the time since the last sample is booked on the frames that are running, and on
//! the running task. How often code is entered or resumed is counted by `Count` instructions, which
//! only code that was compiled for profiling has. Knows nothing of how a profile is shown.

use super::Vm;
use super::heap::{self, Ref};
use super::object::{CodeObject, Future, Generator};
use std::collections::HashMap;
use std::time::Duration;

/// Time since an arbitrary start, of the machine and not of the program.
pub type Stopwatch = Box<dyn Fn() -> Duration>;

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
    samples: u64,
    /// The code objects of frames, from the outermost in, by address.
    stacks: HashMap<Box<[usize]>, Duration>,
    codes: HashMap<usize, Ref<CodeObject>>,
    rows: Vec<TaskRow>,
    /// The rows of tasks that are not told one by one, by the code that they run.
    shared: HashMap<usize, usize>,
    /// The one of those that was wanted last.
    last: (usize, usize),
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

struct TaskRow {
    time: TaskTime,
    /// How many of them are not done.
    alive: u32,
    /// When those were made, added up.
    made: Duration,
}

/// The row of a task in the profile.
#[derive(Debug, Clone, Copy)]
pub struct RowIndex(usize);

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
            samples: 0,
            stacks: HashMap::new(),
            codes: HashMap::new(),
            rows: Vec::new(),
            shared: HashMap::new(),
            last: (usize::MAX, 0),
        }
    }

    /// The time that nobody has been booked for yet.
    fn elapse(&mut self) -> Duration {
        let now = (self.watch)();
        let elapsed = now.saturating_sub(self.booked);
        self.booked = now;
        elapsed
    }

    /// Where a task stands that is not done.
    fn row_of(&mut self, task: &Ref<Future>) -> Option<usize> {
        let own = task.rare().map_or(0, |e| e.profiled.get());
        if own > 0 {
            return Some(own as usize - 1);
        }
        let at = address(&running_code(task)?);
        self.shared_row(at)
    }

    /// The row of the tasks that run some code and have no row of their own.
    fn shared_row(&mut self, at: usize) -> Option<usize> {
        if self.last.0 != at {
            self.last = (at, *self.shared.get(&at)?);
        }
        Some(self.last.1)
    }

    /// As `row_of`, for `Vm::note_task_done`.
    pub(super) fn place_of(&mut self, task: &Ref<Future>) -> Option<RowIndex> {
        self.row_of(task).map(RowIndex)
    }

    fn row(&mut self, task: &Ref<Future>) -> Option<&mut TaskRow> {
        let row = self.row_of(task)?;
        self.rows.get_mut(row)
    }

    /// Counts a task that has just been made.
    fn add_task(&mut self, task: &Ref<Future>, name: impl FnOnce() -> String) {
        let function = running_code(task);
        // The loop's own, which end a run.
        if function
            .as_ref()
            .is_some_and(|c| c.code.source.is_library())
        {
            return;
        }
        let at = function.as_ref().map_or(0, address);
        let row = if self.rows.len() < MOST_TASKS {
            let number = self.rows.len() as u32 + 1;
            task.extra().profiled.set(number);
            None
        } else {
            self.shared_row(at)
        };
        let row = row.unwrap_or_else(|| {
            let own = self.rows.len() < MOST_TASKS;
            if !own {
                self.shared.insert(at, self.rows.len());
            }
            let function = function.map_or(String::new(), |c| c.code.qualname.to_string());
            self.rows.push(TaskRow::new(
                if own { name() } else { String::new() },
                function,
            ));
            self.rows.len() - 1
        });
        let now = self.booked;
        if let Some(row) = self.rows.get_mut(row) {
            row.time.count += 1;
            row.alive += 1;
            row.made += now;
        }
    }
}

impl TaskRow {
    fn new(name: String, function: String) -> TaskRow {
        TaskRow {
            time: TaskTime {
                name,
                function,
                count: 0,
                running: Duration::ZERO,
                life: Duration::ZERO,
                steps: 0,
            },
            alive: 0,
            made: Duration::ZERO,
        }
    }

    /// One of the tasks is done. All that is known of when it was made is how long ago that is on
    /// the whole: the sum of all lives is right.
    fn end_one(&mut self, now: Duration) {
        if self.alive == 0 {
            return;
        }
        let made = self.made / self.alive;
        self.alive -= 1;
        self.made = self.made.saturating_sub(made);
        self.time.life += now.saturating_sub(made);
    }
}

/// The code that has been counted and is still there.
fn counted_code() -> Vec<Ref<CodeObject>> {
    let mut found = Vec::new();
    heap::visit_objects(|header| {
        let counted = header.count() > 0
            && header
                .peek::<CodeObject>()
                .is_some_and(|c| c.entered.get() > 0);
        if counted {
            found.push(header.to_ref());
        }
    });
    found
        .into_iter()
        .filter_map(|o| o.into_ref().ok())
        .collect()
}

/// What several tasks run is told once for all.
fn merged(rows: Vec<TaskRow>) -> Vec<TaskTime> {
    let (mut shared, own): (Vec<TaskTime>, Vec<TaskTime>) = rows
        .into_iter()
        .map(|row| row.time)
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

/// What a task that is not done runs.
fn running_code(task: &Ref<Future>) -> Option<Ref<CodeObject>> {
    let coro = task.part()?.coro.get();
    Some(coro.as_ref::<Generator>()?.code.clone())
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
        let Some(mut profile) = self.profile.take() else {
            return;
        };
        let elapsed = profile.elapse();
        profile.samples += 1;
        let mut stack: Vec<usize> = Vec::new();
        self.walk_frames(|frame| {
            let at = address(&frame.code);
            stack.push(at);
            profile.codes.entry(at).or_insert(frame.code);
            stack.len() < DEEPEST
        });
        stack.reverse();
        *profile.stacks.entry(stack.into()).or_default() += elapsed;
        let task = self.current.task.get();
        if let Some(time) = task.as_ref::<Future>().and_then(|t| profile.row(t)) {
            time.time.running += elapsed;
        }
        self.profile = Some(profile);
    }

    /// The loop is about to wait for something outside.
    #[cold]
    pub fn begin_idling(&mut self) {
        self.take_sample();
    }

    /// It has waited.
    #[cold]
    pub fn end_idling(&mut self) {
        if let Some(profile) = &mut self.profile {
            let idle = profile.elapse();
            profile.idle += idle;
        }
    }

    /// A task was made.
    #[cold]
    pub fn note_task_made(&mut self, task: &Ref<Future>, name: impl FnOnce() -> String) {
        if let Some(profile) = &mut self.profile {
            profile.add_task(task, name);
        }
    }

    /// A task takes a step.
    #[cold]
    #[inline(never)]
    pub fn note_step(&mut self, task: &Ref<Future>) {
        if let Some(row) = self.profile.as_mut().and_then(|p| p.row(task)) {
            row.time.steps += 1;
        }
    }

    /// The row of a task whose step is over, for `note_task_done`: a task that is done does not
    /// know it any more.
    #[cold]
    pub fn profile_row(&mut self, task: &Ref<Future>) -> Option<RowIndex> {
        self.profile.as_mut()?.place_of(task)
    }

    /// A task is done.
    #[cold]
    pub fn note_task_done(&mut self, row: RowIndex) {
        if let Some(profile) = &mut self.profile {
            let now = profile.booked;
            if let Some(row) = profile.rows.get_mut(row.0) {
                row.end_one(now);
            }
        }
    }

    /// Ends profiling: what was found out.
    pub fn finish_profile(&mut self) -> Option<Profiled> {
        self.take_sample();
        let mut profile = self.profile.take()?;
        let now = (profile.watch)();
        for row in &mut profile.rows {
            (0..row.alive).for_each(|_| row.end_one(now));
        }
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
        // Those that no sample has seen were too quick for that.
        for code in counted_code() {
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
            tasks: merged(profile.rows),
        })
    }
}
