//! Methods that the path does not declare: what they do, and what `Allow` says of them.

use http::Method;

use super::{First, Planner};
use crate::{
    check::Intent,
    exchange::{Body, Request, RequestPurpose},
    gate::case_factory::Purpose,
    run::{LiveSettings, Methods, Phase},
};

/// Those that are tried, the gentlest first. CONNECT and TRACE are left to proxies.
const TRIED: [Method; 6] = [
    Method::OPTIONS,
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// The methods to be tried on a path that declares some: those that it does not declare and that the
/// run may send. What OPTIONS answers shows `Allow`.
pub(super) fn undeclared(declared: &[&Method], settings: &LiveSettings) -> Vec<Method> {
    TRIED
        .into_iter()
        .filter(|method| settings.methods == Methods::All || method.is_safe())
        .filter(|method| !declared.contains(&method))
        .collect()
}

impl Planner<'_> {
    /// The first request with other methods, without its body.
    pub(super) fn methods(&mut self, first: Option<&First>) {
        let Some(first) = first else { return };
        for method in self.other_methods.clone() {
            let mut request = Request {
                method: method.clone(),
                body: Body::empty(),
                purpose: Some(RequestPurpose::OtherMethod),
                ..first.request.clone()
            };
            request.headers.remove(http::header::CONTENT_TYPE);
            // The same path may be one that another template serves with this method.
            let base = self.settings.base.path();
            if self
                .contract
                .route_under(base, &method, &request.url)
                .is_ok()
                || self.is_served_elsewhere(&method)
            {
                continue;
            }
            let why = format!("{method} is not declared for the path");
            let purpose = Purpose::new(Phase::Methods, &why);
            self.push(request, &first.parts, Intent::OtherMethod, purpose);
        }
    }

    /// Whether another template that declares a method fits the path as well: `PUT /wallets/{name}` that of
    /// `GET /wallets/all`. A service that looks for the method first does what that says.
    fn is_served_elsewhere(&self, method: &Method) -> bool {
        let own = self.operation.path.as_str();
        let operations = self.contract.operations().iter();
        let others = operations.filter(|one| one.method == *method);
        others
            .map(|one| one.path.as_str())
            .any(|other| fits(other, own))
    }
}

/// Whether a path is one of those that a template stands for.
fn fits(template: &str, path: &str) -> bool {
    let same = |(wanted, is): (&str, &str)| wanted.contains('{') || wanted == is;
    template.split('/').count() == path.split('/').count()
        && template.split('/').zip(path.split('/')).all(same)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_parameter_stands_for_any_segment() {
        assert!(fits("/wallets/{name}", "/wallets/all"));
        assert!(!fits("/wallets/{name}", "/wallets/all/of"));
        assert!(!fits("/wallets/all", "/wallets/{name}"));
    }
}
