//! Log-in by e-mail and password: throttle, look up, make the key, prove it to the account, open a session or ask for the
//! second factor. Unknown accounts take the same path and time.

use crate::{
    config::Secret,
    domain::{
        account::{AccountCommand, AccountRejection, AccountView, FactorRejection, Key},
        email::Mailbox,
        ids::{SessionId, UserId},
        session::{Method, Opened, SessionCommand},
        time::Timestamp,
    },
};

use super::{
    AccountsFault, AuthError, Client, Entered, Granted, Identity, find::Found, passwords, refresh::RefreshToken,
    throttle::Key as ThrottleKey,
};

impl Identity {
    /// Errors: `InvalidCredentials`, `Disabled`, `TooManyAttempts`, `Busy`, `Unavailable`.
    pub async fn login(&self, email: &str, password: &Secret, client: &Client) -> Result<Entered, AuthError> {
        let mailbox = self.mailbox(email);
        let named = mailbox.as_ref().map(|mailbox| ThrottleKey::Email(mailbox.address.to_string()));
        let keys = named.into_iter().chain(client.throttled()).collect();
        let admitted = self.0.throttle.admit(keys, self.now());
        let attempt = admitted.map_err(|retry_after_ms| AuthError::TooManyAttempts { retry_after_ms })?;
        // Of what cannot be an address there is nobody, and nobody takes as long as somebody.
        let mailbox = mailbox.or_else(|| self.mailbox("nobody@invalid")).ok_or(AuthError::InvalidCredentials)?;
        let found = self.find(&mailbox).await?;
        let session = SessionId(self.fresh_id());
        match self.prove(&mailbox, &found, password, session).await {
            Ok(view) => {
                attempt.succeeded(self.now());
                self.entered(&view, found.user, session, Method::Password, client).await
            }
            Err(AuthError::InvalidCredentials) => {
                attempt.failed(self.now());
                Err(AuthError::InvalidCredentials)
            }
            Err(other) => Err(other),
        }
    }

    /// The account opens the session where the password is right.
    async fn prove(
        &self,
        mailbox: &Mailbox,
        found: &Found,
        password: &Secret,
        session: SessionId,
    ) -> Result<AccountView, AuthError> {
        let id = found.user.to_string();
        if let (Some(old), None) = (&found.view.old, &found.view.challenge) {
            self.move_password(found.user, old, password).await?;
            let command = AccountCommand::OpenSession { session };
            return Ok(self.0.accounts.tell(&id, command, self.asking_of(found.user)).await?);
        }
        let kept = found.view.challenge.as_deref().cloned();
        let challenge = kept.unwrap_or_else(|| self.challenge_of_nobody(&mailbox.address));
        let better = match found.exists() && passwords::is_outdated(&challenge) {
            true => Some(self.0.passwords.keep(password).await?),
            false => None,
        };
        let key = self.0.passwords.key(password, challenge).await?;
        let command = AccountCommand::LogIn { key, session, better };
        Ok(self.0.accounts.tell(&id, command, self.asking_of(found.user)).await?)
    }

    /// Proves the password to the old account, and gives the new one a verifier of its own.
    pub(super) async fn move_password(
        &self,
        user: UserId,
        old: &str,
        password: &Secret,
    ) -> Result<AccountView, AuthError> {
        let view = self.0.accounts.account(old).await?;
        let challenge = view.challenge.map_or_else(|| self.challenge_of_nobody(old), |kept| *kept);
        let key = self.0.passwords.key(password, challenge).await?;
        self.0.accounts.tell(old, AccountCommand::Prove { key }, self.asking_of(user)).await?;
        let password = self.0.passwords.keep(password).await?;
        let command = AccountCommand::AdoptPassword { password };
        Ok(self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?)
    }

    /// The session that the account has just entered in its list, with its tokens.
    pub(super) async fn open(
        &self,
        account: &AccountView,
        user: UserId,
        session: SessionId,
        methods: Vec<Method>,
        client: &Client,
    ) -> Result<Granted, AuthError> {
        self.open_proven(account, user, session, methods, None, client).await
    }

