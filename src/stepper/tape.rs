//! What is known of a program: its steps, what it has written, its files. Pictures are heavy: of
//! a long program only those near to somebody are kept.

use super::step::{Kind, Piece, Step, Stream};
use crate::trace::frames::Picture;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Tape {
    steps: Vec<Step>,
    pictures: usize,
    /// How many pictures are kept at most.
    kept: usize,
    pieces: Vec<Piece>,
    /// By short name; the program's own is the first.
    files: Vec<(Arc<str>, String)>,
}

impl Tape {
    pub fn new(kept: usize) -> Tape {
        Tape {
            kept,
            ..Tape::default()
        }
    }

    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The program has ended.
    pub fn is_whole(&self) -> bool {
        self.steps
            .last()
            .is_some_and(|s| matches!(s.kind, Kind::End(_)))
    }

    /// A step by its number, from 1.
    pub fn step(&self, number: usize) -> Option<&Step> {
        self.steps.get(number.checked_sub(1)?)
    }

    pub fn picture(&self, number: usize) -> Option<Arc<Picture>> {
        self.step(number)?.picture.clone()
    }

    pub fn output(&self, count: usize) -> &[Piece] {
        self.pieces.get(..count).unwrap_or(&self.pieces)
    }

    pub fn text_of(&self, file: &str) -> Option<&str> {
        let found = self.files.iter().find(|(name, _)| &**name == file);
        found.map(|(_, text)| text.as_str())
    }

    /// Whether a file is the one that was started.
    pub fn is_main(&self, file: &str) -> bool {
        self.files.first().is_some_and(|(name, _)| &**name == file)
    }

    /// The last line of what had been printed when there were so many pieces.
    pub fn last_line(&self, count: usize) -> String {
        let mut line = String::new();
        for piece in self.output(count).iter().rev() {
            if piece.stream == Stream::Err {
                continue;
            }
            let ended = line.is_empty();
            let text = piece.text.strip_suffix('\n').filter(|_| ended);
            let text = text.unwrap_or(&piece.text);
            match text.rsplit_once('\n') {
                Some((_, last)) => return format!("{last}{line}"),
                None if piece.text == "\n" && !ended => return line,
                None => line = format!("{text}{line}"),
            }
        }
        line
    }

    pub fn add(&mut self, mut step: Step, near: usize) {
        if let (Kind::End(_), Some(last)) = (step.kind, self.steps.last()) {
            (step.turn, step.clock) = (last.turn, last.clock);
        }
        self.pictures += usize::from(step.picture.is_some());
        self.steps.push(step);
        self.thin_out(near);
    }

    pub fn write(&mut self, pieces: Vec<Piece>) {
        self.pieces.extend(pieces);
    }

    pub fn file(&mut self, name: Arc<str>, text: String) {
        self.files.push((name, text));
    }

    /// A step of another run of the same program: its picture. If it differs, it depends on
    /// something that no run can repeat, and there is none.
    pub fn picture_again(&mut self, number: usize, again: Step) {
        let known = number.checked_sub(1).and_then(|i| self.steps.get_mut(i));
        if let Some(known) = known
            && known.picture.is_none()
            && again.picture.is_some()
            && known.is_again(&again)
        {
            known.picture = again.picture;
            self.pictures += 1;
        }
    }

    /// Forgets pictures if there are too many: those far away from all that is looked at.
    pub fn thin_out(&mut self, near: usize) {
        if self.pictures <= self.kept {
            return;
        }
        let end = self.steps.len();
        let around = self.kept / 5;
        self.pictures = 0;
        for (i, step) in self.steps.iter_mut().enumerate() {
            let kept = i.abs_diff(near) <= around || end - i <= around;
            if !kept {
                step.picture = None;
            }
            self.pictures += usize::from(step.picture.is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(pieces: &[&str]) -> Tape {
        let piece = |text: &&str| Piece {
            stream: Stream::Out,
            text: (*text).to_owned(),
        };
        Tape {
            pieces: pieces.iter().map(piece).collect(),
            ..Tape::default()
        }
    }

    #[test]
    fn the_last_line_may_be_written_in_pieces() {
        assert_eq!(tape(&["a\n", "b ", "c", "\n"]).last_line(4), "b c");
        assert_eq!(tape(&["a\nb\n"]).last_line(1), "b");
        assert_eq!(tape(&["a\n", "b"]).last_line(2), "b");
        assert_eq!(tape(&["a", "\n", "b\n"]).last_line(3), "b");
        assert_eq!(tape(&[]).last_line(0), "");
    }
}
