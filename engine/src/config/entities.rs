//! Queues, topics and subscriptions of a config, and the sinks that send to them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde::Deserialize;
use tollgate_sinks::queue::{self, Kind, Settings};
use toml::Spanned;

use super::{Config, QueuesConfig, error, files};

/// Kibibytes that a message may be allowed; below, messages of the task queues would not fit.
const MESSAGE_KIB: RangeInclusive<u32> = 64..=102_400;

/// `[queues.topic.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopicConfig {
    /// How long message ids are remembered, 20,000 to 604,800,000; 0: no duplicates are looked for.
    pub duplicate_window_ms: u64,
    /// Its subscriptions by name.
    pub subscription: BTreeMap<String, Spanned<Settings>>,
}

/// `[sinks.queue.NAME]`: results become messages of a queue.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSinkConfig {
    /// The queue, which `[queues.queue.NAME]` describes.
    pub queue: Spanned<String>,
}

/// `[sinks.topic.NAME]`: results become messages of a topic.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicSinkConfig {
    /// The topic, which `[queues.topic.NAME]` describes.
    pub topic: Spanned<String>,
}

/// An entity that a config describes.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityConfig {
    /// Its whole name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it is told.
    pub settings: Settings,
    /// Where it stands in the config's text.
    at: usize,
}

impl QueuesConfig {
    /// The entities in an order in which they can be made: a topic before its subscriptions.
    pub fn entities(&self) -> Vec<EntityConfig> {
        let entity = |name: &str, kind, settings: &Settings, at| EntityConfig {
            name: name.into(),
            kind,
            settings: settings.clone(),
            at,
        };
        let mut all = Vec::new();
        for (name, settings) in &self.queue {
            all.push(entity(name, Kind::Queue, settings.get_ref(), settings.span().start));
        }
        for (name, topic) in &self.topic {
            let duplicate_window_ms = topic.get_ref().duplicate_window_ms;
            let settings = Settings { duplicate_window_ms, ..Settings::default() };
            all.push(entity(name, Kind::Topic, &settings, topic.span().start));
            for (own, settings) in &topic.get_ref().subscription {
                let name = queue::subscription(name, own);
                all.push(entity(&name, Kind::Subscription, settings.get_ref(), settings.span().start));
            }
        }
        all
    }
}

/// Checks names and settings, and that all that is sent or forwarded to is there.
pub(super) fn check(text: &str, config: &Config) -> Result<(), String> {
    let kib = config.queues.max_message_kib.get();
    if !MESSAGE_KIB.contains(&kib) {
        let (least, most) = (MESSAGE_KIB.start(), MESSAGE_KIB.end());
        return Err(format!("queues.max_message_kib is {kib}, but must be {least} to {most}"));
    }
    let entities = config.queues.entities();
    let mut names = BTreeSet::new();
    for entity in &entities {
        let at = |why: String| {
            format!("line {}: {} {:?}: {why}", error::line(text, entity.at), word(entity.kind), entity.name)
        };
        queue::check_name(&entity.name, entity.kind).map_err(|refusal| at(refusal.to_string()))?;
        entity.settings.check(entity.kind).map_err(|refusal| at(refusal.to_string()))?;
        if !names.insert(entity.name.to_ascii_lowercase()) {
            return Err(at("there are two of that name; case makes no difference".into()));
        }
    }
    let named = |kind: Option<Kind>| {
        let of_kind = entities.iter().filter(move |entity| kind.is_none_or(|kind| entity.kind == kind));
        of_kind.map(|entity| entity.name.as_str())
    };
    for entity in entities.iter().filter(|entity| !entity.settings.forward_to.is_empty()) {
        let to = &entity.settings.forward_to;
        find(to, named(None)).map_err(|why| format!("line {}: forward_to: {why}", error::line(text, entity.at)))?;
    }
    let at = |at: usize, why: String| format!("line {}: {why}", error::line(text, at));
    for (name, sink) in &config.sinks.queue {
        files::check_name("sinks.queue", name)?;
        find(sink.queue.get_ref(), named(Some(Kind::Queue))).map_err(|why| at(sink.queue.span().start, why))?;
    }
    for (name, sink) in &config.sinks.topic {
        files::check_name("sinks.topic", name)?;
        find(sink.topic.get_ref(), named(Some(Kind::Topic))).map_err(|why| at(sink.topic.span().start, why))?;
    }
    Ok(())
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Queue => "queue",
        Kind::Topic => "topic",
        Kind::Subscription => "subscription",
    }
}

