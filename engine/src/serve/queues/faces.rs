//! The faces of the queues: Azure Queue Storage's REST, and Service Bus's.

use std::net::SocketAddr;
use std::sync::Arc;

use tollgate_ingest::access::{self, Access};
use tollgate_sinks::queue::Queues;
use tollgate_sinks::queue::azure::TaskFace;
use tollgate_sinks::queue::rest::{self, Authorise, Denied, Right, Wanted};

use crate::Result;
use crate::config::Config;
use crate::serve::endpoints::{FaceParts, Shared};

/// The face of the task queues.
pub(super) fn tasks(config: &Config, shared: &Shared, queues: &Queues) -> Result<FaceParts> {
    let address = config.queues.tasks;
    config.queues.account.check_exposure(address.ip())?;
    let clock = Arc::clone(&shared.clock);
    // Ids of requests need only differ from those of another run.
    let seed = (clock)().unsigned_abs();
    let face = TaskFace::new(queues.clone(), config.queues.task_options(), clock, seed);
    let line = |address: SocketAddr| {
        format!(
            "tasks  http://{address}   try: tollgate listen --queue q --exec cat; or any client of Azure Queue Storage"
        )
    };
    Ok(FaceParts { name: "tasks", address, routes: face.into_router(), line })
}

/// The face of the enterprise queues.
pub(super) fn bus(config: &Config, shared: &Shared, queues: &Queues) -> Result<FaceParts> {
    let address = config.queues.bus;
    shared.access.may_serve(address)?;
    let parts = rest::Parts {
        queues: queues.clone(),
        clock: Arc::clone(&shared.clock),
        authorise: authorise(&shared.access),
        stopping: shared.stopping.subscribe(),
    };
    let line = |address: SocketAddr| {
        format!(
            "bus    http://{address}   try: curl -X PUT http://{address}/q && curl -d hello http://{address}/q/messages"
        )
    };
    Ok(FaceParts { name: "bus", address, routes: rest::router(parts, config.queues.bus_options()), line })
}

/// The keys of `[access]`: its `hubs` are names of queues and topics here.
fn authorise(access: &Arc<Access>) -> Authorise {
    let access = Arc::clone(access);
    Arc::new(move |wanted: &Wanted<'_>| {
        let grant = match wanted.shown {
            Some(header) => access.by_signature(header, wanted.now_ms),
            None => access.anonymous(),
        };
        let right = match wanted.right {
            Right::Send => access::Right::Send,
            Right::Listen => access::Right::Listen,
            Right::Manage => access::Right::Manage,
        };
        let grant = grant.map_err(|denied| Denied(denied.to_string()))?;
        if grant.allows_at(wanted.path, wanted.entity, right) {
            Ok(())
        } else {
            Err(Denied(access::Denied::Forbidden.to_string()))
        }
    })
}
