//! Pure algorithms on numbers and text with CPython's exact results: plain Rust types in, plain Rust types or small
//! error enums out. Knows nothing of values, heap, bytecode or VM.

pub mod bytes_ops;
pub mod codec;
mod codec_escape;
pub mod complex;
pub mod dates;
pub mod float;
pub mod format_spec;
pub mod gamma;
pub mod int;
pub mod item_format;
pub mod json;
pub mod math;
pub mod mersenne;
pub mod percent;
pub mod random;
pub mod repr;
pub mod scrypt;
pub mod sha512;
pub mod slice;
pub mod source_encoding;
pub mod special;
pub mod str_case;
pub mod str_format;
pub mod str_ops;
pub mod strftime;
pub mod strptime;
pub mod suggest;
pub mod sums;
pub mod unicode;
pub mod unicode_data;
mod unicode_decompositions;
mod unicode_numbers;
mod unicode_properties;
mod unicode_tables;
