//! Questions about what a program does next, each with the rule that decides it. Made from the steps
//! of a program that has been run to its end; asks and prints nothing itself.

mod score;

pub use score::Score;

use crate::stepper::{Kind, Moved, Passed, Step, Stepper, Target};

/// Steps of a program that are asked about, at most.
const STEPS: usize = 5_000;
/// Questions, at most: whoever has answered so many knows the rules.
const MOST: usize = 100;
/// Answers to choose from.
const CHOICES: usize = 4;

/// What decides what happens next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    ReadyQueue,
    Timers,
    Chunks,
    Yield,
    Send,
}

impl Rule {
    pub const ALL: &'static [Rule] = &[
        Rule::ReadyQueue,
        Rule::Timers,
        Rule::Chunks,
        Rule::Yield,
        Rule::Send,
    ];

    /// What it is called in the score.
    pub fn name(self) -> &'static str {
        match self {
            Rule::ReadyQueue => "ready queue",
            Rule::Timers => "timers",
            Rule::Chunks => "chunks",
            Rule::Yield => "yield",
            Rule::Send => "send",
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Rule::ReadyQueue => {
                "what is ready first goes first: the ready queue is first in, first out"
            }
            Rule::Timers => "when nothing is ready, time goes on to the first timer that is due",
            Rule::Chunks => "a chunk runs on, and nothing else does, until it waits for something",
            Rule::Yield => "yield suspends the frame and gives its value to whoever resumed it",
            Rule::Send => {
                "what is sent becomes the value of the yield at which the frame is suspended"
            }
        }
    }
}

/// A question. The right answer is one of the choices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The step that is asked about.
    pub step: usize,
    /// Where the program stands, in one line.
    pub place: String,
    pub text: String,
    pub choices: Vec<String>,
    pub right: usize,
    pub rule: Rule,
    /// Why, in this case.
    pub because: String,
}

/// What became of making questions.
pub struct Quiz {
    pub questions: Vec<Question>,
    /// The program goes on after what is asked about.
    pub is_cut: bool,
}

/// Runs a program and makes a question of each of its visible steps.
pub fn questions(stepper: &mut Stepper, seed: u64) -> Quiz {
    let mut left = 400;
    let mut wait = |steps: usize| {
        left -= 1;
        steps < STEPS && left > 0
    };
    let moved = loop {
        match stepper.forward(&Target::End, &mut wait) {
            // Answers are typed where the program would read: it finds the end of its input.
            Moved::Asks => stepper.answer(None),
            moved => break moved,
        }
    };
    let (known, _) = stepper.known();
    let mut maker = Maker {
        stepper,
        random: seed.wrapping_add(1),
    };
    let last = known.min(STEPS);
    let all = (1..=last).filter_map(|step| maker.question(step));
    let mut questions: Vec<Question> = all.take(MOST + 1).collect();
    let is_cut = moved != Moved::There || questions.len() > MOST;
    questions.truncate(MOST);
    Quiz { questions, is_cut }
}

struct Maker<'a> {
    stepper: &'a mut Stepper,
    random: u64,
}

