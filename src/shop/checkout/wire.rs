//! What a checkout is asked with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::address::AddressBody;

/// What a checkout is asked with.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Checkout)]
pub struct CheckoutBody {
    #[schema(max_length = 254, example = "ada@example.org")]
    pub email: String,
    pub shipping_address: AddressBody,
    /// Absent: the shipping address.
    #[serde(default)]
    pub billing_address: Option<AddressBody>,
    /// One of `GET /api/shipping-methods`.
    #[schema(example = "standard")]
    pub shipping_method: String,
}
