//! The `coro` command: reads arguments and files, calls the engine, draws what went wrong, picks
//! the exit code. Everything it prints comes from elsewhere as data.

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

mod check;
mod debug;
mod desugar;
mod dump;
mod explain;
mod explore;
mod frames;
mod input;
mod interrupts;
mod order;
mod profile;
mod quiz;
mod repl;
mod run;
mod sampler;
mod signals;
mod stack;
mod stdin;
mod terminal;
mod timeline;
mod trace;

use crate::explore::Order;
use input::Input;
use terminal::Terminal;

/// Exit code for a wrong command line or a file that cannot be read, as CPython's.
const USAGE: i32 = 2;
/// Exit code of a run in which coro itself failed, as Rust's for a panic.
const INTERNAL: i32 = 101;

/// A small Python-like language that shows how coroutines really work.
#[derive(Parser)]
#[command(name = "coro", version, disable_help_subcommand = true)]
#[command(
    override_usage = "coro [OPTIONS]\n       coro [OPTIONS] FILE [ARGS]...\n       coro [OPTIONS] -c CODE [ARGS]...\n       coro COMMAND ..."
)]
#[command(
    after_help = "Alone it is a prompt, as `coro repl` is. FILE may be - for standard input. What follows FILE belongs to the program (sys.argv)."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
    /// Colours in messages
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
}

#[derive(Subcommand)]
enum Command {
    /// Run a program (the same as naming the file alone)
    Run(RunArgs),
    /// Say what is wrong with programs without running them
    Check(CheckArgs),
    /// Explain a diagnostic code in plain words, with a wrong and a right program
    Explain {
        /// A code (E0302) or a message; nothing lists all codes
        #[arg(value_name = "CODE")]
        words: Vec<String>,
    },
    /// Run what is typed at a prompt
    Repl(RunArgs),
    /// Run a program and tell, line by line, what its frames, tasks and loop do
    Trace(TraceArgs),
    /// Run a program up to a place, and draw the frames, tasks, queues and timers there
    Frames(FramesArgs),
    /// Run a program and draw what it did: a page to step through, forward and back
    Timeline(TimelineArgs),
    /// Say why one line of a program's output came before another
    Order(OrderArgs),
    /// Run a program in every order that its tasks could take, and tell what comes of it
    Explore(ExploreArgs),
    /// Step through a program, forward and back, with its tasks, frames, queues and timers in view
    Debug(DebugArgs),
    /// Ask what a program does next, step by step, and tell the rule that decides
    Quiz(DebugArgs),
    /// Show what await, async for, async with, yield from and gather do: the program in plain generators
    Desugar(DesugarArgs),
    /// Show the bytecode of a program
    Dis(FileArgs),
    /// Show the syntax tree of a program
    Ast(FileArgs),
    /// Show the tokens of a program
    Tokens(FileArgs),
}

/// How to run a program.
#[derive(Args)]
struct RunArgs {
    /// Run this text instead of a file
    #[arg(short = 'c', value_name = "CODE")]
    code: Option<String>,
    /// Go on at a prompt after the program
    #[arg(short = 'i')]
    interactive: bool,
    /// Let time jump to the next timer instead of waiting for it
    #[arg(long)]
    virtual_time: bool,
    /// Let tasks run in this order, as `coro explore` writes one; time is virtual then
    #[arg(long, value_parser = Order::parse)]
    order: Option<Order>,
    /// Tell on standard error where the time went: by function and by task
    #[arg(long)]
    profile: bool,
    /// Write the stacks of a profile to a file, folded: what tools that draw flame graphs read
    #[arg(long, value_name = "FILE")]
    folded: Option<PathBuf>,
    /// The form of reports of uncaught exceptions
    #[arg(long, value_enum, value_name = "FORM", default_value_t = TracebackForm::Coro)]
    traceback: TracebackForm,
    /// The program and its arguments
    #[arg(
        value_name = "FILE",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<OsString>,
}

