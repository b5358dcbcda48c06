//! Authentication at the edge: extractors, two middlewares.
//!
//! A handler says who it is for by its first argument: [`Staff`] (operators), [`Caller`] (anybody who writes; a new
//! guest gets a session) or [`MaybeCaller`] (anybody who reads; no session is made). All three read
//! `Identity` from the state by `FromRef`. The router needs both layers, [`guest_cookie`] and [`same_origin`].

mod extract;
mod layers;
mod problem;

pub use extract::{Caller, MaybeCaller, Staff};
pub use layers::{guest_cookie, same_origin};
