//! Routes and their filters, as they are written in a config.

use serde_json::{Value, json};
use tollgate_sinks::CloudEvent;
use tollgate_sinks::route::{Route, RouteConfig};

fn event() -> CloudEvent {
    let body = json!({
        "specversion": "1.0", "id": "1", "source": "hub:images/0/1", "type": "LicensePlate.Processed",
        "subject": "Lane-7/Car.JPG", "time": "2026-11-22T06:00:00Z",
        "data": {
            "confidence": 0.9, "count": 3, "sure": true, "plate": "BKW-4217", "none": null, "empty": [],
            "scores": [0.2, 0.9, "x"], "names": ["Alpha", "beta"], "deep": { "er": { "est": "Found" } }
        }
    });
    CloudEvent::from_json(body.to_string().as_bytes()).expect("an event")
}

fn route(text: &str) -> Result<Route, String> {
    toml::from_str::<RouteConfig>(text).map(|config| Route::new(&config)).map_err(|error| error.to_string())
}

fn takes(filter: &str) -> bool {
    let route = route(&format!("[[filters]]\n{filter}\n")).unwrap_or_else(|why| panic!("{filter}: {why}"));
    route.takes(&event())
}

fn check(key: &str, operator: &str, given: &str, expected: bool) {
    let filter = format!("key = \"{key}\"\noperator = \"{operator}\"\n{given}");
    assert_eq!(takes(&filter), expected, "{filter}");
}

#[test]
fn numbers() {
    for (operator, below, same, above) in [
        ("NumberGreaterThan", true, false, false),
        ("NumberGreaterThanOrEquals", true, true, false),
        ("NumberLessThan", false, false, true),
        ("NumberLessThanOrEquals", false, true, true),
    ] {
        check("data.confidence", operator, "value = 0.8", below);
        check("data.confidence", operator, "value = 0.9", same);
        check("data.confidence", operator, "value = 1", above);
        check("data.plate", operator, "value = 1", false);
        check("data.missing", operator, "value = 1", false);
    }
    for (operator, within) in [("NumberIn", true), ("NumberNotIn", false)] {
        check("data.count", operator, "values = [1, 3.0]", within);
        check("data.count", operator, "values = [1, 2]", !within);
        check("data.scores", operator, "values = [0.9]", within);
        check("data.plate", operator, "values = [3]", !within);
    }
    for (operator, within) in [("NumberInRange", true), ("NumberNotInRange", false)] {
        check("data.confidence", operator, "values = [[0.9, 1]]", within);
        check("data.confidence", operator, "values = [[0, 0.1], [0.5, 0.9]]", within);
        check("data.confidence", operator, "values = [[0.0, 0.89]]", !within);
        check("data.scores", operator, "values = [[0.1, 0.3]]", within);
    }
}

