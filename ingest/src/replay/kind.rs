//! What a name says about what is behind it.

use std::ffi::OsStr;
use std::path::Path;

use super::SkipReason;

/// Pictures that are read.
const READ: [&str; 4] = ["jpg", "jpeg", "png", "webp"];
/// Pictures that are not read: refused, not passed over, so that a folder of them does not vanish without a word.
const UNREAD: [&str; 8] = ["bmp", "tif", "tiff", "gif", "heic", "heif", "avif", "jxl"];
const ARCHIVES: [&str; 2] = ["tar", "parquet"];

/// What a file or archive member is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A picture that is read.
    Image,
    /// A picture of a kind that is not read.
    OtherImage,
    /// No picture.
    Skip(SkipReason),
}

/// Judges a name, without its folders.
pub(crate) fn of(name: &OsStr) -> Kind {
    let has = |extensions: &[&str]| {
        Path::new(name).extension().is_some_and(|own| extensions.iter().any(|&one| own.eq_ignore_ascii_case(one)))
    };
    if is_hidden(name) {
        Kind::Skip(SkipReason::Hidden)
    } else if has(&READ) {
        Kind::Image
    } else if has(&UNREAD) {
        Kind::OtherImage
    } else if has(&ARCHIVES) {
        Kind::Skip(SkipReason::Archive)
    } else if name.eq_ignore_ascii_case("labels.csv") {
        Kind::Skip(SkipReason::Labels)
    } else {
        Kind::Skip(SkipReason::NotAnImage)
    }
}

/// Hidden files and folders, and the resource forks (`._x.jpg`) that macOS puts into archives.
pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        for (name, kind) in [
            ("a.jpg", Kind::Image),
            ("a.JPEG", Kind::Image),
            ("a.b.WebP", Kind::Image),
            ("a.heic", Kind::OtherImage),
            ("a.TIFF", Kind::OtherImage),
            ("._a.jpg", Kind::Skip(SkipReason::Hidden)),
            (".jpg", Kind::Skip(SkipReason::Hidden)),
            ("labels.csv", Kind::Skip(SkipReason::Labels)),
            ("more.csv", Kind::Skip(SkipReason::NotAnImage)),
            ("jpg", Kind::Skip(SkipReason::NotAnImage)),
            ("a.tar", Kind::Skip(SkipReason::Archive)),
            ("a.parquet", Kind::Skip(SkipReason::Archive)),
        ] {
            assert_eq!(of(OsStr::new(name)), kind, "{name}");
        }
    }
}
