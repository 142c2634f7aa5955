//! `tollgate demo`.

use super::Exit;
use super::args::DemoArgs;
use super::replay::{carry_out, config};
use crate::replay::{From, Request};
use crate::setup::Backend;
use crate::{Error, Result};
use tollgate_datasets::sample;

/// Renders the sample set into `OUT/photos` and replays it into `OUT`.
pub(super) fn run(args: &DemoArgs) -> Result<Exit> {
    let photos = args.out.join("photos");
    std::fs::create_dir_all(&photos).map_err(|source| Error::Io { what: "create", path: photos.clone(), source })?;
    eprintln!("rendering the sample set into {}", photos.display());
    sample::render(&photos)?;
    let request = Request {
        from: From::Paths(vec![photos]),
        out: args.out.clone(),
        labels: None,
        source_name: Some("sample".into()),
        backend: Backend::from(args.how.backend),
        resume: false,
        overwrite: true,
        config: config(&args.how)?,
    };
    carry_out(&request, false)
}
