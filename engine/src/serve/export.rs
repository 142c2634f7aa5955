//! `[export]`: CSVs of what is unexported, at the times of a cron expression and whenever `POST /export` asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::runtime::Handle;
use tollgate_ingest::Clock;
use tollgate_sinks::depot::DepotOptions;
use tollgate_sinks::export::{ExportConfig, Exported, Exporter, Notice, Notifier, Schedule};
use tollgate_sinks::store::Store;

use super::endpoints::Shared;
use super::follow::chain;
use super::sinks::Assembly;
use super::threads::Threads;
use crate::Result;
use crate::config::Config;

/// Adds the route, where exports are configured.
pub(super) fn assemble(
    config: &Config,
    shared: &Shared,
    (store, runtime): (Arc<Store>, &Handle),
    assembly: &mut Assembly,
) -> Result<()> {
    let Some(export) = &config.export else { return Ok(()) };
    let export = Arc::new(Export::new(export, &config.serve.data, store, Arc::clone(&shared.clock), runtime)?);
    assembly.served.add_writable(export.routes());
    assembly.export = Some(export);
    Ok(())
}

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long to wait after a failure: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What exports are made with.
pub(super) struct Export {
    exporter: Exporter,
    notifier: Notifier,
    schedule: Option<Schedule>,
    clock: Clock,
}

impl Export {
    fn new(
        config: &ExportConfig,
        data: &std::path::Path,
        store: Arc<Store>,
        clock: Clock,
        runtime: &Handle,
    ) -> Result<Self> {
        let timeout = Duration::from_millis(config.timeout_ms);
        let staging = data.join("export");
        let options = DepotOptions { owner: "export".into(), staging, runtime: runtime.clone(), timeout };
        let exporter = Exporter::new(store, config.to.clone(), options, config.max_rows.get());
        let notifier = Notifier::new(config.notice.clone(), runtime.clone())?;
        // It was read when the config was checked.
        let schedule = config.cron.as_deref().and_then(|cron| Schedule::parse(cron).ok());
        Ok(Self { exporter, notifier, schedule, clock })
    }

    /// `POST /export`.
    fn routes(self: &Arc<Self>) -> Router {
        Router::new().route("/export", post(export)).with_state(Arc::clone(self))
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis((self.clock)()).unwrap_or_default()
    }

    /// Exports what waits; where nothing does, those who want to know are told. Blocks.
    fn run(&self, time: DateTime<Utc>) -> tollgate_sinks::Result<Vec<Exported>> {
        let exported = self.exporter.run(time)?;
        for Exported { file, count } in &exported {
            tracing::info!(file, count, "exported");
        }
        if exported.is_empty()
            && let Err(error) = self.notifier.tell(&Notice { time })
        {
            tracing::error!(error = %chain(&error), "nobody could be told that there was nothing to export");
        }
        Ok(exported)
    }

    /// Exports at the times of the schedule until `stop`. What fails is tried again, later and later; a run that is due
    /// meanwhile is the same as the one that is tried.
    fn follow(&self, schedule: &Schedule, first: Option<DateTime<Utc>>, stop: &AtomicBool) {
        let mut next = first;
        while let Some(due) = next {
            if !self.wait(stop, || self.now() >= due) {
                return;
            }
            let mut pause = RETRY.0;
            while let Err(error) = self.run(due) {
                tracing::warn!(again_s = pause.as_secs(), error = %chain(&error), "an export failed; it is tried again");
                let mut left = pause;
                let waited = self.wait(stop, || {
                    left = left.saturating_sub(TICK);
                    left.is_zero()
                });
                if !waited {
                    return;
                }
                pause = (pause * 2).min(RETRY.1);
            }
            next = schedule.after(self.now());
        }
    }

    /// `false` where the stop came first.
    fn wait(&self, stop: &AtomicBool, mut over: impl FnMut() -> bool) -> bool {
        while !over() {
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(TICK);
        }
        true
    }
}

/// Starts the thread that exports on schedule, where there is one. At its end a run has come to its own.
pub(super) fn start(export: Option<&Arc<Export>>) -> Result<Threads> {
    let mut threads = Threads::default();
    if let Some((export, schedule)) = export.and_then(|export| Some((Arc::clone(export), export.schedule.clone()?))) {
        let first = schedule.after(export.now());
        threads.start("export".into(), move |stop| export.follow(&schedule, first, stop))?;
    }
    Ok(threads)
}

