//! What a store looks like when somebody asks: offsets, consumer groups' lag, bytes on their way to the disk.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::log::{Hub, Store};

/// Reads a store at each scrape.
pub(super) struct Gauges {
    store: Arc<Store>,
    /// Series of lag, at most.
    max_series: usize,
}

impl Gauges {
    pub(super) fn new(store: Arc<Store>, max_series: usize) -> Self {
        Self { store, max_series }
    }

    fn offsets(&self, encoder: &mut DescriptorEncoder<'_>, hubs: &[Arc<Hub>]) -> fmt::Result {
        let names = [
            ("log_start_offset", "First offset of a partition that is there"),
            ("log_end_offset", "Offset behind the last record of a partition that readers see"),
        ];
        for (end, (name, help)) in names.iter().enumerate() {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for hub in hubs {
                for number in 0..hub.config().partitions {
                    let Ok(partition) = hub.partition(number) else { continue };
                    let offset = if end == 1 { partition.end_offset() } else { partition.start_offset() };
                    let labels = [("hub", hub.name().to_owned()), ("partition", number.to_string())];
                    gauge(offset).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }

    fn lag(&self, encoder: &mut DescriptorEncoder<'_>, hubs: &[Arc<Hub>]) -> fmt::Result {
        let help = "Records of a partition that a consumer group has not committed";
        let mut family = encoder.encode_descriptor("group_lag", help, None, MetricType::Gauge)?;
        let groups = self.store.groups().into_iter();
        let all =
            groups.flat_map(|group| self.store.checkpoints(&group).into_iter().map(move |one| (group.clone(), one)));
        for (group, one) in all.take(self.max_series) {
            let hub = hubs.iter().find(|hub| hub.name() == one.hub);
            let Some(partition) = hub.and_then(|hub| hub.partition(one.partition).ok()) else { continue };
            let lag = partition.end_offset().saturating_sub(one.offset.max(partition.start_offset()));
            let labels = [("group", group), ("hub", one.hub), ("partition", one.partition.to_string())];
            gauge(lag).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn gauge(value: u64) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let hubs = self.store.hubs();
        self.offsets(&mut encoder, &hubs)?;
        self.lag(&mut encoder, &hubs)?;
        let help = "Bytes written ahead of the disk";
        let unsynced = encoder.encode_descriptor("log_unsynced_bytes", help, None, MetricType::Gauge)?;
        gauge(self.store.unsynced_bytes()).encode(unsynced)
    }
}

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges").field("max_series", &self.max_series).finish_non_exhaustive()
    }
}
