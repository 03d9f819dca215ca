//! Entries from something that is no terminal, or from one that cannot do more than lines.

use super::input;
use super::screen::Screen;
use super::wire::{Answer, Event, Request};
use std::io::{self, BufRead};
use std::sync::mpsc::{Receiver, Sender};

/// Serves the machine until it hangs up.
pub fn serve(requests: &Receiver<Request>, events: &Sender<Event>, screen: &Screen, prompts: bool) {
    let mut lines = Lines {
        screen: screen.clone(),
        prompts,
        returned: Vec::new(),
    };
    for request in requests {
        match request {
            Request::Entry { prompts } => {
                let answer = lines.entry(&prompts);
                if events.send(Event::Entry(answer)).is_err() {
                    return;
                }
            }
            Request::Line { prompt, reply } => {
                // What was written before stands there already.
                drop(prompt);
                let answer = lines.line();
                if let Err(unheard) = reply.send(answer)
                    && let Answer::Text(line) = unheard.0
                {
                    lines.returned.push(line);
                }
            }
        }
    }
}

struct Lines {
    screen: Screen,
    prompts: bool,
    /// Lines that were read for an `input()` that had been interrupted before they came.
    returned: Vec<String>,
}

impl Lines {
    fn entry(&mut self, (first, more): &(String, String)) -> Answer {
        let mut text = String::new();
        loop {
            if self.prompts {
                self.screen.say(if text.is_empty() { first } else { more });
                let _ = self.screen.flush();
            }
            match self.line() {
                Answer::Text(line) => {
                    text.push_str(&line);
                    let typed = text.strip_suffix('\n').unwrap_or(&text);
                    if !input::needs_more(typed, false) {
                        return Answer::Text(typed.to_owned());
                    }
                }
                Answer::Ended if text.trim().is_empty() => {
                    if self.prompts {
                        self.screen.say("\n");
                    }
                    return Answer::Ended;
                }
                Answer::Ended => return Answer::Text(text),
                Answer::Interrupted => return Answer::Interrupted,
            }
        }
    }

    /// The next line with its end.
    fn line(&mut self) -> Answer {
        if let Some(line) = self.returned.pop() {
            return Answer::Text(line);
        }
        let mut bytes = Vec::new();
        match io::stdin().lock().read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => Answer::Ended,
            Ok(_) => Answer::Text(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}
