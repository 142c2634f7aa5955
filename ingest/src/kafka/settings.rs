//! The settings of a topic under Kafka's names.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use super::codes;
use super::reply::text;
use super::session::Session;
use super::shared::Shared;
use crate::access::Right;
use crate::log::{Durability, HubConfig};

/// Where a setting comes from (Kafka's `DescribeConfigsResponse.ConfigSource`).
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Topic = 1,
    Default = 5,
}

/// Kinds of what is described (Kafka's `ConfigResource.Type`).
const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Types of values (Kafka's `DescribeConfigsResponse.ConfigType`).
const STRING: i8 = 2;
const LONG: i8 = 5;

/// A setting.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) value: String,
    kind: i8,
}

/// After how many records a topic is made durable: each before it is acknowledged, or when the system sees fit.
const FLUSH: &str = "flush.messages";

fn flush_messages(durability: Durability) -> i64 {
    match durability {
        Durability::Commit => 1,
        Durability::Os => i64::MAX,
    }
}

/// The settings of a topic.
pub(super) fn of(config: &HubConfig) -> impl Iterator<Item = Setting> + use<> {
    let number = |name, value: String| Setting { name, value, kind: LONG };
    let word = |name, value: &str| Setting { name, value: value.to_owned(), kind: STRING };
    let bytes = i64::try_from(config.retention_bytes).ok().filter(|&bytes| bytes < i64::MAX).unwrap_or(-1);
    [
        number("retention.ms", if config.retention_ms == i64::MAX { -1 } else { config.retention_ms }.to_string()),
        number("retention.bytes", bytes.to_string()),
        number("max.message.bytes", config.max_batch_bytes.to_string()),
        number("segment.bytes", config.segment_bytes.to_string()),
        number(FLUSH, flush_messages(config.durability).to_string()),
        word("cleanup.policy", "delete"),
        word("compression.type", "producer"),
        word("message.timestamp.type", "LogAppendTime"),
    ]
    .into_iter()
}

/// Sets one; the error says what would be right.
pub(super) fn set(config: &mut HubConfig, name: &str, value: &str) -> Result<(), String> {
    let number = || value.parse::<i64>().map_err(|error| format!("{name} = {value:?}: {error}; give a whole number"));
    match name {
        // -1 is Kafka's word for no limit.
        "retention.ms" => config.retention_ms = Some(number()?).filter(|&ms| ms >= 0).unwrap_or(i64::MAX),
        "retention.bytes" => config.retention_bytes = u64::try_from(number()?).unwrap_or(u64::MAX >> 1),
        "max.message.bytes" => {
            let bytes = usize::try_from(number()?).ok().filter(|&bytes| bytes > 0);
            config.max_batch_bytes = bytes.ok_or("max.message.bytes must be positive")?;
        }
        "segment.bytes" => {
            let bytes = u64::try_from(number()?).ok().filter(|bytes| (4096..=1 << 30).contains(bytes));
            config.segment_bytes = bytes.ok_or("segment.bytes must be 4096 to 1073741824")?;
        }
        FLUSH => {
            config.durability = match number()? {
                1 => Durability::Commit,
                i64::MAX => Durability::Os,
                other => {
                    let never = i64::MAX;
                    return Err(format!("{FLUSH} is {other}, but must be 1 (durable first) or {never} (never waits)"));
                }
            }
        }
        _ => return fixed(name, value),
    }
    if config.max_batch_bytes as u64 > config.segment_bytes {
        return Err("max.message.bytes must not be more than segment.bytes".to_owned());
    }
    Ok(())
}

/// What cannot be chosen may be named as long as it is named as it is.
fn fixed(name: &str, value: &str) -> Result<(), String> {
    match of(&HubConfig::default()).find(|setting| setting.name == name) {
        Some(setting) if setting.value == value => Ok(()),
        Some(setting) => Err(format!("{name} is always {}", setting.value)),
        None => Err(format!(
            "there is no setting {name}; there are retention.ms, retention.bytes, max.message.bytes, segment.bytes, \
             flush.messages"
        )),
    }
}

/// Describes the settings of topics; the broker has none under Kafka's names.
pub(super) fn describe(shared: &Shared, session: &Session, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let results = request.resources.into_iter().map(|resource| {
        let outcome = describe_one(shared, session, &resource);
        let result = DescribeConfigsResult::default().with_resource_type(resource.resource_type);
        let result = result.with_resource_name(resource.resource_name);
        match outcome {
            Ok(configs) => result.with_configs(configs),
            Err(code) => result.with_error_code(code),
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn describe_one(
    shared: &Shared,
    session: &Session,
    resource: &DescribeConfigsResource,
) -> Result<Vec<DescribeConfigsResourceResult>, i16> {
    match resource.resource_type {
        BROKER => return Ok(Vec::new()),
        TOPIC => {}
        _ => return Err(ResponseError::InvalidRequest.code()),
    }
    let name = resource.resource_name.as_str();
    if !(session.may(name, Right::Listen) || session.may(name, Right::Send)) {
        return Err(ResponseError::TopicAuthorizationFailed.code());
    }
    let config = shared.store.hub(name).map_err(|error| codes::of(&error))?.config();
    let keys = resource.configuration_keys.as_ref();
    let wanted = |setting: &Setting| keys.is_none_or(|keys| keys.iter().any(|key| key.as_str() == setting.name));
    let defaults: Vec<Setting> = of(&HubConfig::default()).collect();
    let describe = |setting: Setting| {
        let usual = defaults.iter().any(|one| one.name == setting.name && one.value == setting.value);
        DescribeConfigsResourceResult::default()
            .with_name(text(setting.name))
            .with_value(Some(text(setting.value)))
            .with_config_source(if usual { Source::Default } else { Source::Topic } as i8)
            .with_config_type(setting.kind)
    };
    Ok(of(&config).filter(wanted).map(describe).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durability_goes_by_the_name_of_flush_messages() {
        let mut config = HubConfig::default();
        let shown = |config: &HubConfig| of(config).find(|setting| setting.name == FLUSH).map(|setting| setting.value);
        assert_eq!(shown(&config).as_deref(), Some("1"));
        set(&mut config, FLUSH, &i64::MAX.to_string()).unwrap();
        assert_eq!((config.durability, shown(&config)), (Durability::Os, Some(i64::MAX.to_string())));
        set(&mut config, FLUSH, "1").unwrap();
        assert_eq!(config.durability, Durability::Commit);
        assert!(set(&mut config, FLUSH, "10").unwrap_err().contains("must be 1"));
    }
}
