//! The integration suites of linkmend, and what they share
