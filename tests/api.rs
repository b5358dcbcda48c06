//! The API over real sockets, in the language of the shop: one file for each part of it.

#[path = "common/shop.rs"]
mod shop;

#[path = "api/cart.rs"]
mod cart;
#[path = "api/catalogue.rs"]
mod catalogue;
#[path = "api/checkout.rs"]
mod checkout;
#[path = "api/conventions.rs"]
mod conventions;
#[path = "api/orders.rs"]
mod orders;
#[path = "api/payments.rs"]
mod payments;
#[path = "api/permissions.rs"]
mod permissions;
#[path = "api/stock.rs"]
mod stock;