/// How to run a program that is watched.
#[derive(Args)]
struct WatchedArgs {
    /// Run this text instead of a file
    #[arg(short = 'c', value_name = "CODE")]
    code: Option<String>,
    /// Wait as long as the program asks for, instead of letting time jump
    #[arg(long)]
    real_time: bool,
    /// Let tasks run in this order, as `coro explore` writes one
    #[arg(long, value_parser = Order::parse, conflicts_with = "real_time")]
    order: Option<Order>,
    /// The program and its arguments; before those that begin with - stands a --
    #[arg(value_name = "FILE")]
    words: Vec<OsString>,
}

/// What to tell of a program while it runs.
#[derive(Args)]
struct TraceArgs {
    /// Only what happens in, or to, the task with this name; may be given several times
    #[arg(long, value_name = "NAME")]
    task: Vec<String>,
    /// Only one kind of events; may be given several times
    #[arg(long, value_enum, value_name = "KIND")]
    only: Vec<TraceKind>,
    /// Only what happens from this time on
    #[arg(long, value_name = "SECONDS")]
    from: Option<f64>,
    /// Only what happens up to this time
    #[arg(long, value_name = "SECONDS")]
    to: Option<f64>,
    /// JSON lines for programs (grammar/trace.schema.json)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    program: WatchedArgs,
}

/// How to draw what a program did.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("form").args(["svg", "mermaid", "perfetto"]))]
struct TimelineArgs {
    /// The file to write, - for standard output; else the page gets the program's name, and the other
    /// forms go to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite a file that is no timeline
    #[arg(long)]
    force: bool,
    /// The lanes alone, as a drawing
    #[arg(long)]
    svg: bool,
    /// A sequence diagram for Mermaid
    #[arg(long)]
    mermaid: bool,
    /// Chrome trace events, for ui.perfetto.dev
    #[arg(long)]
    perfetto: bool,
    #[command(flatten)]
    program: WatchedArgs,
}

/// Which moment of a program to look at.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("moment").required(true).args(["at", "after"]))]
struct FramesArgs {
    /// Before this line of the program is run
    #[arg(long, value_name = "LINE")]
    at: Option<u32>,
    /// The how many-th time that the line is reached
    #[arg(long, value_name = "N", requires = "at", value_parser = clap::value_parser!(u64).range(1..))]
    nth: Option<u64>,
    /// After the event with this number, as `coro trace --json` counts them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    after: Option<u64>,
    #[command(flatten)]
    program: WatchedArgs,
}

/// Which two lines to explain.
#[derive(Args)]
struct OrderArgs {
    /// The program; - is standard input
    #[arg(value_name = "FILE")]
    file: OsString,
    /// Number of a line of output, from 1
    #[arg(value_name = "LINE")]
    first: usize,
    /// Number of another line of output
    #[arg(value_name = "LINE")]
    second: usize,
    /// Let tasks run in this order, as `coro explore` writes one
    #[arg(long, value_parser = Order::parse)]
    order: Option<Order>,
    /// Arguments of the program
    #[arg(value_name = "ARG")]
    words: Vec<OsString>,
}

/// Which orders of a program to try.
#[derive(Args)]
struct ExploreArgs {
    /// Run the program so often at most; if there are more orders, a quarter of the runs is drawn at random
    #[arg(long, value_name = "RUNS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// For what is drawn at random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Keep the loop's turns: what becomes ready during one waits for the next, whoever goes first in it
    #[arg(long)]
    turns: bool,
    /// Try orders, too, that cannot make a difference
    #[arg(long)]
    every: bool,
    /// Run this text instead of a file
    #[arg(short = 'c', value_name = "CODE")]
    code: Option<String>,
    /// The program and its arguments; before those that begin with - stands a --
    #[arg(value_name = "FILE")]
    words: Vec<OsString>,
}

