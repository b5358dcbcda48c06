//! What the runtime needs of the world, as traits; `persistence`, `transport` and `payments` implement them.

mod clock;
pub mod journal;
mod placement;
mod provider;
mod state_store;
mod transport;
mod webhook;

pub use clock::Clock;
pub use journal::Journal;
pub use placement::{Hint, MemberLine, Placement};
pub use provider::{PaymentGateway, ProviderFault, expect_refusals, warn_of_refusal};
pub use state_store::{BatchAt, KeyValue, Row, RowChange, Space, StateStore, StoreError, StoredEntity, TailWrite};
pub use transport::{Ask, Delivery, Envelope, Reply, Transport, TransportError};
pub use webhook::{ProviderWebhooks, WebhookEvent, WebhookRefusal};
