//! What an account answers about its second factors.

use super::{
    CodeDigest, Factor, FactorCommand as C, FactorEvent as F, FactorKind, FactorRejection as R, Passkey, PasskeyUse,
    Proof,
};
use crate::domain::{
    account::{Account, AccountEvent as E, AccountRejection},
    ids::{FactorId, SessionId},
    time::Timestamp,
};

type Decided = Result<Vec<E>, AccountRejection>;

impl Account {
    pub(in crate::domain::account) fn decide_factors(&self, command: &C, now: Timestamp) -> Decided {
        match command {
            C::EnrolTotp { .. } if self.confirmed_factors(FactorKind::Totp) >= Self::FACTORS_MAX => {
                Err(R::TooMany { max: Self::FACTORS_MAX }.into())
            }
            C::EnrolTotp { id, name } => {
                Ok(vec![F::Enrolled { id: *id, kind: FactorKind::Totp, name: name.clone(), at: now }.into()])
            }
            C::ConfirmTotp { id, step, codes, keep } => self.confirm_totp(*id, *step, codes, *keep, now),
            C::AddPasskey { .. } if self.confirmed_factors(FactorKind::Passkey) >= Self::PASSKEYS_MAX => {
                Err(R::TooMany { max: Self::PASSKEYS_MAX }.into())
            }
            C::AddPasskey { passkey, .. } if self.has_passkey(passkey) => Err(R::Known.into()),
            C::AddPasskey { asked, .. } if *asked <= self.factors.passkey_asked => Err(R::AnsweredBefore.into()),
            C::AddPasskey { id, name, passkey, asked, codes, keep } => {
                let (name, passkey) = (name.clone(), passkey.clone());
                let added = F::PasskeyAdded { id: *id, name, passkey, asked: *asked, at: now };
                Ok(self.with_codes(added, codes, *keep, now))
            }
            C::Enter { session, id, used } => self.enter(*session, *id, used, now),
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
        Ok(self.with_codes(F::Confirmed { id, step, at: now }, codes, keep, now))
    }

    /// With the first factor come recovery codes, and the sessions that were opened without it end.
    fn with_codes(&self, factor: F, codes: &[CodeDigest], keep: Option<SessionId>, now: Timestamp) -> Vec<E> {
        if self.factors.any() {
            return vec![factor.into()];
        }
        let made = F::CodesMade { codes: codes.to_vec(), at: now };
        [factor, made].map(E::from).into_iter().chain(self.ending(|session| Some(*session) != keep)).collect()
    }

    /// Without a password it is the whole log-in: who only touched the authenticator is not known yet.
    fn enter(&self, session: SessionId, id: FactorId, used: &PasskeyUse, now: Timestamp) -> Decided {
        let entered = self.passkey_used(id, used, now).filter(|_| used.verified).ok_or(R::WrongPasskey)?;
        self.enabled()?;
        Ok(std::iter::once(entered.into()).chain(self.opened(session, now)).collect())
    }

    fn has_passkey(&self, passkey: &Passkey) -> bool {
        let mut kept = self.factors.list.iter().filter_map(|factor| factor.passkey.as_deref());
        kept.any(|known| known.credential == passkey.credential)
    }

    /// No question twice, and no counter that stands still.
    fn passkey_used(&self, id: FactorId, used: &PasskeyUse, now: Timestamp) -> Option<F> {
        let factor = self.factor(id).filter(|factor| factor.step < used.asked)?;
        factor.passkey.as_deref().filter(|passkey| passkey.counts_on(used))?;
        Some(F::PasskeyUsed { id, used: used.clone(), at: now })
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
                let is_app = |factor: &&Factor| factor.confirmed && factor.kind == FactorKind::Totp;
                self.factor(*id).filter(is_app).filter(|factor| factor.step < *step)?;
                Some(F::TotpUsed { id: *id, step: *step, at: now })
            }
            Proof::RecoveryCode(code) => {
                self.factors.codes.contains(code).then(|| F::CodeUsed { code: code.clone(), at: now })
            }
            Proof::Passkey { id, used } => self.passkey_used(*id, used, now),
            Proof::Wrong => None,
        }
    }

    fn factor(&self, id: FactorId) -> Option<&Factor> {
        self.factors.list.iter().find(|factor| factor.id == id)
    }

    fn confirmed_factors(&self, kind: FactorKind) -> usize {
        self.factors.list.iter().filter(|factor| factor.confirmed && factor.kind == kind).count()
    }
}

impl From<F> for E {
    fn from(event: F) -> Self {
        Self::Factors(event)
    }
}
