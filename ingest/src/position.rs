//! Positions: stable URIs for photos, equal in every replay.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What stands for itself in a path segment: the unreserved characters of RFC 3986. All else is percent-encoded, `;`
/// among it, which marks the repeats of a member name in an archive.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Turns absolute paths into positions: `file://` URIs, or URIs under a logical name when the data may be moved.
#[derive(Debug, Clone)]
pub(crate) struct Positions {
    logical: Option<Logical>,
}

#[derive(Debug, Clone)]
struct Logical {
    name: String,
    base: PathBuf,
}

impl Positions {
    /// Positions relative to `base`, under `tollgate:NAME/`, or absolute ones without a name.
    pub(crate) fn new(name: Option<&str>, base: PathBuf) -> Self {
        let logical = name.map(|name| Logical { name: encode(OsStr::new(name)), base });
        Self { logical }
    }

    /// The position of an absolute path.
    pub(crate) fn of(&self, path: &Path) -> String {
        let (mut uri, rest) = match &self.logical {
            None => (String::from("file://"), path),
            Some(logical) => (format!("tollgate:{}", logical.name), path.strip_prefix(&logical.base).unwrap_or(path)),
        };
        for component in rest.components() {
            if !matches!(component, Component::RootDir) {
                uri.push('/');
                uri.push_str(&encode(component.as_os_str()));
            }
        }
        uri
    }
}

impl Positions {
    /// The file behind a position; `None` for what lies inside an archive or Parquet file, and for positions of others.
    pub(crate) fn path_of(&self, position: &str) -> Option<PathBuf> {
        let whole = position.split(['#', '?']).next().filter(|whole| whole.len() == position.len())?;
        let (base, rest) = match &self.logical {
            None => (Path::new("/"), whole.strip_prefix("file://")?),
            Some(logical) => {
                (logical.base.as_path(), whole.strip_prefix("tollgate:")?.strip_prefix(logical.name.as_str())?)
            }
        };
        let parts = rest.strip_prefix('/')?.split('/').map(decode);
        parts.collect::<Option<PathBuf>>().map(|rest| base.join(rest))
    }
}

/// A path segment's name.
#[cfg(unix)]
fn decode(segment: &str) -> Option<std::ffi::OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(percent_decode_str(segment).collect()))
}

/// A path segment's name; elsewhere than on Unix only what is UTF-8 can be taken back.
#[cfg(not(unix))]
fn decode(segment: &str) -> Option<std::ffi::OsString> {
    percent_decode_str(segment).decode_utf8().ok().map(|name| name.as_ref().into())
}

/// The name of an archive member as a URI fragment: its parts encoded, the slashes kept.
pub(crate) fn member_fragment(name: &[u8]) -> String {
    let parts: Vec<_> =
        name.split(|&byte| byte == b'/').map(|part| percent_encode(part, SEGMENT).to_string()).collect();
    parts.join("/")
}

/// The deepest folder that holds all the given paths.
pub(crate) fn common_base<'a>(paths: impl IntoIterator<Item = &'a Path>) -> PathBuf {
    let mut paths = paths.into_iter();
    let Some(first) = paths.next() else { return PathBuf::new() };
    let mut base = first.to_path_buf();
    for path in paths {
        while !path.starts_with(&base) && base.pop() {}
    }
    base
}

// `as_encoded_bytes` is the name's own bytes on Unix and a superset of UTF-8 on Windows: exact on both.
fn encode(name: &OsStr) -> String {
    percent_encode(name.as_encoded_bytes(), SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        let absolute = Positions::new(None, PathBuf::new());
        assert_eq!(absolute.of(Path::new("/photos/lane 1/ä.jpg")), "file:///photos/lane%201/%C3%A4.jpg");
        let named = Positions::new(Some("toll/2018"), PathBuf::from("/photos"));
        assert_eq!(named.of(Path::new("/photos/a/1.jpg")), "tollgate:toll%2F2018/a/1.jpg");
    }

    #[test]
    fn uris_become_paths_again() {
        let path = Path::new("/photos/lane 1/ä#?.jpg");
        for (name, base) in [(None, ""), (Some("toll/2018"), "/photos")] {
            let positions = Positions::new(name, PathBuf::from(base));
            assert_eq!(positions.path_of(&positions.of(path)).as_deref(), Some(path), "{name:?}");
            assert_eq!(positions.path_of("other:toll/1.jpg"), None);
            assert_eq!(positions.path_of(&format!("{}#row=3", positions.of(path))), None);
        }
    }

    #[test]
    fn members_keep_their_slashes_and_hide_the_repeat_mark() {
        assert_eq!(member_fragment(b"a b/../c;2.jpg"), "a%20b/../c%3B2.jpg");
        assert_eq!(member_fragment(b"\xff.jpg"), "%FF.jpg");
    }

    #[test]
    fn the_base_holds_all_paths() {
        let base = |paths: &[&str]| common_base(paths.iter().map(Path::new));
        assert_eq!(base(&["/a/b"]), Path::new("/a/b"));
        assert_eq!(base(&["/a/b/c", "/a/bd"]), Path::new("/a"));
        assert_eq!(base(&["/a", "/b"]), Path::new("/"));
        assert_eq!(base(&[]), Path::new(""));
    }
}
