//! Records on their way into a partition.

use std::time::Instant;

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::timeout;

use super::config::ms;
use super::fault::Fault;
use super::shared::{HTTP, Shared};
use crate::log::{BatchBuilder, BatchFault, Hub, ValidBatch};
use crate::metrics::HubLabels;

/// The headers that say where a record is.
pub(super) const PARTITION: HeaderName = HeaderName::from_static("tollgate-partition");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("tollgate-offset");

/// Where records lie, durably.
#[derive(Debug)]
pub(super) struct Placed {
    partition: u32,
    offset: u64,
    records: usize,
    append_ms: i64,
}

/// Waits until the disk has caught up, makes one batch, appends it and waits until it is durable. `fill` gets the
/// time; it is dropped, with the body that it holds, before the wait for the disk begins.
pub(super) async fn append(
    shared: &Shared,
    hub: &Hub,
    number: u32,
    fill: impl FnOnce(&mut BatchBuilder, i64) -> Result<(), BatchFault>,
) -> Result<Placed, Fault> {
    let partition = hub.partition(number)?;
    match timeout(ms(shared.config.append_wait_ms), shared.store.admitted()).await {
        Ok(admitted) => admitted?,
        Err(_) => return Err(Fault::busy("disk-slow", "the disk does not keep up; come back later")),
    }
    let begun = Instant::now();
    let max_bytes = hub.config().max_batch_bytes;
    let (appended, records, bytes) = {
        let mut builder = BatchBuilder::new(max_bytes);
        let now_ms = shared.now_ms();
        let filled = fill(&mut builder, now_ms);
        filled
            .map_err(|fault| if fault == BatchFault::TooLarge { Fault::too_large(max_bytes) } else { fault.into() })?;
        let records = builder.records();
        let mut batch = ValidBatch::check(builder.finish()?)?;
        (partition.append(&mut batch, now_ms)?, records, batch.bytes().len())
    };
    match timeout(ms(shared.config.commit_wait_ms), appended.ack.durable()).await {
        Ok(durable) => durable?,
        Err(_) => {
            let message = "the records are written and not yet durable; sending them again may double them";
            return Err(Fault::busy("commit-timeout", message));
        }
    }
    shared.metrics.commit_seconds.observe(begun.elapsed().as_secs_f64());
    let labels = HubLabels { hub: hub.name().to_owned(), protocol: HTTP };
    shared.metrics.appended_records.get_or_create(&labels).inc_by(records as u64);
    shared.metrics.appended_bytes.get_or_create(&labels).inc_by(bytes as u64);
    Ok(Placed { partition: number, offset: appended.base_offset, records, append_ms: appended.append_ms })
}

impl IntoResponse for Placed {
    fn into_response(self) -> Response {
        let Self { partition, offset, records, append_ms } = self;
        let headers = [(PARTITION, partition.to_string()), (OFFSET, offset.to_string())];
        let body = json!({ "partition": partition, "offset": offset, "records": records, "enqueued_ms": append_ms });
        (StatusCode::CREATED, headers, Json(body)).into_response()
    }
}
