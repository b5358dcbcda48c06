//! Races on the wire: many clients over real sockets against a real shop on sled, and what must hold whoever wins.
//!
//! The first three are those of ACIDRain (Warszawski and Bailis, SIGMOD 2017): the last unit, the cart that changes
//! during checkout, the voucher or key used twice at once. None of them waits by the clock.

#[path = "common/shop.rs"]
mod shop;

#[path = "races/cart.rs"]
mod cart;
#[path = "races/flash_sale.rs"]
mod flash_sale;
#[path = "races/keys.rs"]
mod keys;
#[path = "races/last_unit.rs"]
mod last_unit;
#[path = "races/late_money.rs"]
mod late_money;
#[path = "races/money.rs"]
mod money;
#[path = "races/watcher.rs"]
mod watcher;
