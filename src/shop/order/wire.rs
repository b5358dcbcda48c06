//! An order on the wire: the one shape of HTTP responses, of `order.<id>` and of `board`. Who lacks `money.read` sees no
//! amount in it, who lacks `customers.read` no person: those members are absent. An owner sees all of their own.

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{Array, ArrayBuilder, ObjectBuilder, RefOr, Schema, Type, schema::OneOfBuilder},
};
use uuid::Uuid;

use super::reference;
use crate::{
    domain::{
        ids::{OrderId, Sku},
        money::Money,
        order::{Fulfilment, NextTransition, OrderStatus, OrderStockLine, OrderView, PaymentStatus, StaffTransition},
        pricing::{Line, Totals},
    },
    identity::{Permission, PermissionSet, Sight},
    shop::{checkout::address::AddressBody, money::MoneyBody, names::StockState},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderBody {
    #[schema(value_type = Uuid)]
    pub id: OrderId,
    /// Given when the order is paid.
    pub number: Option<u64>,
    /// The number with letters that cannot be guessed: finds the order again, see `POST /api/orders/lookup`.
    pub reference: Option<String>,
    pub version: u64,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub payment_id: Option<Uuid>,
    pub user_id: Uuid,
    /// For the owner and `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub lines: Vec<OrderLine>,
    /// For the owner and `money.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<OrderTotals>,
    pub shipping_method: String,
    /// For the owner and `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<AddressBody>,
    /// For the owner and `customers.read`.
    pub billing_address: Option<AddressBody>,
    /// RFC 3339, UTC.
    pub placed_at: String,
    /// Until when the order waits for its payment, and its stock is held.
    pub hold_expires_at: Option<String>,
    pub stock: Vec<OrderStock>,
    pub fulfilments: Vec<FulfilmentBody>,
    /// Every move, whether it is legal now, and if not why.
    pub next: Vec<NextTransitionBody>,
    /// The newer order of the same cart that took this one's place.
    pub superseded_by: Option<Uuid>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderLine {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub name: String,
    pub quantity: u32,
    /// For the owner and `money.read`, like the other amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<MoneyBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_total: Option<MoneyBody>,
    /// Contained in `line_total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<MoneyBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderTotals {
    pub items: MoneyBody,
    pub shipping: MoneyBody,
    pub discount: MoneyBody,
    /// Contained in `total`.
    pub tax: MoneyBody,
    pub total: MoneyBody,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderStock {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub units: u32,
    pub shipped: u32,
    pub state: StockState,
}

/// One parcel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fulfilment)]
pub struct FulfilmentBody {
    pub id: Uuid,
    pub lines: Vec<ShippedLine>,
    pub carrier: Option<String>,
    pub tracking: Option<String>,
    pub at: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippedLine {
    #[schema(max_length = 255)]
    pub sku: String,
    #[schema(minimum = 1)]
    pub quantity: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextMove)]
pub struct NextTransitionBody {
    pub to: StaffTransition,
    pub allowed: bool,
    pub reason: Option<String>,
}

impl OrderBody {
    /// What the parts of an order that not everybody sees depend on.
    pub const SHOWN_BY: PermissionSet = PermissionSet::of(&[Permission::MoneyRead, Permission::CustomersRead]);

    /// For HTTP and for frames alike. `None` for an order that was never placed.
    pub fn new(id: OrderId, version: u64, view: &OrderView, sight: Sight) -> Option<Self> {
        let placed = view.placement.as_deref()?;
        let (money, person) = (sight.shows(Permission::MoneyRead), sight.shows(Permission::CustomersRead));
        let line = |line: &Line| OrderLine::new(line.clone(), money);
        Some(Self {
            id,
            number: view.number,
            reference: view.number.map(|number| reference::of(number, id)),
            version,
            status: view.lifecycle,
            payment_status: view.payment_status,
            payment_id: view.payment.map(|payment| payment.0),
            user_id: placed.user.0,
            email: person.then(|| placed.email.clone()),
            lines: placed.lines.iter().map(line).collect(),
            totals: money.then(|| placed.totals.into()),
            shipping_method: placed.shipping_method.clone(),
            shipping_address: person.then(|| placed.shipping_address.clone().into()),
            billing_address: placed.billing_address.clone().filter(|_| person).map(Into::into),
            placed_at: view.placed_at.rfc3339(),
            hold_expires_at: view.lifecycle.is_undecided().then(|| placed.pay_by.rfc3339()),
            stock: view.stock.iter().map(Into::into).collect(),
            fulfilments: view.fulfilments.iter().cloned().map(Into::into).collect(),
            next: view.next_transitions().into_iter().map(Into::into).collect(),
            superseded_by: view.superseded_by.map(|order| order.0),
        })
    }
}

impl From<&OrderStockLine> for OrderStock {
    fn from(line: &OrderStockLine) -> Self {
        Self { sku: line.sku.clone(), units: line.units, shipped: line.shipped, state: line.state.into() }
    }
}

impl From<NextTransition> for NextTransitionBody {
    fn from(next: NextTransition) -> Self {
        Self { to: next.to, allowed: next.allowed, reason: next.reason }
    }
}

impl OrderLine {
    pub fn new(line: Line, money: bool) -> Self {
        let shown = |amount: Money| money.then(|| amount.into());
        Self {
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            unit_price: shown(line.unit_price),
            line_total: shown(line.line_total),
            tax: shown(line.tax),
        }
    }
}

impl From<Totals> for OrderTotals {
    fn from(totals: Totals) -> Self {
        Self {
            items: totals.items.into(),
            shipping: totals.shipping.into(),
            discount: totals.discount.into(),
            tax: totals.tax.into(),
            total: totals.total.into(),
        }
    }
}

impl From<Fulfilment> for FulfilmentBody {
    fn from(fulfilment: Fulfilment) -> Self {
        let lines = fulfilment
            .lines
            .into_iter()
            .map(|(sku, units)| ShippedLine { sku: sku.as_str().to_owned(), quantity: units.get().into() });
        Self {
            id: fulfilment.id.0,
            lines: lines.collect(),
            carrier: fulfilment.carrier,
            tracking: fulfilment.tracking,
            at: fulfilment.at.rfc3339(),
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Transition)]
pub struct TransitionBody {
    pub to: StaffTransition,
    /// The version that was read; another one is answered 412.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFulfilment)]
pub struct NewFulfilmentBody {
    pub lines: Vec<ShippedLine>,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub carrier: Option<String>,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub tracking: Option<String>,
}

/// One commit in an order's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    pub version: u64,
    pub at: String,
    pub by: String,
    #[schema(schema_with = events)]
    pub events: serde_json::Value,
}

/// An event without members is its name alone.
fn events() -> Array {
    let name = ObjectBuilder::new().schema_type(Type::String);
    let whole = ObjectBuilder::new().min_properties(Some(1)).max_properties(Some(1));
    let event = Schema::OneOf(OneOfBuilder::new().item(name).item(whole).build());
    let text =
        "As the journal holds them: a name, or an object with the name as its member. Payment tokens are blotted out";
    ArrayBuilder::new().items(RefOr::T(event)).description(Some(text)).build()
}
