//! Payment providers behind the port `PaymentGateway`.
//!
//! [`sandbox`] acts like a real provider, time-outs and webhooks included, without money; [`Breaker`] stands before
//! any of them; [`signature`] is the webhooks' signature. Absent: the money rules (`domain::payment`) and the
//! webhook's route (`http::payments_webhook`).

mod breaker;
pub mod sandbox;
pub mod signature;

pub use breaker::{Breaker, BreakerSettings};
