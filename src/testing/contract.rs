//! The contract that a test is given: borrowed, owned or shared, and loaded once for a whole binary.

use std::{
    collections::HashMap,
    env,
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use oasgate_document::DocumentError;

use crate::contract::Contract;

/// A contract as a test has it: `&contract`, `contract`, an `Arc` of it or a `LazyLock`.
#[derive(Clone, Debug)]
pub struct ContractHandle<'c>(Held<'c>);

#[derive(Clone, Debug)]
enum Held<'c> {
    Borrowed(&'c Contract),
    Shared(Arc<Contract>),
}

impl Deref for ContractHandle<'_> {
    type Target = Contract;

    fn deref(&self) -> &Contract {
        match &self.0 {
            Held::Borrowed(contract) => contract,
            Held::Shared(contract) => contract,
        }
    }
}

impl<'c> From<&'c Contract> for ContractHandle<'c> {
    fn from(contract: &'c Contract) -> Self {
        Self(Held::Borrowed(contract))
    }
}

impl<'c> From<&'c Arc<Contract>> for ContractHandle<'c> {
    fn from(contract: &'c Arc<Contract>) -> Self {
        Self(Held::Borrowed(contract))
    }
}

impl<'c, F: FnOnce() -> Contract> From<&'c LazyLock<Contract, F>> for ContractHandle<'c> {
    fn from(contract: &'c LazyLock<Contract, F>) -> Self {
        Self(Held::Borrowed(contract))
    }
}

impl From<Contract> for ContractHandle<'_> {
    fn from(contract: Contract) -> Self {
        Self(Held::Shared(Arc::new(contract)))
    }
}

impl From<Arc<Contract>> for ContractHandle<'_> {
    fn from(contract: Arc<Contract>) -> Self {
        Self(Held::Shared(contract))
    }
}

static LOADED: LazyLock<Mutex<HashMap<PathBuf, Arc<Contract>>>> = LazyLock::new(Mutex::default);

/// The contract of a document below a package's folder, read once for all tests of a process.
///
/// # Errors
///
/// When the document cannot be read.
pub(super) fn shared(document: &str, folder: &str) -> Result<Arc<Contract>, DocumentError> {
    // A test that was archived runs where its sources were put, which cargo and nextest say.
    let folder = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| folder.into(), PathBuf::from);
    let whole = folder.join(document);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(contract) = loaded.get(&whole) {
        return Ok(Arc::clone(contract));
    }
    // Findings name the document as it was opened, and the short name reads better.
    let is_here = env::current_dir().is_ok_and(|here| here == folder);
    let named = if is_here { Path::new(document) } else { &whole };
    let contract = Arc::new(Contract::load(named)?);
    loaded.insert(whole, Arc::clone(&contract));
    Ok(contract)
}
