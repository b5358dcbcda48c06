//! A cart as its owner sees it: the entity's lines, with what the catalogue knows of each SKU now.

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};

use super::wire::{CartBody, CartLineBody, CartTotals};
use crate::{
    actors::gateway::Answer,
    domain::{
        cart::{CartLine, CartView},
        money::Money,
        pricing::Basket,
    },
    http::{Problem, conditional::etag},
    identity::Principal,
    shop::{AppState, names::Availability},
};

pub fn shown(state: &AppState, who: Option<&Principal>, answer: Answer<CartView>) -> Result<Response, Problem> {
    let counts = state.settings.public_stock_counts || who.is_some_and(Principal::is_staff);
    let (version, view) = (answer.version, answer.view);
    let body = CartBody {
        id: who.map(|who| who.cart),
        version,
        totals: totals(state, &view)?,
        units: view.items,
        lines: view.lines.into_iter().map(|line| shown_line(state, counts, line)).collect(),
        coupons: Vec::new(),
    };
    Ok(([(header::ETAG, etag(version))], Json(body)).into_response())
}

fn shown_line(state: &AppState, counts: bool, line: CartLine) -> CartLineBody {
    let card = state.catalogue.sku(&line.sku);
    CartLineBody {
        available: card.as_ref().filter(|_| counts).map(|card| card.available),
        // A withdrawn item cannot be had.
        availability: card.as_ref().map_or(Availability::Out, |card| card.availability.into()),
        image: card.and_then(|card| card.image).map(|image| image.url),
        sku: line.sku,
        name: line.name,
        quantity: line.quantity,
        unit_price: line.unit_price.into(),
        line_total: line.line_total.into(),
    }
}

/// As a checkout will price these lines, before shipping.
fn totals(state: &AppState, view: &CartView) -> Result<CartTotals, Problem> {
    let currency = view.total.map_or(state.settings.currency, |total| total.currency);
    let lines = view.lines.iter().map(|line| (line.sku.clone(), line.name.clone(), line.quantity, line.unit_price));
    let quote = Basket::new(lines, Money::zero(currency), state.settings.tax_basis_points).quote()?;
    let totals = quote.totals;
    Ok(CartTotals { items: totals.items.into(), tax: totals.tax.into(), total: totals.total.into() })
}
