//! Entries and feeds as clients read them.

use chrono::{DateTime, SecondsFormat};

use super::super::super::azure::xml::Writer;
use super::super::super::{Counts, Description, Kind};
use super::filter::{self, Rule};
use super::{ATOM, COUNTS, INSTANCE, SERVICE_BUS, duration};

/// A list being written.
pub(in super::super) struct Feed(Writer);

impl Feed {
    pub(in super::super) fn new(title: &str) -> Self {
        let mut xml = Writer::new();
        xml.open_with("feed", "xmlns", ATOM).leaf("title", title);
        Self(xml)
    }

    pub(in super::super) fn entity(&mut self, base: &str, description: &Description, counts: &Counts) {
        write_entity(&mut self.0, base, description, counts);
    }

    pub(in super::super) fn rule(&mut self, base: &str, rule: &Rule) {
        write_rule(&mut self.0, base, rule);
    }

    pub(in super::super) fn finish(mut self) -> String {
        self.0.close("feed");
        self.0.finish()
    }
}

/// An entity's entry; `base` is the address of the namespace.
pub(in super::super) fn entity(base: &str, description: &Description, counts: &Counts) -> String {
    let mut xml = Writer::new();
    write_entity(&mut xml, base, description, counts);
    xml.finish()
}

/// A rule's entry; `base` is the address of its subscription.
pub(in super::super) fn rule_entry(base: &str, rule: &Rule) -> String {
    let mut xml = Writer::new();
    write_rule(&mut xml, base, rule);
    xml.finish()
}

fn begin(xml: &mut Writer, id: &str, title: &str, time: &str) {
    xml.open_with("entry", "xmlns", ATOM).leaf("id", id).leaf("title", title);
    xml.plain("published", time).plain("updated", time).open_with("content", "type", "application/xml");
}

fn write_entity(xml: &mut Writer, base: &str, description: &Description, counts: &Counts) {
    let Description { name, kind, settings, created_ms, .. } = description;
    let title = name.rsplit_once("/subscriptions/").map_or(name.as_str(), |(_, own)| own);
    let time = DateTime::from_timestamp_millis(*created_ms).unwrap_or_default();
    let time = time.to_rfc3339_opts(SecondsFormat::Millis, true);
    let root = match kind {
        Kind::Queue => "QueueDescription",
        Kind::Topic => "TopicDescription",
        Kind::Subscription => "SubscriptionDescription",
    };
    begin(xml, &format!("{base}/{name}"), title, &time);
    xml.open_with(root, "xmlns", SERVICE_BUS);
    let live = duration::text(settings.time_to_live_ms);
    if *kind != Kind::Topic {
        xml.plain("LockDuration", duration::text(settings.lock_ms.into())).plain("RequiresSession", settings.sessions);
    }
    xml.plain("DefaultMessageTimeToLive", live);
    if *kind != Kind::Topic {
        xml.plain("DeadLetteringOnMessageExpiration", settings.dead_letter_expired);
        xml.plain("MaxDeliveryCount", settings.max_deliveries).plain("MessageCount", counts.active() + counts.dead);
    }
    if *kind != Kind::Subscription {
        let window_ms = settings.duplicate_window_ms;
        xml.plain("RequiresDuplicateDetection", window_ms != 0);
        if window_ms != 0 {
            xml.plain("DuplicateDetectionHistoryTimeWindow", duration::text(window_ms));
        }
    }
    xml.leaf("Status", "Active").plain("CreatedAt", &time);
    if !settings.forward_to.is_empty() {
        xml.leaf("ForwardTo", &format!("{base}/{}", settings.forward_to));
    }
    write_counts(xml, counts);
    xml.close(root).close("content").close("entry");
}

fn write_counts(xml: &mut Writer, counts: &Counts) {
    xml.open_with("CountDetails", "xmlns:c", COUNTS);
    xml.plain("c:ActiveMessageCount", counts.ready + counts.locked + counts.deferred);
    xml.plain("c:DeadLetterMessageCount", counts.dead).plain("c:ScheduledMessageCount", counts.scheduled);
    xml.plain("c:TransferDeadLetterMessageCount", 0).plain("c:TransferMessageCount", 0).close("CountDetails");
}

fn write_rule(xml: &mut Writer, base: &str, rule: &Rule) {
    let time = DateTime::UNIX_EPOCH.to_rfc3339_opts(SecondsFormat::Millis, true);
    begin(xml, &format!("{base}/rules/{}", rule.name), &rule.name, &time);
    xml.open_with("RuleDescription", "xmlns", SERVICE_BUS);
    filter::write(xml, &rule.filter);
    // There are no actions here; clients look into the element all the same.
    xml.open_all("Action", &[("xmlns:i", INSTANCE), ("i:type", "EmptyRuleAction")]).close("Action");
    xml.leaf("Name", &rule.name).close("RuleDescription").close("content").close("entry");
}
