//! A secret that proves who asks: where it comes from, how long it lasts, what it looks like.
//!
//! A [`Secret`] is known by its name. Its value leaves it only towards the transport. It remembers every value that it ever had, so that one that a service
//! sends back can be hidden too.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{sync::Mutex, time::Instant};

use super::disguise::{Disguises, ShortValues};
use crate::exchange::variable;

/// Why there is no secret: a sentence, without anything secret in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoSecret(pub String);

/// A value that a source gave out.
#[derive(Clone)]
pub struct Issued {
    /// The value.
    pub value: String,
    /// How long it is good for; `None` when nothing is said.
    pub lifetime: Option<Duration>,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// Something that gives out a secret, and another one later.
pub trait SecretSource: Send + Sync {
    /// Gets a value.
    fn issue(&self) -> BoxFuture<'_, Result<Issued, NoSecret>>;

    /// What else must not be shown: what the source itself proves itself with.
    fn hidden(&self) -> Vec<String> {
        Vec::new()
    }
}

/// After this many renewals in a row that did not help, a refusal is not about the secret's age.
const MAX_FRUITLESS: u32 = 3;

/// A secret with a name. Copies share what is known of it.
#[derive(Clone)]
pub struct Secret(Arc<Inner>);

struct Inner {
    name: String,
    source: Option<Box<dyn SecretSource>>,
    held: Mutex<Held>,
    fruitless: AtomicU32,
    /// Whether the newest value is more than one word.
    has_words: AtomicBool,
    /// Every value it ever had, in every form in which it may be seen.
    disguises: RwLock<Disguises>,
}

#[derive(Default)]
struct Held {
    value: Option<Arc<str>>,
    until: Option<Instant>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secret").field(&self.0.name).finish()
    }
}

