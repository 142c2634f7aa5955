//! What differs between the text expected and the text read.

/// Longest text compared; plates have up to about a dozen characters.
const MAX_CHARS: usize = 48;

/// A column of the comparison: the character expected, the character read. One of them may be missing.
pub(super) type Pair = (Option<char>, Option<char>);

/// Aligns two texts by the fewest replaced, missing and added characters (Levenshtein's distance, traced back).
pub(super) fn align(expected: &str, got: &str) -> Vec<Pair> {
    let expected: Vec<char> = expected.chars().take(MAX_CHARS).collect();
    let got: Vec<char> = got.chars().take(MAX_CHARS).collect();
    let costs = costs(&expected, &got);
    let (mut i, mut j) = (expected.len(), got.len());
    let mut pairs = Vec::with_capacity(i.max(j));
    while i > 0 || j > 0 {
        let here = costs[i][j];
        if i > 0 && j > 0 && here == costs[i - 1][j - 1] + usize::from(expected[i - 1] != got[j - 1]) {
            (i, j) = (i - 1, j - 1);
            pairs.push((Some(expected[i]), Some(got[j])));
        } else if i > 0 && here == costs[i - 1][j] + 1 {
            i -= 1;
            pairs.push((Some(expected[i]), None));
        } else {
            j -= 1;
            pairs.push((None, Some(got[j])));
        }
    }
    pairs.reverse();
    pairs
}

/// `costs[i][j]`: changes from the first `i` characters expected to the first `j` read.
fn costs(expected: &[char], got: &[char]) -> Vec<Vec<usize>> {
    let mut costs = vec![vec![0; got.len() + 1]; expected.len() + 1];
    for i in 0..=expected.len() {
        for j in 0..=got.len() {
            costs[i][j] = match (i, j) {
                (0, j) => j,
                (i, 0) => i,
                (i, j) => {
                    let replaced = costs[i - 1][j - 1] + usize::from(expected[i - 1] != got[j - 1]);
                    replaced.min(costs[i - 1][j] + 1).min(costs[i][j - 1] + 1)
                }
            };
        }
    }
    costs
}

/// Whether two texts are the same once O is 0 and I is 1, as the folded accuracy counts them.
pub(super) fn same_when_folded(a: &str, b: &str) -> bool {
    let fold = |c: char| match c {
        'O' => '0',
        'I' => '1',
        c => c,
    };
    a.chars().map(fold).eq(b.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &str, got: &str) -> String {
        let pairs = align(expected, got);
        let row = |pick: fn(&Pair) -> Option<char>| pairs.iter().map(|p| pick(p).unwrap_or('-')).collect::<String>();
        format!("{}/{}", row(|p| p.0), row(|p| p.1))
    }

    #[test]
    fn texts_are_aligned_by_the_fewest_changes() {
        assert_eq!(shown("ABC123", "ABC123"), "ABC123/ABC123");
        assert_eq!(shown("ABC123", "A8C123"), "ABC123/A8C123");
        assert_eq!(shown("ABC123", "BC123"), "ABC123/-BC123");
        assert_eq!(shown("ABC123", "ABC1Z23"), "ABC1-23/ABC1Z23");
        assert_eq!(shown("AB", ""), "AB/--");
        assert_eq!(shown("", "AB"), "--/AB");
        assert_eq!(align("", ""), []);
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(align(&"A".repeat(1000), "A").len(), MAX_CHARS);
    }

    #[test]
    fn folding_forgives_zero_and_one_alone() {
        assert!(same_when_folded("O0I1", "0O1I"));
        assert!(!same_when_folded("B", "8"));
    }
}
