//! The writes acknowledged to the load's shoppers, and the writes in doubt: the expectation of every check at the end.
//! It grows with the run: about 200 bytes for each order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

/// Units by SKU.
pub type Units = HashMap<Arc<str>, u64>;

#[derive(Clone, Debug)]
pub struct Placed {
    pub id: Uuid,
    /// Of the newest response with this order.
    pub version: u64,
    /// Minor units of the shop's currency.
    pub total: i64,
    pub lines: Vec<(Arc<str>, u64)>,
    /// `POST /api/payments` returned 201.
    pub paid: bool,
}

/// A cart by its newest response.
#[derive(Clone, Debug)]
pub struct Kept {
    pub cookie: String,
    pub lines: Units,
}

#[derive(Debug, Default)]
pub struct Entries {
    pub placed: Vec<Placed>,
    /// Lines of checkouts whose response was lost: they may have been placed.
    pub doubtful: Units,
    /// Payments whose response was lost, of acknowledged orders.
    pub doubtful_payments: u64,
    pub kept: Vec<Kept>,
    /// Carts that are not compared, because a response about them was lost.
    pub doubtful_carts: u64,
    /// Requests that were sent again with the same key, because the shop was busy or the response was lost.
    pub repeated: u64,
}

#[derive(Debug, Default)]
pub struct Book(Mutex<Entries>);

impl Book {
    pub fn note<T>(&self, write: impl FnOnce(&mut Entries) -> T) -> T {
        // Each entry is written whole: a poisoned lock guards nothing half-done.
        write(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the order's place, for [`Book::paid`].
    pub fn placed(&self, order: Placed) -> usize {
        self.note(|book| {
            book.placed.push(order);
            book.placed.len() - 1
        })
    }

    pub fn paid(&self, place: usize) {
        self.note(|book| {
            if let Some(order) = book.placed.get_mut(place) {
                order.paid = true;
            }
        });
    }

    pub fn doubt(&self, lines: &[(Arc<str>, u64)]) {
        self.note(|book| {
            for (sku, units) in lines {
                *book.doubtful.entry(sku.clone()).or_default() += units;
            }
        });
    }

    pub fn orders(&self) -> Vec<Placed> {
        self.note(|book| book.placed.clone())
    }
}
