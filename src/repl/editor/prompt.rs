//! What stands before the lines.

use super::typed::Typed;
use reedline::{Color, Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr;

/// The prompts of entries.
pub struct Prompts {
    first: String,
    more: String,
    typed: Typed,
}

impl Prompts {
    pub fn new((first, more): (String, String), typed: Typed) -> Self {
        typed.state().widths = (first.width(), more.width());
        Prompts { first, more, typed }
    }
}

impl Prompt for Prompts {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(&self.first)
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.more)
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        self.typed.state().searching = true;
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "failing ",
        };
        Cow::Owned(format!("({failing}search) {}: ", search.term))
    }

    fn get_prompt_color(&self) -> Color {
        Color::Magenta
    }

    fn get_indicator_color(&self) -> Color {
        Color::Magenta
    }

    fn get_prompt_multiline_color(&self) -> Color {
        Color::DarkGray
    }
}

/// The prompt of `input()`: the program's own text.
pub struct Bare(pub String);

impl Prompt for Bare {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("(search) {}: ", search.term))
    }
}
