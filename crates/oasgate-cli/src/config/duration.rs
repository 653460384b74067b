//! Times as people write them.

use std::time::Duration;

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time; write a number and ms, s or min, such as 500ms or 30s")]
pub(crate) struct MalformedDuration(String);

/// Reads `500ms`, `30s`, `1.5s` or `2min`.
///
/// # Errors
///
/// When the text is no such time.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, MalformedDuration> {
    let text = text.trim();
    let malformed = || MalformedDuration(text.to_owned());
    let digits = text
        .find(|character: char| character.is_ascii_alphabetic())
        .ok_or_else(malformed)?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(malformed()),
    };
    let number: f64 = number.trim().parse().map_err(|_| malformed())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2min"), Ok(Duration::from_secs(120)));
        for wrong in ["30", "s", "-1s", "5 parsecs", ""] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
