//! Paths that name a thing of a collection that another path lists or makes: `/ui/task_runs/{id}` beside `/task_runs`,
//! and `/features/{name}/environments/{environment}` beside `/environments`.

use std::collections::HashMap;

use super::{
    Edge, Need, Resource,
    elsewhere::{Named, named_by_service, nearest},
    infer::{Known, Producer},
    lookup::Edges,
};
use crate::contract::Location;

impl Known<'_> {
    /// Edges to the last names of paths that nothing else leads to and whose own collections neither make nor list
    /// anything, from what makes and lists the things of a collection of that name.
    pub(super) fn of_same_collection(
        &self,
        resources: &[Resource],
        producers: &[Vec<Producer>],
        edges: &mut Edges,
    ) {
        let mut named: HashMap<String, Vec<Named>> = HashMap::new();
        for one in named_by_service(resources, producers) {
            let name = one.0.collection_name().unwrap_or_default().to_owned();
            named.entry(name).or_default().push(one);
        }
        for resource in resources {
            let collection = self.lookup.collection_of(&resource.shape);
            let is_one_of_its_own = ["GET", "POST"]
                .into_iter()
                .any(|method| self.at(&collection, method).is_some());
            let Some(name) = resource
                .shape
                .collection_name()
                .filter(|_| !is_one_of_its_own)
            else {
                continue;
            };
            let alike = named.get(name).into_iter().flatten();
            let alike: Vec<_> = alike
                .filter(|(shape, ..)| *shape != resource.shape)
                .collect();
            let Some(producers) = nearest(&alike, &resource.shape) else {
                continue;
            };
            for consumer in self.items.get(&resource.shape).into_iter().flatten() {
                let Some(key) = resource.shape.key(self.operation(*consumer)) else {
                    continue;
                };
                let need = Need::Parameter(Location::Path, key.to_owned());
                if edges.lead_to(*consumer, &need) {
                    continue;
                }
                for (producer, sources, role, basis) in producers {
                    if producer != consumer {
                        edges.add_new(Edge {
                            producer: *producer,
                            consumer: *consumer,
                            need: need.clone(),
                            sources: sources.clone(),
                            role: *role,
                            basis: basis.clone(),
                        });
                    }
                }
            }
        }
    }
}
