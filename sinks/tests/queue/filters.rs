//! SQL-like and correlation filters.

use tollgate_sinks::queue::filter::{Correlation, FilterSpec};
use tollgate_sinks::queue::{Message, Refusal, Value};

fn plate() -> Message {
    let mut message = Message { id: "m1".into(), ..Message::default() };
    message.system.label = Some("LicensePlate.Processed".into());
    let properties = [("lane", Value::Int(7)), ("confidence", Value::Float(0.93)), ("region", "EU_x".into())];
    message.properties = properties.into_iter().map(|(name, value)| (name.into(), value)).collect();
    message
}

#[test]
fn conditions_by_three_valued_logic() {
    let cases = [
        ("lane = 7", true),
        ("lane <> 7", false),
        ("lane + 1 = 8 AND confidence >= 0.9", true),
        ("missing = 1", false),
        ("NOT (missing = 1)", false),
        ("missing IS NULL", true),
        ("lane IS NOT NULL AND missing IS NULL", true),
        ("missing = 1 OR lane = 7", true),
        ("missing = 1 AND lane = 8", false),
        ("NOT (missing = 1 AND lane = 8)", true),
        ("lane IN (1, 7, 9)", true),
        ("lane NOT IN (1, 9)", true),
        ("lane NOT IN (1, NULL)", false),
        ("lane BETWEEN 5 AND 7", true),
        ("region LIKE 'EU%'", true),
        ("region LIKE 'EU!_x' ESCAPE '!'", true),
        ("region LIKE 'EU!__' ESCAPE '!'", true),
        ("region LIKE '%y'", false),
        ("sys.Label = 'LicensePlate.Processed'", true),
        ("sys.Label LIKE '%.ManualCheck'", false),
        ("user.lane = 7 AND [region] = 'EU_x'", true),
        ("lane = '7'", false),
        ("lane / 0 = 1", false),
        ("-lane < 0", true),
        ("1 = 1", true),
    ];
    for (text, accepted) in cases {
        assert_eq!(FilterSpec::Sql(text.into()).accepts(&plate()), Ok(accepted), "{text}");
    }
}

#[test]
fn what_is_no_condition_is_refused() {
    let long = format!("lane = {}", "1".repeat(1100));
    let deep = format!("{}1=1{}", "(".repeat(400), ")".repeat(400));
    let bad = [
        "",
        "lane =",
        "lane = 1; DROP",
        "sys.Nothing = 1",
        "(SELECT 1) = 1",
        "lane IN (SELECT 1)",
        "f(x) = 1",
        &long,
        &deep,
    ];
    for text in bad {
        assert!(matches!(FilterSpec::Sql(text.into()).check(), Err(Refusal::BadFilter { .. })), "{text}");
    }
}

#[test]
fn correlations_want_all_equal() {
    let mut equal = Correlation { label: Some("LicensePlate.Processed".into()), ..Correlation::default() };
    assert_eq!(FilterSpec::Correlation(equal.clone()).accepts(&plate()), Ok(true));
    equal.to = Some("somebody".into());
    assert_eq!(FilterSpec::Correlation(equal).accepts(&plate()), Ok(false));
}
