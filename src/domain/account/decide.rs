//! What an account answers: each command in a line, with the guards in front.

use std::collections::BTreeSet;

use super::{
    Account, AccountCommand as C, AccountEvent as E, AccountRejection as R, AccountStatus, FactorEvent, Key, NewToken,
    Password, Right, Token,
};
use crate::domain::{
    email::Mailbox,
    ids::{SessionId, TokenId},
    role::RoleName,
    time::Timestamp,
};

type Decided = Result<Vec<E>, R>;

impl Account {
    pub(super) fn decided(&self, command: &C, now: Timestamp) -> Decided {
        match command {
            C::Register { .. } | C::RegisterLinked { .. } | C::CarryOver { .. } => self.begin(command, now),
            C::Prove { key } if self.status == AccountStatus::Old => self.prove_old(key),
            C::EmailClaimed { claim } => Ok(self.awaited(*claim, E::EmailClaimed { claim: *claim })),
            C::EmailRefused { claim } => Ok(self.awaited(*claim, E::EmailRefused { claim: *claim })),
            C::EmailReleased { claim } => {
                let known = self.releasing.iter().any(|releasing| releasing.claim == *claim);
                Ok(known.then_some(E::EmailReleased { claim: *claim }).into_iter().collect())
            }
            C::MailQueued { mail } => {
                Ok(self.owes(mail).then(|| E::MailQueued { mail: mail.clone() }).into_iter().collect())
            }
            // Whoever it was, nobody is left.
            C::Erase if self.status != AccountStatus::Registered => Ok(vec![]),
            C::LogIn { .. }
            | C::Prove { .. }
            | C::OpenSession { .. }
            | C::EndSessions { .. }
            | C::EndOtherSessions { .. }
            | C::AdoptPassword { .. }
            | C::ChangePassword { .. }
            | C::SetPassword { .. }
            | C::AskReset { .. }
            | C::ResetPassword { .. }
            | C::AskVerification { .. }
            | C::VerifyEmail { .. }
            | C::AskEmailChange { .. }
            | C::ConfirmEmailChange { .. }
            | C::SetProfile { .. }
            | C::KeepAddress { .. }
            | C::RemoveAddress { .. }
            | C::SetRoles { .. }
            | C::SetDisabled { .. }
            | C::Promote
            | C::Demote
            | C::Erase
            | C::Factors(_)
            | C::Links(_)
                if self.status != AccountStatus::Registered =>
            {
                Err(R::NotRegistered)
            }
            C::LogIn { key, session, better } => self.log_in(key, *session, better.as_ref(), now),
            C::Prove { key } => self.proven(key).map(|()| vec![]),
            C::OpenSession { session } => self.enabled().map(|()| self.entered(*session, now)),
            C::EndSessions { sessions } => Ok(self.ending(|session| sessions.contains(session))),
            C::EndOtherSessions { keep } => Ok(self.ending(|session| Some(*session) != *keep)),
            // Another log-in of its owner was faster.
            C::AdoptPassword { .. } if self.password.is_some() => Ok(vec![]),
            C::AdoptPassword { password } => Ok(vec![E::PasswordKept { password: password.clone() }]),
            C::ChangePassword { key, password, keep } => {
                self.proven(key)?;
                Ok(self.changed(password, *keep, now))
            }
            C::SetPassword { password } => {
                let cleared = (!self.factors.is_empty()).then_some(E::Factors(FactorEvent::Cleared { at: now }));
                Ok(self.changed(password, None, now).into_iter().chain(cleared).collect())
            }
            C::AskReset { token } => self.enabled().map(|()| asked(*token, Right::ResetPassword, now)),
            C::ResetPassword { token, password } => self.reset(*token, password, now),
            C::AskVerification { .. } if self.verified => Err(R::AlreadyVerified),
            C::AskVerification { token } => Ok(asked(*token, Right::VerifyEmail, now)),
            C::VerifyEmail { token } => {
                self.right(*token, now, |right| (*right == Right::VerifyEmail).then_some(()))?;
                Ok(vec![E::EmailVerified { at: now }])
            }
            C::AskEmailChange { key, to, token } => {
                self.proven(key)?;
                Ok(asked(*token, Right::ChangeEmail { to: to.clone() }, now))
            }
            C::ConfirmEmailChange { token } => self.confirm(*token, now),
            C::SetProfile { name, phone } => Ok(self.profile(name.as_ref(), phone.as_ref())),
            C::KeepAddress { id, .. } if !self.has_room_for(*id) => {
                Err(R::TooManyAddresses { max: Self::ADDRESSES_MAX })
            }
            C::KeepAddress { id, address, make_default } => {
                let is_default = *make_default || self.addresses.is_empty();
                Ok(vec![E::AddressKept { id: *id, address: address.clone(), is_default }])
            }
            C::RemoveAddress { id } => {
                let known = self.addresses.iter().any(|known| known.id == *id);
                Ok(known.then_some(E::AddressRemoved { id: *id }).into_iter().collect())
            }
            C::SetRoles { roles } if !Self::may_have(roles) => Err(R::BadRoles { max: Self::ROLES_MAX }),
            C::SetRoles { roles } if roles.contains(RoleName::SUPERADMIN) != self.is_superadmin() => Err(R::Superadmin),
            C::SetRoles { roles } if *roles == self.roles => Ok(vec![]),
            C::SetRoles { roles } => Ok(vec![E::RolesSet { roles: roles.clone() }]),
            C::SetDisabled { disabled: true } if self.is_superadmin() => Err(R::Superadmin),
            C::SetDisabled { disabled } => Ok(self.disable(*disabled, now)),
            C::Promote => self.promoted(),
            C::Demote => Ok(self.demoted()),
            C::Erase if self.is_superadmin() => Err(R::Superadmin),
            C::Erase => Ok(vec![E::Erased { at: now }]),
            C::Factors(command) => self.decide_factors(command, now),
            C::Links(command) => self.decide_links(command, now),
        }
    }

