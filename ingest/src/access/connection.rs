//! Connection strings: `Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…[;EntityPath=…]`.

/// What a connection string shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    pub(super) name: &'a str,
    pub(super) key: &'a str,
    pub(super) hub: Option<&'a str>,
}

/// Takes a connection string apart; `None` where a part is missing, unknown or there twice. Keys end in `=` as base64
/// does, so that only the first `=` of a part divides it. The names of the parts are in any case.
pub(super) fn parse(text: &str) -> Option<Shown<'_>> {
    let (mut endpoint, mut name, mut key, mut hub) = (None, None, None, None);
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (field, value) = part.split_once('=')?;
        let slot = match field.trim().to_ascii_lowercase().as_str() {
            "endpoint" => &mut endpoint,
            "sharedaccesskeyname" => &mut name,
            "sharedaccesskey" => &mut key,
            "entitypath" => &mut hub,
            // The local emulator of the original wants it; it says nothing of who sends.
            "usedevelopmentemulator" => continue,
            _ => return None,
        };
        if slot.replace(value.trim()).is_some() {
            return None;
        }
    }
    let whole = endpoint?.contains("://") && hub != Some("");
    whole.then_some(Shown { name: name?, key: key?, hub })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_whole_strings() {
        let whole = "Endpoint=sb://ns.example/;SharedAccessKeyName=root;SharedAccessKey=abc=";
        assert_eq!(parse(whole), Some(Shown { name: "root", key: "abc=", hub: None }));
        let narrowed = format!("{whole};EntityPath=images;");
        assert_eq!(parse(&narrowed), Some(Shown { name: "root", key: "abc=", hub: Some("images") }));
        let lower = "endpoint=sb://x ; sharedaccesskeyname=root; sharedaccesskey=abc=";
        assert_eq!(parse(lower), Some(Shown { name: "root", key: "abc=", hub: None }));
        for bad in [
            "",
            ";",
            "root",
            "Endpoint=sb://x;SharedAccessKeyName=root",
            "SharedAccessKeyName=root;SharedAccessKey=abc",
            "Endpoint=x;SharedAccessKeyName=root;SharedAccessKey=abc",
            "Endpoint=sb://x;SharedAccessKeyName=root;SharedAccessKey=abc;EntityPath=",
            "Endpoint=sb://x;SharedAccessKeyName=root;SharedAccessKey=abc;Other=1",
            "Endpoint=sb://x;SharedAccessKeyName=root;SharedAccessKey=abc;SharedAccessKey=def",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
