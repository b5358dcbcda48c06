//! Authentication at the edge: extractors, two middlewares.
//!
//! A handler's first argument declares its callers: [`Staff`] (operators), [`Caller`] (any writer; a new guest gets a
//! session) or [`MaybeCaller`] (any reader; no session is created). All three read `Identity` from the state by
//! `FromRef`. The router needs both layers, [`guest_cookie`] and [`same_origin`].

mod extract;
mod layers;
mod problem;

pub use extract::{Caller, MaybeCaller, Staff};
pub use layers::{guest_cookie, same_origin};
