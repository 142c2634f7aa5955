//! Scores against values worked out by hand, as the reference computes them.

use tollgate_datasets::score::{edit_distance, fold, iou, normalise};
use tollgate_datasets::{Label, Scorer};

fn label(plate: &str) -> Label {
    Label { rect: [10.0, 10.0, 100.0, 20.0], plate: plate.to_owned() }
}

const ON_IT: [f32; 4] = [12.0, 10.0, 100.0, 20.0];
const BESIDE: [f32; 4] = [110.0, 10.0, 100.0, 20.0];

#[test]
fn text_is_normalised_and_folded() {
    let cases = [("m-ab 12·3", "MAB123", "MAB123"), ("Oi0", "OI0", "010"), ("", "", ""), ("ÄB ß", "BSS", "BSS")];
    for (raw, kept, folded) in cases {
        assert_eq!(normalise(raw), kept, "{raw}");
        assert_eq!(fold(&normalise(raw)), folded, "{raw}");
    }
}

#[test]
fn edit_distance_counts_insertions_deletions_and_replacements() {
    let cases = [
        ("", "", 0),
        ("ABC", "", 3),
        ("", "AB", 2),
        ("ABC", "ABC", 0),
        ("ABC", "AXC", 1),
        ("KITTEN", "SITTING", 3),
        ("12AB", "AB12", 4),
    ];
    for (a, b, distance) in cases {
        assert_eq!(edit_distance(a, b), distance, "{a} {b}");
        assert_eq!(edit_distance(b, a), distance, "{b} {a}");
    }
}

#[test]
fn iou_of_equal_halved_touching_and_empty_boxes() {
    let a = [0.0, 0.0, 10.0, 10.0];
    assert_eq!(iou(&a, &a), 1.0);
    assert_eq!(iou(&a, &[0.0, 0.0, 5.0, 10.0]), 0.5);
    assert_eq!(iou(&a, &[10.0, 0.0, 10.0, 10.0]), 0.0);
    assert_eq!(iou(&a, &[0.0; 4]), 0.0);
}

#[test]
fn verdicts_compare_with_the_first_label_only() {
    let mut scorer = Scorer::new();
    let two = [label("AB-1O"), Label { rect: BESIDE, plate: "ZZ9".to_owned() }];
    let verdict = scorer.add("lane-1", &two, &[BESIDE, ON_IT], "ab10", true);
    assert!(verdict.hit && !verdict.exact && verdict.folded);
    assert_eq!(verdict.expected, "AB1O");
    let other = scorer.add("lane-1", &two, &[BESIDE], "ZZ9", true);
    assert!(!other.hit && !other.exact && !other.folded);
}

#[test]
fn scores_per_folder_and_in_all() {
    let mut scorer = Scorer::new();
    scorer.add("b", &[label("ABC123")], &[ON_IT], "ABC123", true);
    scorer.add("b", &[label("IO77")], &[ON_IT], "1077", true);
    scorer.add("b", &[label("XYZ9")], &[BESIDE], "XY9", false);
    scorer.add("a", &[label("QQ11")], &[], "", false);
    scorer.add("a", &[], &[ON_IT], "NOLABEL", true);
    let rows = scorer.rows();
    assert_eq!(rows.iter().map(|(folder, _)| folder.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let b = rows[1].1.rounded();
    assert_eq!((b.labelled, b.recall, b.exact, b.exact_folded), (3, 66.7, 33.3, 66.7));
    // 14 letters; edits 0 + 2 + 1, folded 0 + 0 + 1.
    assert_eq!((b.chars, b.chars_folded), (78.6, 92.9));
    assert_eq!((b.read_share, b.read_exact, b.read_folded), (66.7, 50.0, 100.0));
    let all = scorer.total().rounded();
    assert_eq!((all.labelled, all.recall, all.exact, all.chars), (4, 50.0, 25.0, 61.1));
    assert_eq!(rows[0].1.read_exact, 0.0, "nothing was read");
}

#[test]
fn nothing_labelled_scores_zero_as_the_reference_does() {
    let none = Scorer::new().total();
    assert_eq!((none.labelled, none.recall, none.exact, none.chars), (0, 0.0, 0.0, 100.0));
}
