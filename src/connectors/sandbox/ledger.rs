//! The sandbox's books: one charge for each payment, and every operation on it idempotent.
//!
//! Invariant: of one charge, refunded <= captured <= authorised, and a voided one has nothing captured. At most 100,000
//! charges: at the bound a new charge displaces the oldest settled one, which from then on counts, like after a
//! restart, as a charge made before these books were opened. A real provider has one set of books; here each node of a
//! cluster has its own, so a charge that was authorised through one may be captured through another and given back
//! through the first. With other books present, a call's assumption about earlier operations is accepted.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    actors::ports::ConnectorFault,
    domain::{
        ids::{OrderId, PaymentId, RefundId},
        money::Money,
        payment::ProviderEvent,
    },
};

use super::{CustomerError, Verdict};

const CHARGES_MAX: usize = 100_000;
const PREFIX: &str = "sbx_";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    RequiresAction,
    Authorized,
    Declined { code: String },
    Captured,
    Voided,
}

#[derive(Clone, Debug)]
pub struct Charge {
    /// `None`: made before these books were opened (see the head of the file).
    pub order: Option<OrderId>,
    pub amount: Option<Money>,
    pub status: Status,
    /// Whether it ever was authorised: a charge voided before that was not.
    pub authorized: bool,
    pub captured: i64,
    pub refunds: BTreeMap<RefundId, i64>,
    answers_at: Option<Instant>,
}

/// Minor units. What the provider took is `captured - refunded`, what it still blocks `authorized - captured - voided`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub charges: u64,
    pub authorized: i64,
    pub voided: i64,
    pub captured: i64,
    pub refunded: i64,
}

pub struct Authorization {
    pub status: Status,
    authorized: bool,
    payment: PaymentId,
    /// False for a repeated call.
    pub first: bool,
    pub answers_at: Instant,
}

pub struct Done {
    pub payment: PaymentId,
    pub news: ProviderEvent,
    pub changed: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Ledger {
    charges: HashMap<PaymentId, Charge>,
    /// Oldest first.
    age: VecDeque<PaymentId>,
    /// Other processes keep books of the same charges.
    elsewhere: bool,
}

/// The provider's name of a payment's charge: the same before and after a restart.
pub fn reference(payment: PaymentId) -> String {
    format!("{PREFIX}{}", payment.0.simple())
}

pub fn payment_of(reference: &str) -> Option<PaymentId> {
    reference.strip_prefix(PREFIX).and_then(|id| Uuid::try_parse(id).ok()).map(PaymentId)
}

impl Authorization {
    /// The answer to a first or repeated call: the charge's status.
    pub fn news(&self, continue_url: &str) -> ProviderEvent {
        let reference = reference(self.payment);
        match &self.status {
            Status::RequiresAction => {
                ProviderEvent::RequiresAction { reference, continue_url: continue_url.to_owned() }
            }
            Status::Declined { code } => ProviderEvent::Declined { code: code.clone() },
            Status::Voided if !self.authorized => ProviderEvent::Declined { code: "voided".to_owned() },
            Status::Authorized | Status::Captured | Status::Voided => ProviderEvent::Authorized { reference },
        }
    }
}

impl Ledger {
    pub fn new(elsewhere: bool) -> Self {
        Self { elsewhere, ..Self::default() }
    }

    pub fn charge(&self, payment: PaymentId) -> Option<&Charge> {
        self.charges.get(&payment)
    }

    /// By order; `None` gathers the charges made before these books were opened.
    pub fn totals_by_order(&self) -> BTreeMap<Option<OrderId>, Totals> {
        let mut totals: BTreeMap<_, Totals> = BTreeMap::new();
        for charge in self.charges.values() {
            totals.entry(charge.order).or_default().add(charge);
        }
        totals
    }

    pub fn totals(&self) -> Totals {
        self.charges.values().fold(Totals::default(), |mut totals, charge| {
            totals.add(charge);
            totals
        })
    }

