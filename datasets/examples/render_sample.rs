//! Renders the sample set: `cargo run -p tollgate-datasets --example render_sample -- FOLDER` (`datasets/sample` is the committed one).

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: render_sample FOLDER");
        return ExitCode::from(2);
    };
    match tollgate_datasets::sample::render(&folder) {
        Ok(scenes) => {
            scenes
                .iter()
                .for_each(|s| println!("{} {}x{} {} plate(s): {}", s.file, s.width, s.height, s.labels.len(), s.about));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
