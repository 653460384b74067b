//! Finding one after another in a list that has them in about the same order.

/// Where the one that is looked for is, looked for first at `turn`, which is then behind it.
pub(super) fn position_in_turn<T>(
    all: &[T],
    turn: &mut usize,
    is_it: impl Fn(&T) -> bool,
) -> Option<usize> {
    let (before, behind) = all.split_at(*turn);
    let steps = behind.iter().chain(before).position(is_it)?;
    let at = (*turn + steps) % all.len();
    *turn = at + 1;
    Some(at)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::position_in_turn;

    #[test]
    fn those_that_are_asked_for_in_their_order_are_gone_over_once() {
        let all: Vec<usize> = (0..1_000).collect();
        let (looked, mut turn) = (Cell::new(0), 0);
        let mut find = |wanted: usize| {
            position_in_turn(&all, &mut turn, |one| {
                looked.set(looked.get() + 1);
                *one == wanted
            })
        };
        assert!(all.iter().all(|one| find(*one) == Some(*one)));
        assert_eq!(looked.get(), all.len());
        // From the end on, from the beginning.
        assert_eq!((find(3), find(2), find(1_000)), (Some(3), Some(2), None));
        assert_eq!(position_in_turn(&[] as &[usize], &mut 0, |_| true), None);
    }
}
