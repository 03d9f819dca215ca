//! What was found, as a text.

use super::{End, Exploration, Group};
use crate::diagnostic::render::{RenderOptions, sketch};

/// Outcomes that are shown, and lines of what one prints.
const SHOWN: usize = 10;
const LINES: usize = 12;

/// The whole report. `command` is what replays an order: `coro run --order ORDER race.coro`, with
/// `ORDER` to be replaced.
pub fn text(found: &Exploration, command: &str, options: &RenderOptions) -> String {
    let mut text = heading(found);
    for (i, group) in found.groups.iter().enumerate().take(SHOWN) {
        text.push('\n');
        text.push_str(&one(&letter(i), group, command));
        let fork = found.forks.get(i).and_then(Option::as_ref);
        let drawn = fork.and_then(|f| {
            let title = format!("fork {}: {}", f.number, f.title);
            sketch(&letter(i), &title, &f.labels, options)
                .or_else(|| Some(format!("{}: {title}\n", letter(i))))
        });
        if let Some(drawn) = drawn {
            text.push('\n');
            text.push_str(&drawn);
        }
    }
    if found.groups.len() > SHOWN {
        let more = found.groups.len() - SHOWN;
        text.push_str(&format!("\n… and {}\n", counted(more, "more outcome")));
    }
    text
}

/// `20 orders, 2 outcomes: A "v=2" (14) · B "v=1" (6)`.
fn heading(found: &Exploration) -> String {
    let orders = counted(found.orders, "order");
    let outcomes = match found.groups.len() {
        1 => "one outcome".to_owned(),
        n => format!("{n} outcomes"),
    };
    let groups = found.groups.iter().enumerate().take(SHOWN);
    let telling = telling_line(&found.groups);
    let groups: Vec<String> = groups
        .map(|(i, g)| format!("{} {} ({})", letter(i), brief(g, telling), g.orders))
        .collect();
    let more = if found.groups.len() > SHOWN {
        " · …"
    } else {
        ""
    };
    let mut text = format!("{orders}, {outcomes}: {}{more}\n", groups.join(" · "));
    text.push_str(match found.complete {
        true => "Orders that cannot differ were tried once; there are no other outcomes.\n",
        false => "There are more orders than were tried; there may be other outcomes (--limit, --seed).\n",
    });
    text
}

/// The first line of output by which outcomes can be told apart.
fn telling_line(groups: &[Group]) -> Option<usize> {
    let first = groups.first()?;
    let lines = first.outcome.printed.lines().enumerate();
    let mut telling = lines.filter(|(i, line)| {
        let mut others = groups.iter();
        others.any(|g| g.outcome.printed.lines().nth(*i) != Some(line))
    });
    telling.next().map(|(i, _)| i)
}

/// An outcome in a few characters: the line that tells it apart, else its last one.
fn brief(group: &Group, telling: Option<usize>) -> String {
    let mut lines = group.outcome.printed.lines();
    let last = match telling {
        Some(line) => lines.nth(line),
        None => lines.next_back(),
    };
    match (&group.outcome.end, last) {
        (End::Exit(0), Some(line)) => format!("{:?}", cut(line)),
        (End::Exit(0), None) => "prints nothing".to_owned(),
        (End::Exit(code), _) => format!("exit code {code}"),
        (End::Raised(line), _) => cut(line),
        (End::Deadlock(_), _) => "deadlock".to_owned(),
        (End::Never, _) => "never ends".to_owned(),
    }
}

fn cut(line: &str) -> String {
    const LONGEST: usize = 40;
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let head: String = line.chars().take(LONGEST - 1).collect();
    format!("{head}…")
}

fn one(letter: &str, group: &Group, command: &str) -> String {
    let order = group.shortest.to_string();
    let replay = command.replace("ORDER", &order);
    let mut text = format!("{letter}  {}   {replay}\n", counted(group.orders, "order"));
    let lines: Vec<&str> = group.outcome.printed.lines().collect();
    let hidden = lines.len().saturating_sub(LINES);
    if hidden > 0 {
        text.push_str(&format!("   … {}\n", counted(hidden, "line")));
    }
    for line in lines.iter().skip(hidden) {
        text.push_str(format!("   {line}").trim_end());
        text.push('\n');
    }
    let end = match &group.outcome.end {
        End::Exit(0) => String::new(),
        End::Exit(code) => format!("exit code {code}"),
        End::Raised(line) | End::Deadlock(line) => line.clone(),
        End::Never => "and so on without end".to_owned(),
    };
    for line in end.lines() {
        text.push_str(&format!("   → {line}\n"));
    }
    text
}

/// A, B… Z, then numbers.
fn letter(i: usize) -> String {
    match u8::try_from(i).ok().filter(|i| *i < 26) {
        Some(i) => char::from(b'A' + i).to_string(),
        None => (i + 1).to_string(),
    }
}

fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
