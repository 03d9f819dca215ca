//! The lines in each pane. What is suspended has its own mark, so that it is seen without colours.

use super::App;
use super::lists::FrameItem;
use crate::stepper::Stream;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// Marks: what runs, what is suspended, where it stops.
const RUNS: char = '▶';
const SUSPENDED: char = '‖';
const BREAK: char = '●';

/// A line of a pane.
pub(super) struct Row {
    /// What stays where it is if the text is moved sideways.
    pub head: String,
    pub head_style: Style,
    pub text: String,
    pub style: Style,
}

impl Row {
    fn new(text: impl Into<String>, style: Style) -> Row {
        Row {
            head: String::new(),
            head_style: style,
            text: text.into(),
            style,
        }
    }
}

impl App {
    // Source

    /// The file that is shown.
    fn shown_file(&self) -> Option<String> {
        let file = self.stepper.step().map(|s| s.file.to_string());
        file.filter(|f| !f.is_empty())
    }

    pub(super) fn source_title(&self) -> String {
        self.shown_file().unwrap_or_else(|| "source".into())
    }

    pub(super) fn source_rows(&self, area: Rect) -> Vec<Row> {
        let file = self.shown_file();
        let other = file.as_deref().and_then(|f| self.stepper.text_of(f));
        let text = other.unwrap_or(&self.stepper.program().text);
        let current = self.stepper.step().map_or(0, |s| s.line);
        let at = self.cursor.unwrap_or(current) as usize;
        let count = text.lines().count();
        let height = usize::from(area.height);
        let first = at
            .saturating_sub(height / 2 + 1)
            .min(count.saturating_sub(height));
        let own = file.as_deref().is_none_or(|f| self.is_main(f));
        let waiting = self.lines_of_suspended(file.as_deref());
        let lines = text.lines().enumerate().skip(first).take(height);
        lines
            .map(|(i, line)| {
                let number = i as u32 + 1;
                let runs = number == current;
                let mark = match number {
                    n if n == current => RUNS,
                    n if waiting.contains(&n) => SUSPENDED,
                    _ => ' ',
                };
                let stops = own && self.stepper.breakpoints().contains(&number);
                let stop = if stops { BREAK } else { ' ' };
                let chosen = if self.cursor == Some(number) {
                    '_'
                } else {
                    ' '
                };
                let style = match (runs, self.cursor == Some(number)) {
                    (true, _) => self.colored(Color::Yellow).add_modifier(Modifier::BOLD),
                    (_, true) => self
                        .colored(Color::Reset)
                        .add_modifier(Modifier::UNDERLINED),
                    _ => self.colored(Color::Reset),
                };
                Row {
                    head: format!("{stop}{number:>3}{chosen}{mark} "),
                    head_style: style,
                    ..Row::new(line, style)
                }
            })
            .collect()
    }

    fn is_main(&self, file: &str) -> bool {
        let name = &self.stepper.program().name;
        std::path::Path::new(name)
            .file_name()
            .is_some_and(|n| n == file)
            || name == file
    }

    fn lines_of_suspended(&self, file: Option<&str>) -> Vec<u32> {
        let suspended = self.frames.iter().filter(|f| f.suspended);
        let here = suspended.filter(|f| file.is_none_or(|file| f.drawn.file == file));
        here.filter_map(|f| f.drawn.line).collect()
    }

    // Output

    pub(super) fn output_rows(&self, area: Rect) -> Vec<Row> {
        let mut lines: Vec<(Stream, String)> = Vec::new();
        let mut open = false;
        for piece in self.stepper.output() {
            for part in piece.text.split_inclusive('\n') {
                let text = part.strip_suffix('\n').unwrap_or(part);
                match lines.last_mut().filter(|(s, _)| open && *s == piece.stream) {
                    Some((_, line)) => line.push_str(text),
                    None => lines.push((piece.stream, text.to_owned())),
                }
                open = !part.ends_with('\n');
            }
        }
        let height = usize::from(area.height);
        let up = self.scrolled.min(lines.len().saturating_sub(height));
        let first = lines.len().saturating_sub(height + up);
        let shown = lines.into_iter().enumerate().skip(first).take(height);
        shown
            .map(|(i, (stream, text))| {
                let style = match stream {
                    Stream::Out => self.colored(Color::Reset),
                    Stream::Err => self.colored(Color::Red),
                };
                Row {
                    head: format!("{:>3} ", i + 1),
                    head_style: self.faint(),
                    ..Row::new(text, style)
                }
            })
            .collect()
    }

