//! What instrumentations emit: traces whose true links are known.
