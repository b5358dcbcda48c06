//! The shipping methods.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    http::auth::Public,
    shop::{AppState, money::MoneyBody},
};

#[derive(Serialize, ToSchema)]
#[schema(as = ShippingMethod)]
pub struct ShippingMethodBody {
    id: String,
    name: String,
    /// Tax included.
    price: MoneyBody,
    /// Working days until delivery.
    days: u32,
}

/// Shipping methods
#[utoipa::path(get, path = "/api/shipping-methods", tag = "Checkout",
    responses((status = 200, description = "In the shop's order", body = [ShippingMethodBody])))]
pub async fn list_shipping_methods(_: Public, State(state): State<AppState>) -> Json<Vec<ShippingMethodBody>> {
    let shop = &state.settings;
    let methods = shop.shipping_methods.iter().map(|method| ShippingMethodBody {
        id: method.id.clone(),
        name: method.name.clone(),
        price: method.price(shop.currency).into(),
        days: method.days,
    });
    Json(methods.collect())
}
