//! Entities in Atom XML, as the official administration clients write and read them.

mod duration;
mod filter;
mod read;
mod write;

pub(super) use filter::{Rule, nothing};
pub(super) use read::{Wanted, description, rule};
pub(super) use write::{Feed, entity, rule_entry};

/// The namespace of descriptions.
const SERVICE_BUS: &str = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";
/// The namespace of counts.
const COUNTS: &str = "http://schemas.microsoft.com/netservices/2011/06/servicebus";
const ATOM: &str = "http://www.w3.org/2005/Atom";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";

/// The media type of an entry.
pub(super) const ENTRY: &str = "application/atom+xml; type=entry; charset=utf-8";
/// The media type of a feed.
pub(super) const FEED: &str = "application/atom+xml; type=feed; charset=utf-8";
