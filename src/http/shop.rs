//! What a shopper calls. This list is the map: one file for each resource.

mod cart;
mod cart_body;
mod categories;
mod checkout;
mod checkout_cart;
mod lookup;
mod media;
mod orders;
mod pay;
mod pay_verdict;
mod payments;
mod products;
mod shipping;
mod skus;
mod stock;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use lookup::LookupLimit;
pub(super) use skus::known;

use super::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(products::list_products))
        .routes(routes!(products::get_product))
        .routes(routes!(products::list_products_of_category))
        .routes(routes!(categories::list_categories))
        .routes(routes!(categories::get_category))
        .routes(routes!(categories::list_category_products))
        .routes(routes!(media::get_sample_picture))
        .routes(routes!(stock::get_stock))
        .routes(routes!(cart::get_cart))
        .routes(routes!(cart::add_cart_lines))
        .routes(routes!(cart::set_cart_line, cart::remove_cart_line))
        .routes(routes!(shipping::list_shipping_methods))
        .routes(routes!(checkout::check_out))
        .routes(routes!(orders::list_orders, checkout::create_order))
        .routes(routes!(orders::get_order, orders::cancel_order))
        .routes(routes!(orders::list_orders_by_status))
        .routes(routes!(lookup::look_up_order))
        .routes(routes!(pay::create_payment))
        .routes(routes!(payments::get_payment))
}