/// What to step through, or to ask about.
#[derive(Args)]
struct DebugArgs {
    /// This text instead of a file
    #[arg(short = 'c', value_name = "CODE")]
    code: Option<String>,
    /// What the random numbers of the program begin with
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Let tasks run in this order, as `coro explore` writes one
    #[arg(long, value_parser = Order::parse)]
    order: Option<Order>,
    /// The program and its arguments; before those that begin with - stands a --
    #[arg(value_name = "FILE")]
    words: Vec<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TraceKind {
    /// What goes into frames and comes out of them
    Values,
    /// Chunks and delays
    Tasks,
    /// Turns, timers, the ready queue
    Loop,
}

/// What to check, and for whom.
#[derive(Args)]
struct CheckArgs {
    /// Check this text instead of files
    #[arg(short = 'c', value_name = "CODE", conflicts_with = "files")]
    code: Option<String>,
    /// How to tell: drawings for people, JSON for editors
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = CheckFormat::Text)]
    format: CheckFormat,
    /// Warnings, too, make the exit code 1
    #[arg(long)]
    strict: bool,
    /// Programs, or folders with programs; - is standard input
    #[arg(value_name = "FILE", required_unless_present = "code")]
    files: Vec<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    Text,
    Json,
}

/// A program to look at.
#[derive(Args)]
struct FileArgs {
    /// Look at this text instead of a file
    #[arg(short = 'c', value_name = "CODE", conflicts_with = "file")]
    code: Option<String>,
    /// The program; - is standard input
    #[arg(required_unless_present = "code")]
    file: Option<OsString>,
}

/// How to show what a program becomes.
#[derive(Args)]
struct DesugarArgs {
    #[command(flatten)]
    file: FileArgs,
    /// The program and what it becomes side by side, as on a wide terminal
    #[arg(long, conflicts_with = "plain")]
    beside: bool,
    /// What it becomes, as a program, also on a terminal
    #[arg(long)]
    plain: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColorChoice {
    Auto,
    Always,
    Never,
}

/// How uncaught exceptions are reported.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TracebackForm {
    /// A drawing of the source with the way that led there
    Coro,
    /// What CPython prints, byte for byte
    Python,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = end_options_after_code(std::env::args_os().collect());
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let code = stack::on_a_large_stack(|| dispatch(&cli)).unwrap_or(INTERNAL);
    // As the operating system sees it: the low byte.
    ExitCode::from((code & 0xff) as u8)
}

/// As in CPython, what follows `-c CODE` belongs to the program, options or not.
fn end_options_after_code(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let first_word = arguments
        .iter()
        .skip(1)
        .position(|a| !a.to_string_lossy().starts_with('-'));
    let options = first_word.map_or(arguments.len(), |i| i + 1);
    let after_run = usize::from(arguments.get(options).is_some_and(|a| a == "run"));
    let code = arguments
        .iter()
        .take(options + after_run + 1)
        .position(|a| a == "-c");
    if let Some(at) = code.filter(|at| at + 2 <= arguments.len()) {
        arguments.insert(at + 2, "--".into());
    }
    arguments
}

/// Prints what clap has to say: help and version to stdout, complaints to stderr.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing can be done if even this cannot be written.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { USAGE as u8 } else { 0 })
}

fn dispatch(cli: &Cli) -> i32 {
    let form = match &cli.command {
        Some(Command::Run(args) | Command::Repl(args)) => args.traceback,
        _ => cli.run.traceback,
    };
    let terminal = Terminal::detect(cli.color, form);
    match &cli.command {
        Some(Command::Run(args)) => start(args, &terminal),
        Some(Command::Check(args)) => check::check(args, &terminal),
        Some(Command::Explain { words }) => explain::explain(words, &terminal),
        Some(Command::Repl(args)) => start_repl(args, &terminal),
        Some(Command::Trace(args)) => trace::trace(args, &terminal),
        Some(Command::Frames(args)) => frames::frames(args, &terminal),
        Some(Command::Timeline(args)) => timeline::timeline(args, &terminal),
        Some(Command::Order(args)) => order::order(args, &terminal),
        Some(Command::Explore(args)) => explore::explore(args, &terminal),
        Some(Command::Debug(args)) => debug::debug(args, &terminal),
        Some(Command::Quiz(args)) => quiz::quiz(args, &terminal),
        Some(Command::Desugar(args)) => desugar::desugar(args, &terminal),
        Some(Command::Dis(args)) => look(args, &terminal, dump::dis),
        Some(Command::Ast(args)) => look(args, &terminal, dump::ast),
        Some(Command::Tokens(args)) => look(args, &terminal, dump::tokens),
        None => start(&cli.run, &terminal),
    }
}

