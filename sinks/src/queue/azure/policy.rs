//! Stored access policies of a queue: what signatures refer to by name.

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::xml::{Node, Writer, read};

/// Policies of a queue at most.
const MAX_POLICIES: usize = 5;
/// Characters of a policy's name at most.
const MAX_ID: usize = 64;
/// Read, add, update, process.
const PERMISSIONS: &str = "raup";

/// A policy. What it leaves open the signature must say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Policy {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expiry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) permission: Option<String>,
}

/// The policies of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Policies(Vec<Policy>);

impl Policies {
    /// As they are kept with the queue; what cannot be read there allows nothing.
    pub(super) fn kept(text: &str) -> Self {
        if text.is_empty() { Self::default() } else { serde_json::from_str(text).unwrap_or_default() }
    }

    /// To be kept with the queue.
    pub(super) fn to_keep(&self) -> Result<String, serde_json::Error> {
        if self.0.is_empty() { Ok(String::new()) } else { serde_json::to_string(self) }
    }

    /// The policy of a name.
    pub(super) fn find(self, id: &str) -> Option<Policy> {
        self.0.into_iter().find(|policy| policy.id == id)
    }

    /// As a request sends them; an empty body has none.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Fault> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let root = read(body).filter(|root| root.name == "SignedIdentifiers").ok_or_else(Fault::bad_xml)?;
        if root.children.len() > MAX_POLICIES {
            return Err(Fault::bad_xml());
        }
        root.children.into_iter().map(policy).collect::<Option<_>>().map(Self).ok_or_else(Fault::bad_xml)
    }

    /// As a body.
    pub(super) fn to_xml(&self) -> String {
        let mut xml = Writer::new();
        xml.open("SignedIdentifiers");
        for policy in &self.0 {
            xml.open("SignedIdentifier").leaf("Id", &policy.id).open("AccessPolicy");
            let fields = [("Start", &policy.start), ("Expiry", &policy.expiry), ("Permission", &policy.permission)];
            for (name, value) in fields {
                if let Some(value) = value {
                    xml.leaf(name, value);
                }
            }
            xml.close("AccessPolicy").close("SignedIdentifier");
        }
        xml.close("SignedIdentifiers");
        xml.finish()
    }
}

fn policy(mut node: Node) -> Option<Policy> {
    let id = node.take_text("Id").filter(|id| !id.is_empty() && id.chars().count() <= MAX_ID)?;
    let said = node.children.iter_mut().find(|child| child.name == "AccessPolicy");
    let mut field = {
        let mut said = said;
        move |name| said.as_mut().and_then(|said| said.take_text(name)).filter(|text| !text.is_empty())
    };
    let policy = Policy { id, start: field("Start"), expiry: field("Expiry"), permission: field("Permission") };
    let known = |permission: &String| permission.chars().all(|right| PERMISSIONS.contains(right));
    let good = node.name == "SignedIdentifier" && policy.permission.as_ref().is_none_or(known);
    good.then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(inner: &str) -> String {
        format!("<SignedIdentifiers>{inner}</SignedIdentifiers>")
    }

    #[test]
    fn policies_come_back_as_they_were_sent() {
        let one = "<SignedIdentifier><Id>p</Id><AccessPolicy><Expiry>2099-01-01</Expiry><Permission>ru</Permission>\
                   </AccessPolicy></SignedIdentifier><SignedIdentifier><Id>q</Id></SignedIdentifier>";
        let policies = Policies::parse(xml(one).as_bytes()).unwrap();
        assert!(policies.to_xml().contains("<Id>p</Id><AccessPolicy><Expiry>2099-01-01</Expiry><Permission>ru<"));
        assert_eq!(Policies::kept(&policies.to_keep().unwrap()), policies);
        assert_eq!(policies.find("p").unwrap().permission.as_deref(), Some("ru"));
        assert_eq!(Policies::parse(b"").unwrap(), Policies::default());
        assert_eq!(Policies::kept("not json"), Policies::default());
    }

    #[test]
    fn bad_policies_are_refused() {
        let named = |id: &str| format!("<SignedIdentifier><Id>{id}</Id></SignedIdentifier>");
        let wrong =
            "<SignedIdentifier><Id>p</Id><AccessPolicy><Permission>x</Permission></AccessPolicy></SignedIdentifier>";
        for bad in [named("p").repeat(6), named(""), named(&"i".repeat(65)), wrong.into(), "<Other/>".into()] {
            assert_eq!(Policies::parse(xml(&bad).as_bytes()).unwrap_err().code(), "InvalidXmlDocument", "{bad}");
        }
        assert!(Policies::parse(b"<Other/>").is_err());
    }
}
