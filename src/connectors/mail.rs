//! The port of mail, and its adapter to the runtime's [`Connector`].
//!
//! [`MailTransport`] hands one message to a server ([`smtp`]) or to a directory ([`outbox`], with a [`page`]). The
//! adapter has what is the same for both: the text is made from the letter ([`Render`]), a mail that was accepted is
//! not sent again while this process remembers it, what was put off is tried again up to a bound ([`Patience`]), and
//! nobody's address is flooded ([`bounds`]). Neither a log nor a metric has an address in it. Deliberately absent:
//! time-out, budget and breaker, which the runtime's registry has for every connector.

mod accepted;
pub mod bounds;
pub mod outbox;
pub mod page;
pub mod smtp;
#[cfg(test)]
mod tests;
mod turns;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

use self::{
    accepted::Accepted,
    bounds::{Bounds, BoundsSettings},
    turns::Turns,
};
use crate::{
    actors::ports::{Clock, Connector, ConnectorFault},
    domain::{
        external::{AnyAnswer, AnyCall},
        ids::MailId,
        mail::{Letter, MAIL_CONNECTOR, MailAnswer, MailCall},
        personal::Subject,
        time::Timestamp,
    },
};

/// A letter's text, as a person reads it. The HTML is escaped already.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Makes the text of a letter. `Err`: this program cannot, which no repetition mends.
pub type Render = Arc<dyn Fn(&Letter) -> Result<Rendered, String> + Send + Sync>;

/// One message as it leaves. The same call makes the same message, whenever it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub id: MailId,
    pub at: Timestamp,
    pub to: String,
    /// Whose doing it is, and so with whom it is forgotten.
    pub subject: Subject,
    pub body: Rendered,
}

/// What became of a message at the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    Accepted,
    /// For good.
    Refused {
        code: String,
    },
    /// This message, for now: the server itself is well.
    NotNow {
        code: String,
    },
}

pub trait MailTransport: Send + Sync + 'static {
    /// For metrics: `smtp`.
    fn name(&self) -> &'static str;
    /// # Errors
    /// When the message's fate is unknown, or the other side is not there.
    fn send(&self, mail: Outgoing) -> BoxFuture<'_, Result<Handed, ConnectorFault>>;
    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>>;
}

/// How often and how long a mail is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Tries that a server puts off, at most.
    pub tries_max: u32,
    /// Before the second try; doubles with each further one, up to [`Patience::PAUSE_MAX`].
    pub pause: Duration,
    /// From the queueing on, whatever stood in the way.
    pub give_up_after: Duration,
}

impl Patience {
    pub const PAUSE_MAX: Duration = Duration::from_secs(4 * 60 * 60);

    /// After try number `attempt`, counted from 0.
    fn pause_after(&self, attempt: u32) -> Duration {
        self.pause.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(Self::PAUSE_MAX)
    }
}

pub struct MailConnector {
    transport: Arc<dyn MailTransport>,
    render: Render,
    patience: Patience,
    bounds: Bounds,
    accepted: Accepted,
    turns: Turns,
    clock: Arc<dyn Clock>,
}

impl MailConnector {
    pub fn new(
        transport: Arc<dyn MailTransport>,
        render: Render,
        patience: Patience,
        bounds: BoundsSettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        // At 0 from the start: a counter that first appears at 1 has no increase to alert on.
        for outcome in ["accepted", "refused", "withheld", "given_up", "put_off"] {
            count(transport.name(), outcome).increment(0);
        }
        let (bounds, accepted, turns) = (Bounds::new(bounds), Accepted::default(), Turns::default());
        Self { transport, render, patience, bounds, accepted, turns, clock }
    }

    async fn deliver(&self, call: &MailCall) -> Result<MailAnswer, ConnectorFault> {
        let turn = self.turns.of(call.mail);
        let _turn = turn.lock().await;
        if self.accepted.contains(call.mail) {
            return Ok(MailAnswer::Accepted);
        }
        let now = self.clock.now();
        let patience = i64::try_from(self.patience.give_up_after.as_millis()).unwrap_or(i64::MAX);
        if now.since(call.queued_at) > patience {
            return Ok(MailAnswer::GivenUp { code: "too_old".to_owned() });
        }
        if let Err(code) = self.bounds.admit(call, now) {
            return Ok(MailAnswer::Refused { code: code.to_owned() });
        }
        let body = match (self.render)(&call.letter) {
            Ok(body) => body,
            Err(why) => {
                // What is wrong with the template; the answer has a code alone.
                tracing::error!(mail = %call.mail, purpose = call.letter.says.purpose(), %why, "a mail has no text");
                return Ok(MailAnswer::Refused { code: "no_text".to_owned() });
            }
        };
        let (to, subject) = (call.letter.to.clone(), call.letter.subject());
        let outgoing = Outgoing { id: call.mail, at: call.queued_at, to, subject, body };
        Ok(match self.transport.send(outgoing).await? {
            Handed::Accepted => {
                // Before the answer leaves: a call that is repeated in this process sends nothing.
                self.accepted.note(call.mail);
                MailAnswer::Accepted
            }
            Handed::Refused { code } => MailAnswer::Refused { code },
            Handed::NotNow { code } if call.attempt.saturating_add(1) >= self.patience.tries_max => {
                MailAnswer::GivenUp { code }
            }
            Handed::NotNow { code } => {
                let pause = self.patience.pause_after(call.attempt).as_millis();
                MailAnswer::PutOff { code, pause_ms: u64::try_from(pause).unwrap_or(u64::MAX) }
            }
        })
    }

    /// Once for each answer; a person must look after a mail that nobody gets.
    fn tell(&self, call: &MailCall, answer: &MailAnswer) {
        let (mail, purpose, transport) = (call.mail, call.letter.says.purpose(), self.transport.name());
        match answer {
            MailAnswer::Accepted => {
                count(transport, "accepted").increment(1);
                tracing::debug!(%mail, purpose, transport, "a mail was accepted");
            }
            // Not a line for each: that would be the flood again, in the log.
            MailAnswer::Refused { code } if bounds::CODES.contains(&code.as_str()) => {
                count(transport, "withheld").increment(1);
                tracing::debug!(%mail, purpose, transport, code, "a mail is withheld");
            }
            MailAnswer::Refused { code } => {
                count(transport, "refused").increment(1);
                tracing::warn!(%mail, purpose, transport, code, "a mail is refused for good");
            }
            MailAnswer::PutOff { code, pause_ms } => {
                count(transport, "put_off").increment(1);
                tracing::info!(%mail, purpose, transport, code, pause_ms, "a mail is put off");
            }
            MailAnswer::GivenUp { code } => {
                count(transport, "given_up").increment(1);
                tracing::warn!(%mail, purpose, transport, code, "a mail is given up");
            }
        }
    }
}

impl Connector for MailConnector {
    fn name(&self) -> &str {
        MAIL_CONNECTOR
    }

    fn call(&self, call: AnyCall) -> BoxFuture<'_, Result<AnyAnswer, ConnectorFault>> {
        Box::pin(async move {
            let call = MailCall::try_from(call)
                .map_err(|other| ConnectorFault::Invalid(format!("{} is not the port of mail", other.port())))?;
            let answer = self.deliver(&call).await?;
            self.tell(&call, &answer);
            Ok(answer.into())
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        self.transport.ping()
    }
}

fn count(transport: &'static str, outcome: &'static str) -> metrics::Counter {
    metrics::counter!("souk_mails_total", "transport" => transport, "outcome" => outcome)
}