impl Secret {
    /// One that does not change. The name is that of the environment variable it comes from, or
    /// what such a variable might be called.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        let secret = Self::build(name, None, Some(value.as_str().into()));
        secret.learn(&value);
        secret
    }

    /// One that a source gives out when it is first needed, and again when it has run out.
    pub fn from_source(name: &str, source: impl SecretSource + 'static) -> Self {
        let hidden = source.hidden();
        let secret = Self::build(name, Some(Box::new(source)), None);
        for value in hidden {
            secret.learn(&value);
        }
        secret
    }

    fn build(name: &str, source: Option<Box<dyn SecretSource>>, value: Option<Arc<str>>) -> Self {
        Self(Arc::new(Inner {
            name: variable(name),
            source,
            held: Mutex::new(Held { value, until: None }),
            fruitless: AtomicU32::new(0),
            has_words: AtomicBool::new(false),
            disguises: RwLock::default(),
        }))
    }

    /// Its name, as an environment variable may be called.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it is obtained for this run alone, by something else that proves who asks for it; what a file or a command
    /// gives is others' too.
    pub(crate) fn is_obtained(&self) -> bool {
        let source = self.0.source.as_ref();
        source.is_some_and(|source| !source.hidden().is_empty())
    }

    /// Whether its value, as far as it is known, is more than one word, as with a scheme before it.
    pub(crate) fn has_words(&self) -> bool {
        self.0.has_words.load(Ordering::Relaxed)
    }

    /// Its value now; gets one where there is none or it has run out. Several that ask at once wait
    /// for one answer.
    ///
    /// # Errors
    ///
    /// When its source has none to give.
    pub async fn value(&self) -> Result<Arc<str>, NoSecret> {
        let mut held = self.0.held.lock().await;
        match &held.value {
            Some(value) if held.until.is_none_or(|until| Instant::now() < until) => {
                Ok(Arc::clone(value))
            }
            _ => self.issue(&mut held).await,
        }
    }

    /// Another value in place of one that a service refused; `None` where none is to be had.
    ///
    /// # Errors
    ///
    /// When its source has none to give.
    pub(super) async fn renewed(&self, refused: &str) -> Result<Option<Arc<str>>, NoSecret> {
        let mut held = self.0.held.lock().await;
        // Another request was refused before this one, and brought the new value.
        if let Some(value) = held.value.as_ref().filter(|value| &***value != refused) {
            return Ok(Some(Arc::clone(value)));
        }
        if self.0.source.is_none() || self.0.fruitless.load(Ordering::Relaxed) >= MAX_FRUITLESS {
            return Ok(None);
        }
        let value = self.issue(&mut held).await?;
        Ok(Some(value).filter(|value| &**value != refused))
    }

    /// Tells whether a renewed value was taken.
    pub(super) fn renewal_helped(&self, helped: bool) {
        if helped {
            self.0.fruitless.store(0, Ordering::Relaxed);
        } else {
            self.0.fruitless.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn issue(&self, held: &mut Held) -> Result<Arc<str>, NoSecret> {
        let Some(source) = &self.0.source else {
            return Err(NoSecret(format!("{} has no value", self.0.name)));
        };
        let issued = source.issue().await?;
        self.learn(&issued.value);
        let value: Arc<str> = issued.value.into();
        held.value = Some(Arc::clone(&value));
        // A request that is under way when the time is up must not be refused.
        held.until = issued.lifetime.map(|lifetime| {
            Instant::now() + lifetime.saturating_sub((lifetime / 10).min(Duration::from_secs(30)))
        });
        Ok(value)
    }

    /// Remembers a value, and each part of it that is a secret by itself: the password of `user:password`,
    /// the token of `Bearer token`, the value of a cookie.
    fn learn(&self, value: &str) {
        self.0
            .has_words
            .store(value.contains(' '), Ordering::Relaxed);
        let mut disguises = (self.0.disguises.write()).unwrap_or_else(PoisonError::into_inner);
        disguises.learn(value);
        let password = value.split_once(':').map(|(_, password)| password);
        let token = value.split_once(' ').map(|(_, token)| token);
        let is_list = value.contains('=');
        let cookies = value.split(';').filter_map(|pair| {
            let (_, value) = pair.split_once('=')?;
            is_list.then_some(value.trim())
        });
        for part in password.into_iter().chain(token).chain(cookies) {
            disguises.learn(part);
        }
    }

    /// The text with every value that this secret ever had taken out, also where it is encoded or cut. A
    /// short one is taken out where it stands by itself.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.read().hide(text, ShortValues::Hidden)
    }

    /// As [`Secret::hide`], with short values left where they are: for names, of which the contract's
    /// own may well be the same word.
    pub fn hide_long<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.read().hide(text, ShortValues::Kept)
    }

    fn read(&self) -> RwLockReadGuard<'_, Disguises> {
        (self.0.disguises.read()).unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(AtomicU32);

    impl SecretSource for Counter {
        fn issue(&self) -> BoxFuture<'_, Result<Issued, NoSecret>> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::ready(Ok(Issued {
                value: format!("value-number-{number}"),
                lifetime: Some(Duration::from_secs(100)),
            })))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_kept_until_shortly_before_its_end() {
        let secret = Secret::from_source("t", Counter(AtomicU32::new(0)));
        assert_eq!(&*secret.value().await.expect("a value"), "value-number-0");
        tokio::time::advance(Duration::from_secs(89)).await;
        assert_eq!(&*secret.value().await.expect("a value"), "value-number-0");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(&*secret.value().await.expect("a value"), "value-number-1");
    }

    #[tokio::test]
    async fn a_refused_value_is_renewed_once_for_all_who_were_refused() {
        let secret = Secret::from_source("t", Counter(AtomicU32::new(0)));
        let refused = secret.value().await.expect("a value");
        for _ in 0..2 {
            let renewed = secret.renewed(&refused).await.expect("a value");
            assert_eq!(renewed.as_deref(), Some("value-number-1"));
        }
        for _ in 0..MAX_FRUITLESS {
            secret.renewal_helped(false);
        }
        assert_eq!(secret.renewed("value-number-1").await, Ok(None));
    }

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let secret = Secret::new("t", "us er:pass/wörd\"+1");
        for form in [
            "us er:pass/wörd\"+1",
            "dXMgZXI6cGFzcy93w7ZyZCIrMQ==",
            "pass%2Fw%C3%B6rd%22%2B1",
            "a pass/wörd\\\"+1 in quotes",
            "us+er%3Apass%2Fw%C3%B6rd%22%2B1",
        ] {
            let shown = secret.hide(form);
            assert!(shown.contains("REDACTED"), "{form}: {shown}");
            assert!(!shown.contains("rd"), "{form}: {shown}");
        }
        assert_eq!(secret.hide("a word"), "a word");
        assert_eq!(secret.hide_long("us er:pass/wörd\"+1"), "REDACTED");
        assert_eq!(format!("{secret:?}"), "Secret(\"T\")");
    }

    #[test]
    fn a_short_secret_is_hidden_where_it_stands_by_itself() {
        let secret = Secret::new("t", "me:k2y");
        for (text, shown) in [
            ("k2y", "REDACTED"),
            (r#"{"seen": "k2y"}"#, r#"{"seen": "REDACTED"}"#),
            (r#""{\"seen\":\"k2y\"}""#, r#""{\"seen\":\"REDACTED\"}""#),
            ("Basic me:k2y", "Basic REDACTED"),
            ("Bearer k2y was refused", "Bearer REDACTED was refused"),
            ("/?a=k2y&b=k2y", "/?a=REDACTED&b=REDACTED"),
            ("%22k2y%22 and \\nk2y", "%22REDACTED%22 and \\nREDACTED"),
            ("k2yk2y", "k2yk2y"),
            ("monk2y, k2ys, k2y_id, x-k2y", "monk2y, k2ys, k2y_id, x-k2y"),
            ("ök2y %2k2y", "ök2y %2k2y"),
            ("k2y monk2y k2y", "REDACTED monk2y REDACTED"),
            // In base 64, by itself and with the user's name.
            ("azJ5 bWU6azJ5", "REDACTED REDACTED"),
        ] {
            assert_eq!(secret.hide(text), shown, "{text}");
        }
        assert_eq!(secret.hide_long("k2y"), "k2y");
        let nothing = Secret::new("t", "me:a");
        assert_eq!(nothing.hide("a word"), "a word");
    }
}
