//! TLS to Kafka clusters, which not every build has.

use super::Config;

const SETTING: &str = "security.protocol";

/// Refuses what this build cannot do, before a client does in words that help nobody.
pub(super) fn check(config: &Config) -> Result<(), String> {
    if cfg!(feature = "kafka-tls") {
        return Ok(());
    }
    let source = config.source.properties.get(SETTING).map(|value| ("source".to_owned(), value.as_str()));
    let sinks = config
        .sinks
        .kafka
        .iter()
        .filter_map(|(name, sink)| Some((format!("sinks.kafka.{name}"), sink.security_protocol()?)));
    match source.into_iter().chain(sinks).find(|(_, value)| value.to_ascii_lowercase().contains("ssl")) {
        Some((table, value)) => Err(format!(
            "{table}: {SETTING} is {value}, and this build's Kafka client has no TLS; build it with `--features kafka-tls` \
             (which needs libssl-dev and pkg-config)"
        )),
        None => Ok(()),
    }
}
