//! Writing: elements one after the other, into the text that becomes the body.

use std::fmt::Display;
use std::fmt::Write as _;

use quick_xml::escape::partial_escape;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";

/// A document being written.
#[derive(Debug)]
pub(crate) struct Writer(String);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(DECLARATION.to_owned())
    }

    /// The same, with room for so many bytes of text.
    pub(crate) fn with_room(bytes: usize) -> Self {
        let mut text = String::with_capacity(DECLARATION.len() + bytes);
        text.push_str(DECLARATION);
        Self(text)
    }

    pub(crate) fn open(&mut self, name: &str) -> &mut Self {
        self.tag("<", name)
    }

    /// Opens an element with one attribute.
    pub(crate) fn open_with(&mut self, name: &str, attribute: &str, value: &str) -> &mut Self {
        self.open_all(name, &[(attribute, value)])
    }

    /// Opens an element with attributes.
    pub(crate) fn open_all(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            // Writing into a String cannot fail.
            let _ = write!(self.0, " {attribute}=\"{}\"", quick_xml::escape::escape(*value));
        }
        self.0.push('>');
        self
    }

    pub(crate) fn close(&mut self, name: &str) -> &mut Self {
        self.tag("</", name)
    }

    fn tag(&mut self, start: &str, name: &str) -> &mut Self {
        self.0.push_str(start);
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    /// An element with text.
    pub(crate) fn leaf(&mut self, name: &str, text: &str) -> &mut Self {
        self.open(name).text(text).close(name)
    }

    /// An element with what is written as `value` and needs no escapes: a number, a time, an id.
    pub(crate) fn plain(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.open(name);
        // Writing into a String cannot fail.
        let _ = write!(self.0, "{value}");
        self.close(name)
    }

    /// Text in the element that is open.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        let escaped = partial_escape(text);
        // A bare carriage return would be read as a line feed.
        for (index, part) in escaped.split('\r').enumerate() {
            self.0.push_str(if index == 0 { "" } else { "&#13;" });
            self.0.push_str(part);
        }
        self
    }

    /// The document.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Whether XML can carry a text: most control characters it cannot, not even escaped.
pub(crate) fn is_text(text: &str) -> bool {
    let barred = |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    !text.contains(barred)
}