    // Frames

    pub(super) fn frame_rows(&self, area: Rect) -> Vec<Row> {
        if self.frames.is_empty() {
            return vec![Row::new("none", Style::new())];
        }
        let mut lines = Vec::new();
        let mut chosen = 0..0;
        for (i, item) in self.frames.iter().enumerate() {
            if let Some((title, note)) = &item.group {
                let text = format!("{SUSPENDED} {title}: {note}");
                lines.push(Row::new(text, self.faint()));
            }
            let is_chosen = i == self.frame;
            let from = lines.len();
            lines.push(self.frame_row(item, is_chosen, i));
            // One frame is open: the chosen one.
            if is_chosen {
                for (name, value) in &item.drawn.variables {
                    let inset = if item.suspended { "      " } else { "    " };
                    let text = format!("{inset}{name} = {value}");
                    lines.push(Row::new(text, self.colored(Color::Cyan)));
                }
                chosen = from..lines.len();
            }
        }
        let height = usize::from(area.height);
        let first = chosen.end.saturating_sub(height).min(chosen.start);
        lines.into_iter().skip(first).take(height).collect()
    }

    fn frame_row(&self, item: &FrameItem, is_chosen: bool, at: usize) -> Row {
        let mark = match (item.suspended, at) {
            (true, _) => ' ',
            (false, 0) => RUNS,
            (false, _) => ' ',
        };
        let line = item
            .drawn
            .line
            .map_or_else(String::new, |l| format!(":{l}"));
        let inset = if item.suspended { "  " } else { "" };
        let text = format!(
            "{inset}{mark} {}{line}  {}",
            item.drawn.title, item.drawn.text
        );
        let mut style = match item.suspended {
            true => self.faint(),
            false => self.colored(Color::Reset),
        };
        if is_chosen {
            style = style.add_modifier(Modifier::BOLD);
        }
        Row::new(text.trim_end(), style)
    }

    pub(super) fn watch_rows(&self) -> Vec<Row> {
        let rows = self.watches.iter().map(|w| {
            let answer = w.answer.as_ref().map_or("", |a| a.text.as_str());
            let first = answer.lines().next().unwrap_or_default();
            let between = match &w.answer {
                Some(a) if a.failed => ": ",
                _ => " = ",
            };
            Row::new(format!("{}{between}{first}", w.text), Style::new())
        });
        rows.collect()
    }

    // Tasks

    pub(super) fn task_rows(&self, area: Rect) -> Vec<Row> {
        if self.tasks.is_empty() {
            return vec![Row::new("none", Style::new())];
        }
        let widest = self.tasks.iter().map(|t| super::draw::width(&t.name)).max();
        let widest = widest.unwrap_or(0).min(14);
        let height = usize::from(area.height).max(1);
        let first = (self.task + 1).saturating_sub(height);
        let shown = self.tasks.iter().enumerate().skip(first).take(height);
        shown
            .map(|(i, task)| {
                let mark = match task.runs {
                    true => RUNS,
                    false
                        if task.note.contains("ready queue") || task.note.starts_with("ready") =>
                    {
                        '·'
                    }
                    false => SUSPENDED,
                };
                let chosen = if i == self.task { '_' } else { ' ' };
                let text = format!("{mark}{chosen}{:<widest$}  {}", task.name, task.note);
                let style = match (task.runs, i == self.task) {
                    (true, _) => self.strong(),
                    (_, true) => self
                        .colored(Color::Reset)
                        .add_modifier(Modifier::UNDERLINED),
                    _ => self.faint(),
                };
                Row::new(text, style)
            })
            .collect()
    }

    // The loop

    pub(super) fn queue_rows(&self) -> Vec<Row> {
        let before = &self.picture.before;
        let more = match before.more {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let mut lines = vec![match before.ready.is_empty() {
            true => "ready: nothing".to_owned(),
            false => format!("ready: {}{more}", before.ready.join(", ")),
        }];
        let timers = before.timers.iter();
        lines.extend(timers.map(|(when, what)| format!("t={when:.2}  {what}")));
        let shared = self.picture.shared.iter();
        lines.extend(shared.map(|(what, state)| format!("{what} {state}")));
        let rows = lines.into_iter().skip(self.queue);
        rows.map(|text| Row::new(text, Style::new())).collect()
    }
}