    fn begin(&self, command: &C, now: Timestamp) -> Decided {
        let (user, mailbox, name, roles, password, old, verify) = match command {
            C::Register { user, mailbox, name, roles, password, verify } => {
                (user, mailbox, name.clone(), roles, Some(password.clone()), None, *verify)
            }
            C::RegisterLinked { user, mailbox, name, roles, .. } => {
                (user, mailbox, name.clone(), roles, None, None, None)
            }
            C::CarryOver { user, mailbox, roles, old } => (user, mailbox, None, roles, None, Some(old.clone()), None),
            _other => return Ok(vec![]),
        };
        if self.status != AccountStatus::None {
            let again = old.is_some() && self.old.as_deref() == old.as_deref();
            return if again { Ok(vec![]) } else { Err(R::AlreadyRegistered) };
        }
        if !Self::may_have(roles) {
            return Err(R::BadRoles { max: Self::ROLES_MAX });
        }
        let (mailbox, roles) = (mailbox.clone(), roles.clone());
        let begun = E::Begun { user: *user, mailbox, name, roles, password, old, at: now };
        let verify = verify.map(|token| asked(token, Right::VerifyEmail, now)).unwrap_or_default();
        let linked = match command {
            // The claim on the address is the first one.
            C::RegisterLinked { subject, .. } => vec![E::EmailVerified { at: now }, self.begun_link(subject, 1, now)],
            _other => vec![],
        };
        Ok(std::iter::once(begun).chain(verify).chain(linked).collect())
    }

    /// An outcome of the claim that is under way, and of no other.
    fn awaited(&self, claim: u32, event: E) -> Vec<E> {
        self.claiming().filter(|awaited| awaited.claim == claim).map(|_| event).into_iter().collect()
    }

    fn log_in(&self, key: &Key, session: SessionId, better: Option<&Password>, now: Timestamp) -> Decided {
        self.proven(key)?;
        self.enabled()?;
        let kept = better.map(|password| E::PasswordKept { password: password.clone() });
        Ok(kept.into_iter().chain(self.entered(session, now)).collect())
    }

    pub(super) fn proven(&self, key: &Key) -> Result<(), R> {
        match self.password.as_ref().is_some_and(|password| password.is(key)) {
            true => Ok(()),
            false => Err(R::WrongPassword),
        }
    }

    pub(super) fn enabled(&self) -> Result<(), R> {
        if self.disabled { Err(R::Disabled) } else { Ok(()) }
    }

