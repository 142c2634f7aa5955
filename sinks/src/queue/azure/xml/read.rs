//! Reading: a small tree, bounded in depth and elements. What has a document type is refused, so nothing expands.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, escape};

/// Elements within elements, at most.
const MAX_DEPTH: usize = 8;
/// Elements in a document, at most.
const MAX_NODES: usize = 1024;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its name, without a prefix.
    pub(crate) name: String,
    /// What its attribute `type` says, without a prefix; empty where there is none.
    pub(crate) kind: String,
    /// Its own text, as it is.
    pub(crate) text: String,
    /// The elements in it.
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// The first element in it of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Takes the text of the first element in it of that name.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        let child = self.children.iter_mut().find(|child| child.name == name)?;
        Some(std::mem::take(&mut child.text))
    }

    /// The text of the first element in it of that name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

/// Reads a document; `None` where it is none, or beyond the bounds.
pub(crate) fn read(bytes: &[u8]) -> Option<Node> {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().expand_empty_elements = true;
    // The document itself lies at the bottom.
    let mut open = vec![Node::default()];
    let mut nodes = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                nodes += 1;
                if open.len() > MAX_DEPTH || nodes > MAX_NODES {
                    return None;
                }
                let name = std::str::from_utf8(start.local_name().into_inner()).ok()?.to_owned();
                open.push(Node { name, kind: kind(&start), ..Node::default() });
            }
            Event::End(_) => {
                let done = open.pop()?;
                open.last_mut()?.children.push(done);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
            Event::CData(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
            Event::GeneralRef(reference) => push(&mut open.last_mut()?.text, &reference)?,
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
    let document = open.pop().filter(|_| open.is_empty())?;
    let mut roots = document.children.into_iter();
    let root = roots.next()?;
    (roots.next().is_none() && document.text.trim().is_empty()).then_some(root)
}

/// The attribute `type` of an element, such as `xsi:type="SqlFilter"`.
fn kind(start: &BytesStart<'_>) -> String {
    let mut attributes = start.attributes().filter_map(Result::ok);
    let found = attributes.find(|attribute| attribute.key.local_name().into_inner() == b"type");
    let value = found.map(|attribute| String::from_utf8_lossy(&attribute.value).into_owned()).unwrap_or_default();
    value.rsplit(':').next().unwrap_or_default().to_owned()
}

fn push(text: &mut String, reference: &BytesRef<'_>) -> Option<()> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        text.push(character);
    } else {
        text.push_str(escape::resolve_predefined_entity(&reference.decode().ok()?)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_as_it_was() {
        let mut root =
            read(b"<?xml version='1.0'?><A>\n <B>a&lt;b &amp;\r\n&#x4e2d;&#13;</B><C/><D><![CDATA[<x>]]></D></A>\n")
                .unwrap();
        assert_eq!(root.name, "A");
        assert_eq!(root.take_text("B").unwrap(), "a<b &\r\n中\r");
        assert_eq!((root.text_of("C"), root.text_of("D"), root.text_of("E")), (Some(""), Some("<x>"), None));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(20) + &"</a>".repeat(20);
        let wide = format!("<a>{}</a>", "<b/>".repeat(2000));
        let expanding = "<!DOCTYPE a [<!ENTITY x \"xx\">]><a>&x;</a>";
        for bad in
            ["", "x", "<a>", "<a></b>", "<a/><b/>", "<a/>x", "<a>&y;</a>", "<a>&#0;</a>", &deep, &wide, expanding]
        {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(read(b"<a>\xff</a>"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            read(&bytes);
        }

        #[test]
        fn what_is_written_is_read(text in "\\PC*") {
            let mut xml = super::super::Writer::new();
            xml.open("A").leaf("B", &text).close("A");
            prop_assert_eq!(read(xml.finish().as_bytes()).unwrap().take_text("B").unwrap(), text);
        }
    }
}
