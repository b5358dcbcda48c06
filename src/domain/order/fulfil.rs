//! Parcels: the units of each, until every unit has left.

use std::num::NonZeroU32;

use super::{Fulfilment, Order, OrderEvent, OrderRejection, OrderStatus, decide::Decision};
use crate::domain::{
    ids::{FulfilmentId, Sku},
    time::Timestamp,
};

impl Order {
    pub(super) fn fulfil(
        &self,
        id: FulfilmentId,
        lines: &[(Sku, NonZeroU32)],
        carrier: &Option<String>,
        tracking: &Option<String>,
        now: Timestamp,
    ) -> Decision {
        if self.placement.is_none() {
            return Err(OrderRejection::NotPlaced);
        }
        if lines.is_empty() {
            return Err(OrderRejection::Empty);
        }
        if lines.len() > Self::LINES_MAX {
            return Err(OrderRejection::TooMany { what: "lines".to_owned(), max: Self::LINES_MAX });
        }
        let lines = summed(lines);
        if let Some(known) = self.fulfilments.iter().find(|known| known.id == id) {
            let same = known.lines == lines && known.carrier == *carrier && known.tracking == *tracking;
            return if same { Ok(vec![]) } else { Err(OrderRejection::FulfilmentConflict { fulfilment: id }) };
        }
        // Goods leave only while the order is paid, and only for money that is taken: an authorisation could still be
        // voided, or lapse, behind the parcel.
        if !self.lifecycle.is_shippable() || !self.paid() {
            return Err(OrderRejection::NotFulfillable { lifecycle: self.lifecycle });
        }
        if !self.region().is_taken() && !self.is_free() {
            return Err(OrderRejection::NotCaptured { payment: self.region() });
        }
        for (sku, units) in &lines {
            let open = self.stock.iter().find(|line| line.sku == *sku).map_or(0, |line| line.units - line.shipped);
            if units.get() > open {
                return Err(OrderRejection::ShipsTooMany { sku: sku.clone(), requested: units.get(), open });
            }
        }
        if self.fulfilments.len() >= Self::FULFILMENTS_MAX {
            return Err(OrderRejection::TooMany { what: "fulfilments".to_owned(), max: Self::FULFILMENTS_MAX });
        }
        let (carrier, tracking) = (carrier.clone(), tracking.clone());
        Ok(vec![OrderEvent::Fulfilled { fulfilment: id, lines, carrier, tracking, at: now }])
    }

    pub(super) fn parcel_shipped(&self, fulfilment: FulfilmentId, sku: &Sku) -> Vec<OrderEvent> {
        let owed = self.parcels.iter().any(|(id, owed)| *id == fulfilment && owed == sku);
        owed.then(|| OrderEvent::ParcelShipped { fulfilment, sku: sku.clone() }).into_iter().collect()
    }

    pub(super) fn record_parcel(&mut self, fulfilment: Fulfilment) {
        for (sku, units) in &fulfilment.lines {
            if let Some(line) = self.stock.iter_mut().find(|line| line.sku == *sku) {
                line.shipped += units.get();
            }
            self.parcels.push((fulfilment.id, sku.clone()));
        }
        self.fulfilments.push(fulfilment);
        let all = self.stock.iter().all(|line| line.shipped == line.units);
        self.lifecycle = if all { OrderStatus::Shipped } else { OrderStatus::PartiallyShipped };
    }
}

/// One line for each SKU: the stock writes a parcel off once for each SKU.
fn summed(lines: &[(Sku, NonZeroU32)]) -> Vec<(Sku, NonZeroU32)> {
    let mut summed: Vec<(Sku, NonZeroU32)> = Vec::new();
    for (sku, units) in lines {
        match summed.iter_mut().find(|(known, _)| known == sku) {
            // A sum beyond u32 is beyond any order: saturated, it is refused as too many.
            Some((_, sum)) => *sum = sum.saturating_add(units.get()),
            None => summed.push((sku.clone(), *units)),
        }
    }
    summed
}
