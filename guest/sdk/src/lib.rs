//! What a link rule for linkmend is written with
