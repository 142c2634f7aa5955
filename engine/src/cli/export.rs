//! `tollgate export`: has a server export now.

use super::Exit;
use super::args::ExportArgs;
use crate::{Error, Result};

/// The environment variable with what the server wants to be shown: it is not for everybody who lists processes.
const AUTHORIZATION: &str = "TOLLGATE_AUTHORIZATION";
/// As long as a large export to a slow store may take.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(600);

pub(super) fn run(args: &ExportArgs) -> Result<Exit> {
    let url = format!("{}/export", args.http.trim_end_matches('/'));
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into();
    let mut request = agent.post(&url);
    let authorization = args.authorization.clone().or_else(|| std::env::var(AUTHORIZATION).ok());
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let refused = |source| Error::Server { url: url.clone(), source: Box::new(source) };
    let mut answer = request.send_empty().map_err(refused)?;
    if answer.status() == 204 {
        eprintln!("nothing to export");
    } else {
        println!("{}", answer.body_mut().read_to_string().map_err(refused)?);
    }
    Ok(Exit::Done)
}
