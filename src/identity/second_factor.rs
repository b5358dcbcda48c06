//! A log-in's second step, and step-up: what a person shows is understood here, and judged by the account.
//!
//! The text between the two steps names account, session and first method under the shop's seal. It opens nothing by
//! itself, and the account knows how long and for how many tries the log-in waits.

use uuid::Uuid;

use super::{
    AccountsFault, Assertion, AuthError, Client, Granted, Identity, Principal, ThrottleKey, passkeys::Purpose,
};
use crate::{
    config::Secret,
    domain::{
        account::{Account, AccountCommand, AccountView, Factor, FactorCommand, FactorKind, FactorRejection, Proof},
        ids::{SessionId, UserId},
        session::{Method, SessionCommand},
        time::Timestamp,
    },
};

/// Where a log-in leads: a session, or the question for a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    Session(Granted),
    SecondFactor(Waits),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// For the next step.
    pub token: String,
    pub methods: Vec<Method>,
    /// Seconds.
    pub expires_in: u32,
}

/// What a person shows.
pub enum Shown {
    Password(Secret),
    /// Of an authenticator app.
    Code(Secret),
    RecoveryCode(Secret),
    /// With the text of the question that it answers.
    Passkey {
        question: Secret,
        answer: Box<Assertion>,
    },
}

impl Identity {
    /// The account has judged a first proof: its session is on the list, or waits.
    pub(super) async fn entered(
        &self,
        account: &AccountView,
        user: UserId,
        session: SessionId,
        method: Method,
        client: &Client,
    ) -> Result<Entered, AuthError> {
        self.entered_by(account, user, session, method, None, client).await
    }

    /// The same by another's word: `proven_at` is when that one was shown who they are.
    pub(super) async fn entered_by(
        &self,
        account: &AccountView,
        user: UserId,
        session: SessionId,
        method: Method,
        proven_at: Option<Timestamp>,
        client: &Client,
    ) -> Result<Entered, AuthError> {
        if account.sessions.contains(&session) {
            let opened = self.open_proven(account, user, session, vec![method], proven_at, client).await;
            return opened.map(Entered::Session);
        }
        let method = method.name().as_bytes();
        let token = self.0.waits.seal(&[&user.0.as_bytes()[..], session.0.as_bytes(), method].concat());
        let expires_in = u32::try_from(Account::SECOND_STEP_MS / 1000).unwrap_or(u32::MAX);
        Ok(Entered::SecondFactor(Waits { token, methods: methods(account), expires_in }))
    }

    /// The second step of a log-in. Errors: `LogInAgain`, `WrongCode`, `Disabled`, `TooManyAttempts`, `Unavailable`.
    pub async fn pass_second_factor(&self, token: &str, shown: &Shown, client: &Client) -> Result<Granted, AuthError> {
        let (user, session, first) = self.waiting(token).ok_or(AuthError::LogInAgain)?;
        let attempt = self.admit_code(user, client)?;
        let view = self.0.accounts.account(&user.to_string()).await?;
        let (proof, second) = self.understood(user, &view, shown, Purpose::SecondStep { user, session })?;
        let command = AccountCommand::Factors(FactorCommand::Pass { session, proof });
        let view = self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?;
        if !view.sessions.contains(&session) {
            attempt.failed(self.now());
            return Err(AuthError::WrongCode { tries_left: Some(view.factors.tries_left(session).unwrap_or(0)) });
        }
        attempt.succeeded(self.now());
        self.open(&view, user, session, vec![first, second], client).await
    }

    /// Proves anew who sits there: by a second factor where the account has one, else by the password.
    pub async fn step_up(&self, who: &Principal, shown: &Shown, client: &Client) -> Result<(), AuthError> {
        let view = self.0.accounts.account(&who.user.to_string()).await?;
        let method = match shown {
            Shown::Password(_) if view.factors.any() => {
                return Err(AuthError::SecondFactorRequired { by: who.by.clone() });
            }
            Shown::Password(password) => self.prove_password(who.user, password, client).await?,
            Shown::Code(_) | Shown::RecoveryCode(_) | Shown::Passkey { .. } => {
                self.prove_code(who, &view, shown, client).await?
            }
        };
        self.proven(who, method).await
    }

    /// What is dangerous is done by who has proven themselves a moment ago.
    pub fn stepped_up(&self, who: &Principal) -> Result<(), AuthError> {
        let bound = i64::from(self.0.settings.step_up_minutes) * 60_000;
        match self.now().since(who.proven.at) < bound {
            true => Ok(()),
            false => Err(AuthError::StepUpRequired { by: who.by.clone(), by_code: who.proven.has_factor }),
        }
    }

