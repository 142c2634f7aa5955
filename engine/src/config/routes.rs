//! Where results go: routes and the sinks that they lead to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tollgate_sinks::bridge::{
    AzureBlobConfig, AzureQueueConfig, BridgeConfig, KafkaConfig, MqttConfig, NatsConfig, RabbitMqConfig,
};
use tollgate_sinks::lake::LakeConfig;
use tollgate_sinks::push::WebhookConfig;
use tollgate_sinks::route::RouteConfig;

use super::{QueueSinkConfig, TopicSinkConfig, error};

/// The sinks by kind and name: `[sinks.KIND.NAME]`. A name stands for one sink, whatever its kind.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SinksConfig {
    /// Parquet files in windows.
    pub parquet: BTreeMap<String, LakeConfig>,
    /// Events are POSTed to a receiver.
    pub webhook: BTreeMap<String, WebhookConfig>,
    /// Events become messages of a queue of this server.
    pub queue: BTreeMap<String, QueueSinkConfig>,
    /// Events become messages of a topic of this server.
    pub topic: BTreeMap<String, TopicSinkConfig>,
    /// Apache Kafka.
    pub kafka: BTreeMap<String, KafkaConfig>,
    /// RabbitMQ.
    pub rabbitmq: BTreeMap<String, RabbitMqConfig>,
    /// NATS JetStream.
    pub nats: BTreeMap<String, NatsConfig>,
    /// An MQTT broker.
    pub mqtt: BTreeMap<String, MqttConfig>,
    /// A queue of Azure Storage.
    #[serde(rename = "azure-queue")]
    pub azure_queue: BTreeMap<String, AzureQueueConfig>,
    /// Blobs of Azure Storage.
    #[serde(rename = "azure-blob")]
    pub azure_blob: BTreeMap<String, AzureBlobConfig>,
}

impl SinksConfig {
    /// The names of all sinks, a name once for each sink that has it.
    pub fn names(&self) -> Vec<&str> {
        let queues = self.queue.keys().chain(self.topic.keys());
        let own = self.parquet.keys().chain(self.webhook.keys()).chain(queues).map(String::as_str);
        own.chain(self.bridges().into_iter().map(|(name, _)| name)).collect()
    }

    /// The bridges to brokers, whatever their kind, with their names.
    pub fn bridges(&self) -> Vec<(&str, BridgeConfig)> {
        fn of<C: Clone>(
            named: &BTreeMap<String, C>,
            kind: fn(C) -> BridgeConfig,
        ) -> impl Iterator<Item = (&str, BridgeConfig)> {
            named.iter().map(move |(name, config)| (name.as_str(), kind(config.clone())))
        }
        let messages = of(&self.rabbitmq, BridgeConfig::RabbitMq).chain(of(&self.nats, BridgeConfig::Nats));
        let logs = of(&self.kafka, BridgeConfig::Kafka).chain(of(&self.mqtt, BridgeConfig::Mqtt));
        let azure = of(&self.azure_queue, BridgeConfig::AzureQueue);
        messages.chain(logs).chain(azure).chain(of(&self.azure_blob, BridgeConfig::AzureBlob)).collect()
    }

    /// Checks the settings of each.
    fn check(&self) -> Result<(), String> {
        self.webhook.iter().try_for_each(|(name, webhook)| webhook.check(name))?;
        self.bridges().iter().try_for_each(|(name, bridge)| bridge.check(name))
    }
}

/// What follows the results hub in every server: cursors have the sinks' names.
const RESERVED: [&str; 2] = [crate::serve::STORE, crate::serve::REVIEW];

