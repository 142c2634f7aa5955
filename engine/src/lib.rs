//! The dataflow engine and the tollgate program.
