//! `[sinks.parquet.NAME]`: Parquet files that follow the results hub.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::Handle;
use tollgate_sinks::depot::{Depot, DepotOptions};
use tollgate_sinks::lake::{Lake, LakeConfig};
use tollgate_sinks::route::Route;

use super::follow::{LiveSink, Outlet, Window};
use crate::Result;

/// The folder in the data folder for files that are on their way to an object store.
const STAGING: &str = "lake";

/// An outlet for each lake of the config. What cannot be opened is tried again by its follower.
pub(super) fn outlets(
    lakes: &BTreeMap<String, LakeConfig>,
    data: &Path,
    runtime: &Handle,
    routes_to: impl Fn(&str) -> Vec<Route>,
) -> Vec<Outlet> {
    let outlet = |(name, config): (&String, &LakeConfig)| {
        let window = Window { age: Duration::from_millis(config.window_ms), bytes: config.window_mib << 20 };
        let (url, options) = (config.url.clone(), options(name, config, data, runtime));
        let lake = name.clone();
        let open = Box::new(move || -> Result<LiveSink> {
            let depot = Depot::open(&url, &options)?;
            Ok(Box::new(Lake::new(&lake, depot)))
        });
        Outlet { name: name.clone(), routes: routes_to(name), window, open }
    };
    lakes.iter().map(outlet).collect()
}

fn options(name: &str, config: &LakeConfig, data: &Path, runtime: &Handle) -> DepotOptions {
    DepotOptions {
        owner: name.to_owned(),
        staging: data.join(STAGING),
        runtime: runtime.clone(),
        timeout: Duration::from_millis(config.timeout_ms),
    }
}
