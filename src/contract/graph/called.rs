//! Creations that stand elsewhere and say what they make: `POST /deployments/{id}/create_flow_run` makes one of
//! `/flow_runs/{id}`.

use std::collections::HashSet;

use super::{
    Basis, Creator, Expression, MessagePart, Resource, ValueSource,
    creation::CREATES,
    infer::{Known, is_used},
    names::{is_plural_of, words},
};
use crate::contract::OperationIndex;

impl Known<'_> {
    /// Adds the operations whose last segment says that one of a resource is made, and that answer with what a read of
    /// it shows.
    pub(super) fn called_creations(&self, resources: &mut [Resource]) {
        let creators = resources.iter().flat_map(|one| &one.creators);
        let known: HashSet<OperationIndex> = creators.map(|one| one.operation).collect();
        for (index, shape) in OperationIndex::number(&self.shapes) {
            if self.operation(index).method != "POST" || known.contains(&index) {
                continue;
            }
            let said = words(shape.last_literal().unwrap_or_default());
            let Some((verb, noun)) = said.split_first() else {
                continue;
            };
            if noun.is_empty() || !CREATES.contains(&verb.as_str()) {
                continue;
            }
            let mut fitting = resources.iter_mut().filter(|resource| {
                let collection = resource.shape.collection_name().map(words);
                collection.is_some_and(|collection| is_plural_of(&collection, noun))
                    && is_used(resource)
                    && !resource.shape.collection().has_parameters()
            });
            // Two resources of one name: which is meant, nobody says.
            if let (Some(resource), None) = (fitting.next(), fitting.next()) {
                resource
                    .creators
                    .extend(self.called_creation(resource, index));
            }
        }
    }

    /// An operation as what makes a resource, where it answers with one.
    fn called_creation(&self, resource: &Resource, index: OperationIndex) -> Option<Creator> {
        let read = resource.read?;
        let mut wanted = self.wanted(&resource.shape)?;
        let thing = self.answered(read)?;
        if self.answered(index)? != thing {
            return None;
        }
        wanted.is_the_thing = true;
        let shown = self.success_schemas(index);
        let at = shown
            .iter()
            .find_map(|schema| wanted.in_one(schema, &self.names))?;
        let in_body = Expression::Response(MessagePart::Body(at));
        Some(Creator {
            operation: index,
            sources: vec![ValueSource::Expression(in_body), ValueSource::Location],
            basis: Basis::Inferred,
            named_by_client: false,
            assumed: None,
            key_in_body: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;

    use crate::contract::{Contract, graph::Graph};

    #[test]
    fn a_creation_that_stands_elsewhere_is_known_by_what_it_is_called_and_answers() {
        let of = |path: &str, answer: &str| {
            let document = format!(
                "openapi: 3.0.3
info: {{ title: t, version: '1' }}
paths:
  '/plans/{{id}}/{path}': {{ post: {{ operationId: begin, parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}], responses: {{ '201': {{ description: d, content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/{answer}' }} }} }} }} }} }} }}
  '/flow_runs/{{id}}': {{ get: {{ parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}], responses: {{ '200': {{ description: d, content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Run' }} }} }} }} }} }} }}
components:
  schemas:
    Run: {{ type: object, required: [id], properties: {{ id: {{ type: string }} }} }}
    Plan: {{ type: object, required: [id], properties: {{ id: {{ type: string }}, name: {{ type: string }} }} }}
"
            );
            let document = Document::parse("t", document).expect("a document");
            let graph = Graph::of(&Contract::from_document(document));
            let runs = graph
                .resources
                .iter()
                .find(|one| one.shape.collection_name() == Some("flow_runs"));
            runs.is_some_and(|runs| !runs.creators.is_empty())
        };
        assert!(of("create_flow_run", "Run"));
        assert!(of("createFlowRun", "Run"));
        assert!(!of("create_flow_run", "Plan"));
        assert!(!of("create_run", "Run"));
        assert!(!of("flow_run", "Run"));
    }
}
