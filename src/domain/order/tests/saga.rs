//! Whole checkouts in a small host: order, stock, cart, payment and numbers with a provider that keeps its own books.
//! [`world`] is the host, [`provider`] the provider, [`rules`] what must hold.

mod provider;
mod rules;
mod world;
