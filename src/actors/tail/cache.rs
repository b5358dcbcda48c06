//! What the tail holds in memory: folded states, their unwritten history, and who owes something.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{flush::Flush, projected::Projected};
use crate::{
    actors::{
        fast_map::FastMap,
        ports::{
            BatchAt, StoreError, StoredEntity,
            journal::{RecordName, Seq},
        },
        recent::Recent,
    },
    domain::{
        key::EntityKey,
        kinds::{AnyState, Kind},
        personal::{Vault, opening, sealing},
    },
};

/// An entity's committed state, as activation takes it.
#[derive(Clone, Debug)]
pub(in crate::actors) struct Loaded {
    pub(in crate::actors) version: u64,
    pub(in crate::actors) recent: Recent,
    pub(in crate::actors) model: AnyState,
}

/// The stored form of [`Loaded`].
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(default, skip_serializing_if = "Recent::is_empty")]
    recent: Recent,
    #[serde(borrow)]
    state: &'a RawValue,
}

#[derive(Serialize)]
struct Storing<'a> {
    #[serde(skip_serializing_if = "Recent::is_empty")]
    recent: &'a Recent,
    state: Box<RawValue>,
}

impl Loaded {
    pub(super) fn fresh(kind: Kind) -> Self {
        Self { version: 0, recent: Recent::default(), model: AnyState::new(kind) }
    }

    pub(super) fn decode(
        key: &EntityKey,
        stored: &StoredEntity,
        vault: Option<Arc<dyn Vault>>,
    ) -> Result<Self, StoreError> {
        let bad =
            |error: serde_json::Error| StoreError(format!("the stored state of {key} is unreadable: {error}").into());
        if stored.json.is_empty() {
            return Ok(Self { version: stored.version, ..Self::fresh(key.kind) });
        }
        let Stored { recent, state } = serde_json::from_str(&stored.json).map_err(bad)?;
        let model = opening(vault, || AnyState::from_json(key.kind, state.get())).map_err(bad)?;
        Ok(Self { version: stored.version, recent, model })
    }

    /// Of what is forgotten the version alone is stored: the log has its commits, and the next one follows them.
    pub(super) fn encode(&self, vault: Option<Arc<dyn Vault>>) -> Result<StoredEntity, StoreError> {
        if self.model.is_forgotten() {
            return Ok(StoredEntity { version: self.version, json: "".into() });
        }
        let state = sealing(vault, self.model.subject(), || self.model.to_json());
        let json = state.and_then(|state| serde_json::to_string(&Storing { recent: &self.recent, state }));
        let json = json.map_err(|error| StoreError(error.to_string().into()))?;
        Ok(StoredEntity { version: self.version, json: json.into() })
    }
}

pub(super) struct Cached {
    pub(super) loaded: Loaded,
    /// What the stored state gives to rows and sums; the store has it as far as the projections are built.
    pub(super) stored: Projected,
    /// The first record not yet in the stored state; `None` when the stored state is the newest.
    pub(super) unwritten_from: Option<Seq>,
    /// Folded since this entity's last look by a flush: its rows may differ from the stored ones.
    pub(super) touched: bool,
    pub(super) unwritten_bytes: usize,
    pub(super) stored_bytes: usize,
    /// (first version in the record, record), not yet in the store's history index.
    pub(super) history: Vec<(u64, Seq)>,
    /// Forgotten since it was last written: what the store has of its history goes with the next write.
    pub(super) forgotten: bool,
    /// Flushes that put this entity off, because its state is large and little has changed.
    pub(super) deferred: u8,
    /// The last record whose change of this entity was announced.
    pub(super) announced: Seq,
    /// Used since the cache's hand last came by (second chance).
    pub(super) used: bool,
}

pub(super) struct Inner {
    pub(super) cached: FastMap<EntityKey, Cached>,
    /// In folding order, so that a flush is deterministic.
    pub(super) dirty: Vec<EntityKey>,
    pub(super) unwritten_bytes: usize,
    pub(super) flush: Option<Flush>,
    /// Names of the records from the watermark on, where the journal has names: about as many as one flush covers.
    pub(super) names: VecDeque<(Seq, RecordName)>,
    /// The newest batch that is folded into any of these states.
    pub(super) newest: Option<BatchAt>,
    /// Entities whose newest folded state owes something.
    pub(super) pending: BTreeSet<EntityKey>,
    /// The cache's hand: keys in the order of their loading.
    pub(super) clock: VecDeque<EntityKey>,
}

impl Inner {
    pub(super) fn new(pending: BTreeSet<EntityKey>, newest: Option<BatchAt>) -> Self {
        Self {
            cached: FastMap::default(),
            dirty: Vec::new(),
            unwritten_bytes: 0,
            flush: None,
            names: VecDeque::new(),
            newest,
            pending,
            clock: Default::default(),
        }
    }
}
