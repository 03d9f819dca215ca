//! What the history suggests to go on with, grey behind the cursor.

use nu_ansi_term::{Color, Style};
use reedline::{Hinter, History, SearchQuery};

#[derive(Default)]
pub struct Hints {
    hint: String,
}

impl Hinter for Hints {
    fn handle(
        &mut self,
        line: &str,
        pos: usize,
        history: &dyn History,
        color: bool,
        _cwd: &str,
    ) -> String {
        self.hint.clear();
        // In grey only: without colours it could not be told from what was typed.
        if line.trim().is_empty() || pos < line.len() || !color {
            return String::new();
        }
        let query = SearchQuery::last_with_prefix(line.to_owned(), history.session());
        let found = history.search(query).unwrap_or_default();
        let rest = found.first().and_then(|e| e.command_line.get(line.len()..));
        self.hint.push_str(rest.unwrap_or_default());
        // The rest of a block would push everything below away.
        let (shown, more) = match self.hint.split_once('\n') {
            Some((first, _)) => (first, " …"),
            None => (self.hint.as_str(), ""),
        };
        if shown.is_empty() && more.is_empty() {
            return String::new();
        }
        let grey: Style = Color::DarkGray.normal();
        grey.paint(format!("{shown}{more}")).to_string()
    }

    fn complete_hint(&self) -> String {
        self.hint.clone()
    }

    fn next_hint_token(&self) -> String {
        let word = |c: char| c == '_' || c.is_alphanumeric();
        let start = self.hint.find(word).unwrap_or(self.hint.len());
        let rest = self.hint.get(start..).unwrap_or_default();
        let end = rest
            .find(|c| !word(c))
            .map_or(self.hint.len(), |e| start + e);
        self.hint.get(..end).unwrap_or_default().to_owned()
    }
}
