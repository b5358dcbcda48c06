//! What becomes of a session: its tokens are renewed, it ends here, or all of an account's end.

use super::{AuthError, Client, Granted, Identity, Principal, TokenFault, refresh::RefreshToken};
use crate::domain::{
    account::AccountCommand,
    ids::{SessionId, UserId},
    session::{SessionCommand, SessionEnd},
};

impl Identity {
    /// New tokens for a refresh token. One that was used before ends its session, for it was stolen, or the one that
    /// replaced it was; only a repetition within seconds gets the same answer again.
    pub async fn refresh(&self, token: &str, client: &Client) -> Result<Granted, AuthError> {
        let known = RefreshToken::open(&self.0.refreshes, token);
        let RefreshToken { user, session, generation } = known.ok_or(AuthError::InvalidToken(TokenFault::Forged))?;
        let account = self.0.accounts.account(&user.to_string()).await?;
        if !account.is_registered() || account.disabled || !account.sessions.contains(&session) {
            return Err(AuthError::InvalidToken(TokenFault::Ended));
        }
        let command = SessionCommand::Refresh { generation, address: client.shown_address() };
        let view = self.0.accounts.tell_session(session, command, self.asking_of(user)).await?;
        match view.ended {
            None => self.grant(&account, RefreshToken { user, session, generation: view.generation }),
            Some(SessionEnd::Reused) => Err(AuthError::RefreshReused { by: format!("user:{user}").into() }),
            Some(SessionEnd::Idle | SessionEnd::LoggedOut) => Err(AuthError::InvalidToken(TokenFault::Ended)),
        }
    }

    /// Whose refresh token this is, as far as its seal says.
    pub fn session_of(&self, refresh_token: &str) -> Option<(UserId, SessionId)> {
        RefreshToken::open(&self.0.refreshes, refresh_token).map(|known| (known.user, known.session))
    }

    /// Ends one session of the account; also one that is not its own or has ended: then nothing happens.
    pub async fn log_out(&self, user: UserId, session: SessionId) -> Result<(), AuthError> {
        self.end(user, AccountCommand::EndSessions { sessions: vec![session] }, session).await
    }

    /// Ends all sessions of the principal's account, its own included.
    pub async fn log_out_everywhere(&self, user: UserId, session: SessionId) -> Result<(), AuthError> {
        self.end(user, AccountCommand::EndOtherSessions { keep: None }, session).await
    }

    /// The account's list decides; what is not on it any more is refused everywhere and ends by itself.
    async fn end(&self, user: UserId, command: AccountCommand, session: SessionId) -> Result<(), AuthError> {
        let id = user.to_string();
        let before = self.0.accounts.account(&id).await?.sessions;
        let after = self.0.accounts.tell(&id, command, self.asking_of(user)).await?.sessions;
        for ended in before.iter().filter(|known| !after.contains(known)) {
            let command = SessionCommand::End { why: SessionEnd::LoggedOut };
            // Else it ends by being idle: nobody can use it.
            if let Err(fault) = self.0.accounts.tell_session(*ended, command, self.asking_of(user)).await {
                tracing::warn!(%fault, "a session that was logged out could not be told");
            }
        }
        self.0.standings.caught_up(session, user).await;
        Ok(())
    }

    /// The session that a signed-in principal came with.
    pub fn own_session(principal: &Principal) -> Result<SessionId, AuthError> {
        principal.session.ok_or(AuthError::Unauthenticated)
    }
}
