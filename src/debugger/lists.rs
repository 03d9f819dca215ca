//! What can be chosen in the panes: tasks and frames, in one order that drawing and keys share.

use crate::stepper::Frames;
use crate::trace::frames::{Drawn, Picture};

/// A task that is not done.
pub struct TaskItem {
    pub name: String,
    pub note: String,
    pub runs: bool,
}

/// A frame.
pub struct FrameItem {
    pub place: Frames,
    pub drawn: Drawn,
    /// The task or generator whose first frame this is, and what it waits for.
    pub group: Option<(String, String)>,
    pub suspended: bool,
}

pub fn task_items(picture: &Picture) -> Vec<TaskItem> {
    let suspended = |name: &&String| {
        let mut titles = picture.tasks.iter();
        titles.any(|t| t.title.strip_prefix("task ") == Some(name.as_str()))
    };
    let running = picture.task.iter().filter(|name| !suspended(name));
    let running = running.map(|name| TaskItem {
        name: name.clone(),
        note: "running".into(),
        runs: true,
    });
    let others = picture.tasks.iter().map(|t| TaskItem {
        name: t.title.strip_prefix("task ").unwrap_or(&t.title).to_owned(),
        note: t.note.clone(),
        runs: picture.task.as_deref() == t.title.strip_prefix("task "),
    });
    running.chain(others).collect()
}

/// The frame that is meant if nobody chooses one: where the program is. A task between two chunks
/// is not on the stack.
pub fn first_choice(picture: &Picture, items: &[FrameItem]) -> usize {
    let own = items.iter().rposition(|item| match &item.place {
        Frames::Task(name, _) => picture.task.as_ref() == Some(name),
        Frames::Running(_) | Frames::Loose(..) => false,
    });
    own.unwrap_or(0)
}

pub fn frame_items(picture: &Picture) -> Vec<FrameItem> {
    let running = picture.running.iter().enumerate();
    let mut items: Vec<FrameItem> = running
        .map(|(i, drawn)| FrameItem {
            place: Frames::Running(i),
            drawn: drawn.clone(),
            group: None,
            suspended: false,
        })
        .collect();
    for task in &picture.tasks {
        let name = task.title.strip_prefix("task ").unwrap_or(&task.title);
        add(&mut items, task, |i| Frames::Task(name.to_owned(), i));
    }
    for (number, generator) in picture.generators.iter().enumerate() {
        add(&mut items, generator, |i| Frames::Loose(number, i));
    }
    items
}

fn add(
    items: &mut Vec<FrameItem>,
    stood: &crate::trace::frames::Stood,
    place: impl Fn(usize) -> Frames,
) {
    for (i, drawn) in stood.frames.iter().enumerate() {
        items.push(FrameItem {
            place: place(i),
            drawn: drawn.clone(),
            group: (i == 0).then(|| (stood.title.clone(), stood.note.clone())),
            suspended: true,
        });
    }
}
