//! Who made a rule: signatures of minisign.

use std::fmt;

/// A public key of minisign.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    text: String,
    key: minisign_verify::PublicKey,
}

/// It is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no public key of minisign, which has 56 characters and begins with `RW`: it is the \
     second line of `minisign.pub`"
)]
pub struct BadKey(());

/// A component is not signed by the one who has the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongSignature {
    /// There is none.
    #[error(
        "it is not signed, and a public key is given; sign it by `minisign -Sm FILE`, and push it \
         with its signature"
    )]
    Missing,
    /// It is that of another file, or of somebody else.
    #[error("its signature is wrong: {0}")]
    Wrong(String),
}

impl PublicKey {
    /// Reads a key: the second line of a file of minisign, or all of it.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let line = text.lines().rfind(|line| !line.trim().is_empty());
        let text = line.unwrap_or_default().trim();
        let key = minisign_verify::PublicKey::from_base64(text).map_err(|_| BadKey(()))?;
        Ok(Self {
            key,
            text: text.to_owned(),
        })
    }

    /// Holds a component against its signature.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not that of this key.
    pub fn verify(&self, component: &[u8], signature: Option<&str>) -> Result<(), WrongSignature> {
        use minisign_verify::Error;
        let wrong = |error| {
            WrongSignature::Wrong(match error {
                Error::UnexpectedKeyId => format!("it was made with another key than {self}"),
                Error::InvalidSignature => format!("it is not that of {self} for this component"),
                Error::InvalidEncoding => "it is not what minisign writes".into(),
                other => other.to_string(),
            })
        };
        let signature = signature.ok_or(WrongSignature::Missing)?;
        let signature = minisign_verify::Signature::decode(signature).map_err(wrong)?;
        // Hashed before it is signed, which minisign does since 0.8.
        self.key.verify(component, &signature, false).map_err(wrong)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.text).finish()
    }
}
