//! Authentication at the edge: extractors, two middlewares.
//!
//! A handler's first argument declares its callers: [`Staff`] (operators), [`Caller`] (any writer; a new guest gets a
//! session), [`Settler`] (a writer who pays or cancels) or [`MaybeCaller`] (any reader; no session is created). All of them read `Identity` from the state by
//! `FromRef`. The router needs both layers, [`guest_cookie`] and [`same_origin`].

mod extract;
mod layers;
mod problem;

pub use extract::{Caller, MaybeCaller, Settler, Staff};
pub use layers::{guest_cookie, same_origin};
