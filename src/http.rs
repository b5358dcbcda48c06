//! The toolkit of handlers, shared by every route of every capability. It names no capability.
//!
//! In reading order: [`toolkit`] (what handlers are given), [`error`] (the one shape of anything that went
//! wrong, and the type of its codes), [`extract`], [`query`], [`idempotency`], [`conditional`], [`listing`] (conventions), [`auth`] (who
//! is calling), [`door`], [`forwarded`], [`cors`], [`guard`], [`budgets`], [`security`] (what happens around every request), [`docs`], [`live`] (the sockets), [`operations`] (health,
//! metrics, the node). The routes themselves are the shop's; `app::routes` is their list.
//! Deliberately absent: rules of the shop, and any state of its own but the count of requests under way.

pub mod auth;
pub mod budgets;
pub mod conditional;
pub mod cors;
pub mod docs;
pub mod door;
pub mod error;
pub mod extract;
pub mod forwarded;
pub mod guard;
pub mod idempotency;
pub mod listing;
pub mod live;
mod measured;
pub mod operations;
pub mod page;
pub mod query;
pub mod security;
pub mod staleness;
pub mod toolkit;

pub use self::{
    door::Door,
    error::{Code, Problem},
    extract::{Body, BodyMax, Path},
    query::Query,
    toolkit::{Toolkit, ToolkitParts},
};
