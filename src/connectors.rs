//! The outside world behind ports: each connector is one party that the shop calls, and that may call the shop.
//!
//! [`payment`] is the port of payment providers and its adapter to the runtime's `Connector`; [`webhook`] is the port
//! of providers' webhooks, with [`signature`] for the sandbox's. [`sandbox`] is the first connector: it acts like a
//! real provider, time-outs and webhooks included, without money. [`mail`] is the port of mail, with a server or a
//! directory behind it. [`oidc`] asks OpenID providers who has come. Absent: the money rules (`domain::payment`),
//! budgets, time-outs and breakers of effects (`actors`), and the webhooks' route (`shop::payment::webhook`).

pub mod mail;
pub mod oidc;
pub mod payment;
pub mod sandbox;
pub mod signature;
pub mod webhook;