    /// The same where the proof is older than the session.
    pub(super) async fn open_proven(
        &self,
        account: &AccountView,
        user: UserId,
        session: SessionId,
        methods: Vec<Method>,
        proven_at: Option<Timestamp>,
        client: &Client,
    ) -> Result<Granted, AuthError> {
        let opened = Opened {
            session,
            user,
            device: client.device.clone(),
            address: client.shown_address(),
            methods,
            idle_ms: i64::try_from(self.0.settings.session_idle_ms).unwrap_or(i64::MAX),
            at: Timestamp(0),
            proven_at: proven_at.map(Box::new),
        };
        self.0.accounts.tell_session(session, SessionCommand::Open(opened), self.asking_of(user)).await?;
        // The first request with the token comes to this node, mostly.
        self.0.standings.caught_up(session, user).await;
        self.grant(account, RefreshToken { user, session, generation: 0 })
    }

    pub(super) fn grant(&self, account: &AccountView, refresh: RefreshToken) -> Result<Granted, AuthError> {
        let RefreshToken { user, session, .. } = refresh;
        let access_token = self.0.tokens.issue(user, session, self.now()).map_err(|error| {
            tracing::error!(%error, "a token could not be written");
            AuthError::Internal
        })?;
        Ok(Granted {
            access_token,
            expires_in: self.0.settings.token_ttl_s(),
            refresh_token: refresh.seal(&self.0.refreshes),
            user,
            session,
            email: account.mailbox.as_ref().map(|mailbox| mailbox.shown.clone()).unwrap_or_default(),
            verified: account.verified,
            roles: account.roles.clone(),
        })
    }

    /// The key that proves `password` to an account that is known; for changes that ask for the password again.
    pub(super) async fn key_of(&self, user: UserId, password: &Secret) -> Result<Key, AuthError> {
        let mut view = self.0.accounts.account(&user.to_string()).await?;
        if let (Some(old), None) = (&view.old, &view.challenge) {
            view = self.move_password(user, old, password).await?;
        }
        let challenge = view.challenge.map_or_else(|| self.challenge_of_nobody(&user.to_string()), |kept| *kept);
        Ok(self.0.passwords.key(password, challenge).await?)
    }
}

impl From<AccountsFault> for AuthError {
    fn from(fault: AccountsFault) -> Self {
        match fault {
            AccountsFault::Unavailable { retry_after_ms, reason } => {
                tracing::warn!(%reason, "accounts could not be asked");
                AuthError::Unavailable { retry_after_ms }
            }
            AccountsFault::Refused(AccountRejection::NotRegistered | AccountRejection::WrongPassword) => {
                AuthError::InvalidCredentials
            }
            AccountsFault::Refused(AccountRejection::Disabled) => AuthError::Disabled,
            AccountsFault::KeyRefused(rejection) => {
                tracing::error!(%rejection, "an API key refused what it never refuses");
                AuthError::Internal
            }
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::WrongCode | FactorRejection::None)) => {
                AuthError::WrongCode { tries_left: None }
            }
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::NotWaiting)) => AuthError::LogInAgain,
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::WrongPasskey)) => {
                AuthError::PasskeyRefused
            }
            AccountsFault::SessionRefused(_) => AuthError::InvalidToken(super::TokenFault::Ended),
            AccountsFault::Refused(rejection) => {
                tracing::error!(%rejection, "an account refused what it never refuses");
                AuthError::Internal
            }
        }
    }
}

impl From<passwords::PasswordFault> for AuthError {
    fn from(fault: passwords::PasswordFault) -> Self {
        use passwords::PasswordFault as F;
        match fault {
            F::Busy => AuthError::Busy { retry_after_ms: 1000 },
            F::Hash(_) | F::NoEntropy(_) | F::BrokenOff => {
                tracing::error!(error = %fault, "a password could not be checked");
                AuthError::Internal
            }
        }
    }
}
