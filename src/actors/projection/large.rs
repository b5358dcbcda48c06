//! A large projection's port: data of its own (a search index), with a watermark of its own for each shard.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{
    actors::ports::journal::{Seq, Shard},
    domain::{
        key::EntityKey,
        kinds::{AnyState, Kind},
    },
};

/// An entity's newest folded state.
#[derive(Clone, Debug)]
pub struct Entity {
    pub key: EntityKey,
    pub version: u64,
    pub state: AnyState,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct LargeError(pub Arc<str>);

/// Followed by one task for each shard: at least once, so [`LargeProjection::upsert`] must be idempotent by key and
/// version. A failure is logged and tried again after a pause that grows; it holds up nobody else.
pub trait LargeProjection: Send + Sync + 'static {
    /// Frozen: under another name it is another projection.
    fn name(&self) -> &'static str;
    /// Another one than the data was made by: the data is emptied and made from the stored states.
    fn version(&self) -> u32;
    fn kinds(&self) -> &[Kind];
    /// Of the shard's records, everything up to here is inside. `None`: not even the states stored at the beginning are.
    fn watermark(&self, shard: Shard) -> Result<Option<Seq>, LargeError>;
    /// Takes entities in, each once in a call, and with them the new watermark; `None`: more of the same is to come.
    /// A watermark that is durable before its entities are would lose them.
    fn upsert<'a>(
        &'a self,
        shard: Shard,
        entities: &'a [Entity],
        watermark: Option<Seq>,
    ) -> BoxFuture<'a, Result<(), LargeError>>;
    /// Empties the data: every shard's watermark is `None` afterwards.
    fn reset(&self) -> BoxFuture<'_, Result<(), LargeError>>;
}
