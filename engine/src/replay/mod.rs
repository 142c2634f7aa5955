//! The main job: photos in, read plates out, and nothing lost when it is interrupted.
//!
//! Results are appended to a journal in `OUT/.run`, the one durable truth of a run. Once the source has run dry every
//! output is made from it and appears whole. A killed run goes on from the journal's last whole frame.

mod about;
mod accuracy;
mod miss;
mod observe;
mod outputs;
mod request;
mod run;
mod source;
mod state;
mod summary;
mod tally;

pub use observe::{Observer, Progressing};
pub use request::{From, History, Request};
pub use summary::{Accuracy, FolderScores, Summary};

use crate::Result;
use crate::setup::Setup;
use std::sync::atomic::AtomicBool;
use tollgate_models::Store;

/// How a replay ended.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was read and written.
    Finished(Box<Summary>),
    /// It was stopped; `done` records are durable and `--resume` goes on after them.
    Stopped {
        /// Records that need not be read again.
        done: u64,
    },
}

/// Carries out `request`. When `stop` is set, what was taken from the source is finished and made durable first.
///
/// # Errors
/// Whatever breaks the run: a PATH that is not there, a model that cannot be had, a full disk. Bad photos do not.
pub fn replay(request: &Request, store: &Store, stop: &AtomicBool, observer: &dyn Observer) -> Result<Outcome> {
    let source = source::Records::open(request)?;
    let labels = request.open_labels()?;
    let backend = request.backend.open(store)?;
    state::refuse_foreign_output(request)?;
    let setup = Setup::prepare(&request.config, backend, store, observer)?;
    observer.prepared(&setup);
    let mut run = state::Run::begin(request, &setup, source)?;
    let pace = run::drive(&mut run, request, &setup, stop, observer)?;
    setup.backend.warn_of_fallbacks();
    if !pace.dry {
        return Ok(Outcome::Stopped { done: run.journal.end() });
    }
    let summary = outputs::write(&run, request, &setup, labels, &pace, observer)?;
    Ok(Outcome::Finished(Box::new(summary)))
}
