//! Which resource an operation makes, where it seems to make one of several.

use super::{Resource, Shape};
use crate::contract::OperationIndex;

/// Takes what makes a thing that several parameters name from the resources of which it seemed to make one, as
/// `POST /tags` beside `GET /tags/{type}` and `DELETE /tags/{type}/{value}`: what can only be read there is a list.
pub(super) fn of_composites(resources: &mut [Resource]) {
    let composites: Vec<(Shape, Vec<OperationIndex>)> = resources
        .iter()
        .filter(|one| one.shape.is_composite())
        .map(|one| {
            let creators = one.creators.iter().map(|creator| creator.operation);
            (one.shape.clone(), creators.collect())
        })
        .collect();
    for resource in resources {
        let is_read_alone = resource.delete.is_none() && resource.updates.is_empty();
        if !is_read_alone || resource.shape.is_composite() {
            continue;
        }
        for (shape, creators) in &composites {
            if resource.shape.contains(shape) {
                resource
                    .creators
                    .retain(|one| !creators.contains(&one.operation));
            }
        }
    }
}
