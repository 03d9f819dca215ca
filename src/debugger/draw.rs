//! The panes on the screen: where each stands, and what is above and below them.

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
        let queue = (self.queue_lines().len() as u16 + 2).clamp(3, right.height / 3);
        let [frames, watched, tasks, queue] = Layout::vertical([
            Constraint::Min(4),
            Constraint::Length(watches),
            Constraint::Length(tasks),
            Constraint::Length(queue),
        ])
        .areas(right);
        self.pane(
            frame,
            source,
            &self.source_title(),
            Some(Pane::Source),
            &|r| self.source_lines(r),
        );
        self.pane(frame, output, "output", Some(Pane::Output), &|r| {
            self.output_lines(r)
        });
        self.pane(frame, frames, "frames", Some(Pane::Frames), &|r| {
            self.frame_lines(r)
        });
        if watches > 0 {
            self.pane(frame, watched, "watched", None, &|_| self.watch_lines());
        }
        self.pane(frame, tasks, "tasks", Some(Pane::Tasks), &|r| {
            self.task_lines(r)
        });
        self.pane(frame, queue, "ready queue, timers", None, &|_| {
            self.queue_lines()
        });
    }

    /// One pane above the other, those that matter most.
    fn draw_narrow(&self, frame: &mut Frame, body: Rect) {
        let chosen: (&str, &dyn Fn(Rect) -> Vec<Line<'static>>) = match self.focus {
            Pane::Source | Pane::Frames => ("frames", &|r| self.frame_lines(r)),
            Pane::Tasks => ("tasks", &|r| self.task_lines(r)),
            Pane::Output => ("output", &|r| self.output_lines(r)),
        };
        let [source, other] =
            Layout::vertical([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(body);
        self.pane(
            frame,
            source,
            &self.source_title(),
            Some(Pane::Source),
            &|r| self.source_lines(r),
        );
        let focus = (self.focus != Pane::Source).then_some(self.focus);
        self.pane(frame, other, chosen.0, focus, chosen.1);
    }

    fn pane(
        &self,
        frame: &mut Frame,
        area: Rect,
        title: &str,
        pane: Option<Pane>,
        lines: &dyn Fn(Rect) -> Vec<Line<'static>>,
    ) {
        let focused = pane == Some(self.focus);
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
        frame.render_widget(Paragraph::new(lines(inner)), inner);
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

/// Columns of a text.
pub(super) fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}
