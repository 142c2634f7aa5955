//! What is counted of each sink, for `/metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tollgate_ingest::metrics::Metrics;

/// Labels of a sink.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    sink: String,
    outcome: &'static str,
}

/// The sinks' metrics; cheap to clone.
#[derive(Clone, Default)]
pub(in crate::serve) struct SinkMeter {
    events: Family<Labels, Counter>,
}

impl SinkMeter {
    /// Registers them. Outcomes: `written`, `passed` (no route), `foreign` (no CloudEvent), `lost` (retention was there
    /// first), `failed` (a batch that is tried again).
    pub(super) fn new(metrics: &Metrics) -> Self {
        let meter = Self::default();
        metrics.register("sink_events", "Events of the results hub by sink and outcome", meter.events.clone());
        meter
    }

    pub(super) fn count(&self, sink: &str, outcome: &'static str, events: u64) {
        if events > 0 {
            self.events.get_or_create(&Labels { sink: sink.to_owned(), outcome }).inc_by(events);
        }
    }
}
