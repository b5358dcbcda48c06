//! Takes a person out of every entity, and forgets the key last. Each step may be repeated; together they may be cut at
//! any moment and begun again.
//!
//! The account stays able to say which orders are its own until they are erased, so it comes behind them. Nothing is
//! erased that a parcel still needs: then the call fails and is repeated.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;

use super::find;
use crate::{
    actors::{
        gateway::{Answer, Call, Gateway},
        ports::{Connector, ConnectorFault},
    },
    domain::{
        account::{Account, AccountCommand, AccountStatus, AccountView},
        api_key::{ApiKey, ApiKeyCommand},
        entity::Entity,
        erasure::{ERASURE_CONNECTOR, ErasureAnswer},
        external::{AnyAnswer, AnyCall},
        ids::{CommandId, OrderId, SessionId, UserId},
        key::EntityKey,
        kinds::{EntityType, Kind},
        note::{Note, NoteCommand},
        order::{Order, OrderCommand, OrderView},
        personal::Subject,
        session::{Session, SessionCommand, SessionEnd},
    },
    shop::rows::AddressIndex,
};

/// The keys of persons, as far as they are forgotten.
pub trait Forgets: Send + Sync + 'static {
    /// # Errors
    /// When it is not certain that the key is gone everywhere.
    fn forget(&self, subject: Subject) -> BoxFuture<'_, Result<(), String>>;
}

/// How long one step waits for the engine.
const WITHIN: Duration = Duration::from_secs(5);
/// The author in the journal.
const BY: &str = "system";

/// Made before the engine, which it is given later: calls fail until then, and are repeated.
#[derive(Clone, Default)]
pub struct Eraser(Arc<Slot>);

/// Held for one assignment or clone.
type Slot = Mutex<Option<Arc<Hands>>>;

/// While this lives, persons are erased. The engine holds its connectors, and this one the engine: dropped, it lets go.
pub struct Erasing(Arc<Slot>);

struct Hands {
    gateway: Gateway,
    index: AddressIndex,
    keys: Arc<dyn Forgets>,
}

impl Eraser {
    pub fn begin(&self, gateway: Gateway, index: AddressIndex, keys: Arc<dyn Forgets>) -> Erasing {
        *slot(&self.0) = Some(Arc::new(Hands { gateway, index, keys }));
        Erasing(self.0.clone())
    }
}

impl Drop for Erasing {
    fn drop(&mut self) {
        *slot(&self.0) = None;
    }
}

fn slot(slot: &Slot) -> MutexGuard<'_, Option<Arc<Hands>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connector for Eraser {
    fn name(&self) -> &str {
        ERASURE_CONNECTOR
    }

    fn call(&self, call: AnyCall) -> BoxFuture<'_, Result<AnyAnswer, ConnectorFault>> {
        Box::pin(async move {
            let AnyCall::Erasure(call) = call else {
                return Err(ConnectorFault::Invalid("a call of another port".to_owned()));
            };
            let hands = slot(&self.0).clone();
            let hands = hands.ok_or_else(|| ConnectorFault::Unavailable("the engine starts or ends".to_owned()))?;
            hands.erase(call.subject).await.map_err(ConnectorFault::Invalid)?;
            Ok(ErasureAnswer::Done.into())
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Hands {
    async fn erase(&self, subject: Subject) -> Result<(), String> {
        match subject {
            Subject::User(user) => self.account(user).await?,
            Subject::Order(order) => self.order(order).await?,
        }
        self.keys.forget(subject).await
    }

    async fn account(&self, user: UserId) -> Result<(), String> {
        let id = user.to_string();
        let view = self.gateway.read::<Account>(&id, WITHIN).await.map_err(told)?.view;
        match view.status {
            AccountStatus::Registered => {}
            AccountStatus::Registering => return Err("the account is being made".to_owned()),
            AccountStatus::None | AccountStatus::Old | AccountStatus::GivenUp | AccountStatus::Erased => return Ok(()),
        }
        // From here on nobody acts for it.
        self.sessions(&view.sessions).await?;
        self.ask::<Account>(&id, AccountCommand::SetDisabled { disabled: true }).await?;
        self.api_keys(user).await?;
        self.orders(&view).await?;
        self.note(Kind::Account, &id).await?;
        self.ask::<Account>(&id, AccountCommand::Erase).await
    }

    async fn sessions(&self, sessions: &[SessionId]) -> Result<(), String> {
        for session in sessions {
            let end = SessionCommand::End { why: SessionEnd::LoggedOut };
            self.ask::<Session>(&session.to_string(), end).await?;
        }
        Ok(())
    }

    async fn api_keys(&self, user: UserId) -> Result<(), String> {
        for place in 0..ApiKey::PLACES {
            let id = ApiKey::place_id(user, place);
            let view = self.gateway.read::<ApiKey>(&id, WITHIN).await.map_err(told)?.view;
            if let Some(key) = view.key {
                self.ask::<ApiKey>(&id, ApiKeyCommand::Revoke { id: key.id }).await?;
            }
        }
        Ok(())
    }

    async fn orders(&self, account: &AccountView) -> Result<(), String> {
        // An index that lags behind would leave an order out.
        if !self.gateway.await_projection(WITHIN).await {
            return Err("the read models are not proven current".to_owned());
        }
        let mut found = Vec::new();
        let each = &mut |id, answer: Answer<OrderView>| found.push((id, Order::contact(&answer.view)));
        find::orders(&self.gateway, &self.index, account, each).map_err(told)?;
        for (id, of_guest) in found {
            self.order(id).await?;
            if of_guest.is_some() {
                self.keys.forget(Subject::Order(id)).await?;
            }
        }
        Ok(())
    }

    async fn order(&self, id: OrderId) -> Result<(), String> {
        let text = id.to_string();
        self.ask::<Order>(&text, OrderCommand::Erase).await?;
        self.note(Kind::Order, &text).await
    }

    /// What staff wrote down about it.
    async fn note(&self, kind: Kind, id: &str) -> Result<(), String> {
        self.ask::<Note>(&EntityKey::new(kind, id).to_string(), NoteCommand::Remove).await
    }

    async fn ask<E: EntityType>(&self, id: &str, command: E::Command) -> Result<(), String> {
        let call = Call {
            command_id: CommandId(self.gateway.fresh_id()),
            by: BY.into(),
            expected_version: None,
            fingerprint: None,
            within: WITHIN,
        };
        self.gateway.ask::<E>(id, command, call).await.map(|_| ()).map_err(told)
    }
}

/// Without anything of a person in it: refusals have ids and numbers.
fn told(error: impl Display) -> String {
    error.to_string()
}
