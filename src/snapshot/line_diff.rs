//! What differs between two texts, line by line, as far as that is soon found and read by anybody.

/// How many lines that differ are compared with each other.
const MAX_LINES: usize = 5_000;

/// The lines that differ, with `radius` lines around them; how many there are where they are too many.
pub(super) fn line_diff(before: &str, after: &str, radius: usize) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(one, other)| one == other);
    let first = same.count();
    let (old, new) = (&old[first..], &new[first..]);
    let same = old.iter().rev().zip(new.iter().rev());
    let last = same.take_while(|(one, other)| one == other).count();
    let (old, new) = (old.len() - last, new.len() - last);
    if old + new > MAX_LINES {
        return format!("-{old} lines\n+{new} lines, too many to be compared\n");
    }
    let changes = similar::TextDiff::from_lines(before, after);
    changes.unified_diff().context_radius(radius).to_string()
}

#[cfg(test)]
mod tests {
    use super::line_diff;

    #[test]
    fn few_changes_are_shown_and_many_are_counted() {
        let text = |from: usize, to: usize| -> String {
            (from..to).map(|number| format!("{number}\n")).collect()
        };
        let long = text(0, 100_000);
        let changed = long.replace("\n50000\n", "\nx\n");
        let shown = line_diff(&long, &changed, 1);
        assert!(shown.ends_with(" 49999\n-50000\n+x\n 50001\n"), "{shown}");
        let other = text(200_000, 900_000);
        let counted = line_diff(&long, &other, 1);
        assert_eq!(
            counted,
            "-100000 lines\n+700000 lines, too many to be compared\n"
        );
    }
}
