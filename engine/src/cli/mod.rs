//! The command line: what is asked for, what is shown, how it ends.

mod args;
mod bench;
mod demo;
mod doctor;
mod events;
mod exit;
mod export;
mod listen;
mod log;
mod manual;
mod models;
mod replay;
mod serve;
mod show;
mod stop;

pub use args::Cli;
pub use exit::Exit;

use args::Command;
use clap::{CommandFactory, Parser};

/// Runs the program on this process's arguments.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return Exit::from_usage(&error),
    };
    show::log_to_stderr(cli.verbose, cli.log_format);
    let outcome = match &cli.command {
        Command::Replay(args) => replay::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Export(args) => export::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Listen(args) => listen::run(args),
        Command::Log(args) => log::run(args),
        Command::Events(args) => events::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Models(args) => models::run(args),
        Command::Manual(args) => manual::run(args),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "tollgate", &mut std::io::stdout());
            Ok(Exit::Done)
        }
    };
    outcome.unwrap_or_else(|error| {
        show::error(&error);
        Exit::Failed
    })
}
