//! The values that are known for a parameter, and those that are drawn for it.

use jsonschema::JsonType;
use serde_json::Value;

use crate::{
    contract::{Location, Operation, Parameter, Schema},
    generate::{Generator, Values},
};

/// The values that are known for one parameter, best first.
pub(super) struct ParameterCandidates<'p> {
    pub(super) parameter: &'p Parameter,
    /// From the user.
    pub(super) given: Vec<Value>,
    /// From the document.
    pub(super) shown: Vec<Value>,
    /// What a person would try first, where nobody gives or shows a value.
    pub(super) usual: Vec<Value>,
    /// Makes more of them; `None` where the parameter has no schema.
    pub(super) strategy: Option<Values>,
}

impl ParameterCandidates<'_> {
    /// The value of the `round`th case of the examples, when the parameter takes part in it.
    pub(super) fn example(&self, round: usize) -> Option<&Value> {
        let values = self.examples();
        values.get(round % values.len().max(1))
    }

    fn examples(&self) -> &[Value] {
        let all = [&self.given, &self.shown, &self.usual];
        let first = all.into_iter().find(|values| !values.is_empty());
        first.map_or(&[], Vec::as_slice)
    }

    /// Whether nobody gives or shows a value.
    pub(super) fn is_unknown(&self) -> bool {
        self.given.is_empty() && self.shown.is_empty()
    }

    /// A fresh value.
    pub(super) fn generated(&self, generator: &mut Generator) -> Option<Value> {
        self.drawn(self.strategy.as_ref()?, generator)
    }

    /// A fresh value that does not stand out.
    pub(super) fn plain(&self, generator: &mut Generator) -> Option<Value> {
        self.drawn(&self.strategy.as_ref()?.plain(), generator)
    }

    /// A number in a path as a whole one, where that is valid: what is numbered has no fractions.
    fn as_a_name(&self, value: Value) -> Value {
        let is_path = self.parameter.location == Location::Path;
        let fraction = value
            .as_f64()
            .filter(|number| is_path && number.fract() != 0.0);
        let whole =
            fraction.and_then(|number| format!("{:.0}", number.trunc()).parse::<i64>().ok());
        let schema = self.parameter.value.schema();
        whole
            .map(Value::from)
            .filter(|whole| schema.is_none_or(|schema| schema.is_valid(whole)))
            .unwrap_or(value)
    }

    fn drawn(&self, strategy: &Values, generator: &mut Generator) -> Option<Value> {
        // A value that a path cannot carry is drawn again, and null, which has no form in any place
        // (RFC 6570 §2.3).
        let is_in_path = self.parameter.location == Location::Path;
        let may_be_scalar = is_in_path && self.may_be_scalar();
        (0..50)
            .filter_map(|_| generator.draw(strategy))
            .filter(|value| !value.is_null())
            .map(|value| self.as_a_name(value))
            .find(|value| match value {
                Value::String(text) if is_in_path => {
                    !matches!(text.as_str(), "" | "." | "..") && !text.contains('/')
                }
                // What is empty, or has others in it, leaves nothing that could be read back.
                Value::Array(_) | Value::Object(_) => !may_be_scalar,
                _ => true,
            })
    }

    /// Whether a text, a number or a flag is valid as far as types tell.
    fn may_be_scalar(&self) -> bool {
        let types = self.parameter.value.schema().map(Schema::types);
        let scalars = [
            JsonType::String,
            JsonType::Integer,
            JsonType::Number,
            JsonType::Boolean,
        ];
        types.is_some_and(|types| scalars.into_iter().any(|scalar| types.contains(scalar)))
    }

    pub(super) fn rounds(&self) -> usize {
        self.examples().len()
    }
}

/// The numbers that a person tries first in the path of a read: small ones, as in `/tiles/{z}/{x}/{y}`.
pub(super) fn usual(operation: &Operation, parameter: &Parameter) -> Vec<Value> {
    let Some(schema) = parameter.value.schema() else {
        return Vec::new();
    };
    let types = schema.types();
    let is_number = !types.contains(JsonType::String)
        && (types.contains(JsonType::Integer) || types.contains(JsonType::Number));
    if !is_number || parameter.location != Location::Path || !operation.is_safe() {
        return Vec::new();
    }
    let small = [1, 0].map(Value::from).into_iter();
    small.filter(|value| schema.is_valid(value)).collect()
}
