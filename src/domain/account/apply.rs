//! How an account's events change it: a table.

use std::sync::Arc;

use super::{Account, AccountEvent, AccountStatus, Claim, LinkEvent, Right, SavedAddress, Token};
use crate::domain::{
    email::Mailbox,
    ids::{AddressId, SessionId, UserId},
    order::Address,
    role::RoleName,
    time::Timestamp,
};

impl Account {
    pub(super) fn applied(&mut self, event: &AccountEvent) {
        self.owe_mail(event);
        match event {
            AccountEvent::Registered { user, role, password_hash } => {
                (self.user, self.status, self.old_role) = (Some(*user), AccountStatus::Old, *role);
                self.password_hash.clone_from(password_hash);
            }
            AccountEvent::PasswordSet { password_hash } => self.password_hash.clone_from(password_hash),
            AccountEvent::Begun { user, mailbox, name, roles, password, old, at } => {
                self.begun(*user, mailbox, roles.iter().cloned(), *at);
                (self.name, self.old) = (name.as_deref().map(Arc::from), old.as_deref().map(Arc::from));
                self.password.clone_from(password);
            }
            AccountEvent::EmailClaimed { .. } => self.claimed(),
            AccountEvent::EmailRefused { .. } => self.refused(),
            AccountEvent::EmailReleased { claim } => self.releasing.retain(|released| released.claim != *claim),
            AccountEvent::PasswordKept { password } => self.password = Some(Box::new(password.clone())),
            AccountEvent::PasswordChanged { password, .. } => {
                self.password = Some(Box::new(password.clone()));
                self.tokens.retain(|token| token.right != Right::ResetPassword);
                self.factors.forget_waiting();
            }
            AccountEvent::SessionOpened { session, .. } => Arc::make_mut(&mut self.sessions).push(*session),
            AccountEvent::SessionsEnded { sessions } => self.ended(sessions),
            AccountEvent::TokenAsked { token } => self.ask_token(token),
            AccountEvent::EmailVerified { .. } => self.verify(),
            AccountEvent::EmailChangeConfirmed { to, .. } => {
                self.tokens.retain(|token| !matches!(token.right, Right::ChangeEmail { .. }));
                self.claims = self.claims.saturating_add(1);
                self.changing = Some(Box::new(Claim { mailbox: to.clone(), claim: self.claims }));
            }
            AccountEvent::ProfileSet { name, phone } => {
                (self.name, self.phone) = (name.as_deref().map(Arc::from), phone.as_deref().map(Arc::from));
            }
            AccountEvent::AddressKept { id, address, is_default } => self.keep_address(*id, address, *is_default),
            AccountEvent::AddressRemoved { id } => self.remove_address(*id),
            AccountEvent::RolesSet { roles } => self.roles.clone_from(roles),
            AccountEvent::Disabled { .. } => {
                self.disabled = true;
                self.factors.forget_waiting();
            }
            AccountEvent::Enabled { .. } => self.disabled = false,
            AccountEvent::Erased { .. } => self.erased(),
            AccountEvent::Factors(event) => self.factors.apply(event),
            AccountEvent::MailQueued { mail } => self.forget_mail(mail),
            AccountEvent::Links(event) => self.follow_link(event),
            AccountEvent::Reclaimed { .. } => self.reclaimed(),
        }
    }

    fn begun(&mut self, user: UserId, mailbox: &Mailbox, roles: impl Iterator<Item = RoleName>, at: Timestamp) {
        (self.user, self.status, self.created_at) = (Some(user), AccountStatus::Registering, at);
        (self.mailbox, self.claim, self.claims) = (Some(mailbox.clone()), 1, 1);
        self.roles = roles.collect();
    }

    fn claimed(&mut self) {
        let Some(new) = self.changing.take() else {
            self.status = AccountStatus::Registered;
            return;
        };
        if let Some(old) = self.mailbox.replace(new.mailbox) {
            let given_back = self.mailbox.as_ref().is_some_and(|own| own.key() != old.key());
            self.releasing.extend(given_back.then_some(Claim { mailbox: old, claim: self.claim }));
        }
        self.claim = new.claim;
        // They went to the old address.
        self.tokens.clear();
        self.verified = true;
    }

    fn refused(&mut self) {
        if self.changing.take().is_none() {
            *self = Self { user: self.user, status: AccountStatus::GivenUp, ..Self::default() };
        }
    }

    /// What is left: its id, and what others have to get back.
    fn erased(&mut self) {
        let held = self.mailbox.take().map(|mailbox| Claim { mailbox, claim: self.claim });
        let claims = self.releasing.drain(..).chain(held).chain(self.changing.take().map(|changing| *changing));
        let releasing = claims.map(|claim| Claim { mailbox: claim.mailbox.erased(), ..claim }).collect();
        *self = Self {
            user: self.user,
            status: AccountStatus::Erased,
            releasing,
            claims: self.claims,
            links: Box::new(std::mem::take(&mut *self.links).given_back()),
            created_at: self.created_at,
            ..Self::default()
        };
    }

    fn ended(&mut self, sessions: &[SessionId]) {
        Arc::make_mut(&mut self.sessions).retain(|session| !sessions.contains(session));
    }

    /// Of each right the newest tokens are kept.
    fn ask_token(&mut self, token: &Token) {
        let alike = |known: &Token| std::mem::discriminant(&known.right) == std::mem::discriminant(&token.right);
        if self.tokens.iter().filter(|known| alike(known)).count() >= Self::TOKENS_MAX
            && let Some(oldest) = self.tokens.iter().position(alike)
        {
            self.tokens.remove(oldest);
        }
        self.tokens.push(token.clone());
    }

    fn verify(&mut self) {
        self.verified = true;
        self.tokens.retain(|token| token.right != Right::VerifyEmail);
    }

    fn follow_link(&mut self, event: &LinkEvent) {
        if let LinkEvent::Begun { claim, .. } = event {
            self.claims = *claim;
            self.tokens.retain(|token| !matches!(token.right, Right::Link { .. }));
        }
        self.links.apply(event);
    }

    fn reclaimed(&mut self) {
        (self.password, self.old) = (None, None);
        self.factors = Box::default();
        self.links.release_all();
        self.tokens.clear();
        self.verified = true;
    }

    fn keep_address(&mut self, id: AddressId, address: &Address, is_default: bool) {
        let book = Arc::make_mut(&mut self.addresses);
        match book.iter_mut().find(|known| known.id == id) {
            Some(known) => known.address = address.clone(),
            None => book.push(SavedAddress { id, address: address.clone() }),
        }
        if is_default {
            self.default_address = Some(id);
        }
    }

    fn remove_address(&mut self, id: AddressId) {
        let book = Arc::make_mut(&mut self.addresses);
        book.retain(|known| known.id != id);
        if self.default_address == Some(id) {
            self.default_address = book.first().map(|first| first.id);
        }
    }
}
