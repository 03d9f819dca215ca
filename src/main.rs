//! The `coro` program. All of it is in the library: see `cli`.

/// Mass allocation of frames and tasks takes half the time of the system's allocator.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    coro::cli::main()
}
