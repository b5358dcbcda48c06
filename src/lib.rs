//! Souk, a live commerce engine. The modules in reading order:
//!
//! * [`domain`]: the shop's rules, pure.
//! * [`actors`]: hosts them; shards, commit gate, tail, alarms, effects; defines the ports.
//! * [`persistence`], [`transport`], [`payments`]: implement the ports.
//! * [`views`]: read models, pure folds; [`live`]: fan-out to sockets.
//! * [`identity`]: who is calling; [`http`]: the API; [`catalogue`]: sample shop and imports.
//! * [`config`], [`app`] (the composition root), [`cli`]; [`load`] measures a shop from outside.

pub mod actors;
pub mod app;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
pub mod identity;
pub mod live;
pub mod load;
pub mod payments;
pub mod persistence;
pub mod transport;
pub mod views;
