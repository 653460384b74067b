//! The reader of documents, the model that is made of one, and every rule of the linter.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oasgate::{Contract, document::Document, lint};

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse("fuzz.yaml", bytes) else {
        return;
    };
    let contract = Contract::from_document(document);
    for finding in lint::lint(&contract) {
        // Its line is looked for only when somebody asks.
        std::hint::black_box(&finding.message);
    }
});