    /// The session that asks was proven just now.
    pub(super) async fn proven(&self, who: &Principal, method: Method) -> Result<(), AuthError> {
        let session = Self::own_session(who)?;
        let command = SessionCommand::Prove { methods: vec![method] };
        self.0.accounts.tell_session(session, command, self.asking_of(who.user)).await?;
        self.0.standings.caught_up(session, who.user).await;
        Ok(())
    }

    async fn prove_password(&self, user: UserId, password: &Secret, client: &Client) -> Result<Method, AuthError> {
        let proving = async {
            let key = self.key_of(user, password).await?;
            let command = AccountCommand::Prove { key };
            Ok(self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?)
        };
        self.guess(user, client, proving).await?;
        Ok(Method::Password)
    }

    async fn prove_code(
        &self,
        who: &Principal,
        view: &AccountView,
        shown: &Shown,
        client: &Client,
    ) -> Result<Method, AuthError> {
        let (user, session) = (who.user, Self::own_session(who)?);
        let attempt = self.admit_code(user, client)?;
        let (proof, method) = self.understood(user, view, shown, Purpose::StepUp { user, session })?;
        let command = AccountCommand::Factors(FactorCommand::Prove { proof });
        match self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await {
            Ok(_) => {
                attempt.succeeded(self.now());
                Ok(method)
            }
            Err(fault) => {
                if fault == AccountsFault::Refused(FactorRejection::WrongCode.into()) {
                    attempt.failed(self.now());
                }
                Err(fault.into())
            }
        }
    }

    /// Guesses of codes are counted as those of passwords are, for the account alone.
    pub(super) fn admit_code(&self, user: UserId, client: &Client) -> Result<super::throttle::Attempt<'_>, AuthError> {
        let keys = std::iter::once(ThrottleKey::Email(format!("second/{user}"))).chain(client.throttled()).collect();
        let admitted = self.0.throttle.admit(keys, self.now());
        admitted.map_err(|retry_after_ms| AuthError::TooManyAttempts { retry_after_ms })
    }

    fn understood(
        &self,
        user: UserId,
        view: &AccountView,
        shown: &Shown,
        purpose: Purpose,
    ) -> Result<(Proof, Method), AuthError> {
        match shown {
            Shown::Password(_) => Err(AuthError::WrongCode { tries_left: None }),
            Shown::RecoveryCode(code) => {
                let digest = self.0.recovery_codes.digest(user, code.expose());
                Ok((Proof::RecoveryCode(digest), Method::RecoveryCode))
            }
            Shown::Code(code) => {
                let of = |factor: &Factor| {
                    let step = self.0.apps.step(user, factor.id, code.expose(), self.now())?;
                    // What was used is passed over: another app may say the same.
                    (step > factor.step).then_some(Proof::Totp { id: factor.id, step })
                };
                let mut apps = view.factors.confirmed().filter(|factor| factor.kind == FactorKind::Totp);
                let proof = apps.find_map(of).unwrap_or(Proof::Wrong);
                Ok((proof, Method::Totp))
            }
            Shown::Passkey { question, answer } => {
                let proof = self.shown_by_passkey(view, question.expose(), purpose, answer)?;
                Ok((proof, Method::Passkey))
            }
        }
    }

    pub(super) fn waiting(&self, token: &str) -> Option<(UserId, SessionId, Method)> {
        let bytes = self.0.waits.open(token)?;
        let (user, rest) = bytes.split_at_checked(16)?;
        let (session, method) = rest.split_at_checked(16)?;
        let method = Method::ALL.iter().copied().find(|known| known.name().as_bytes() == method)?;
        Some((UserId(Uuid::from_slice(user).ok()?), SessionId(Uuid::from_slice(session).ok()?), method))
    }
}

/// What the account's owner can show.
fn methods(account: &AccountView) -> Vec<Method> {
    let has = |kind| account.factors.confirmed().any(|factor| factor.kind == kind);
    let passkey = has(FactorKind::Passkey).then_some(Method::Passkey);
    let app = has(FactorKind::Totp).then_some(Method::Totp);
    let codes = (account.factors.codes_left > 0).then_some(Method::RecoveryCode);
    [passkey, app, codes].into_iter().flatten().collect()
}