    /// The oldest session makes room for one more than there may be.
    pub(super) fn opened(&self, session: SessionId, now: Timestamp) -> Vec<E> {
        if self.sessions.contains(&session) {
            return vec![];
        }
        let surplus = (self.sessions.len() + 1).saturating_sub(Self::SESSIONS_MAX);
        let displaced: Vec<SessionId> = self.sessions.iter().take(surplus).copied().collect();
        let ended = (!displaced.is_empty()).then_some(E::SessionsEnded { sessions: displaced });
        ended.into_iter().chain([E::SessionOpened { session, at: now }]).collect()
    }

    pub(super) fn ending(&self, which: impl Fn(&SessionId) -> bool) -> Vec<E> {
        let sessions: Vec<SessionId> = self.sessions.iter().filter(|session| which(session)).copied().collect();
        (!sessions.is_empty()).then_some(E::SessionsEnded { sessions }).into_iter().collect()
    }

    fn changed(&self, password: &Password, keep: Option<SessionId>, now: Timestamp) -> Vec<E> {
        let changed = E::PasswordChanged { password: password.clone(), at: now };
        std::iter::once(changed).chain(self.ending(|session| Some(*session) != keep)).collect()
    }

    fn reset(&self, token: TokenId, password: &Password, now: Timestamp) -> Decided {
        self.right(token, now, |right| (*right == Right::ResetPassword).then_some(()))?;
        self.enabled()?;
        let mut events = self.changed(password, None, now);
        // The link was in a mail to this very address.
        events.extend((!self.verified).then_some(E::EmailVerified { at: now }));
        Ok(events)
    }

    fn confirm(&self, token: TokenId, now: Timestamp) -> Decided {
        let of = |right: &Right| match right {
            Right::ChangeEmail { to } => Some(to.clone()),
            Right::VerifyEmail | Right::ResetPassword | Right::Link { .. } => None,
        };
        let to: Mailbox = self.right(token, now, of)?;
        if self.changing.is_some() || self.releasing.len() >= Self::RELEASING_MAX {
            return Err(R::EmailChanging);
        }
        Ok(vec![E::EmailChangeConfirmed { to, at: now }])
    }

    pub(super) fn right<T>(&self, token: TokenId, now: Timestamp, of: impl Fn(&Right) -> Option<T>) -> Result<T, R> {
        let known = self.tokens.iter().find(|known| known.id == token && now < known.until);
        known.and_then(|known| of(&known.right)).ok_or(R::BadToken)
    }

    fn profile(&self, name: Option<&String>, phone: Option<&String>) -> Vec<E> {
        let same =
            self.name.as_deref() == name.map(String::as_str) && self.phone.as_deref() == phone.map(String::as_str);
        (!same).then(|| E::ProfileSet { name: name.cloned(), phone: phone.cloned() }).into_iter().collect()
    }

    fn disable(&self, disabled: bool, now: Timestamp) -> Vec<E> {
        match (disabled, self.disabled) {
            (true, false) => std::iter::once(E::Disabled { at: now }).chain(self.ending(|_| true)).collect(),
            (false, true) => vec![E::Enabled { at: now }],
            (true, true) | (false, false) => vec![],
        }
    }

    fn promoted(&self) -> Decided {
        self.enabled()?;
        if self.is_superadmin() {
            return Ok(vec![]);
        }
        let mut roles = self.roles.clone();
        roles.insert(RoleName::superadmin());
        if Self::may_have(&roles) { Ok(vec![E::RolesSet { roles }]) } else { Err(R::BadRoles { max: Self::ROLES_MAX }) }
    }

    /// An account without another role is a customer's.
    fn demoted(&self) -> Vec<E> {
        let mut roles = self.roles.clone();
        if !roles.remove(RoleName::SUPERADMIN) {
            return vec![];
        }
        if roles.is_empty() {
            roles.insert(RoleName::customer());
        }
        vec![E::RolesSet { roles }]
    }

    pub(super) fn may_have(roles: &BTreeSet<RoleName>) -> bool {
        (1..=Self::ROLES_MAX).contains(&roles.len())
    }
}

pub(super) fn asked(NewToken { id, ttl_ms }: NewToken, right: Right, now: Timestamp) -> Vec<E> {
    vec![E::TokenAsked { token: Token { id, right, until: now.plus_ms(ttl_ms) } }]
}