/// Looks for a name among those of the config.
fn find<'a>(wanted: &str, known: impl Iterator<Item = &'a str> + Clone) -> Result<(), String> {
    if known.clone().any(|name| name.eq_ignore_ascii_case(wanted)) {
        return Ok(());
    }
    let like = error::most_alike(wanted, known);
    let hint = like.map_or_else(
        || "describe it as [queues.queue.NAME] or [queues.topic.NAME]".to_owned(),
        |name| format!("did you mean {name:?}?"),
    );
    Err(format!("the config has no such entity as {wanted:?}; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "[queues.topic.plates]\nduplicate_window_ms = 600000\n[queues.topic.plates.subscription.sure]\n\
        lock_ms = 60000\nfilters = [{ sql = \"confidence > 0.9\" }]\n";

    #[test]
    fn entities_are_described() {
        let text = format!("[queues.queue.\"lanes/7\"]\nsessions = true\nmax_deliveries = 3\n{TOPIC}");
        let entities = Config::parse(&text).unwrap().queues.entities();
        let names: Vec<_> = entities.iter().map(|entity| (entity.name.as_str(), entity.kind)).collect();
        let topic = ("plates", Kind::Topic);
        assert_eq!(names, [("lanes/7", Kind::Queue), topic, ("plates/subscriptions/sure", Kind::Subscription)]);
        assert!(entities[0].settings.sessions && entities[0].settings.max_deliveries == 3);
        assert_eq!((entities[1].settings.duplicate_window_ms, entities[2].settings.lock_ms), (600_000, 60_000));
    }

    #[test]
    fn a_mistake_names_its_line_and_what_was_likely_meant() {
        for (text, line, said) in [
            ("[queues]\n\n[queues.queue.a]\nlock_ms = 1\n", "line 3", "5000 to 300000"),
            ("[queues.queue.a]\nlok_ms = 9000\n", "line 2", "did you mean `lock_ms`"),
            ("[queues.queue.\"a/../b\"]\n", "line 1", "no name"),
            ("[queues.queue.a]\nfilters = [{ sql = \"x > 1\" }]\n", "line 1", "for subscriptions"),
            ("[queues.queue.A]\n[queues.queue.a]\n", "line 2", "two of that name"),
            ("[queues.topic.t]\n[queues.topic.t.subscription.s]\nfilters = [{ sql = \"x >\" }]\n", "line 2", "filter"),
            ("[queues.topic.t]\nsessions = true\n", "line 2", "`sessions`"),
            ("[queues.queue.orders]\n[queues.queue.b]\nforward_to = \"order\"\n", "line 2", "did you mean \"orders\""),
            ("[queues.queue.orders]\n[sinks.queue.s]\nqueue = \"order\"\n", "line 3", "did you mean \"orders\""),
            ("[queues.queue.orders]\n[sinks.topic.s]\ntopic = \"orders\"\n", "line 3", "[queues.topic.NAME]"),
            ("[queues.queue.orders]\n[sinks.queue.s]\nqueu = \"orders\"\n", "line 3", "`queue`"),
            ("[queues]\nmax_message_kib = 1\n", "", "64 to 102400"),
        ] {
            let text = if text.contains("[sinks") { format!("{text}[[routes]]\nto = [\"s\"]\n") } else { text.into() };
            let problem = Config::parse(&text).unwrap_err();
            assert!(problem.contains(line) && problem.contains(said), "{text}: {problem}");
        }
    }
}
