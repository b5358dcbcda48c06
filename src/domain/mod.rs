//! The shop's rules, pure: states, commands, events, refusals, and two functions for each entity.
//!
//! In reading order: [`entity`] (the contract), [`stock`], [`cart`], [`order`] (the checkout process), [`payment`],
//! [`product`] and [`category`], [`numbers`], [`account`]; [`money`] and [`pricing`]; [`effect`] (pending effects);
//! [`kinds`] and [`external`] (the lists of kinds and of ports to the outside world). Deliberately absent: clocks,
//! logs, I/O, random numbers, tokio.

pub mod account;
pub mod cart;
pub mod category;
pub mod effect;
pub mod entity;
pub mod external;
pub mod ids;
pub mod key;
pub mod kinds;
pub mod money;
pub mod numbers;
pub mod order;
pub mod payment;
pub mod pricing;
pub mod product;
mod states;
pub mod stock;
#[cfg(test)]
mod testing;
pub mod time;
