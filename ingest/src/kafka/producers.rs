//! Ids for idempotent producers: none is handed out twice, whatever happens.
//!
//! Ids are reserved a block at a time, in a file that is durable before the first of the block is used: after a crash
//! the rest of a block is lost, and nothing else. Ids below [`FIRST`] stay free for producers in this process.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use super::codes;
use super::shared::Shared;
use crate::log::disk::{failed, replace};
use crate::{Error, Result};

/// The first id that is handed out.
const FIRST: i64 = 1 << 32;
/// Ids reserved at a time.
const BLOCK: i64 = 1000;

/// Where ids come from.
#[derive(Debug)]
pub(super) struct Producers {
    path: PathBuf,
    /// The next id, and the end of those that are reserved.
    next: Mutex<(i64, i64)>,
}

impl Producers {
    /// Goes on behind what was reserved before.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let reserved = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().ok().filter(|&end| end >= FIRST),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(FIRST),
            Err(source) => return Err(Error::Io { what: "read", path, source }),
        };
        let Some(end) = reserved else {
            let source = io::Error::new(io::ErrorKind::InvalidData, "it holds no producer id");
            return Err(Error::Io { what: "understand", path, source });
        };
        Ok(Self { path, next: Mutex::new((end, end)) })
    }

    fn take(&self) -> Result<i64> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.0 == next.1 {
            let end = next.1 + BLOCK;
            replace(&self.path, format!("{end}\n").as_bytes())
                .map_err(failed("reserve producer ids in", &self.path))?;
            next.1 = end;
        }
        next.0 += 1;
        Ok(next.0 - 1)
    }
}

/// Gives an idempotent producer its id. One that had an id before gets another: that is a new identity, and its
/// sequence begins anew.
pub(super) fn init(shared: &Shared, request: &InitProducerIdRequest) -> InitProducerIdResponse {
    let answer = InitProducerIdResponse::default().with_producer_id(ProducerId(-1)).with_producer_epoch(-1);
    if request.transactional_id.is_some() {
        return answer.with_error_code(ResponseError::TransactionalIdAuthorizationFailed.code());
    }
    // One call of a thousand writes a small file: not worth another thread.
    match shared.producers.take() {
        Ok(id) => answer.with_producer_id(ProducerId(id)).with_producer_epoch(0),
        Err(error) => {
            tracing::error!(%error, "no producer id can be handed out");
            answer.with_error_code(codes::of(&error))
        }
    }
}
