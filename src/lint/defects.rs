//! What keeps part of a document from being understood, as it was met while reading.

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::{contract::DefectKind, finding::Remedy};

documented! {
    /// An object of the document is not what OpenAPI says, and is passed over.
    ///
    /// # What it holds
    ///
    /// Each path item, operation, parameter, body, response, header, link, server and security scheme
    /// has the members that OpenAPI gives it, of the types that it gives them.
    ///
    /// # Why
    ///
    /// What cannot be read is not held.
    ///
    /// # Not a finding when
    ///
    /// - the object is an extension (`x-`).
    pub MalformedObject = "malformed-object", Error;
}

documented! {
    /// A `$ref` leads to nothing.
    ///
    /// # What it holds
    ///
    /// Each reference names a node that is there, in a file that can be read.
    ///
    /// # Why
    ///
    /// What stands behind the reference is not held.
    ///
    /// # Not a finding when
    ///
    /// - the `$ref` is data: inside an example, a default or an enum.
    pub UnresolvedReference = "unresolved-reference", Error;
}

documented! {
    /// A schema is none in its dialect; the keyword that is refused is passed over.
    ///
    /// # What it holds
    ///
    /// Each schema object is valid under the meta-schema of its dialect.
    ///
    /// # Why
    ///
    /// Tools differ in what they make of a broken keyword, and most make nothing of it.
    ///
    /// # Not a finding when
    ///
    /// - the keyword is not known: it is an annotation.
    pub InvalidSchema = "invalid-schema", Error;
}

documented! {
    /// A pattern is no regular expression of ECMA-262; it is passed over.
    ///
    /// # What it holds
    ///
    /// `pattern` and the names of `patternProperties` are regular expressions.
    ///
    /// # Why
    ///
    /// A pattern that cannot be read holds nothing.
    ///
    /// # Not a finding when
    ///
    /// - the pattern uses look-around or references back, which ECMA-262 has.
    pub InvalidPattern = "invalid-pattern", Error;
}

documented! {
    /// A key stands twice in one mapping; the last one counts.
    ///
    /// # What it holds
    ///
    /// The keys of each mapping differ.
    ///
    /// # Why
    ///
    /// Readers differ in which of the two they take.
    ///
    /// # Not a finding when
    ///
    /// - a merge key (`<<`) is overridden: that is what it is for.
    pub DuplicateKey = "duplicate-key", Warning;
}

documented! {
    /// Two operations have the same `operationId`.
    ///
    /// # What it holds
    ///
    /// Every `operationId` of the document is given once (OpenAPI 3.1.1 §4.8.10).
    ///
    /// # Why
    ///
    /// Generated clients name their methods by it. Here the second one goes by its method and path.
    ///
    /// # Not a finding when
    ///
    /// - ids differ in case.
    pub DuplicateOperationId = "duplicate-operation-id", Error;
}

documented! {
    /// Part of the document needs more memory or depth than a document may have, and is not read.
    ///
    /// # What it holds
    ///
    /// What YAML aliases name, written out at each alias, fits the limits for the bytes, the nodes
    /// and the depth of a document.
    ///
    /// # Why
    ///
    /// A few lines of aliases can stand for more than any machine can hold. The alias is read as
    /// null, and what it stands for is not checked.
    ///
    /// # Not a finding when
    ///
    /// - the document as a whole is too large or too deep: it is not read at all.
    pub DocumentLimit = "document-limit", Error;
}

macro_rules! from_defects {
    ($($rule:ident),+) => {
        $(impl Lint for $rule {
            fn rule(&self) -> &'static Rule {
                &Self::RULE
            }

            fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
                for defect in subject.defects.iter().filter(|defect| rule_of(defect.kind).id == Self::RULE.id) {
                    let finding = finding(&Self::RULE, defect.message.clone())
                        .at(defect.address.clone())
                        .with_discriminator(defect.message.clone());
                    findings.push(match defect.kind {
                        DefectKind::RemoteReference => finding.with_help(Remedy::AllowRemote),
                        DefectKind::OutsideReference => finding.with_help(Remedy::AllowFiles),
                        _ => finding,
                    });
                }
            }
        })+

        /// The rule that speaks of a kind of defects.
        pub(crate) const fn rule_of(kind: DefectKind) -> &'static Rule {
            match kind {
                $(DefectKind::$rule => &$rule::RULE,)+
                DefectKind::RemoteReference | DefectKind::OutsideReference => {
                    &UnresolvedReference::RULE
                }
            }
        }
    };
}

from_defects!(
    MalformedObject,
    UnresolvedReference,
    InvalidSchema,
    InvalidPattern,
    DuplicateKey,
    DuplicateOperationId,
    DocumentLimit
);
