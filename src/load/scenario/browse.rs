//! `browse`: an ordinary day. Of sixteen operations ten look at lists, categories and products, two put something
//! into a cart, three look at the cart, one buys what is in it.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use super::{Findings, Log, Scenario, checkout::Corner};
use crate::load::{
    book::{Kept, Units},
    checks,
    error::Result,
    http::{Answer, Answered, Call, Kind, Trouble},
    plan::{self, Plan},
    queue::Ticket,
    rng::Rng,
    shopper::Shopper,
    site::{Shelf, Site},
};

/// Lines of a cart, then its shopper leaves.
const LINES_MAX: usize = 50;

pub struct Browse {
    skus: usize,
    shelf: Shelf,
    corner: Corner,
}

/// A shopper between two operations.
pub struct Visitor {
    shopper: Shopper,
    /// The cart by its newest response; `None`: a response was lost, so the contents are unknown.
    cart: Option<Units>,
}

impl Browse {
    pub fn new(skus: usize) -> Result<Self> {
        plan::count("--skus", skus, 1, 5_000)?;
        Ok(Self { skus, shelf: Shelf::default(), corner: Corner::default() })
    }

    async fn look(&self, visitor: &mut Visitor, path: &str) -> Answered {
        visitor.shopper.connection.send(&Call::get(path)).await.and_then(Answer::good).map(drop)
    }

    async fn add(&self, visitor: &mut Visitor, rng: &mut Rng) -> Answered {
        if visitor.cart.as_ref().is_none_or(|cart| cart.len() >= LINES_MAX) {
            self.goes(visitor);
        }
        let (sku, units) = (self.corner.skus[rng.below(self.corner.skus.len())].clone(), 1 + rng.below(3) as u64);
        let put = visitor.shopper.put(&sku, units).await;
        match (&put, &mut visitor.cart) {
            (Ok(()), Some(cart)) => drop(cart.insert(sku, units)),
            (Err(Trouble { kind: Kind::InDoubt, .. }), cart) => *cart = None,
            (Ok(()) | Err(_), _) => {}
        }
        put
    }

    async fn buy(&self, visitor: &mut Visitor, rng: &mut Rng) -> Answered {
        if visitor.cart.as_ref().is_none_or(HashMap::is_empty) {
            self.add(visitor, rng).await?;
        }
        let lines: Vec<_> = visitor.cart.iter().flatten().map(|(sku, units)| (sku.clone(), *units)).collect();
        let order = visitor.shopper.check_out(Uuid::now_v7(), &lines).await;
        // In every case this visitor no longer uses the cart.
        let paid = match order {
            Ok(order) => visitor.shopper.pay(Uuid::now_v7(), order).await,
            Err(trouble) => Err(trouble),
        };
        visitor.shopper.connection.forget();
        visitor.cart = Some(Units::new());
        paid
    }

    /// The visitor goes; the next one comes to the same connection.
    fn goes(&self, visitor: &mut Visitor) {
        let cookie = visitor.shopper.connection.cookie.take();
        let cart = visitor.cart.replace(Units::new());
        self.corner.book.note(|book| match (cookie, cart) {
            (Some(cookie), Some(lines)) if !lines.is_empty() => book.kept.push(Kept { cookie, lines }),
            (_, None) => book.doubtful_carts += 1,
            (_, Some(_)) => {}
        });
    }
}

impl Scenario for Browse {
    const NAME: &'static str = "browse";
    const UNIT: &'static str = "visits";
    type Worker = Visitor;

    async fn prepare(self, site: &Arc<Site>, plan: &Plan) -> Result<Self> {
        let shelf = site.shelf().await?;
        Ok(Self { corner: Corner::stocked(site, self.skus, plan.seed).await?, shelf, ..self })
    }

    fn worker(&self, site: &Arc<Site>) -> Result<Visitor> {
        let shopper = Shopper::new(site.guest(), self.corner.book.clone(), false);
        Ok(Visitor { shopper, cart: Some(Units::new()) })
    }

    async fn operation(&self, visitor: &mut Visitor, ticket: Ticket, log: &Log) -> Answered {
        let mut rng = Rng::of(self.corner.seed, ticket.turn);
        let mut any = |paths: &'_ [String]| paths.get(rng.below(paths.len())).cloned().unwrap_or_default();
        let (list, category, product) =
            (any(&self.shelf.pages), any(&self.shelf.categories), any(&self.shelf.products));
        let (name, outcome) = match rng.below(16) {
            0..=3 => ("list", self.look(visitor, &list).await),
            4..=6 => ("category", self.look(visitor, &category).await),
            7..=9 => ("product", self.look(visitor, &product).await),
            10..=11 => ("add to cart", self.add(visitor, &mut rng).await),
            12..=14 => ("view cart", self.look(visitor, "/api/cart").await),
            _ => ("buy", self.buy(visitor, &mut rng).await),
        };
        log.step(name, ticket.due, &outcome);
        outcome
    }

    fn leave(&self, mut visitor: Visitor) {
        self.goes(&mut visitor);
    }

    async fn check(&self, site: &Arc<Site>) -> Result<Findings> {
        let mut invariants = checks::sales(site, &self.corner.book, &self.corner.before).await?;
        invariants.push(checks::carts(site, &self.corner.book).await?);
        let doubtful = self.corner.book.note(|book| book.doubtful_carts);
        let notes = (doubtful > 0).then(|| format!("{doubtful} carts are not compared: an answer about them was lost"));
        Ok(Findings { invariants, notes: notes.into_iter().collect(), ..Findings::default() })
    }
}
