//! The panes on the screen: where each stands, and what is above and below them.

use super::panes::Row;
use super::{App, Pane};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph, Wrap};

/// Below this there is no room for anything, and below that not for panes side by side.
const LEAST: (u16, u16) = (24, 8);
const WIDE: (u16, u16) = (56, 16);

/// A border of characters that any terminal has.
const ASCII_BORDER: border::Set = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

impl App {
    /// Draws everything.
    pub fn draw(&self, frame: &mut Frame) {
        let area = frame.area();
        if area.width < LEAST.0 || area.height < LEAST.1 {
            frame.render_widget(Paragraph::new("a larger window, please"), area);
            return;
        }
        let [title, happened, body, below] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(1),
        ])
        .areas(area);
        frame.render_widget(Paragraph::new(self.title(title.width)), title);
        frame.render_widget(Paragraph::new(self.happened()), happened);
        match area.width < WIDE.0 || area.height < WIDE.1 {
            true => self.draw_narrow(frame, body),
            false => self.draw_wide(frame, body),
        }
        frame.render_widget(Paragraph::new(self.below(below.width)), below);
        if let Some(prompt) = &self.prompt {
            let at = (prompt.label().len() + width(&prompt.text)) as u16;
            frame.set_cursor_position((below.x + at.min(below.width - 1), below.y));
        }
        self.draw_sheet(frame, body);
    }

    fn draw_wide(&self, frame: &mut Frame, body: Rect) {
        let [left, right] =
            Layout::horizontal([Constraint::Percentage(52), Constraint::Percentage(48)])
                .areas(body);
        let [source, output] =
            Layout::vertical([Constraint::Percentage(62), Constraint::Percentage(38)]).areas(left);
        let watches = match self.watches.len() {
            0 => 0,
            n => n as u16 + 2,
        };
        let tasks = (self.tasks.len() as u16 + 2).clamp(3, right.height / 3);
        let queue = (self.queue_rows().len() as u16 + 2).clamp(3, right.height / 3);
        let [frames, watched, tasks, queue] = Layout::vertical([
            Constraint::Min(4),
            Constraint::Length(watches),
            Constraint::Length(tasks),
            Constraint::Length(queue),
        ])
        .areas(right);
        self.pane(frame, source, Pane::Source);
        self.pane(frame, output, Pane::Output);
        self.pane(frame, frames, Pane::Frames);
        if watches > 0 {
            self.pane(frame, watched, Pane::Watched);
        }
        self.pane(frame, tasks, Pane::Tasks);
        self.pane(frame, queue, Pane::Queue);
    }

    /// One pane above the other, those that matter most.
    fn draw_narrow(&self, frame: &mut Frame, body: Rect) {
        let [source, other] =
            Layout::vertical([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(body);
        self.pane(frame, source, Pane::Source);
        let chosen = match self.focus {
            Pane::Source => Pane::Frames,
            other => other,
        };
        self.pane(frame, other, chosen);
    }

    fn pane(&self, frame: &mut Frame, area: Rect, pane: Pane) {
        let focused = pane == self.focus;
        let title = match pane {
            Pane::Source => self.source_title(),
            Pane::Frames => "frames".to_owned(),
            Pane::Tasks => "tasks".to_owned(),
            Pane::Output => "output".to_owned(),
            Pane::Queue => "ready queue, timers".to_owned(),
            Pane::Watched => "watched".to_owned(),
        };
        let title = match focused {
            true => format!("[{title}]"),
            false => format!(" {title} "),
        };
        let mut block = Block::new().borders(Borders::ALL).title(title);
        if self.look.ascii {
            block = block.border_set(ASCII_BORDER);
        }
        if focused {
            block = block.border_style(Style::new().add_modifier(Modifier::BOLD));
        }
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let rows = match pane {
            Pane::Source => self.source_rows(inner),
            Pane::Frames => self.frame_rows(inner),
            Pane::Tasks => self.task_rows(inner),
            Pane::Output => self.output_rows(inner),
            Pane::Queue => self.queue_rows(),
            Pane::Watched => self.watch_rows(),
        };
        let shift = if focused { self.shift } else { 0 };
        let lines = rows
            .into_iter()
            .map(|row| self.line(row, shift, inner.width));
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
    }

    /// A row, moved to the left by so many columns. What does not fit is cut, and that is shown.
    fn line(&self, row: Row, shift: usize, columns: u16) -> Line<'static> {
        let head = self.plain(&row.head);
        let text = self.plain(&row.text.replace('\t', "    "));
        let room = usize::from(columns).saturating_sub(width(&head));
        let (before, after) = match self.look.ascii {
            true => ('<', '>'),
            false => ('‹', '›'),
        };
        let mut shown = window(&text, shift, room);
        if shift > 0 && !text.is_empty() && room > 1 {
            shown = format!("{before}{}", window(&text, shift + 1, room - 1));
        }
        if width(&text) > shift + room && room > 1 {
            shown = format!("{}{after}", window(&shown, 0, room - 1));
        }
        Line::from(vec![
            Span::styled(head, row.head_style),
            Span::styled(shown, row.style),
        ])
    }

    // Above and below

    fn title(&self, width: u16) -> Line<'static> {
        let mut text = format!(" {}   step {}", self.file(), self.stepper.position());
        if let Some(step) = self.stepper.step() {
            text.push_str(&format!("   turn {}   t={:.2}", step.turn, step.clock));
            if let Some(task) = &step.task {
                text.push_str(&format!("   task {task}"));
            }
        }
        let width = usize::from(width);
        let text = format!("{text:<width$}");
        Line::styled(text, Style::new().add_modifier(Modifier::REVERSED))
    }

    fn happened(&self) -> Line<'static> {
        let text = match self.stepper.step() {
            None => "before the first step".to_owned(),
            Some(step) => step.words.clone(),
        };
        let text = self.plain(&format!(" {text}"));
        Line::styled(text, self.strong())
    }

    fn below(&self, width: u16) -> Line<'static> {
        if let Some(prompt) = &self.prompt {
            return Line::from(vec![
                Span::styled(prompt.label(), self.strong()),
                Span::raw(prompt.text.clone()),
            ]);
        }
        if !self.message.is_empty() {
            return Line::styled(self.plain(&self.message), self.strong());
        }
        let long = "n/p chunk  s/S line  o over  u resumes  b break  w why  : eval  ? keys  q quit";
        let short = "n/p s/S o u b w : ? q";
        Line::raw(if usize::from(width) >= long.len() {
            long
        } else {
            short
        })
    }

    fn draw_sheet(&self, frame: &mut Frame, body: Rect) {
        let Some(sheet) = &self.sheet else { return };
        let inner = body.width - body.width / 6;
        let rows = |line: &str| width(line).div_ceil(usize::from(inner.max(3) - 2)).max(1);
        let lines: usize = sheet.text.lines().map(rows).sum();
        let lines = u16::try_from(lines + 2).unwrap_or(u16::MAX);
        let area = Rect {
            x: body.x + body.width / 12,
            width: inner,
            height: lines.clamp(3, body.height),
            y: body.y + (body.height - lines.clamp(3, body.height)) / 2,
        };
        frame.render_widget(Clear, area);
        let mut block = Block::new()
            .borders(Borders::ALL)
            .title(format!(" {} ", self.plain(&sheet.title)))
            .title_bottom(match lines > body.height {
                true => " arrow keys scroll, others close ",
                false => " any key closes ",
            });
        if self.look.ascii {
            block = block.border_set(ASCII_BORDER);
        }
        let text = Paragraph::new(self.plain(&sheet.text))
            .wrap(Wrap { trim: false })
            .scroll((sheet.scroll, 0))
            .block(block);
        frame.render_widget(text, area);
    }

    // Styles

    pub(super) fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is suspended is there, but not to be touched.
    pub(super) fn faint(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn colored(&self, color: Color) -> Style {
        match self.look.color {
            true => Style::new().fg(color),
            false => Style::new(),
        }
    }

    /// A text with characters that this terminal can show.
    pub(super) fn plain(&self, text: &str) -> String {
        if !self.look.ascii {
            return text.to_owned();
        }
        let text = text.replace('→', "->").replace('…', "...");
        let shown = text.chars().map(|c| match c {
            '▶' => '>',
            '‖' => ':',
            '●' => '*',
            '·' => '.',
            c => c,
        });
        shown.collect()
    }

    fn file(&self) -> String {
        self.stepper.program().name.clone()
    }
}

/// A piece of a text: so many columns, after so many others.
fn window(text: &str, skipped: usize, columns: usize) -> String {
    let mut at = 0;
    let mut shown = String::new();
    for c in text.chars() {
        let wide = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        let fits = at >= skipped && at + wide <= skipped + columns;
        if fits {
            shown.push(c);
        } else if at + wide > skipped && at < skipped {
            // Half of a wide character.
            shown.push(' ');
        }
        at += wide;
    }
    shown
}

/// Columns of a text.
pub(super) fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}
