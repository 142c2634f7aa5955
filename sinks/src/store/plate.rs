//! Plates as the index has them, and those that are one character off.

use std::collections::BTreeSet;

/// Characters of a plate that the index looks at. Longer texts are no plates; they are found by their beginning.
pub(super) const MAX_CHARS: usize = 32;

/// What plates are made of. The folded characters are left out: an index of folded plates has none of them.
const FOLDED_ALPHABET: &[u8] = b"023456789ABCDEFGHJKLMNPQRSTUVWXYZ1";

/// A plate as it is compared: its letters and digits in upper case, as many as the index looks at.
pub(super) fn normal(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
    kept.take(MAX_CHARS).collect()
}

/// The same with O as 0 and I as 1, which many plates do not tell apart.
pub(super) fn folded(normal: &str) -> String {
    let fold = |c| match c {
        'O' => '0',
        'I' => '1',
        c => c,
    };
    normal.chars().map(fold).collect()
}

/// A folded plate and all that differ from it by one character that is another, too many or missing. For a plate of n
/// characters about 68 n: few enough to look each up, so that no index of their own is needed.
pub(super) fn around(folded: &str) -> BTreeSet<String> {
    let plate = folded.as_bytes();
    let mut all = BTreeSet::from([folded.to_owned()]);
    let mut add = |parts: [&[u8]; 3]| {
        all.insert(parts.concat().into_iter().map(char::from).collect());
    };
    for at in 0..=plate.len() {
        let (left, right) = plate.split_at(at);
        for character in FOLDED_ALPHABET.chunks(1) {
            add([left, character, right]);
            if let Some((_, rest)) = right.split_first() {
                add([left, character, rest]);
            }
        }
        if let Some((_, rest)) = right.split_first() {
            add([left, &[], rest]);
        }
    }
    all.remove("");
    all
}

/// Whether two texts differ by at most one character that is another, too many or missing.
pub(super) fn is_near(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let rest = if short.len() == long.len() { same + 1 } else { same };
    short.get(rest..).unwrap_or_default() == long.get(same + 1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_one_character_that_is_another_too_many_or_missing() {
        for (a, b, near) in [
            ("ABC123", "ABC123", true),
            ("ABC123", "ABD123", true),
            ("ABC123", "ABC12", true),
            ("ABC123", "BC123", true),
            ("ABC123", "ABCX123", true),
            ("ABC123", "ABC1234", true),
            ("ABC123", "ACB123", false),
            ("ABC123", "ABC1", false),
            ("ABC123", "ABC12345", false),
            ("ABC123", "XBC124", false),
            ("AAB", "AB", true),
            ("", "A", true),
        ] {
            assert_eq!((is_near(a, b), is_near(b, a)), (near, near), "{a} {b}");
        }
    }

    /// The texts to look up are just those that the comparison calls near.
    #[test]
    fn around_and_is_near_agree() {
        let all = around("AB1");
        assert!(all.iter().all(|other| is_near("AB1", other)), "{all:?}");
        let substituted = 3 * 33;
        let inserted = 4 * 34 - 3;
        assert_eq!(all.len(), 1 + substituted + inserted + 3);
        assert!(around("A").iter().all(|text| !text.is_empty()));
    }

    #[test]
    fn folding() {
        assert_eq!(folded(&normal("o-I 0 1x")), "0101X");
        assert_eq!(normal(&"A".repeat(99)).len(), MAX_CHARS);
    }
}
