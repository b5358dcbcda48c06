//! What staff calls. Every handler here takes `Staff`, which refuses everybody else; the test in
//! `tests/api/permissions.rs` tries each of them.

mod fulfilments;
mod history;
mod holds;
mod movements;
mod orders;
mod payment_list;
mod payments;
mod stock;
mod stock_changes;
mod transitions;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(stock::list_stock))
        .routes(routes!(stock_changes::receive_stock))
        .routes(routes!(stock_changes::adjust_stock))
        .routes(routes!(stock_changes::set_stock_threshold))
        .routes(routes!(movements::list_stock_movements))
        .routes(routes!(holds::hold_stock))
        .routes(routes!(holds::release_stock_hold))
        .routes(routes!(orders::list_orders_of_user))
        .routes(routes!(transitions::move_order))
        .routes(routes!(transitions::update_order))
        .routes(routes!(fulfilments::fulfil_order))
        .routes(routes!(history::get_order_history))
        .routes(routes!(payment_list::list_payments))
        .routes(routes!(payment_list::list_payments_by_status))
        .routes(routes!(payment_list::list_payments_of_user))
        .routes(routes!(payments::capture_payment))
        .routes(routes!(payments::void_payment))
        .routes(routes!(payments::refund_payment))
        .routes(routes!(payments::create_refund))
}
