//! Shapes on the wire: what a request is parsed into and what an answer is made of.
//!
//! Domain types are never serialised to a client: a stored event's shape and the API's must be able to
//! change apart. Requests refuse unknown members, so that a typing error is not silently ignored.

pub mod address;
pub mod cart;
pub mod catalogue;
pub mod money;
pub mod names;
pub mod order;
pub mod payment;
pub mod stock;
