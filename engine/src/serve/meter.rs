//! What the flow counts, for `/metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::stream::Progress;
use tollgate_sinks::event::Timings;

use crate::pipeline::Judged;

/// Labels of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

/// Labels of a band.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Band {
    band: &'static str,
}

/// The flow's metrics.
pub(super) struct Meter {
    seconds: Family<Stage, Histogram>,
    photos: Family<Band, Counter>,
    in_flight: Gauge,
    overtaken: Counter,
    lanes: Gauge,
}

impl Meter {
    /// Registers them.
    pub(super) fn new(metrics: &Metrics) -> Self {
        // 0.25 ms to 4 s: a small crop's reading to a photo on a machine that has too much to do.
        let seconds: Family<Stage, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(250e-6, 2.0, 15)));
        let (photos, in_flight, overtaken, lanes) = Default::default();
        let meter = Self { seconds, photos, in_flight, overtaken, lanes };
        metrics.register("flow_stage_seconds", "Seconds a photo spent in a stage", meter.seconds.clone());
        metrics.register("flow_photos", "Photos done, by the band of their best plate", meter.photos.clone());
        metrics.register("flow_in_flight_batches", "Batches taken and not yet durable", meter.in_flight.clone());
        let help = "Records that retention removed before the flow read them";
        metrics.register("flow_overtaken_records", help, meter.overtaken.clone());
        metrics.register("flow_lanes", "Lanes with nets loaded", meter.lanes.clone());
        meter
    }

    /// The lanes have their nets.
    pub(super) fn ready(&self, lanes: usize) {
        self.lanes.set(lanes as i64);
    }

    /// Photos whose results are durable, and how far their source is.
    pub(super) fn delivered(&self, photos: &[Judged], progress: &Progress) {
        self.in_flight.set(progress.in_flight() as i64);
        self.overtaken.inc_by(progress.overtaken().saturating_sub(self.overtaken.get()));
        for event in photos.iter().filter_map(|photo| photo.entries.first()).map(|entry| &entry.event) {
            self.photos.get_or_create(&Band { band: event.kind.band() }).inc();
            self.stages(&event.data.timings);
        }
    }

    fn stages(&self, timings: &Timings) {
        let stages = [
            ("decode", timings.decode_ms),
            ("detect", timings.detect_ms),
            ("read", timings.read_ms),
            ("judge", timings.judge_ms),
        ];
        for (stage, ms) in stages {
            self.seconds.get_or_create(&Stage { stage }).observe(f64::from(ms) / 1e3);
        }
    }
}
