//! Text compared without regard to case, without making a copy of what it is compared with.

/// A text in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folded(Box<str>);

impl Folded {
    /// Lowers a text letter by letter, as the comparisons do: not by the rules of words, such as that of the Greek
    /// final sigma.
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().flat_map(char::to_lowercase).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn equals(&self, text: &str) -> bool {
        if text.is_ascii() {
            return text.eq_ignore_ascii_case(&self.0);
        }
        lower(text).eq(self.0.chars())
    }

    pub(super) fn begins(&self, text: &str) -> bool {
        if text.is_ascii() {
            let head = text.as_bytes().get(..self.0.len());
            return head.is_some_and(|head| head.eq_ignore_ascii_case(self.0.as_bytes()));
        }
        leads(self.0.chars(), lower(text))
    }

    pub(super) fn ends(&self, text: &str) -> bool {
        if text.is_ascii() {
            let tail = text.len().checked_sub(self.0.len()).and_then(|from| text.as_bytes().get(from..));
            return tail.is_some_and(|tail| tail.eq_ignore_ascii_case(self.0.as_bytes()));
        }
        leads(self.0.chars().rev(), text.chars().rev().flat_map(|letter| letter.to_lowercase().rev()))
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        if text.is_ascii() {
            let wanted = self.0.as_bytes();
            return self.0.is_empty() || text.as_bytes().windows(wanted.len()).any(|w| w.eq_ignore_ascii_case(wanted));
        }
        let starts = text.char_indices().map(|(at, _)| text.get(at..).unwrap_or_default());
        self.0.is_empty() || starts.into_iter().any(|rest| leads(self.0.chars(), lower(rest)))
    }
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Whether the letters begin with all of those that are wanted.
fn leads(wanted: impl Iterator<Item = char>, mut letters: impl Iterator<Item = char>) -> bool {
    wanted.into_iter().all(|letter| letters.next() == Some(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_and_other_letters_alike() {
        for (wanted, text) in [("Lane-7", "LANE-7"), ("ÅRHUS", "århus"), ("ΟΔΟΣ", "οδοσ"), ("k", "\u{212a}"), ("", "")]
        {
            let wanted = Folded::new(wanted);
            assert!(wanted.equals(text) && wanted.begins(text) && wanted.ends(text) && wanted.is_in(text), "{text}");
        }
        let part = Folded::new("Straße");
        assert!(part.begins("STRAßENBAHN") && part.ends("die STRAßE") && part.is_in("an der straßE 5"));
        assert!(!part.equals("strasse") && !part.is_in("") && !part.is_in("straß"));
        assert!(Folded::new("b").is_in("abc") && !Folded::new("longer").is_in("long") && !Folded::new("x").ends(""));
    }
}
