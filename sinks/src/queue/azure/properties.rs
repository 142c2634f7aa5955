//! Properties of the service: logging, metrics and rules for browsers are kept and given back, and change nothing here.

use std::sync::{Mutex, PoisonError};

use super::fault::Fault;
use super::xml::{Node, Writer, read};
use crate::queue::Queues;

const ROOT: &str = "StorageServiceProperties";
/// The sections, in the order in which they are given back.
const SECTIONS: [&str; 4] = ["Logging", "HourMetrics", "MinuteMetrics", "Cors"];
/// What holds until something is set: the emulator's.
const INITIAL: &str = "<StorageServiceProperties><Logging><Version>1.0</Version><Delete>true</Delete><Read>true</Read>\
<Write>true</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging><HourMetrics>\
<Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>\
<MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled>\
</RetentionPolicy></MinuteMetrics><Cors></Cors></StorageServiceProperties>";

/// The properties of an account, as XML.
pub(super) fn get(queues: &Queues, account: &str) -> String {
    kept(queues, account).unwrap_or_else(|| render(&initial()))
}

/// Sets the sections that a request has; the others stay.
pub(super) async fn set(queues: &Queues, turn: &Mutex<()>, account: &str, body: &[u8]) -> Result<(), Fault> {
    let given = read(body).filter(|root| root.name == ROOT).ok_or_else(Fault::bad_xml)?;
    if given.children.iter().any(|section| !SECTIONS.contains(&section.name.as_str())) {
        return Err(Fault::bad_xml());
    }
    let pending = {
        // One at a time: what is read here is what was set last.
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = kept(queues, account).and_then(|text| read(text.as_bytes())).unwrap_or_else(initial);
        for section in given.children {
            now.children.retain(|other| other.name != section.name);
            now.children.push(section);
        }
        queues.set_note(&key(account), Some(render(&now).into_bytes()))?
    };
    Ok(pending.durable().await?)
}

fn kept(queues: &Queues, account: &str) -> Option<String> {
    String::from_utf8(queues.note(&key(account))?).ok()
}

fn key(account: &str) -> String {
    format!("azure/{account}/properties")
}

fn initial() -> Node {
    read(INITIAL.as_bytes()).unwrap_or_default()
}

fn render(root: &Node) -> String {
    let mut xml = Writer::new();
    xml.open(ROOT);
    for name in SECTIONS {
        if let Some(section) = root.child(name) {
            push(&mut xml, section);
        }
    }
    xml.close(ROOT);
    xml.finish()
}

fn push(xml: &mut Writer, node: &Node) {
    if node.children.is_empty() {
        xml.leaf(&node.name, &node.text);
        return;
    }
    xml.open(&node.name);
    node.children.iter().for_each(|child| push(xml, child));
    xml.close(&node.name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_are_the_emulators() {
        assert!(render(&initial()).ends_with(INITIAL));
    }
}
