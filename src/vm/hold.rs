//! A barrier for the optimizer: no instruction, but after it the compiler no longer knows where a
//! pointer came from. For the few places where what it makes of that knowledge is slower than what
//! is written. One of the places where `unsafe` lives.

/// Gives the pointer back, as one of which nothing is known.
///
/// In the dispatch loop the compiler would otherwise make the two loops one, in which what is
/// constant within a frame changes, and move it about between two machine registers in each
/// instruction. In loops over a handful of registers it keeps it from using vectors, which do not
/// pay for less than dozens.
#[inline(always)]
#[allow(
    clippy::pointers_in_nomem_asm_block,
    reason = "nothing is read or written there"
)]
pub(super) fn hold<T>(mut pointer: *const T) -> *const T {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: there are no instructions in it.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}