/// 200 with the files, 204 where there was nothing, 503 where the place refuses.
async fn export(State(export): State<Arc<Export>>) -> Response {
    let ran = tokio::task::spawn_blocking(move || export.run(export.now())).await;
    let kind = [(CONTENT_TYPE, "application/json")];
    match ran {
        Ok(Ok(exported)) if exported.is_empty() => StatusCode::NO_CONTENT.into_response(),
        Ok(Ok(exported)) => {
            let count: u64 = exported.iter().map(|one| one.count).sum();
            let file = exported.first().map(|one| one.file.clone());
            let body = json!({ "file": file, "count": count, "files": exported }).to_string();
            (StatusCode::OK, kind, body).into_response()
        }
        Ok(Err(error)) => {
            tracing::error!(error = %chain(&error), "an export failed");
            refuse("export-failed", "the export failed and is tried again with the next; the server's log says why")
        }
        Err(error) => {
            tracing::error!(%error, "an export broke off");
            refuse("export-failed", "the export broke off; the server's log says why")
        }
    }
}

fn refuse(code: &str, message: &str) -> Response {
    let body = json!({ "error": { "code": code, "message": message } }).to_string();
    (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicI64;
    use tollgate_sinks::{CloudEvent, Place, Published};

    /// 2026-11-25T05:59:59.900Z.
    const BEFORE_MS: i64 = 1_795_586_399_900;

    fn event() -> Published {
        let json = br#"{"specversion":"1.0","id":"0b0e6a3e-5f0e-5d5c-9c33-2a1d6e0f0a11","source":"hub:images/0/1",
            "type":"LicensePlate.Processed","subject":"7/a.jpg","time":"2026-11-25T05:12:00Z",
            "datacontenttype":"application/json","data":{"fileName":"a.jpg","lane":"7","timeStamp":"2026-11-25T05:12:00Z",
            "timeSource":"record","licensePlateFound":true,"licensePlateText":"ABC1234","rawText":"ABC1234",
            "confidence":0.9,"meanConfidence":0.9,"charConfidences":[],"candidates":[],"region":null,"plateIndex":0,
            "platesInImage":1,"detection":null,"image":null,"reason":null,"models":[],"timings":{"decodeMs":0,
            "detectMs":0,"readMs":0,"judgeMs":0},"weakSightings":[]}}"#;
        Published {
            place: Place { partition: 0, offset: 0 },
            appended_ms: BEFORE_MS,
            event: Arc::new(CloudEvent::from_json(json).unwrap()),
            json: json.as_slice().into(),
            crop: Arc::default(),
        }
    }

    #[test]
    fn the_schedule_goes_by_the_clock_that_it_is_given() {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let store = Arc::new(Store::open(&dir.path().join("store.redb"), 1 << 20).unwrap());
        store.apply(&[event()]).unwrap();
        let to = dir.path().join("exports");
        let config: ExportConfig =
            toml::from_str(&format!("cron = \"0 * * * *\"\nto = {:?}", to.display().to_string())).unwrap();
        let now = Arc::new(AtomicI64::new(BEFORE_MS));
        let clock = Arc::clone(&now);
        let clock: Clock = Arc::new(move || clock.load(Ordering::Relaxed));
        let export = Arc::new(Export::new(&config, dir.path(), store, clock, runtime.handle()).unwrap());
        let scheduler = start(Some(&export)).unwrap();
        assert!(!to.join("2026-11-25T06-00-00Z.csv").exists(), "not before its time");
        now.store(BEFORE_MS + 101, Ordering::Relaxed);
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while !to.join("2026-11-25T06-00-00Z.csv").exists() {
            assert!(std::time::Instant::now() < deadline, "it was not exported");
            std::thread::sleep(TICK);
        }
        scheduler.stop();
        let text = std::fs::read_to_string(to.join("2026-11-25T06-00-00Z.csv")).unwrap();
        assert!(text.ends_with("a.jpg,ABC1234,2026-11-25T05:12:00Z,true\r\n"), "{text}");
    }
}
