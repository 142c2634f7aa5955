//! Names of states, which stand on plates beside the number and are none of it.
//!
//! The lab's rule was to skip a line that is a state's name, and those of two words slipped through it. Here a name is
//! known by its words in the raw text, with and without spaces between them; it is taken out of the text with its
//! confidences. A text that is nothing but a name is no plate any more, and so a person is asked.

use tollgate_models::Reading;

/// Most words of a name ("DISTRICT OF COLUMBIA").
const MAX_WORDS: usize = 3;

/// The states of the USA and their capital's district without spaces, sorted.
const NAMES: [&str; 51] = [
    "ALABAMA",
    "ALASKA",
    "ARIZONA",
    "ARKANSAS",
    "CALIFORNIA",
    "COLORADO",
    "CONNECTICUT",
    "DELAWARE",
    "DISTRICTOFCOLUMBIA",
    "FLORIDA",
    "GEORGIA",
    "HAWAII",
    "IDAHO",
    "ILLINOIS",
    "INDIANA",
    "IOWA",
    "KANSAS",
    "KENTUCKY",
    "LOUISIANA",
    "MAINE",
    "MARYLAND",
    "MASSACHUSETTS",
    "MICHIGAN",
    "MINNESOTA",
    "MISSISSIPPI",
    "MISSOURI",
    "MONTANA",
    "NEBRASKA",
    "NEVADA",
    "NEWHAMPSHIRE",
    "NEWJERSEY",
    "NEWMEXICO",
    "NEWYORK",
    "NORTHCAROLINA",
    "NORTHDAKOTA",
    "OHIO",
    "OKLAHOMA",
    "OREGON",
    "PENNSYLVANIA",
    "RHODEISLAND",
    "SOUTHCAROLINA",
    "SOUTHDAKOTA",
    "TENNESSEE",
    "TEXAS",
    "UTAH",
    "VERMONT",
    "VIRGINIA",
    "WASHINGTON",
    "WESTVIRGINIA",
    "WISCONSIN",
    "WYOMING",
];

/// Takes states' names out of a reading.
pub(super) fn take_out(reading: &mut Reading) {
    let words = words(&reading.raw_text);
    if words.concat() != reading.text {
        // The text was not made of this raw text: only the whole can be judged.
        if is_name(&reading.text) {
            keep(reading, &[]);
        }
        return;
    }
    let kept: Vec<bool> = marked(&words).into_iter().flat_map(|(word, keep)| vec![keep; word.len()]).collect();
    if kept.contains(&false) {
        keep(reading, &kept);
    }
    reading.candidates.retain(|(text, _)| !is_name(text));
}

/// The runs of letters and digits, in upper case.
fn words(raw: &str) -> Vec<String> {
    let words = raw.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_uppercase).collect()
}

/// Each word, with whether it stays. The longest name wins: West Virginia before Virginia.
fn marked(words: &[String]) -> Vec<(&str, bool)> {
    let (mut marked, mut at) = (Vec::with_capacity(words.len()), 0);
    while let Some(word) = words.get(at) {
        let most = MAX_WORDS.min(words.len() - at);
        let name = (1..=most).rev().find(|&count| is_name(&words[at..at + count].concat()));
        match name {
            Some(count) => marked.extend(words[at..at + count].iter().map(|word| (word.as_str(), false))),
            None => marked.push((word.as_str(), true)),
        }
        at += name.unwrap_or(1);
    }
    marked
}

fn is_name(text: &str) -> bool {
    NAMES.binary_search(&text).is_ok()
}

/// Keeps the marked characters of the text; those without a mark go.
fn keep(reading: &mut Reading, marks: &[bool]) {
    let stays = |place: usize| marks.get(place).copied().unwrap_or(false);
    reading.text = reading.text.chars().enumerate().filter(|(place, _)| stays(*place)).map(|(_, c)| c).collect();
    let mut place = 0;
    reading.confidences.retain(|_| {
        place += 1;
        stays(place - 1)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(raw: &str) -> Reading {
        let text = words(raw).concat();
        let confidences = (0..text.len()).map(|n| n as f32 / 100.0).collect();
        let candidates = vec![(text.clone(), 0.9), ("ABC1234".to_owned(), 0.1)];
        Reading { text, raw_text: raw.into(), confidences, candidates, region: None, reader: "test".into() }
    }

    #[test]
    fn two_word_state_names_leak_into_the_plate() {
        assert!(NAMES.is_sorted());
        for (raw, text) in [
            ("NEW YORK", ""),
            ("NEWYORK", ""),
            ("new-jersey", ""),
            ("District of Columbia", ""),
            ("NEW YORK ABC1234", "ABC1234"),
            ("ABC1234 RHODE ISLAND", "ABC1234"),
            ("WEST VIRGINIA 1AB 234", "1AB234"),
            ("TEXAS ABC1234", "ABC1234"),
            ("ABC1234", "ABC1234"),
            ("NEW 123", "NEW123"),
            ("NEWYORK1", "NEWYORK1"),
            ("", ""),
        ] {
            let mut reading = reading(raw);
            take_out(&mut reading);
            assert_eq!(reading.text, text, "{raw}");
            assert_eq!(reading.confidences.len(), text.len(), "{raw}");
            assert_eq!(reading.raw_text, raw, "what the net said is kept");
            assert!(reading.candidates.iter().all(|(text, _)| !is_name(text)), "{raw}");
        }
        let mut behind = reading("NEW YORK ABC1234");
        take_out(&mut behind);
        assert_eq!(behind.confidences[0], 0.07, "each character keeps its own confidence");
    }

    #[test]
    fn a_text_of_another_making_is_judged_whole() {
        let mut other = Reading { raw_text: "something".into(), ..reading("NEW YORK") };
        take_out(&mut other);
        assert_eq!((other.text.as_str(), other.confidences.len()), ("", 0));
    }
}
