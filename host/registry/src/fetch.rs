//! A rule, from the store or from its registry.

use crate::client::{PulledRule, pull};
use crate::error::RegistryError;
use crate::reference::{Reference, shown};
use crate::signature::PublicKey;
use crate::store::Store;

/// How a rule is fetched.
#[derive(Clone, Copy)]
pub struct Fetcher<'f> {
    /// A rule has at most so many bytes.
    pub most: usize,
    /// Where it is kept.
    pub store: Option<&'f Store>,
    /// Who must have signed it.
    pub key: Option<&'f PublicKey>,
    /// Nobody waits for it any more.
    pub is_stopped: &'f (dyn Fn() -> bool + Sync),
}

/// A rule that is there.
#[derive(Debug)]
#[non_exhaustive]
pub struct FetchedRule {
    /// The component.
    pub component: Vec<u8>,
    /// Its name, with the digest that pins it.
    pub pinned: Reference,
    /// Its registry was asked; otherwise it was kept.
    pub was_asked: bool,
    /// What is good to know of it, though it can be used.
    pub warnings: Vec<String>,
}

impl Fetcher<'_> {
    /// Fetches a rule. One that is pinned and was pulled before is in the store; of one
    /// that is not, the registry is asked.
    ///
    /// # Errors
    ///
    /// When it is in neither, or is not signed as it is to be.
    pub fn run(&self, reference: &Reference) -> Result<FetchedRule, RegistryError> {
        let kept = reference
            .digest()
            .and_then(|digest| self.store?.get(digest, self.most));
        if let Some(kept) = kept {
            return self.fetched(reference, kept, false);
        }
        let pulled = pull(reference, self.most, self.is_stopped)?;
        self.fetched(reference, pulled, true)
    }

    fn fetched(
        &self,
        reference: &Reference,
        pulled: PulledRule,
        was_asked: bool,
    ) -> Result<FetchedRule, RegistryError> {
        if let Some(key) = self.key {
            key.verify(&pulled.component, pulled.signature.as_deref())?;
        }
        let mut warnings = Vec::new();
        if let Some(now) = pulled.moved {
            warnings.push(format!(
                "the tag {} now is {}, and {} is pinned; the pinned rule is used",
                reference.tag().unwrap_or_default(),
                shown(now),
                shown(pulled.digest)
            ));
        }
        if let Some(store) = self.store.filter(|_| was_asked)
            && let Err(error) = store.put(&pulled)
        {
            let path = store.path().display();
            warnings.push(format!("it cannot be kept in {path}: {error}"));
        }
        Ok(FetchedRule {
            pinned: reference.pinned(pulled.digest),
            component: pulled.component,
            was_asked,
            warnings,
        })
    }
}
