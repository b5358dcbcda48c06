//! Souk, a live commerce engine. The modules in reading order:
//!
//! * [`domain`]: the shop's rules, pure.
//! * [`actors`]: hosts them; shards, commit gate, tail, alarms, effects; defines the ports.
//! * [`persistence`], [`transport`], [`connectors`]: implement the ports.
//! * [`network`]: clients' addresses, and the places each may hold; [`strict`]: JSON from outside.
//! * [`live`]: fan-out to sockets; [`identity`]: the caller; [`http`]: the toolkit of handlers.
//! * [`shop`]: one folder for each capability; [`catalogue`]: sample shop and imports.
//! * [`config`], [`app`] (the composition root), [`cli`]; [`load`] measures a shop from outside.
//! * [`testing`]: fixtures of tests and benches, no part of the shop.

pub mod actors;
pub mod app;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod domain;
pub mod http;
pub mod identity;
pub mod live;
pub mod load;
pub mod network;
pub mod persistence;
pub mod shop;
pub mod strict;
#[doc(hidden)]
pub mod testing;
pub mod transport;

/// A checkout allocates in one thread and frees in another some thousand times, where glibc's allocator took a fifth of
/// the CPU. jemalloc gives unused pages back by a thread of its own, so that an idle shop stays as small
/// (docs/performance.md). Here and not in the program, so that tests and benches use the shipped allocator.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
