//! Paths that name a thing by another of its properties than its key: `/variables/name/{name}` beside
//! `/variables/{id}`.

use oasgate_document::Pointer;

use super::{
    Edge, Expression, MessagePart, Need, Resource, Role, ValueSource,
    infer::{Known, Producer},
    lookup::Edges,
};
use crate::contract::{Location, OperationIndex, Schema};

impl Known<'_> {
    /// Edges from what makes and lists things to the operations that take another property of theirs. What changes
    /// something is given what was made alone.
    pub(super) fn by_other_key(
        &self,
        resources: &[Resource],
        producers: &[Vec<Producer>],
        edges: &mut Edges,
    ) {
        let nameless = |one: &&Resource| one.creators.is_empty() && one.list.is_none();
        for resource in resources.iter().filter(nameless) {
            let collection = resource.shape.collection();
            let Some(property) = resource.shape.collection_name() else {
                continue;
            };
            let above = collection.above();
            let mut beside = resources.iter().zip(producers);
            let found = beside
                .find(|(one, producers)| !producers.is_empty() && one.shape.collection() == above);
            let Some((_, producers)) = found else {
                continue;
            };
            for consumer in self.items.get(&resource.shape).into_iter().flatten() {
                let operation = self.operation(*consumer);
                let Some(name) = resource.shape.key(operation) else {
                    continue;
                };
                for (producer, sources, role, basis) in producers {
                    if !operation.is_safe() && *role != Role::Creates {
                        continue;
                    }
                    let sources: Vec<ValueSource> = sources
                        .iter()
                        .filter_map(|source| self.beside_key(*producer, source, &[name, property]))
                        .collect();
                    if !sources.is_empty() {
                        edges.add_new(Edge {
                            producer: *producer,
                            consumer: *consumer,
                            need: Need::Parameter(Location::Path, name.to_owned()),
                            sources,
                            role: *role,
                            basis: basis.clone(),
                        });
                    }
                }
            }
        }
    }

    /// The source of the first of some properties that stands beside the key of a source.
    fn beside_key(
        &self,
        producer: OperationIndex,
        source: &ValueSource,
        names: &[&str],
    ) -> Option<ValueSource> {
        let schemas = self.success_schemas(producer);
        let beside = |key: &Pointer, within: &dyn Fn(&Schema) -> Option<Schema>| {
            let places = names
                .iter()
                .filter_map(|name| Some(key.parent()?.join(name)));
            let mut shown = places.filter(|place| {
                let mut holders = schemas.iter().filter_map(within);
                holders.any(|holder| holder.property_at(place).is_some())
            });
            shown.next()
        };
        match source {
            ValueSource::Expression(Expression::Response(MessagePart::Body(key))) => {
                let place = beside(key, &|schema| Some(schema.clone()))?;
                let part = MessagePart::Body(place);
                Some(ValueSource::Expression(Expression::Response(part)))
            }
            ValueSource::Each { array, value } => {
                let value = beside(value, &|schema| schema.property_at(array)?.items())?;
                let array = array.clone();
                Some(ValueSource::Each { array, value })
            }
            _ => None,
        }
    }
}