/// Checks that names are unique, that routes lead to sinks that there are, and that every sink has one.
pub(super) fn check(text: &str, routes: &[RouteConfig], sinks: &SinksConfig) -> Result<(), String> {
    sinks.check()?;
    let names = sinks.names();
    let known: BTreeSet<&str> = names.iter().copied().collect();
    // Some keep files under their names, and not every file system tells case apart.
    let alike = |one: &&str, other: &&str| one.eq_ignore_ascii_case(other);
    if let Some(twice) = names.iter().find(|name| names.iter().filter(|other| alike(name, other)).count() > 1) {
        return Err(format!(
            "two sinks are called `{twice}`; a name stands for one sink, whatever its kind, and case makes no difference"
        ));
    }
    if let Some(taken) = RESERVED.iter().find(|name| names.iter().any(|other| alike(name, other))) {
        return Err(format!("a sink cannot be called `{taken}`: a part of the server that follows the results is"));
    }
    for to in routes.iter().flat_map(|route| &route.to) {
        if !known.contains(to.get_ref().as_str()) {
            let line = error::line(text, to.span().start);
            let wish = error::most_alike(to.get_ref(), known.iter().copied());
            let hint = wish.map_or_else(|| "there is none like it".into(), |name| format!("did you mean `{name}`?"));
            return Err(format!("line {line}: no sink is called `{}`; {hint}", to.get_ref()));
        }
    }
    let led_to: BTreeSet<&str> = routes.iter().flat_map(|route| &route.to).map(|to| to.get_ref().as_str()).collect();
    match known.difference(&led_to).next() {
        Some(name) => Err(format!("no route leads to the sink `{name}`; name it in the `to` of a [[routes]]")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_route_to_nowhere_names_its_line() {
        let said = Config::parse("[[routes]]\ntypes = [\"a\"]\nto = [\"bilin\"]\n").unwrap_err();
        assert!(said.contains("line 3") && said.contains("`bilin`"), "{said}");
    }

    #[test]
    fn a_bridge_of_each_kind_needs_no_more_than_a_name() {
        for kind in ["rabbitmq", "nats", "mqtt", "kafka", "azure-queue", "azure-blob"] {
            let config = Config::parse(&format!("[sinks.{kind}.out]\n[[routes]]\nto = [\"out\"]\n")).unwrap();
            let bridges: Vec<_> = config.sinks.bridges().iter().map(|(name, bridge)| (*name, bridge.kind())).collect();
            assert_eq!(bridges, [("out", kind)]);
        }
    }

    #[test]
    fn names_that_the_server_has_itself_are_refused() {
        let sink = "[sinks.webhook.store]\nurl = \"https://example.com/\"\n[[routes]]\nto = [\"store\"]\n";
        let said = Config::parse(sink).unwrap_err();
        assert!(said.contains("`store`"), "{said}");
    }

    #[test]
    fn a_name_stands_for_one_sink_whatever_its_case_and_kind() {
        let sinks = "[sinks.webhook.Lake]\nurl = \"https://example.com/\"\n[sinks.parquet.lake]\nurl = \"lake\"\n";
        let said = Config::parse(&format!("{sinks}[[routes]]\nto = [\"lake\", \"Lake\"]\n")).unwrap_err();
        assert!(said.contains("two sinks are called"), "{said}");
    }

    #[test]
    fn a_mistake_in_a_route_or_a_sink_names_the_line_and_the_nearest_name() {
        let sink = "[sinks.webhook.billing]\nurl = \"https://example.com/\"\n";
        let filter = "[[routes]]\nto = [\"billing\"]\n[[routes.filters]]\nkey = \"data.confidence\"\n";
        for (more, line, nearest) in [
            ("operator = \"NumberGreaterThen\"\nvalue = 1\n", "line 7", "`NumberGreaterThan`"),
            ("operater = \"NumberIn\"\nvalue = 1\n", "line 7", "`operator`"),
        ] {
            let said = Config::parse(&format!("{sink}{filter}{more}")).unwrap_err();
            assert!(said.contains(line) && said.contains(nearest), "{said}");
        }
        let said = Config::parse(&format!("{sink}[[routes]]\nto = [\"biling\"]\n")).unwrap_err();
        assert!(said.contains("line 4") && said.contains("did you mean `billing`"), "{said}");
        let said = Config::parse("[sinks.webhook.billing]\nurl = \"https://example.com/\"\ntimeout = 3\n").unwrap_err();
        assert!(said.contains("line 3") && said.contains("`timeout_ms`"), "{said}");
        let said = Config::parse("[sinks.webhook.billing]\nurl = \"https://10.0.0.1/\"\n").unwrap_err();
        assert!(said.contains("sinks.webhook.billing.url") && said.contains("allow_private"), "{said}");
        assert!(Config::parse(&format!("{sink}[[routes]]\nto = [\"billing\"]\n")).is_ok());
    }
}
