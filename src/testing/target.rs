//! Where a service is that a test has started.

use std::net::SocketAddr;

use url::Url;

/// Something that says where a service is: a URL as text or as [`Url`], the address of its socket, or a
/// pair of one of these and what keeps the service alive until the test is over.
pub trait Target {
    /// The URL; `base_path` is where the document says that the paths begin, for a target that does
    /// not know it.
    fn url(&self, base_path: &str) -> String;
}

impl Target for str {
    fn url(&self, _: &str) -> String {
        self.to_owned()
    }
}

impl Target for String {
    fn url(&self, _: &str) -> String {
        self.clone()
    }
}

impl Target for Url {
    fn url(&self, _: &str) -> String {
        self.to_string()
    }
}

impl Target for SocketAddr {
    fn url(&self, base_path: &str) -> String {
        format!("http://{self}{base_path}")
    }
}

impl<T: Target + ?Sized> Target for &T {
    fn url(&self, base_path: &str) -> String {
        (**self).url(base_path)
    }
}

impl<T: Target, G> Target for (T, G) {
    fn url(&self, base_path: &str) -> String {
        self.0.url(base_path)
    }
}
