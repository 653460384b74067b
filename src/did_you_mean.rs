//! The nearest known name to one that is not known: operations, rules, formats, keys.

/// The candidate a person most likely meant, if any is near enough to be worth saying.
pub fn did_you_mean<'c>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let folded = typed.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&folded, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(nearness, _)| *nearness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// ` (did you mean "x"?)`, or nothing: to be put behind a message about an unknown name.
pub fn hint<'c>(typed: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    did_you_mean(typed, candidates)
        .map(|near| format!(" (did you mean {near:?}?)"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn a_slip_of_the_finger_is_seen_and_a_stranger_is_not() {
        let known = ["getDataExport", "listUsers"];
        assert_eq!(did_you_mean("getDataExprt", known), Some("getDataExport"));
        assert_eq!(did_you_mean("zebra", known), None);
    }
}
