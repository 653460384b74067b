//! The order in which planned cases are sent. A round knows nothing of its own responses, so that what
//! one teaches serves the next.

use std::collections::HashMap;

use http::Method;

use crate::{contract::OperationId, run::Case};

/// How many writes of each operation are sent before the others, in a round each: a few refusals show
/// what may not be repeated.
const FEW: [usize; 2] = [3, 6];

/// Cases in rounds: what reads, since it shows what was there before anything is changed; a few writes
/// of each operation, and the rest; what deletes, since the others are about what is there.
pub(crate) fn in_rounds(cases: Vec<Case>) -> Vec<Vec<Case>> {
    let (reads, writes): (Vec<Case>, Vec<Case>) = cases
        .into_iter()
        .partition(|case| case.request.method.is_safe());
    let is_deletion = |case: &Case| case.request.method == Method::DELETE;
    let (deletions, mut rest): (Vec<Case>, Vec<Case>) = writes.into_iter().partition(is_deletion);
    let mut rounds = vec![reads];
    for few in FEW {
        let mut seen: HashMap<OperationId, usize> = HashMap::new();
        let (next, later) = rest.into_iter().partition(|case| {
            let count = seen.entry(case.operation.id.clone()).or_default();
            *count += 1;
            *count <= few
        });
        rounds.push(next);
        rest = later;
    }
    rounds.extend([rest, deletions]);
    rounds.retain(|round| !round.is_empty());
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gate::fixture::{case, contract},
        run::Phase,
    };

    #[test]
    fn what_reads_comes_first_and_what_deletes_last() {
        let contract = contract();
        let read = case(&contract, "listPets", Phase::Edges);
        let write = case(&contract, "addPet", Phase::Edges);
        let mut deletion = write.clone();
        deletion.request.method = Method::DELETE;
        let mut all = vec![deletion, read];
        all.extend(vec![write; 12]);
        let rounds = in_rounds(all);
        let methods = |round: &Vec<Case>| round[0].request.method.to_string();
        let told: Vec<_> = rounds.iter().map(|one| (methods(one), one.len())).collect();
        let wanted = [
            ("GET", 1),
            ("POST", 3),
            ("POST", 6),
            ("POST", 3),
            ("DELETE", 1),
        ];
        assert_eq!(
            told,
            wanted.map(|(method, count)| (method.to_owned(), count))
        );
    }
}
