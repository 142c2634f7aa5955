//! The crate's tests through its public interface, as one program: linking Parquet once is enough.

mod capture;
mod common;
mod folder;
mod log;
mod parquet;
mod real;
mod stream;
mod tar;
#[cfg(unix)]
mod unix;
