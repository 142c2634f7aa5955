//! Sources that follow a stream: photos out of the hubs of the log in this process, or out of Apache Kafka's topics.
//!
//! A batch comes from one partition, in the order of its offsets. A record's position is `hub:NAME/PARTITION/OFFSET`,
//! the same whichever of the two it came through, and so are the ids of its events. [`Progress`] says which offset of
//! which partition a batch's `end` stands for: whoever makes results durable commits that.

mod from_log;
mod hub;
mod kafka;
mod progress;
mod reader;

pub use hub::{Finish, HubSource, StreamOptions};
pub use kafka::{KafkaGroup, KafkaSource};
pub use progress::{Progress, Reached};

/// The position of a record in a hub or topic.
#[must_use]
pub fn position(hub: &str, partition: u32, offset: u64) -> String {
    format!("hub:{hub}/{partition}/{offset}")
}

/// The parts of a [`position`]: hub, partition, offset.
#[must_use]
pub fn parse_position(position: &str) -> Option<(&str, u32, u64)> {
    let mut parts = position.strip_prefix("hub:")?.rsplitn(3, '/');
    let (offset, partition, hub) = (parts.next()?, parts.next()?, parts.next()?);
    Some((hub, partition.parse().ok()?, offset.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back() {
        assert_eq!(parse_position(&position("im-a.ges_1", 31, u64::MAX)), Some(("im-a.ges_1", 31, u64::MAX)));
        for other in ["hub:images/1", "file:///images/1/2", "hub:images/x/2", "hub:images/1/-2"] {
            assert_eq!(parse_position(other), None, "{other}");
        }
    }
}
