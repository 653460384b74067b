//! Keys that the body of a creation gives to what is made: a service that keeps what it is given under them would replace
//! what was there before.

use std::borrow::Cow;

use http::Method;
use serde_json::Value;

use super::Driver;
use crate::{
    check::Part,
    gate::{
        case_factory::CaseFactory,
        knowledge::{context::path_of, used::fresh_key},
    },
    generate::Generator,
    run::{Case, Existing},
    transport::Transport,
};

impl<T: Transport> Driver<'_, T> {
    /// Cases in which no creation gives a number to what it makes that the service would give itself.
    ///
    /// Such a number is that of something else sooner or later, and the service goes on from the largest.
    pub(super) fn with_own_keys<'c>(&mut self, cases: &'c [Case]) -> Cow<'c, [Case]> {
        if self.context.settings.existing == Existing::Touch {
            return Cow::Borrowed(cases);
        }
        let mut own = Cow::Borrowed(cases);
        let mut kept = Vec::new();
        for (at, case) in cases.iter().enumerate() {
            match self.without_number(case) {
                Number::None => {}
                Number::LeftOut(other) => own.to_mut()[at] = *other,
                Number::Meant => kept.push(at),
            }
        }
        if kept.is_empty() {
            return own;
        }
        for at in &kept {
            self.recorder.kept_existing(&cases[*at].operation);
        }
        let mut place = 0;
        own.to_mut().retain(|_| {
            place += 1;
            !kept.contains(&(place - 1))
        });
        own
    }

    /// A case whose body names nothing that was there before, where it names what is made.
    pub(crate) fn with_own_key(&self, case: Case) -> Case {
        if self.context.settings.existing == Existing::Touch {
            return case;
        }
        match self.without_number(&case) {
            Number::LeftOut(other) => *other,
            Number::None | Number::Meant => {
                let other = self.with_another_key(&case);
                other.or_else(|| self.with_path_key(&case)).unwrap_or(case)
            }
        }
    }

    fn without_number(&self, case: &Case) -> Number {
        let context = &self.context;
        let index = context.index(&case.operation);
        let key = index.and_then(|index| context.key_in_body(index));
        let is_own = case.request.method == case.operation.method;
        let Some((_, pointer)) = key.filter(|_| is_own && case.phase.has_values()) else {
            return Number::None;
        };
        let sent = case.parts.body.as_ref();
        let sent = sent.and_then(|(_, body)| pointer.get(body));
        // Many readers take `true` for 1.
        if !sent.is_some_and(|sent| sent.is_number() || sent.is_boolean()) {
            return Number::None;
        }
        let mut parts = case.parts.clone();
        let is_meant = case
            .breaks
            .as_ref()
            .is_some_and(|breach| breach.part == Part::Body && breach.pointer.starts_with(pointer));
        let is_removed = parts.body.as_mut().is_some_and(|(_, body)| {
            let above = pointer
                .parent()
                .and_then(|above| body.pointer_mut(above.as_str()));
            let members = above.and_then(Value::as_object_mut);
            let name = pointer.last().unwrap_or_default();
            members.is_some_and(|members| members.remove(&name).is_some())
        });
        let factory = CaseFactory::new(context.settings);
        if !is_removed || !self.is_written_from_parts(case) {
            return Number::None;
        }
        if is_meant {
            let is_optional = factory
                .with_parts(
                    &Case {
                        breaks: None,
                        ..case.clone()
                    },
                    parts,
                )
                .is_some();
            return if is_optional {
                Number::Meant
            } else {
                Number::None
            };
        }
        match factory.with_parts(case, parts) {
            Some(other) => Number::LeftOut(Box::new(other)),
            None => Number::None,
        }
    }

    /// Whether the body of a creation names what was there before the run.
    pub(super) fn names_existing_in_body(&self, case: &Case) -> bool {
        let index = self.context.index(&case.operation);
        let named = index.and_then(|index| self.context.named_in_body(index, &case.parts));
        named.is_some_and(|(_, thing)| self.knowledge.existing.holds(&thing.path))
            || self.has_members_called_as_existing(case)
    }

    /// Whether the body of a POST has a member that the document does not name and that is called as something below
    /// the path: `{"lakes": {...}}` to a collection of things by their names.
    fn has_members_called_as_existing(&self, case: &Case) -> bool {
        let body = case.parts.body.as_ref();
        let members = body.and_then(|(_, body)| body.as_object());
        let members = members.filter(|_| case.request.method == Method::POST);
        let Some(members) = members.filter(|members| !members.is_empty()) else {
            return false;
        };
        let path = path_of(&case.request.url);
        let existing = &self.knowledge.existing;
        let mut called = members
            .keys()
            .filter(|name| existing.was_shown(&format!("{path}/{name}")));
        let index = self.context.index(&case.operation);
        let schema = index.and_then(|index| self.context.body_schema(index));
        called.any(|name| {
            schema
                .as_ref()
                .is_none_or(|schema| schema.property(name).is_none())
        })
    }

    /// A creation of what was there before, by a key that nothing has.
    pub(super) fn with_another_key(&self, case: &Case) -> Option<Case> {
        if !self.names_existing_in_body(case) {
            return None;
        }
        let context = &self.context;
        let index = context.index(&case.operation)?;
        let (pointer, thing) = context.named_in_body(index, &case.parts)?;
        let schema = context.body_schema(index)?.property_at(pointer)?;
        let place = [
            case.operation.id.as_str(),
            thing.path.as_str(),
            "a key of its own",
        ];
        let mut generator = Generator::new(context.settings.seed, &place);
        let key = fresh_key(thing.key()?, &schema, &mut generator, self.strategies)?;
        let mut parts = case.parts.clone();
        *parts.body.as_mut()?.1.pointer_mut(pointer.as_str())? = key;
        CaseFactory::new(context.settings).with_parts(case, parts)
    }
}

/// What a case says of the number of what it makes.
enum Number {
    /// Nothing, or it has to.
    None,
    /// Something, which is left out.
    LeftOut(Box<Case>),
    /// It is meant to say something wrong, as `true`, which may be taken for the number of something.
    Meant,
}
