//! merge
pub mod auth;
pub mod live;
pub mod page;
pub mod payments_webhook;
