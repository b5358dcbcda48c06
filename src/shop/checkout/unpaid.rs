//! A checkout at the bounds on what waits for a payment: what it asks, and for whom.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::place::Checkout;
use crate::{
    domain::{
        ids::Sku,
        order::CheckoutSnapshot,
        stock::{Stock, StockView},
    },
    network::Bucket,
    shop::{
        Services,
        unpaid::{Asked, AskedLine, Holder, UnpaidRefusal},
    },
};

/// The machine itself is nobody's address: behind it stands a proxy of the shop's own, with every shopper.
pub fn counted(address: Option<IpAddr>) -> Option<Bucket> {
    let address = address.map(|address| address.to_canonical());
    address.filter(|address| *address != Ipv4Addr::LOCALHOST && *address != Ipv6Addr::LOCALHOST).map(Bucket::of)
}

pub fn check_pause(services: &Services, checkout: &Checkout) -> Result<(), UnpaidRefusal> {
    match checkout.bounded {
        true => services.unpaid.check_pause(Holder::of(checkout.user, checkout.address)),
        false => Ok(()),
    }
}

pub fn enter(services: &Services, checkout: &Checkout, placed: &CheckoutSnapshot) -> Result<(), UnpaidRefusal> {
    // An order of 0.00 waits for nobody.
    if !checkout.bounded || placed.is_free() {
        return Ok(());
    }
    let mut units: BTreeMap<&Sku, u64> = BTreeMap::new();
    for line in &placed.lines {
        *units.entry(&line.sku).or_default() += u64::from(line.quantity);
    }
    let share = services.unpaid.bounds().share_of_address();
    let lines = units.into_iter().map(|(sku, units)| {
        // Nobody asks for the share of an address that is not counted: its stock need not be read.
        let most = checkout.address.map_or(u64::MAX, |_| share.most(unpaid_units(services, sku)));
        AskedLine { sku: sku.clone(), units, most }
    });
    services.unpaid.enter(&Asked {
        order: checkout.order,
        buyer: checkout.user,
        address: checkout.address,
        lines: lines.collect(),
        replaces: placed.replaces.clone(),
        pay_by: placed.pay_by,
    })
}

/// As this node has folded it; where nothing is known, the stock itself has the last word.
fn unpaid_units(services: &Services, sku: &Sku) -> Option<u64> {
    let seen = services.gateway.read_local::<Stock>(sku.as_str()).ok().flatten();
    seen.map_or(Some(0), |seen| StockView::unpaid(&seen.view))
}
