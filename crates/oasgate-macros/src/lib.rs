//! The macro of [oasgate](https://docs.rs/oasgate): one `#[test]` for each operation of a document.
//!
//! Use it as `oasgate::contract_tests!`, whose documentation is in that crate. The document is read
//! when the test is compiled, so that every operation is a test with a name; what the tests do when
//! they run is `oasgate::testing`.

mod arguments;
mod expand;
mod names;

use proc_macro::TokenStream;

/// One `#[test]` for each operation of a document.
///
/// The path of the document is relative to the package's folder, and a change of the document, or of
/// a file that it refers to, compiles the tests again. Each test is named for its operation:
/// `getDataExport` is `get_data_export`, and an operation without an id is named for its method and
/// path.
///
/// ```ignore
/// oasgate::contract_tests!("spec/api.yaml", service = my_app::router());
/// ```
///
/// A document that exists only when the program runs, as utoipa and aide make it, is given as an
/// expression: a text, or anything that `serde` writes as the document. Its operations are not known when
/// the test is compiled, so that it makes one test, `contract`, which names each operation that fails.
///
/// ```ignore
/// oasgate::contract_tests!(document = my_app::openapi(), service = my_app::router());
/// ```
///
/// # What is tested: one of
///
/// | option | |
/// |---|---|
/// | `service = EXPR` | any `tower::Service` of `http` requests, such as axum's `Router`; `.await` may stand in it |
/// | `url = EXPR` | where a service is: a text, a `SocketAddr`, a `Url`, or a pair of one and what keeps the service alive (feature `http`) |
/// | `start = EXPR` | an `async` function without arguments that starts a service and answers as `url` does (feature `http`) |
///
/// # How
///
/// | option | |
/// |---|---|
/// | `phases = [examples, random]` | these phases alone |
/// | `cases = 10` | how many random requests each operation gets |
/// | `seed = 7` | the seed of what is generated |
/// | `auth = EXPR` | a bearer token, an API key or `user:password`, as the operation wants it |
/// | `headers = [("x-tenant", "7")]` | fields for every request |
/// | `params = [("token", "t_1")]` | values for parameters, such as the id of something that exists |
/// | `base_path = "/v2"` | where the service mounts the paths, in place of the document's first server |
/// | `body = TYPE` | the kind of body that the service takes, where the compiler cannot tell |
/// | `before = EXPR` | a function of `&mut Request`, called before each request |
/// | `after = EXPR` | a function of `&Request` and `&mut Response`, called after each response |
/// | `only = [getThing]` | tests for these operations alone |
/// | `except = { getThing: "why" }` | no test for these |
/// | `ignore = { getThing: "why" }` | `#[ignore = "why"]` on these |
///
/// An operation without an `operationId` is written `"GET /path"`.
#[proc_macro]
pub fn contract_tests(input: TokenStream) -> TokenStream {
    let arguments = syn::parse_macro_input!(input as arguments::Arguments);
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    expand::expand(&arguments, std::path::Path::new(&folder))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
