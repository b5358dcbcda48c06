//! What an account answers about its second factors.

use super::{CodeDigest, Factor, FactorCommand as C, FactorEvent as F, FactorKind, FactorRejection as R, Proof};
use crate::domain::{
    account::{Account, AccountEvent as E, AccountRejection},
    ids::{FactorId, SessionId},
    time::Timestamp,
};

type Decided = Result<Vec<E>, AccountRejection>;

impl Account {
    pub(in crate::domain::account) fn decide_factors(&self, command: &C, now: Timestamp) -> Decided {
        match command {
            C::EnrolTotp { .. } if self.confirmed_factors() >= Self::FACTORS_MAX => {
                Err(R::TooMany { max: Self::FACTORS_MAX }.into())
            }
            C::EnrolTotp { id, name } => {
                Ok(vec![F::Enrolled { id: *id, kind: FactorKind::Totp, name: name.clone(), at: now }.into()])
            }
            C::ConfirmTotp { id, step, codes, keep } => self.confirm_totp(*id, *step, codes, *keep, now),
            C::Remove { id } => {
                self.factor(*id).ok_or(R::Unknown)?;
                Ok(vec![F::Removed { id: *id, at: now }.into()])
            }
            C::MakeCodes { .. } if !self.factors.any() => Err(R::None.into()),
            C::MakeCodes { codes } => Ok(vec![F::CodesMade { codes: codes.clone(), at: now }.into()]),
            C::Pass { session, proof } => self.pass(*session, proof, now),
            C::Prove { .. } if !self.factors.any() => Err(R::None.into()),
            C::Prove { proof } => Ok(vec![self.used(proof, now).ok_or(R::WrongCode)?.into()]),
        }
    }

    /// The session of one who has proven the first factor: opened, or put off until the second one is proven, too.
    pub(in crate::domain::account) fn entered(&self, session: SessionId, now: Timestamp) -> Vec<E> {
        match self.factors.any() {
            true => vec![F::Asked { session, until: now.plus_ms(Self::SECOND_STEP_MS) }.into()],
            false => self.opened(session, now),
        }
    }

    fn confirm_totp(
        &self,
        id: FactorId,
        step: u64,
        codes: &[CodeDigest],
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> Decided {
        self.factor(id).filter(|factor| !factor.confirmed).ok_or(R::Unknown)?;
        let confirmed = E::from(F::Confirmed { id, step, at: now });
        if self.factors.any() {
            return Ok(vec![confirmed]);
        }
        let made = F::CodesMade { codes: codes.to_vec(), at: now }.into();
        Ok([confirmed, made].into_iter().chain(self.ending(|session| Some(*session) != keep)).collect())
    }

    /// A wrong proof is an event, so that its tries are counted wherever they are made.
    fn pass(&self, session: SessionId, proof: &Proof, now: Timestamp) -> Decided {
        let waits = self.factors.waiting.iter().any(|waiting| waiting.session == session && now < waiting.until);
        if !waits {
            return Err(R::NotWaiting.into());
        }
        self.enabled()?;
        Ok(match self.used(proof, now) {
            Some(used) => {
                [used, F::Passed { session }].map(E::from).into_iter().chain(self.opened(session, now)).collect()
            }
            None => vec![F::Failed { session }.into()],
        })
    }

    /// No step twice, no code twice.
    fn used(&self, proof: &Proof, now: Timestamp) -> Option<F> {
        match proof {
            Proof::Totp { id, step } => {
                self.factor(*id).filter(|factor| factor.confirmed && factor.step < *step)?;
                Some(F::TotpUsed { id: *id, step: *step, at: now })
            }
            Proof::RecoveryCode(code) => {
                self.factors.codes.contains(code).then(|| F::CodeUsed { code: code.clone(), at: now })
            }
            Proof::Wrong => None,
        }
    }

    fn factor(&self, id: FactorId) -> Option<&Factor> {
        self.factors.list.iter().find(|factor| factor.id == id)
    }

    fn confirmed_factors(&self) -> usize {
        self.factors.list.iter().filter(|factor| factor.confirmed).count()
    }
}

impl From<F> for E {
    fn from(event: F) -> Self {
        Self::Factors(event)
    }
}