fn start(args: &RunArgs, terminal: &Terminal) -> i32 {
    let program = match program(args) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let words = program_words(args);
    match program {
        _ if args.interactive => repl::repl(program.as_ref(), words, args, terminal),
        Some(input) => run::run(&input, words, args, terminal),
        None if terminal.interactive() => repl::repl(None, words, args, terminal),
        None => run::run(&Input::Stdin, words, args, terminal),
    }
}

fn start_repl(args: &RunArgs, terminal: &Terminal) -> i32 {
    match program(args) {
        Ok(program) => repl::repl(program.as_ref(), program_words(args), args, terminal),
        Err(code) => code,
    }
}

/// The program to run, if one is named, or the exit code for a wrong command line.
fn program(args: &RunArgs) -> Result<Option<Input>, i32> {
    named(args.code.as_ref(), &args.words)
}

fn named(code: Option<&String>, words: &[OsString]) -> Result<Option<Input>, i32> {
    if let Some(code) = code {
        return Ok(Some(Input::Code(code.clone())));
    }
    Ok(match words.first() {
        None => None,
        Some(word) if word == "-" => Some(Input::Stdin),
        Some(word) if word.to_string_lossy().starts_with('-') => return Err(unknown_option(word)),
        Some(word) => Some(Input::File(word.into())),
    })
}

/// The words that belong to the program: those after its name.
fn program_words(args: &RunArgs) -> impl Iterator<Item = &OsString> {
    args.words.iter().skip(usize::from(args.code.is_none()))
}

/// The program, which must be named, or the exit code for a wrong command line.
fn needed(code: Option<&String>, words: &[OsString]) -> Result<Input, i32> {
    named(code, words)?.ok_or_else(|| {
        let message = "a program is needed: FILE, - or -c CODE";
        let _ = Cli::command()
            .error(ErrorKind::MissingRequiredArgument, message)
            .print();
        USAGE
    })
}

impl WatchedArgs {
    fn program(&self) -> Result<Input, i32> {
        needed(self.code.as_ref(), &self.words)
    }

    fn words(&self) -> impl Iterator<Item = &OsString> {
        self.words.iter().skip(usize::from(self.code.is_none()))
    }
}

fn look(
    args: &FileArgs,
    terminal: &Terminal,
    show: fn(&crate::source::Source, &Terminal) -> i32,
) -> i32 {
    match input_of(args).read(false) {
        Ok(source) => show(&source, terminal),
        Err(failure) => terminal.fail(&failure),
    }
}

fn input_of(args: &FileArgs) -> Input {
    match (&args.code, &args.file) {
        (Some(code), _) => Input::Code(code.clone()),
        (None, Some(file)) if file != "-" => Input::File(file.into()),
        _ => Input::Stdin,
    }
}

/// Options of the program may follow FILE, so clap takes any word; before FILE they are ours.
fn unknown_option(word: &std::ffi::OsStr) -> i32 {
    let message = format!("unexpected argument '{}' found", word.to_string_lossy());
    let _ = Cli::command()
        .error(ErrorKind::UnknownArgument, message)
        .print();
    USAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn ended(words: &[&str]) -> Vec<String> {
        let words = words.iter().map(OsString::from).collect();
        end_options_after_code(words)
            .iter()
            .map(|w| w.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn options_end_after_code() {
        assert_eq!(
            ended(&["coro", "-c", "x", "-v"]),
            ["coro", "-c", "x", "--", "-v"]
        );
        assert_eq!(
            ended(&["coro", "run", "-c", "x"]),
            ["coro", "run", "-c", "x", "--"]
        );
        assert_eq!(ended(&["coro", "f", "-c", "x"]), ["coro", "f", "-c", "x"]);
        assert_eq!(ended(&["coro", "-c"]), ["coro", "-c"]);
        assert_eq!(ended(&["coro"]), ["coro"]);
    }
}
