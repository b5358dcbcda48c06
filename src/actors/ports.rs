//! The runtime's requirements on the outside, as traits; `persistence`, `transport` and `connectors` implement them.

mod clock;
mod connector;
mod envelope;
pub mod journal;
mod placement;
mod state_store;
mod transport;

pub use clock::Clock;
pub use connector::{Connector, ConnectorEntry, ConnectorFault};
pub use envelope::{CommandEnvelope, Origin};
pub use journal::Journal;
pub use placement::{Hint, MemberLine, Placement};
pub use state_store::{
    BatchAt, KeyValue, Room, Row, RowChange, Space, StateStore, StoreError, StoredEntity, TailWrite,
};
pub use transport::{Ask, Delivery, Proof, Reply, Transport, TransportError};
