//! What a program does, event by event, in the words of people who read it: chunks and delays,
//! values that travel between frames, turns of the loop. Watches a program through the VM's
//! observer, runs none of its code, keeps none of its objects alive, and speaks of the program's
//! own functions and lines only; the library's frames are looked through. Nothing here prints.

mod ahead;
mod buffer;
mod direct;
pub mod filter;
pub mod frames;
pub mod json;
pub mod lanes;
pub mod lines;
mod look;
pub mod mermaid;
mod names;
pub mod page;
mod passage;
pub mod perfetto;
mod place;
pub mod record;
pub mod recorder;
mod steady;
pub mod summary;
pub mod svg;
pub mod text;

pub use place::file_name;
pub use record::{Record, What};
pub use recorder::{observer, start, start_lines, stop};
