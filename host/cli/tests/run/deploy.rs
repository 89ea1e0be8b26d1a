//! Ways to deploy.
