//! What stands between the parentheses of the macro.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Ident, LitStr, Token, braced, bracketed,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token,
};

/// The option that stands first, in place of a path.
const DOCUMENT: &str = "document";

/// The options, in the order in which messages list them.
pub(crate) const OPTIONS: &[&str] = &[
    "service",
    "url",
    "start",
    "phases",
    "cases",
    "seed",
    "auth",
    "headers",
    "params",
    "base_path",
    "body",
    "before",
    "after",
    "only",
    "except",
    "ignore",
];

/// The whole of it, each part with its place.
pub(crate) struct Arguments {
    pub(crate) document: Source,
    pub(crate) target: Target,
    pub(crate) phases: Vec<Ident>,
    /// Options that are handed on as the expression that they are.
    pub(crate) expressions: Vec<(Ident, TokenStream)>,
    pub(crate) body: Option<TokenStream>,
    pub(crate) only: Vec<Name>,
    pub(crate) except: Vec<Reasoned>,
    pub(crate) ignore: Vec<Reasoned>,
}

/// Where the document comes from.
pub(crate) enum Source {
    /// A file, read when the test is compiled.
    File(LitStr),
    /// An expression, whose value exists when the test runs.
    Value(TokenStream),
}

/// What is tested.
pub(crate) struct Target {
    /// `service`, `url` or `start`.
    pub(crate) kind: Ident,
    pub(crate) expression: TokenStream,
}

/// The id of an operation as the user writes it: an identifier or a text.
pub(crate) struct Name {
    pub(crate) id: String,
    pub(crate) span: Span,
}

/// An operation with the reason why it is treated apart.
pub(crate) struct Reasoned {
    pub(crate) name: Name,
    pub(crate) reason: String,
}

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            return Ok(Self {
                id: text.value(),
                span: text.span(),
            });
        }
        let ident = input.call(Ident::parse_any).map_err(|error| {
            syn::Error::new(
                error.span(),
                "an operation is named by its operationId, or as \"GET /path\"",
            )
        })?;
        Ok(Self {
            id: ident.to_string(),
            span: ident.span(),
        })
    }
}

impl Parse for Reasoned {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Name = input.parse()?;
        let missing =
            |span| syn::Error::new(span, format!("say why, as in `{{ {}: \"why\" }}`", name.id));
        if !input.peek(Token![:]) {
            return Err(missing(name.span));
        }
        input.parse::<Token![:]>()?;
        let reason: LitStr = input.parse().map_err(|error| missing(error.span()))?;
        if reason.value().trim().is_empty() {
            return Err(missing(reason.span()));
        }
        Ok(Self {
            name,
            reason: reason.value(),
        })
    }
}

impl Parse for Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        if ahead.parse::<Ident>().is_ok_and(|key| key == DOCUMENT) && ahead.peek(Token![=]) {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            return Ok(Self::Value(value(input, &key)?));
        }
        input.parse().map(Self::File).map_err(|error| {
            syn::Error::new(
                error.span(),
                "the document comes first: contract_tests!(\"spec/api.yaml\", service = app()), or \
                 `document = my_app::openapi()` where it exists only when the program runs",
            )
        })
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let document: Source = input.parse()?;
        let mut target: Option<Target> = None;
        let mut arguments = Self {
            document,
            target: Target {
                kind: Ident::new("service", Span::call_site()),
                expression: TokenStream::new(),
            },
            phases: Vec::new(),
            expressions: Vec::new(),
            body: None,
            only: Vec::new(),
            except: Vec::new(),
            ignore: Vec::new(),
        };
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key = input.call(Ident::parse_any)?;
            let word = key.to_string();
            known(&key)?;
            if seen.contains(&word) {
                return Err(syn::Error::new(
                    key.span(),
                    format!("`{word}` stands twice"),
                ));
            }
            input.parse::<Token![=]>()?;
            match word.as_str() {
                "service" | "url" | "start" => {
                    if let Some(first) = &target {
                        return Err(syn::Error::new(
                            key.span(),
                            format!("one thing is tested: `{}` or `{word}`", first.kind),
                        ));
                    }
                    target = Some(Target {
                        expression: value(input, &key)?,
                        kind: key,
                    });
                }
                "phases" => arguments.phases = bracket(input, Ident::parse_any)?,
                "only" => arguments.only = bracket(input, Name::parse)?,
                "except" => arguments.except = braces(input)?,
                "ignore" => arguments.ignore = braces(input)?,
                "body" => arguments.body = Some(value(input, &key)?),
                _ => {
                    let expression = value(input, &key)?;
                    arguments.expressions.push((key, expression));
                }
            }
            seen.push(word);
        }
        if let (Source::Value(_), [first, ..]) = (&arguments.document, arguments.ignore.as_slice())
        {
            return Err(syn::Error::new(
                first.name.span,
                "a document that exists when the program runs makes one test, which cannot be ignored in \
                 part: use `except`",
            ));
        }
        arguments.target = target.ok_or_else(|| {
            syn::Error::new(
                Span::call_site(),
                "say what is tested: `service = app()`, `url = \"http://127.0.0.1:8080\"` or \
                 `start = a_function_that_starts_it`",
            )
        })?;
        Ok(arguments)
    }
}

fn known(key: &Ident) -> syn::Result<()> {
    let word = key.to_string();
    if OPTIONS.contains(&word.as_str()) {
        return Ok(());
    }
    Err(syn::Error::new(
        key.span(),
        format!(
            "no option is called `{word}`{}; there are {}",
            did_you_mean(&word, OPTIONS.iter().copied()),
            OPTIONS.join(", ")
        ),
    ))
}

/// ` (did you mean ...?)`, or nothing.
pub(crate) fn did_you_mean<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> String {
    known
        .map(|known| {
            (
                strsim::jaro_winkler(&word.to_lowercase(), &known.to_lowercase()),
                known,
            )
        })
        .filter(|(nearness, _)| *nearness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or_else(String::new, |(_, known)| {
            format!(" (did you mean `{known}`?)")
        })
}

/// The tokens up to the next option: the compiler reads them, at their place. A comma inside a closure's
/// arguments or a type's is none before an option.
fn value(input: ParseStream<'_>, key: &Ident) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !ends(input) {
        input.parse::<TokenTree>()?.to_tokens(&mut tokens);
    }
    if tokens.is_empty() {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key} =` wants a value"),
        ));
    }
    Ok(tokens)
}

fn ends(input: ParseStream<'_>) -> bool {
    if !input.peek(Token![,]) {
        return false;
    }
    let ahead = input.fork();
    let _ = ahead.parse::<Token![,]>();
    ahead.is_empty()
        || ahead.call(Ident::parse_any).is_ok()
            && ahead.peek(Token![=])
            && !ahead.peek(Token![==])
            && !ahead.peek(Token![=>])
}

fn bracket<T>(
    input: ParseStream<'_>,
    each: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    if !input.peek(token::Bracket) {
        return Err(input.error("a list is wanted, as in `[examples, random]`"));
    }
    let inside;
    bracketed!(inside in input);
    let items = Punctuated::<T, Token![,]>::parse_terminated_with(&inside, each)?;
    Ok(items.into_iter().collect())
}

fn braces(input: ParseStream<'_>) -> syn::Result<Vec<Reasoned>> {
    if !input.peek(token::Brace) {
        return Err(input.error("operations with a reason are wanted: `{ getThing: \"why\" }`"));
    }
    let inside;
    braced!(inside in input);
    let items = Punctuated::<Reasoned, Token![,]>::parse_terminated(&inside)?;
    Ok(items.into_iter().collect())
}
