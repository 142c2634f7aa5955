//! The tollgate program; everything is in the library, so that tests and benchmarks can use it.

use tollgate_engine::cli::{self, Exit};

fn main() -> Exit {
    cli::main()
}
