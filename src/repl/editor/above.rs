//! Shows what tasks write above the line that is being edited.
//!
//! The editor has a printer for that, which takes the cursor to stand at the end of the text. So
//! the text is taken off the screen first and the cursor is put where the printer will find it; then
//! the printer prints, and the editor draws the text anew below.

use super::typed::{State, Typed};
use crate::repl::screen::Screen;
use crossterm::QueueableCommand;
use crossterm::cursor::{self, MoveTo};
use crossterm::style::Print;
use crossterm::terminal::{self, Clear, ClearType};
use std::io::{self, Write};
use std::sync::mpsc::SyncSender;
use unicode_width::UnicodeWidthStr;

/// What the editor's printer adds to the width of the first line.
const PRINTER_MARGIN: usize = 3;

pub struct Above {
    screen: Screen,
    typed: Typed,
    printer: SyncSender<String>,
}

/// How much of the screen the text takes.
struct Extent {
    /// Rows above the one with the cursor.
    above: u16,
    /// All rows.
    rows: usize,
    /// How many rows the printer will go up.
    lift: u16,
}

impl Above {
    pub fn new(screen: Screen, typed: Typed, printer: SyncSender<String>) -> Self {
        Above {
            screen,
            typed,
            printer,
        }
    }

    /// To be called by the editor whenever it waits for keys; `repaint` makes it draw itself anew.
    pub fn callback(self, repaint: impl Fn() + Send + 'static) -> Box<dyn FnMut() + Send> {
        Box::new(move || {
            if let Some(lines) = self.screen.take_lines() {
                // Without a terminal there is nobody to show it to.
                let _ = self.show(&lines, &repaint);
            }
        })
    }

    fn show(&self, lines: &str, repaint: &dyn Fn()) -> io::Result<()> {
        let (columns, rows) = terminal::size()?;
        let (columns, rows) = (columns.max(1), rows.max(1));
        let (_, row) = cursor::position()?;
        let extent = extent(&self.typed.state(), usize::from(columns));
        let mut out = io::stderr();
        if extent.rows >= usize::from(rows) {
            // The text fills the screen: the lines go to where one can scroll back to.
            out.queue(MoveTo(0, 0))?
                .queue(Clear(ClearType::FromCursorDown))?
                .queue(Print(lines.replace('\n', "\r\n")))?
                .queue(Print("\r\n".repeat(usize::from(rows))))?
                .flush()?;
            repaint();
            return Ok(());
        }
        let mut start = row.saturating_sub(extent.above);
        out.queue(MoveTo(0, start))?
            .queue(Clear(ClearType::FromCursorDown))?;
        let last = rows - 1;
        let missing = start.saturating_add(extent.lift).saturating_sub(last);
        if missing > 0 {
            out.queue(MoveTo(0, last))?
                .queue(Print("\n".repeat(usize::from(missing))))?;
            start = start.saturating_sub(missing);
        }
        out.queue(MoveTo(0, start.saturating_add(extent.lift)))?
            .flush()?;
        // There is room: the editor empties the channel after each call of this.
        let _ = self.printer.try_send(lines.to_owned());
        Ok(())
    }
}

fn extent(state: &State, columns: usize) -> Extent {
    if state.searching {
        return Extent {
            above: 0,
            rows: 1,
            lift: printer_lift(&state.text, columns),
        };
    }
    let width = |i: usize, line: &str| {
        let (first, more) = state.widths;
        line.width() + if i == 0 { first } else { more }
    };
    let rows = |i: usize, line: &str| width(i, line).div_ceil(columns).max(1);
    let before: Vec<&str> = state.before().split('\n').collect();
    let mut above = 0;
    for (i, line) in before.iter().enumerate() {
        above += if i + 1 == before.len() {
            width(i, line) / columns
        } else {
            rows(i, line)
        };
    }
    let all = state.text.split('\n').enumerate();
    Extent {
        above: u16::try_from(above).unwrap_or(u16::MAX),
        rows: all.map(|(i, line)| rows(i, line)).sum(),
        lift: printer_lift(&state.text, columns),
    }
}

/// How many rows the editor's printer goes up before it prints: its own count of the rows of the
/// text, less one.
fn printer_lift(text: &str, columns: usize) -> u16 {
    let rows = text.lines().enumerate().map(|(i, line)| {
        let margin = if i == 0 { PRINTER_MARGIN } else { 0 };
        (line.len() + margin) / columns + 1
    });
    u16::try_from(rows.sum::<usize>().saturating_sub(1)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str, cursor: usize) -> State {
        State {
            text: text.to_owned(),
            cursor,
            widths: (4, 4),
            ..State::default()
        }
    }

    #[test]
    fn rows_of_a_text() {
        let e = extent(&state("abc", 3), 80);
        assert_eq!((e.above, e.rows, e.lift), (0, 1, 0));
        let e = extent(&state("if x:\n    y\n    z", 8), 80);
        assert_eq!((e.above, e.rows, e.lift), (1, 3, 2));
        let long = "x".repeat(100);
        let e = extent(&state(&long, 100), 80);
        assert_eq!((e.above, e.rows, e.lift), (1, 2, 1));
    }
}
