//! The API held against the document that it makes itself.

use utoipa_service::app;

oasgate::contract_tests!(
    document = app().1,
    service = app().0,
    params = [("id", "1")],
);
