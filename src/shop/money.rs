//! Money on the wire: minor units and a currency.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::money::{Currency, Money, MoneyError},
    http::{Code, Problem},
};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Money)]
pub struct MoneyBody {
    /// Minor units: cents.
    #[schema(example = 1999)]
    pub amount: i64,
    /// ISO 4217.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: Currency,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: money.currency }
    }
}

impl From<MoneyBody> for Money {
    fn from(body: MoneyBody) -> Self {
        Self { amount: body.amount, currency: body.currency }
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        let detail = error.to_string();
        match error {
            MoneyError::BadCurrency(_) => Problem::field("currency", detail),
            MoneyError::CurrencyMismatch(..) => Problem::new(Code::CURRENCY_MISMATCH, detail),
            MoneyError::Overflow => Problem::new(Code::AMOUNT_OVERFLOW, detail),
            // The server computes shares: a caller cannot cause this.
            MoneyError::NoParts => Problem::internal(&detail),
        }
    }
}
