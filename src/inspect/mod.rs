//! Looking at a program that stands still: frames that are suspended, tasks and what they wait for,
//! as data and as text. For prompts and debuggers; runs no code of the program but `repr`.

pub mod frames;
pub mod quiet;
pub mod tasks;
pub mod text;