    /// The same payment with another amount or order is a fault of the caller and changes nothing.
    pub fn authorize(
        &mut self,
        payment: PaymentId,
        order: OrderId,
        amount: Money,
        outcome: Status,
        answers_at: Instant,
    ) -> Result<Authorization, ConnectorFault> {
        let first = !self.charges.contains_key(&payment);
        if first {
            self.insert(payment, Charge::new(outcome));
        }
        let charge = self.charges.entry(payment).or_insert_with(|| Charge::new(Status::Voided));
        let same_order = *charge.order.get_or_insert(order) == order;
        let same_amount = *charge.amount.get_or_insert(amount) == amount;
        if !(same_order && same_amount) {
            return Err(ConnectorFault::Invalid(format!("payment {payment} was authorised with other contents")));
        }
        let answers_at = *charge.answers_at.get_or_insert(answers_at);
        let (status, authorized) = (charge.status.clone(), charge.authorized);
        Ok(Authorization { status, authorized, payment, first, answers_at })
    }

    pub fn capture(&mut self, reference: &str, amount: Money) -> Result<Done, ConnectorFault> {
        let (payment, charge) = self.known(reference, Status::Authorized)?;
        let refused = |code: &str| ProviderEvent::CaptureFailed { code: code.to_owned() };
        let (news, changed) = match &charge.status {
            Status::Captured => (ProviderEvent::Captured, false),
            Status::Authorized if charge.amount.is_some_and(|a| a.currency != amount.currency) => {
                (refused("currency_mismatch"), false)
            }
            Status::Authorized if charge.amount.is_some_and(|a| a.amount < amount.amount) => {
                (refused("amount_too_large"), false)
            }
            Status::Authorized => {
                charge.amount.get_or_insert(amount);
                (charge.status, charge.captured) = (Status::Captured, amount.amount);
                (ProviderEvent::Captured, true)
            }
            Status::RequiresAction | Status::Declined { .. } => (refused("not_authorized"), false),
            Status::Voided => (refused("voided"), false),
        };
        Ok(Done { payment, news, changed })
    }

    pub fn void(&mut self, reference: &str) -> Result<Done, ConnectorFault> {
        let (payment, charge) = self.known(reference, Status::Authorized)?;
        let (news, changed) = match charge.status {
            Status::Voided | Status::Declined { .. } => (ProviderEvent::Voided, false),
            Status::Captured => (ProviderEvent::CaptureFailed { code: "already_captured".to_owned() }, false),
            Status::Authorized | Status::RequiresAction => {
                charge.status = Status::Voided;
                (ProviderEvent::Voided, true)
            }
        };
        Ok(Done { payment, news, changed })
    }

    pub fn refund(&mut self, reference: &str, refund: RefundId, amount: Money) -> Result<Done, ConnectorFault> {
        let (payment, charge) = self.known(reference, Status::Captured)?;
        let refused = |code: &str| ProviderEvent::RefundFailed { refund, code: code.to_owned() };
        if charge.order.is_none() && charge.status == Status::Captured && !charge.refunds.contains_key(&refund) {
            // Captured before these books: at least the refunded amount was captured.
            charge.captured = charge.captured.max(charge.refunded().saturating_add(amount.amount));
        }
        let left = charge.captured - charge.refunded();
        let (news, changed) = match charge.status {
            Status::Captured if charge.refunds.contains_key(&refund) => (ProviderEvent::Refunded { refund }, false),
            Status::Captured if charge.amount.is_some_and(|a| a.currency != amount.currency) => {
                (refused("currency_mismatch"), false)
            }
            Status::Captured if amount.amount > left || amount.amount <= 0 => (refused("amount_too_large"), false),
            Status::Captured => {
                charge.refunds.insert(refund, amount.amount);
                (ProviderEvent::Refunded { refund }, true)
            }
            Status::RequiresAction | Status::Authorized | Status::Declined { .. } | Status::Voided => {
                (refused("not_captured"), false)
            }
        };
        Ok(Done { payment, news, changed })
    }

