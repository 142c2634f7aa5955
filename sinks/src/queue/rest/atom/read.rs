//! Entries as clients send them.

use super::super::super::azure::xml::{Node, read};
use super::super::super::settings::DEFAULT_DUPLICATE_WINDOW_MS;
use super::super::super::{Kind, Settings};
use super::super::fault::Fault;
use super::duration;
use super::filter::{self, Rule};

/// What an entry describes.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Wanted {
    pub(in super::super) kind: Kind,
    pub(in super::super) settings: Settings,
    /// The first rule of a subscription, if it is not to be the usual one.
    pub(in super::super) rule: Option<Rule>,
}

/// Reads an entry's description. What is not known here, such as a size or a status, is passed over.
pub(in super::super) fn description(bytes: &[u8]) -> Result<Wanted, Fault> {
    let entry = entry(bytes)?;
    let found = entry.child("content").and_then(|content| content.children.first());
    let kinds = [
        ("QueueDescription", Kind::Queue),
        ("TopicDescription", Kind::Topic),
        ("SubscriptionDescription", Kind::Subscription),
    ];
    let kind = |node: &&Node| kinds.iter().find(|(name, _)| *name == node.name).map(|(_, kind)| *kind);
    let known = found.and_then(|node| Some((node, kind(&node)?)));
    let (node, kind) =
        known.ok_or_else(|| Fault::bad("the entry has no description of a queue, topic or subscription"))?;
    let rule = node.child("DefaultRuleDescription").map(named).transpose()?;
    Ok(Wanted { kind, settings: settings(node, kind)?, rule })
}

/// Reads an entry's rule; its name is that of the path.
pub(in super::super) fn rule(bytes: &[u8]) -> Result<Rule, Fault> {
    let entry = entry(bytes)?;
    let found = entry.child("content").and_then(|content| content.child("RuleDescription"));
    named(found.ok_or_else(|| Fault::bad("the entry has no RuleDescription"))?)
}

fn entry(bytes: &[u8]) -> Result<Node, Fault> {
    read(bytes).filter(|node| node.name == "entry").ok_or_else(|| Fault::bad("the body is no Atom entry"))
}

fn named(node: &Node) -> Result<Rule, Fault> {
    let action = node.child("Action").map_or("", |action| action.kind.as_str());
    if !matches!(action, "" | "EmptyRuleAction") {
        return Err(Fault::bad("actions of rules are not known here"));
    }
    let filter = match node.child("Filter") {
        None => Rule::default_one().filter,
        Some(node) => filter::read(node).ok_or_else(|| Fault::bad("the filter cannot be understood"))?,
    };
    Ok(Rule { name: node.text_of("Name").unwrap_or("$Default").into(), filter })
}

fn settings(node: &Node, kind: Kind) -> Result<Settings, Fault> {
    let bad = |name: &str| Fault::bad(format!("{name} cannot be understood"));
    let time = |name: &str| {
        let text = node.text_of(name);
        text.map(|text| duration::parse(text).ok_or_else(|| bad(name))).transpose()
    };
    let truth = |name: &str| match node.text_of(name).map(str::trim) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(bad(name)),
    };
    let mut settings = Settings::default();
    if truth("RequiresDuplicateDetection")? {
        settings.duplicate_window_ms =
            time("DuplicateDetectionHistoryTimeWindow")?.unwrap_or(DEFAULT_DUPLICATE_WINDOW_MS);
    }
    settings.time_to_live_ms = time("DefaultMessageTimeToLive")?.unwrap_or(0);
    if kind == Kind::Topic {
        return Ok(settings);
    }
    if let Some(lock_ms) = time("LockDuration")? {
        settings.lock_ms = u32::try_from(lock_ms).unwrap_or(u32::MAX);
    }
    if let Some(count) = node.text_of("MaxDeliveryCount") {
        settings.max_deliveries =
            count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(|| bad("MaxDeliveryCount"))?;
    }
    settings.sessions = truth("RequiresSession")?;
    settings.dead_letter_expired = truth("DeadLetteringOnMessageExpiration")?;
    if let Some(to) = node.text_of("ForwardTo") {
        // Clients write it as an address of the namespace.
        let path = to.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(to, |(_, path)| path);
        settings.forward_to = path.trim_end_matches('/').into();
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry_of(description: &str) -> Vec<u8> {
        format!("<a:entry xmlns:a=\"http://www.w3.org/2005/Atom\"><a:content>{description}</a:content></a:entry>")
            .into()
    }

    #[test]
    fn a_queue_is_described() {
        let queue = "<QueueDescription><LockDuration>PT1M</LockDuration><MaxSizeInMegabytes>1024</MaxSizeInMegabytes>\
            <RequiresDuplicateDetection>true</RequiresDuplicateDetection><RequiresSession>false</RequiresSession>\
            <DefaultMessageTimeToLive>P10675199DT2H48M5.4775807S</DefaultMessageTimeToLive>\
            <MaxDeliveryCount>3</MaxDeliveryCount><ForwardTo>sb://host:1/other/queue</ForwardTo></QueueDescription>";
        let wanted = description(&entry_of(queue)).unwrap();
        let settings = Settings {
            lock_ms: 60_000,
            duplicate_window_ms: DEFAULT_DUPLICATE_WINDOW_MS,
            max_deliveries: 3,
            forward_to: "other/queue".into(),
            ..Settings::default()
        };
        assert_eq!(wanted, Wanted { kind: Kind::Queue, settings, rule: None });
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in [
            "",
            "<Other/>",
            "<QueueDescription><LockDuration>1 minute</LockDuration></QueueDescription>",
            "<QueueDescription><RequiresSession>maybe</RequiresSession></QueueDescription>",
            "<QueueDescription><MaxDeliveryCount>0</MaxDeliveryCount></QueueDescription>",
            "<SubscriptionDescription><DefaultRuleDescription><Filter type=\"Odd\"/></DefaultRuleDescription>\
                </SubscriptionDescription>",
        ] {
            assert!(description(&entry_of(bad)).is_err(), "{bad}");
        }
        assert!(description(b"<entry>").is_err() && rule(&entry_of("<QueueDescription/>")).is_err());
    }
}
