//! The built-in link rule of linkmend
