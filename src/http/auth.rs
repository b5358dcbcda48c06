//! Authentication at the edge: extractors, what they declare, and what surrounds every request.
//!
//! One argument of each handler declares its callers: [`Staff`] (whoever has the permission in its type), [`Caller`] (any
//! writer; a new guest gets a session), [`Settler`] (a writer who pays or cancels), [`MaybeCaller`] and [`MaybeOwner`]
//! (any reader of what is their own; no session is created), [`SignedIn`] (an account), [`Anybody`] and [`Public`]. A
//! handler without one, or with two, does not compile: `declared!` reads the declaration from its type and writes it
//! into the document. All of them read `Identity` from the state by `FromRef`. The guard around all routes fills in
//! [`GuestSlot`] and asks [`same_origin`].

pub mod declare;
mod extract;
mod layers;
mod problem;
mod readers;

pub(crate) use declare::declared;
pub use extract::{Caller, Settler, Staff};
pub use layers::{GuestSlot, same_origin};
pub use readers::{Anybody, MaybeCaller, MaybeOwner, Public, SignedIn};
