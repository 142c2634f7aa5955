//! Times as XML has them: `P1DT2H3M4.5S`.

/// For ever, as the original writes it.
const FOR_EVER: &str = "P10675199DT2H48M5.4775807S";
/// What the original's for ever is more than: from here on it is meant.
const FOR_EVER_MS: u64 = 10_000_000 * 86_400_000;
/// Units of the part with days and of that with hours, in milliseconds.
const UNITS: [&[(char, u64)]; 2] =
    [&[('W', 604_800_000), ('D', 86_400_000)], &[('H', 3_600_000), ('M', 60_000), ('S', 1000)]];

/// Milliseconds; 0 stands for ever. `None`: it is none.
pub(super) fn parse(text: &str) -> Option<u64> {
    let text = text.trim().strip_prefix('P')?;
    let (days, hours) = text.split_once('T').map_or((text, None), |(days, hours)| (days, Some(hours)));
    if text.is_empty() || hours == Some("") {
        return None;
    }
    let ms = part(days, UNITS[0])?.saturating_add(part(hours.unwrap_or_default(), UNITS[1])?);
    Some(if ms >= FOR_EVER_MS { 0 } else { ms })
}

/// The sum of `1H2M` and its like.
fn part(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum = 0_u64;
    for (letter, ms) in units {
        let Some((number, rest)) = text.split_once(*letter) else { continue };
        let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = number.parse().ok().filter(|_| plain)?;
        sum = sum.saturating_add((number * *ms as f64) as u64);
        text = rest;
    }
    text.is_empty().then_some(sum)
}

/// Milliseconds as XML has them; 0 stands for ever.
pub(super) fn text(ms: u64) -> String {
    if ms == 0 {
        return FOR_EVER.into();
    }
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, (rest % 60_000) as f64 / 1000.0);
    let mut text = String::from("P");
    if days > 0 {
        text += &format!("{days}D");
    }
    if rest > 0 {
        text.push('T');
    }
    for (number, letter) in [(hours, 'H'), (minutes, 'M')].into_iter().filter(|(number, _)| *number > 0) {
        text += &format!("{number}{letter}");
    }
    if seconds > 0.0 {
        text += &format!("{seconds}S");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back() {
        for (ms, written) in
            [(30_000, "PT30S"), (60_000, "PT1M"), (86_400_000, "P1D"), (93_784_500, "P1DT2H3M4.5S"), (500, "PT0.5S")]
        {
            assert_eq!((text(ms).as_str(), parse(written)), (written, Some(ms)));
        }
        assert_eq!(
            (parse("P14D"), parse("PT90M"), parse("P1W")),
            (Some(1_209_600_000), Some(5_400_000), Some(604_800_000))
        );
        assert_eq!(parse(&text(0)), Some(0));
    }

    #[test]
    fn others_are_none() {
        for bad in ["", "P", "PT", "1D", "P1", "P1H", "PT1D", "P-1D", "PT1M1H", "PTNaNS", "PT1e9S", "P1D2", "PT1S1M"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
