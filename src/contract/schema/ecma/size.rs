//! How large a pattern is when its repetitions are written out.

/// About how many places a reader may be at, at once, in a pattern: what is counted in braces counts as often as it may
/// be repeated.
pub(crate) fn size(pattern: &str) -> usize {
    let mut outside = Vec::new();
    let mut sum = 0_usize;
    let mut last = 0_usize;
    let mut rest = pattern.chars().peekable();
    while let Some(one) = rest.next() {
        let atom = match one {
            '(' => {
                outside.push(std::mem::take(&mut sum));
                last = 0;
                continue;
            }
            ')' => {
                last = sum;
                sum = outside.pop().unwrap_or(0).saturating_add(sum);
                continue;
            }
            '{' => {
                let inside: String = rest.by_ref().take_while(|one| *one != '}').collect();
                let counts = inside.split(',').filter_map(|count| count.parse().ok());
                let repeated = last.saturating_mul(counts.max().unwrap_or(1));
                sum = (sum - last).saturating_add(repeated);
                last = repeated;
                continue;
            }
            '*' | '+' | '?' | '|' | '^' | '$' => continue,
            '[' => {
                while let Some(inside) = rest.next() {
                    match inside {
                        '\\' => drop(rest.next()),
                        ']' => break,
                        _ => {}
                    }
                }
                1
            }
            '\\' => {
                let escaped = rest.next();
                if matches!(escaped, Some('p' | 'P' | 'u' | 'x')) && rest.peek() == Some(&'{') {
                    rest.by_ref().take_while(|one| *one != '}').for_each(drop);
                }
                1
            }
            _ => 1,
        };
        last = atom;
        sum = sum.saturating_add(atom);
    }
    outside.into_iter().fold(sum, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn repetitions_inside_of_each_other_multiply_and_others_add_up() {
        let table = [
            ("", 0),
            ("^abc$", 3),
            ("[a-z{9}]{3}", 3),
            (r"\p{L}{5}\{9", 7),
            ("(a{10}b){2,7}c", 78),
            ("a{1,255}:b{1,255}", 511),
            ("(?:a{1000}){1000,}", 1_000_000 + 2_000),
            ("(((a{99999999}){99999999}){99999999}", usize::MAX),
            ("a{99999999999999999999999}{", 1),
        ];
        for (pattern, expected) in table {
            let found = size(pattern);
            let is_near = found.abs_diff(expected) <= expected / 500;
            assert!(is_near, "{pattern}: {found}, not {expected}");
        }
    }
}
