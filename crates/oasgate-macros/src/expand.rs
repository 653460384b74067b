//! The tests that a document and the arguments make.

use std::path::Path;

use oasgate_document::{DeclaredOperation, Document, DocumentError, Options};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{LitStr, spanned::Spanned as _};

use crate::{
    arguments::{Arguments, Name, Source, did_you_mean},
    names::Names,
};

/// Writes the tests; a document that is a file is looked for below `folder`.
pub(crate) fn expand(arguments: &Arguments, folder: &Path) -> syn::Result<TokenStream> {
    if arguments.target.kind != "service" && !cfg!(feature = "http") {
        return Err(syn::Error::new(
            arguments.target.kind.span(),
            format!(
                "`{}` needs the feature `http` of oasgate",
                arguments.target.kind
            ),
        ));
    }
    match &arguments.document {
        Source::File(path) => of_file(arguments, path, folder),
        Source::Value(document) => Ok(of_value(arguments, document)),
    }
}

/// One test, which holds each operation of a document that exists when it runs.
fn of_value(arguments: &Arguments, document: &TokenStream) -> TokenStream {
    let held = format_ident!("gate", span = Span::mixed_site());
    let body = body(arguments, &held);
    let only = arguments.only.iter().map(|name| &name.id);
    let except = arguments.except.iter().map(|one| &one.name.id);
    // At the place of the expression, so that what the compiler says of its type is said there.
    let run = quote_spanned!(document.span()=> ::oasgate::testing::run_document);
    quote! {
        #[test]
        fn contract() {
            #run(
                &#document,
                &[#(#only),*],
                &[#(#except),*],
                |#held| async move { #body },
            );
        }
    }
}

/// One test for each operation of a file.
fn of_file(arguments: &Arguments, path: &LitStr, folder: &Path) -> syn::Result<TokenStream> {
    let at = path.span();
    let named = path.value();
    let document = Document::open_with(
        folder.join(&named),
        &Options {
            files: vec![folder.to_owned()],
            ..Options::default()
        },
    )
    .map_err(|error| {
        // The path as the user wrote it says more than the whole one.
        let folder = format!("{}/", folder.display());
        let mut text = error.to_string().replace(&folder, "");
        if matches!(error, DocumentError::Read { .. }) {
            text = format!("{text}; it is looked for in {folder}");
        }
        syn::Error::new(at, text)
    })?;
    let operations = document.operations();
    if operations.is_empty() {
        return Err(syn::Error::new(at, format!("{named} has no operation")));
    }
    for name in mentioned(arguments) {
        check(name, &operations, &named)?;
    }
    // The user's own `gate` is another one.
    let held = format_ident!("gate", span = Span::mixed_site());
    let body = body(arguments, &held);
    let mut names = Names::default();
    let mut tests = Vec::new();
    for operation in &operations {
        // Named before it may be left out, so that a name does not depend on what is.
        let name = format_ident!("{}", names.name(&operation.id), span = at);
        let is_excepted = arguments
            .except
            .iter()
            .any(|one| is_of(&one.name, operation));
        let is_wanted =
            arguments.only.is_empty() || arguments.only.iter().any(|name| is_of(name, operation));
        if is_excepted || !is_wanted {
            continue;
        }
        let ignored = arguments
            .ignore
            .iter()
            .find(|one| is_of(&one.name, operation))
            .map(|one| {
                let reason = &one.reason;
                quote!(#[ignore = #reason])
            });
        let id = &operation.id;
        tests.push(quote! {
            #[test]
            #ignored
            fn #name() {
                ::oasgate::testing::run_operation(
                    #named,
                    ::core::env!("CARGO_MANIFEST_DIR"),
                    #id,
                    |#held| async move { #body },
                );
            }
        });
    }
    if tests.is_empty() {
        return Err(syn::Error::new(at, "every operation is left out"));
    }
    // A change of any of its files compiles the tests again.
    let files = document.files().map(|(_, source)| source.name());
    let watched = files.map(|file| {
        quote!(
            const _: &[u8] = ::core::include_bytes!(#file);
        )
    });
    Ok(quote! {
        #(#watched)*
        #(#tests)*
    })
}

fn mentioned(arguments: &Arguments) -> impl Iterator<Item = &Name> {
    let reasoned = arguments.except.iter().chain(&arguments.ignore);
    arguments.only.iter().chain(reasoned.map(|one| &one.name))
}

fn is_of(name: &Name, operation: &DeclaredOperation) -> bool {
    name.id == operation.id
        || name.id.split_once(' ').is_some_and(|(method, path)| {
            method.eq_ignore_ascii_case(&operation.method) && path == operation.path
        })
}

fn check(name: &Name, operations: &[DeclaredOperation], document: &str) -> syn::Result<()> {
    if operations.iter().any(|operation| is_of(name, operation)) {
        return Ok(());
    }
    let ids = operations.iter().map(|operation| operation.id.as_str());
    let hint = did_you_mean(&name.id, ids);
    Err(syn::Error::new(
        name.span,
        format!("{document} has no operation `{}`{hint}", name.id),
    ))
}

/// The expression that runs one test. Each part has the place of its argument, so that what the
/// compiler says of it is said there.
fn body(arguments: &Arguments, held: &Ident) -> TokenStream {
    let mut gate = quote!(#held);
    if !arguments.phases.is_empty() {
        let phases = arguments.phases.iter().map(|phase| {
            let variant = format_ident!("{}", pascal(&phase.to_string()), span = phase.span());
            quote_spanned!(phase.span()=> ::oasgate::gate::Phase::#variant)
        });
        gate = quote!(#gate.phases([#(#phases),*]));
    }
    for (key, expression) in &arguments.expressions {
        let method = match key.to_string().as_str() {
            "auth" => format_ident!("token", span = key.span()),
            "before" => format_ident!("before_request", span = key.span()),
            "after" => format_ident!("after_response", span = key.span()),
            _ => key.clone(),
        };
        gate = quote_spanned!(expression.span()=> #gate.#method(#expression));
    }
    let expression = &arguments.target.expression;
    let at = expression.span();
    match arguments.target.kind.to_string().as_str() {
        "url" => quote_spanned! {at=>
            let target = #expression;
            let ran = #gate.target(&target)?.run().await?;
            ::core::result::Result::Ok(ran)
        },
        "start" => quote_spanned! {at=>
            let start = #expression;
            let target = start().await;
            let ran = #gate.target(&target)?.run().await?;
            ::core::result::Result::Ok(ran)
        },
        _ => {
            let on = match &arguments.body {
                Some(body) => quote_spanned!(at=> .service_of::<_, #body>(#expression)),
                None => quote_spanned!(at=> .service(#expression)),
            };
            quote!(::core::result::Result::Ok(#gate #on.run().await?))
        }
    }
}

fn pascal(word: &str) -> String {
    word.split('_')
        .map(|part| {
            let mut letters = part.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}
