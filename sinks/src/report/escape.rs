//! Text and pictures made safe to stand in HTML.

use std::fmt::{self, Display, Formatter, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Shows text with everything escaped that means something in HTML, inside elements and quoted attributes alike.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                c if c.is_control() => out.write_char('\u{fffd}')?,
                c => out.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A JPEG as a `data:` URI.
pub(super) fn jpeg_uri(jpeg: &[u8]) -> String {
    let mut uri = String::with_capacity(24 + jpeg.len().div_ceil(3) * 4);
    uri.push_str("data:image/jpeg;base64,");
    STANDARD.encode_string(jpeg, &mut uri);
    uri
}
