//! `GET /{hub}/partitions/{p}/messages`: records from an offset or a time on.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::append::{OFFSET, PARTITION};
use super::ask::{Named, query, time_ms};
use super::body::Answer;
use super::fault::Fault;
use super::page::{LINES, Page, RAW};
use super::shared::{HTTP, Shared};
use crate::Error;
use crate::access::Right;
use crate::log::{Hub, Partition, Slice};
use crate::metrics::HubLabels;

const NEXT_OFFSET: HeaderName = HeaderName::from_static("tollgate-next-offset");
const END_OFFSET: HeaderName = HeaderName::from_static("tollgate-end-offset");
const ENQUEUED_MS: HeaderName = HeaderName::from_static("tollgate-enqueued-ms");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    offset: Option<String>,
    time: Option<String>,
    max: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
}

impl Asked {
    fn from(&self, partition: &Partition) -> Result<u64, Fault> {
        let bad = |message: String| Fault::bad("bad-query", message);
        match (self.offset.as_deref(), self.time.as_deref()) {
            (Some(_), Some(_)) => Err(bad("offset and time exclude each other; send one of them".into())),
            (None, None) | (Some("earliest"), None) => Ok(partition.start_offset()),
            (Some("latest"), None) => Ok(partition.end_offset()),
            (Some(offset), None) => {
                let words = || bad(format!("{offset:?} is no offset: send a number, earliest or latest"));
                offset.parse().ok().ok_or_else(words)
            }
            (None, Some(time)) => Ok(partition.offset_at(time_ms(time)?)?),
        }
    }
}

/// Reads records.
pub(super) async fn messages(
    State(shared): State<Arc<Shared>>,
    Named((hub, number)): Named<(String, u32)>,
    request: Request,
) -> Result<Response, Fault> {
    let path = [&hub, "partitions", &number.to_string(), "messages"];
    shared.admit(request.headers(), &path, &hub, Right::Listen)?;
    let asked: Asked = query(request.uri())?;
    let raw = accepts_raw(request.headers());
    let hub = shared.store.hub(&hub)?;
    let partition = hub.partition(number)?;
    let from = asked.from(&partition)?;
    let wait = Duration::from_millis(asked.wait_ms.min(shared.config.max_poll_ms));
    let slice = records_or_timeout(&shared, &hub, &partition, from, wait).await?;
    let most = usize::try_from(slice.length).unwrap_or(usize::MAX).saturating_add(shared.config.max_read_bytes);
    let room = shared.room(most).await?;
    let max_records = if raw { 1 } else { asked.max.unwrap_or(usize::MAX).min(shared.config.max_read_records) };
    let mut page = Page::new(from, number, raw, max_records, shared.config.max_read_bytes);
    let mut batches = Vec::new();
    let failed = |source| Error::Io { what: "read the records of hub", path: hub.name().into(), source };
    slice.read_into(&mut batches).map_err(failed)?;
    page.fill(&batches, shared.config.max_decompressed_bytes)?;
    let labels = HubLabels { hub: hub.name().to_owned(), protocol: HTTP };
    shared.metrics.fetched_bytes.get_or_create(&labels).inc_by(slice.length);
    let headers = [
        (PARTITION, number.to_string()),
        (NEXT_OFFSET, page.next.to_string()),
        (END_OFFSET, partition.end_offset().to_string()),
    ];
    let kind = [(CONTENT_TYPE, if raw { RAW } else { LINES })];
    Ok(match page.first {
        None if raw => (StatusCode::NO_CONTENT, headers).into_response(),
        Some((offset, enqueued_ms)) if raw => {
            let own = [(OFFSET, offset.to_string()), (ENQUEUED_MS, enqueued_ms.to_string())];
            (headers, own, kind, Answer::body(page.bytes, room)).into_response()
        }
        _ => (headers, kind, Answer::body(page.bytes, room)).into_response(),
    })
}

fn accepts_raw(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').filter_map(|kind| kind.split(';').next()).any(|kind| kind.trim().eq_ignore_ascii_case(RAW))
}

/// Batches from an offset on; none when none have come within the time, or when the endpoint stops.
async fn records_or_timeout(
    shared: &Shared,
    hub: &Hub,
    partition: &Partition,
    from: u64,
    wait: Duration,
) -> Result<Slice, Fault> {
    let until = Instant::now() + wait;
    let mut stopping = shared.door.stopping.subscribe();
    loop {
        let grown = hub.listen();
        let slice = partition.read(from, shared.config.max_read_bytes as u64)?;
        let stopped = *stopping.borrow_and_update();
        if slice.length > 0 || stopped || Instant::now() >= until {
            return Ok(slice);
        }
        tokio::select! {
            () = grown => {}
            () = sleep_until(until) => {}
            // An error says that the endpoint is gone: then there is nobody to answer either.
            _ = stopping.changed() => {}
        }
    }
}
