//! The HTTP surface (this worktree: authentication and payment webhooks only).

pub mod auth;
pub mod payments_webhook;