    /// The charge's status after the customer's decision. A charge unknown here waits for a decision, too.
    pub fn after_verdict(&self, payment: PaymentId, verdict: Verdict) -> Result<Status, CustomerError> {
        let declined = Status::Declined { code: "customer_declined".to_owned() };
        match (self.charges.get(&payment).map(|charge| &charge.status), verdict) {
            (None | Some(Status::RequiresAction | Status::Authorized), Verdict::Approve) => Ok(Status::Authorized),
            (None | Some(Status::RequiresAction | Status::Declined { .. }), Verdict::Decline) => Ok(declined),
            (Some(Status::Authorized), Verdict::Decline) => Err(CustomerError::Settled { status: "authorised" }),
            (Some(Status::Declined { .. }), Verdict::Approve) => Err(CustomerError::Settled { status: "declined" }),
            (Some(Status::Captured), _) => Err(CustomerError::Settled { status: "captured" }),
            (Some(Status::Voided), _) => Err(CustomerError::Settled { status: "voided" }),
        }
    }

    pub fn settle_action(&mut self, payment: PaymentId, status: Status) {
        if !self.charges.contains_key(&payment) {
            self.insert(payment, Charge::new(Status::RequiresAction));
        }
        if let Some(charge) = self.charges.get_mut(&payment)
            && charge.status == Status::RequiresAction
        {
            charge.authorized = status == Status::Authorized;
            charge.status = status;
        }
    }

    /// The charge of `reference`. A charge outside the books was made before they were opened and gets the status
    /// `assumed`; so does a charge with an earlier status here, when other processes keep books too.
    fn known(&mut self, reference: &str, assumed: Status) -> Result<(PaymentId, &mut Charge), ConnectorFault> {
        let payment = payment_of(reference)
            .ok_or_else(|| ConnectorFault::Invalid(format!("{reference:?} is not a reference of the sandbox")))?;
        if !self.charges.contains_key(&payment) {
            self.insert(payment, Charge::new(assumed.clone()));
        }
        let elsewhere = self.elsewhere;
        let charge = self.charges.entry(payment).or_insert_with(|| Charge::new(assumed.clone()));
        if elsewhere {
            charge.catch_up(assumed);
        }
        Ok((payment, charge))
    }

    fn insert(&mut self, payment: PaymentId, charge: Charge) {
        // Unsettled charges are passed over, a few at a time; were all unsettled, the oldest goes.
        for tried in 0.. {
            let Some(oldest) = (self.charges.len() >= CHARGES_MAX).then(|| self.age.pop_front()).flatten() else {
                break;
            };
            if tried < 16 && !self.charges.get(&oldest).is_none_or(Charge::settled) {
                self.age.push_back(oldest);
            } else {
                self.charges.remove(&oldest);
            }
        }
        self.age.push_back(payment);
        self.charges.insert(payment, charge);
    }
}

impl Charge {
    fn new(status: Status) -> Self {
        let authorized = matches!(status, Status::Authorized | Status::Captured);
        Self { order: None, amount: None, status, authorized, captured: 0, refunds: BTreeMap::new(), answers_at: None }
    }

    /// The operations in between were done elsewhere, on the whole amount.
    fn catch_up(&mut self, assumed: Status) {
        let captured = assumed == Status::Captured;
        let behind = match self.status {
            Status::RequiresAction => captured || assumed == Status::Authorized,
            Status::Authorized => captured,
            Status::Declined { .. } | Status::Captured | Status::Voided => false,
        };
        if !behind {
            return;
        }
        (self.status, self.authorized) = (assumed, true);
        if let (true, Some(amount)) = (captured, self.amount) {
            self.captured = amount.amount;
        }
    }

    pub fn refunded(&self) -> i64 {
        self.refunds.values().sum()
    }

    fn settled(&self) -> bool {
        match self.status {
            Status::RequiresAction | Status::Authorized => false,
            Status::Declined { .. } | Status::Captured | Status::Voided => true,
        }
    }
}

impl Totals {
    fn add(&mut self, charge: &Charge) {
        let amount = charge.amount.map_or(charge.captured, |amount| amount.amount);
        self.charges += 1;
        self.captured += charge.captured;
        self.refunded += charge.refunded();
        if charge.authorized {
            self.authorized += amount;
            self.voided += if charge.status == Status::Voided { amount } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests;