#[test]
fn texts_without_regard_to_case() {
    for (positive, negative, hit, miss) in [
        ("StringBeginsWith", "StringNotBeginsWith", r#"["x", "bkw"]"#, r#"["4217"]"#),
        ("StringEndsWith", "StringNotEndsWith", r#"["-4217"]"#, r#"["bkw"]"#),
        ("StringContains", "StringNotContains", r#"["w-4"]"#, r#"["w4"]"#),
        ("StringIn", "StringNotIn", r#"["a", "bkw-4217"]"#, r#"["bkw"]"#),
    ] {
        check("data.plate", positive, &format!("values = {hit}"), true);
        check("data.plate", positive, &format!("values = {miss}"), false);
        check("data.plate", negative, &format!("values = {hit}"), false);
        check("data.plate", negative, &format!("values = {miss}"), true);
        check("data.count", positive, &format!("values = {hit}"), false);
        check("data.count", negative, &format!("values = {hit}"), true);
    }
    check("data.names", "StringIn", r#"value = "ALPHA""#, true);
    check("data.names", "StringNotIn", r#"value = "ALPHA""#, false);
    check("data.deep.er.est", "StringIn", r#"value = "found""#, true);
    check("subject", "StringEndsWith", r#"value = ".jpg""#, true);
    check("eventType", "StringIn", r#"value = "licenseplate.processed""#, true);
    check("topic", "StringBeginsWith", r#"value = "hub:""#, true);
}

#[test]
fn missing_keys_hold_for_denials_alone() {
    for operator in ["StringNotIn", "StringNotContains", "StringNotBeginsWith", "StringNotEndsWith"] {
        for key in ["data.missing", "data.none", "data.plate.deeper", "data.empty"] {
            check(key, operator, r#"value = "a""#, true);
        }
    }
    check("data.missing", "NumberNotIn", "value = 1", true);
    check("data.missing", "NumberNotInRange", "value = [1, 2]", true);
    check("data.missing", "StringIn", r#"value = "a""#, false);
    check("data.empty", "StringIn", r#"value = "a""#, false);
    check("data.missing", "BoolEquals", "value = false", false);
}

#[test]
fn truth_and_presence() {
    check("data.sure", "BoolEquals", "value = true", true);
    check("data.sure", "BoolEquals", "value = false", false);
    check("data.count", "BoolEquals", "value = true", false);
    for (key, there) in [("data.plate", true), ("data.empty", true), ("data.none", false), ("data.missing", false)] {
        check(key, "IsNotNull", "", there);
        check(key, "IsNullOrUndefined", "", !there);
    }
}

#[test]
fn type_subject_and_all_filters_must_hold() {
    let takes = |text: &str| route(text).unwrap().takes(&event());
    assert!(takes("types = [\"x\", \"LICENSEPLATE.processed\"]\nsubject_begins_with = \"lane-7/\""));
    assert!(!takes("types = [\"Image.Rejected\"]"));
    assert!(!takes("subject_ends_with = \".png\""));
    let one = |value| format!("[[filters]]\nkey = \"data.count\"\noperator = \"NumberIn\"\nvalue = {value}\n");
    assert!(takes(&one(3).repeat(25)));
    assert!(!takes(&(one(3).repeat(24) + &one(4))));
    assert!(route(&one(3).repeat(26)).unwrap_err().contains("26 filters of at most 25"));
}

#[test]
fn a_bad_filter_says_its_line_and_what_the_operator_takes() {
    let key = "key = \"data.x\"\n";
    for (filter, said) in [
        (format!("{key}operator = \"StringIs\"\nvalue = \"a\""), "unknown variant `StringIs`"),
        (format!("{key}operater = \"StringIn\""), "unknown field `operater`"),
        (format!("{key}operator = \"NumberIn\"\nvalues = [\"a\"]"), "NumberIn takes `values`, numbers"),
        (format!("{key}operator = \"NumberInRange\"\nvalues = [[2, 1]]"), "pairs of numbers"),
        (format!("{key}operator = \"IsNotNull\"\nvalue = 1"), "takes neither"),
        (format!("{key}operator = \"StringIn\""), "it was given none"),
        (format!("{key}operator = \"NumberLessThan\"\nvalues = [1, 2]"), "it was given 2 values"),
        (format!("{key}operator = \"StringIn\"\nvalues = {:?}", vec!["a"; 26]), "26 of at most 25"),
        ("key = \"data..x\"\noperator = \"IsNotNull\"".into(), "empty name"),
    ] {
        let why = route(&format!("[[filters]]\n{filter}\n")).expect_err(&filter);
        assert!(why.contains(said) && why.contains("line "), "{filter}: {why}");
    }
}

#[test]
fn what_anybody_sends_never_panics() {
    let values = [json!(null), json!([[]]), json!({}), json!(1e308), json!(u64::MAX), json!("\u{0}é"), json!(-0.0)];
    let filter = |operator: &str, given: &str| {
        route(&format!("[[filters]]\nkey = \"data\"\noperator = \"{operator}\"\n{given}\n")).expect("a route")
    };
    let routes = [
        filter("StringContains", "value = \"É\""),
        filter("NumberInRange", "value = [-1, 1]"),
        filter("StringNotEndsWith", "value = \"x\""),
    ];
    let taken = |data: &Value| {
        let event = CloudEvent { body: json!({ "data": data }), ..event() };
        routes.each_ref().map(|route| route.takes(&event))
    };
    assert_eq!(values.each_ref().map(taken)[5], [true, false, true]);
    assert_eq!(values.each_ref().map(taken)[6], [false, true, true]);
}
