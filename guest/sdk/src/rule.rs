//! What an author writes.

use crate::edits::Edits;
use crate::found::Found;
use crate::interface::About;
use crate::keys::Keys;
use crate::traces::Span;
use crate::wants::Wants;

/// The `LinkCountLimit` of OpenTelemetry (trace SDK, span limits), which hosts
/// have by default.
pub const MAX_LINKS: usize = 128;

/// A link rule.
///
/// This is [`crate::BatchRule`] with all that is the same in most rules done: batches
/// are taken apart into spans, messages remembered and looked up in one call
/// each, spans kept back where the host can do so, and edits held to what the
/// host takes. The crate's page has an example.
///
/// A rule has no state of its own: the host makes as many instances as it has
/// threads, and throws them away as it likes. What is to be known later belongs
/// into the index.
pub trait Rule: Sized + 'static {
    /// Who the rule is.
    fn about() -> About;

    /// A rule made from its configuration, a JSON object (`{}` when the user
    /// gave none).
    ///
    /// # Errors
    ///
    /// A text for the user: the path of the key at fault (`types[0].kind`), a
    /// colon, and what is wrong and would be right. linkmend then says where the
    /// key stands in the user's file.
    fn configure(config: &str) -> Result<Self, String>;

    /// Which spans it wants to see.
    fn wants(&self) -> Wants;

    /// The messages that the span is the producer of: they are remembered. A
    /// span whose own ids are not valid produces nothing.
    fn produces(&self, span: &Span<'_>, keys: &mut Keys) {
        let _ = span;
        keys.mark_unused();
    }

    /// The messages whose producers the span is to be linked to. Where the host
    /// can keep spans back, it does until the producers of all of them are
    /// known, or time is up.
    fn awaits(&self, span: &Span<'_>, keys: &mut Keys) {
        let _ = span;
        keys.mark_unused();
    }

    /// Mends the links of one span. Called for every span that the rule wants
    /// to see, unless the span is kept back.
    ///
    /// Running a rule over its own output must change nothing; [`Edits`] sees to
    /// that where the rule decides by what a span says, and not by how often
    /// it was seen.
    fn mend(&self, span: &Span<'_>, found: &Found<'_>, edits: &mut Edits<'_>);

    /// How many links a span may have: the host's `limits.max_links`.
    fn max_links(&self) -> usize {
        MAX_LINKS
    }
}
