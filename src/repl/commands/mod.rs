//! Commands of the prompt.

use super::session::Session;
use super::wire::Candidates;

pub fn run(session: &mut Session, text: &str) {
    let _ = (session, text);
}

pub fn complete(_session: &mut Session, _before: &str) -> Option<Candidates> {
    None
}
