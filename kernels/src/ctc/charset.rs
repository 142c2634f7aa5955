//! Which character a class stands for, and whether it is kept.

/// A reader's classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charset {
    written: Vec<Option<char>>,
}

impl Charset {
    /// A charset whose class `i` writes `classes[i]` as it is; `None` is a class that writes nothing (the blank, the
    /// padding).
    pub fn new(classes: impl IntoIterator<Item = Option<char>>) -> Self {
        Self { written: classes.into_iter().collect() }
    }

    /// For CTC: class 0 is the blank, the given characters are the classes from 1 on.
    pub fn with_blank(characters: impl IntoIterator<Item = char>) -> Self {
        Self::new(std::iter::once(None).chain(characters.into_iter().map(Some)))
    }

    /// For fixed slots: the classes are the alphabet, in which `pad` writes nothing.
    pub fn with_pad(alphabet: &str, pad: char) -> Self {
        Self::new(alphabet.chars().map(|character| (character != pad).then_some(character)))
    }

    /// Passes every character through `keep`, which may change it (to upper case) or drop it.
    #[must_use]
    pub fn map(mut self, keep: impl Fn(char) -> Option<char>) -> Self {
        self.written.iter_mut().for_each(|written| *written = written.and_then(&keep));
        self
    }

    /// Keeps `A–Z` and `0–9`, lower case turned into upper case; everything else is still recognised, then dropped.
    #[must_use]
    pub fn plates_only(self) -> Self {
        self.map(|character| character.is_ascii_alphanumeric().then_some(character.to_ascii_uppercase()))
    }

    /// How many classes there are.
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Whether there is no class at all.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// What a class writes, `None` also beyond the last.
    pub fn written(&self, class: usize) -> Option<char> {
        self.written.get(class).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_write_what_they_should() {
        let set = Charset::with_blank("aB-é7".chars()).plates_only();
        let written: Vec<_> = (0..7).map(|class| set.written(class)).collect();
        assert_eq!(written, [None, Some('A'), Some('B'), None, None, Some('7'), None]);
        let slots = Charset::with_pad("09_", '_');
        assert_eq!((slots.len(), slots.written(1), slots.written(2)), (3, Some('9'), None));
    }
}