impl Maker<'_> {
    fn question(&mut self, number: usize) -> Option<Question> {
        let step = self.stepper.step_at(number)?.clone();
        match (&step.kind, &step.passed) {
            (Kind::Chunk, _) => self.task(number, &step),
            (Kind::Printed, _) => self.printed(number, &step),
            (Kind::Switch, Some(Passed::Yielded(value))) => {
                self.value(number, &step, value, Rule::Yield)
            }
            (_, Some(Passed::Sent(value))) => self.value(number, &step, value, Rule::Send),
            _ => None,
        }
    }

    // Tasks

    fn task(&mut self, number: usize, step: &Step) -> Option<Question> {
        let right = step.task.as_deref()?.to_owned();
        self.stepper.go_to(number, &mut |_| false);
        let picture = self.stepper.picture();
        let titles = picture.tasks.iter();
        let mut others: Vec<String> = titles
            .filter_map(|t| t.title.strip_prefix("task ").map(str::to_owned))
            .filter(|name| *name != right)
            .collect();
        others.dedup();
        if others.is_empty() {
            return None;
        }
        let (rule, because) = self.why(number, step, &right);
        let place = format!("t={:.2}: the loop chooses who goes on", self.before(number));
        let text = "Which task runs next?".to_owned();
        Some(self.asked(number, place, text, (right, others), rule, because))
    }

    /// The clock before a step.
    fn before(&self, number: usize) -> f64 {
        let before = self.stepper.step_at(number.saturating_sub(1));
        let chunk = (1..number).rev().find_map(|n| {
            let step = self.stepper.step_at(n)?;
            matches!(step.kind, Kind::Delay | Kind::Done).then_some(step.clock)
        });
        chunk.unwrap_or_else(|| before.map_or(0.0, |s| s.clock))
    }

    /// The rule by which a task goes on, and who has made it ready.
    fn why(&self, number: usize, step: &Step, task: &str) -> (Rule, String) {
        let queued = (1..number).rev().find_map(|n| {
            let earlier = self.stepper.step_at(n)?;
            let own = earlier.queues.as_deref() == Some(task);
            own.then(|| earlier.words.clone())
        });
        let because = match queued {
            Some(words) => words,
            None => format!("{task} was the first to be put there"),
        };
        match step.clock > self.before(number) {
            true => (Rule::Timers, format!("t={:.2}: {because}", step.clock)),
            false => (Rule::ReadyQueue, because),
        }
    }

    // What is printed

    fn printed(&mut self, number: usize, step: &Step) -> Option<Question> {
        let right = self.stepper.printed_at(number)?;
        let others = self.nearest(number, CHOICES - 1, &right, |stepper, n| {
            stepper.printed_at(n)
        });
        if others.is_empty() {
            return None;
        }
        let place = match &step.task {
            Some(task) => format!(
                "t={:.2}: task {task} runs, in line {}",
                step.clock, step.line
            ),
            None => format!("line {} runs", step.line),
        };
        let because = step.words.clone();
        let text = "What is printed next?".to_owned();
        Some(self.asked(number, place, text, (right, others), Rule::Chunks, because))
    }

    // Values

    /// What comes out of a frame that yields, or what goes in.
    fn value(&mut self, number: usize, step: &Step, value: &str, rule: Rule) -> Option<Question> {
        let passed = |stepper: &Stepper, n: usize| match &stepper.step_at(n)?.passed {
            Some(Passed::Sent(other) | Passed::Yielded(other)) => Some(other.clone()),
            None => None,
        };
        let mut others = self.nearest(number, CHOICES - 2, value, passed);
        // That is what it often is.
        let none = "None".to_owned();
        if value != none && !others.contains(&none) {
            others.push(none);
        }
        if others.is_empty() {
            return None;
        }
        let (where_it_is, text) = match rule {
            Rule::Yield => ("comes to the yield", "What does whoever resumed it get?"),
            _ => (
                "is resumed at the yield",
                "Which value does the yield have there?",
            ),
        };
        let frame = step.frame.as_deref().unwrap_or("the frame");
        let place = format!("{frame} {where_it_is} in line {}", step.line);
        let asked = (value.to_owned(), others);
        Some(self.asked(
            number,
            place,
            text.to_owned(),
            asked,
            rule,
            step.words.clone(),
        ))
    }

    // Choices

    /// So many answers that are right at other steps: at later ones first, nearest first.
    fn nearest(
        &self,
        number: usize,
        most: usize,
        right: &str,
        at: impl Fn(&Stepper, usize) -> Option<String>,
    ) -> Vec<String> {
        let (known, _) = self.stepper.known();
        let mut others: Vec<String> = Vec::new();
        for n in (number + 1..=known).chain((1..number).rev()) {
            if others.len() >= most {
                break;
            }
            let other = at(self.stepper, n).filter(|o| o != right && !others.contains(o));
            others.extend(other);
        }
        others
    }

    fn asked(
        &mut self,
        step: usize,
        place: String,
        text: String,
        (right, mut others): (String, Vec<String>),
        rule: Rule,
        because: String,
    ) -> Question {
        others.truncate(CHOICES - 1);
        let mut choices = others;
        choices.sort();
        let at = self.number_below(choices.len() + 1);
        choices.insert(at, right);
        Question {
            step,
            place,
            text,
            choices,
            right: at,
            rule,
            because,
        }
    }

    /// A random number that the seed alone decides.
    fn number_below(&mut self, limit: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.random >> 33) as usize % limit.max(1)
    }
}

impl Question {
    /// Whether an answer is right: the number of a choice, or the choice itself.
    pub fn grade(&self, answer: &str) -> Option<bool> {
        let answer = answer.trim();
        let number = answer.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let chosen = number.filter(|at| *at < self.choices.len());
        let named = || self.choices.iter().position(|c| c.trim() == answer);
        chosen.or_else(named).map(|at| at == self.right)
    }

    pub fn answer(&self) -> &str {
        self.choices.get(self.right).map_or("", String::as_str)
    }
}
