//! What was found, as a text.

use super::{End, Exploration, Group};
use crate::diagnostic::render::{RenderOptions, sketch};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Outcomes that are shown, and lines of what one prints.
const SHOWN: usize = 10;
const LINES: usize = 12;
/// Lines among which those are looked for that tell outcomes apart.
const LOOKED_THROUGH: usize = 200;

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
    let telling = telling_lines(&found.groups);
    let groups: Vec<String> = groups
        .map(|(i, g)| format!("{} {} ({})", letter(i), brief(g, &telling), g.orders))
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

/// Lines of output by which outcomes can be told apart: the first that does it alone, else of those
/// that tell most apart as many as it takes.
fn telling_lines(groups: &[Group]) -> Vec<usize> {
    let printed: Vec<Vec<&str>> = groups
        .iter()
        .take(SHOWN)
        .filter(|g| matches!(g.outcome.end, End::Exit(0)))
        .map(|g| g.outcome.printed.lines().take(LOOKED_THROUGH).collect())
        .collect();
    let longest = printed.iter().map(Vec::len).max().unwrap_or(0);
    let told_apart = |lines: &[usize]| {
        let shown = printed
            .iter()
            .map(|p| -> Vec<Option<&str>> { lines.iter().map(|i| p.get(*i).copied()).collect() });
        shown.collect::<HashSet<_>>().len()
    };
    let mut chosen: Vec<usize> = Vec::new();
    let mut apart = 1;
    while apart < printed.len() {
        let with = |i: usize| told_apart(&[&chosen[..], &[i]].concat());
        let best = (0..longest).map(|i| (with(i), Reverse(i))).max();
        match best {
            Some((more, Reverse(i))) if more > apart => {
                apart = more;
                chosen.push(i);
            }
            _ => break,
        }
    }
    chosen.sort_unstable();
    chosen
}

/// An outcome in a few characters: the lines that tell it apart, else its last one.
fn brief(group: &Group, telling: &[usize]) -> String {
    let lines: Vec<&str> = group.outcome.printed.lines().collect();
    let told: Vec<&str> = match telling {
        [] => lines.last().copied().into_iter().collect(),
        _ => telling
            .iter()
            .filter_map(|i| lines.get(*i).copied())
            .collect(),
    };
    match (&group.outcome.end, told.as_slice()) {
        (End::Exit(0), []) if lines.is_empty() => "prints nothing".to_owned(),
        (End::Exit(0), []) => "prints no more".to_owned(),
        (End::Exit(0), told) => {
            let told: Vec<String> = told.iter().map(|line| format!("{:?}", cut(line))).collect();
            told.join(", ")
        }
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
