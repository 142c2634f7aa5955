//! The analytics tail of `tollgate serve`: Parquet in windows, captured hubs, plates as an Arrow stream, exports. The real
//! program, real readers (pyarrow, DuckDB, DataFusion, fastavro, polars), a real S3 server, real kills.

mod capture;
mod events;
mod export;
mod lake;
mod python;
mod s3;
mod table;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::serve::Server;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A config file for a server that reads no photos.
fn config(dir: &Path, more: &str) -> String {
    let path = dir.join("tollgate.toml");
    std::fs::write(&path, format!("[source]\nkind = \"none\"\n{more}")).expect("a config");
    path.to_string_lossy().into_owned()
}

/// Starts a server in a folder with its `tollgate.toml`.
fn serve(dir: &Path, env: &[(&str, &str)]) -> Server {
    let config = dir.join("tollgate.toml").to_string_lossy().into_owned();
    Server::start_with(&dir.join("data"), &["--config", &config], env)
}

/// Asks until there is an answer.
#[track_caller]
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All files below a folder, as keys; nothing that is ours alone.
fn keys(root: &Path) -> Vec<String> {
    fn walk(root: &Path, dir: &Path, keys: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, keys);
            } else {
                keys.extend(path.strip_prefix(root).ok().map(|key| key.to_string_lossy().into_owned()));
            }
        }
    }
    let mut keys = Vec::new();
    walk(root, root, &mut keys);
    keys.retain(|key| !key.starts_with("_tollgate/"));
    keys.sort();
    keys
}
